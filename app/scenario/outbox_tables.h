// Field tables and builders of databases and of what publishes from them.
#pragma once

#include "app/scenario/build.h"
#include "app/scenario/field.h"

namespace brokersim::scenario {

[[nodiscard]] const Table& database_table();
[[nodiscard]] const Table& outbox_service_table();
[[nodiscard]] const Table& outbox_publisher_table();
[[nodiscard]] const Table& inbox_consumer_table();

/// A system of kind database, named `name`.
void build_database(Build& build, const std::string& name, const View& view);

/// True if the workload is one of those above; then it is built.
[[nodiscard]] bool build_outbox_workload(Build& build, const View& view);

}  // namespace brokersim::scenario
