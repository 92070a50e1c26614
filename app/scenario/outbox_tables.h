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

/// kafka_transactions and kafka_pipeline (tables_transactions.cpp, build_transactions.cpp).
[[nodiscard]] const Table& transactions_table();
[[nodiscard]] const Table& pipeline_table();
[[nodiscard]] bool build_transactional_workload(Build& build, const View& view);
/// Once all workloads are known: the keys of what pipelines make.
void check_keys_of_pipelines(Build& build);
/// kafka_share_consumer (tables_shares.cpp, build_shares.cpp).
[[nodiscard]] const Table& share_consumer_table();
[[nodiscard]] bool build_share_workload(Build& build, const View& view);
/// What all clients of a Kafka cluster have: name, of, topic, count, start, on, config, properties.
[[nodiscard]] std::vector<Field> client_fields(const char* kind, PropertyScope scope);
/// Of producers that choose keys by a law: keys, tombstone_permille (build_shapes.h reads them).
[[nodiscard]] std::vector<Field> key_fields();

/// True if the workload is one of those above; then it is built.
[[nodiscard]] bool build_outbox_workload(Build& build, const View& view);

}  // namespace brokersim::scenario
