// What an administrator does to a running cluster, as the scenario's `admin` list gives it.
//
// Each action is one call of Kafka's Admin client at a given time: it is sent to whoever must answer it and repeated
// while the error is retriable, until default.api.timeout.ms (60 s) is over.
// A new action: a kind here, its table in app/scenario/tables_admin.cpp, its request in client/admin_client.cpp.
#pragma once

#include <cstdint>
#include <string>

#include "sim/time.h"

namespace brokersim::kafka {

enum class AdminKind : std::uint8_t {
  delete_records,  ///< DeleteRecords (KIP-107): the log start of a partition moves up. Answered by its leader.
};

/// "delete_records".
[[nodiscard]] const char* name(AdminKind kind);

struct AdminAction {
  std::string name;  ///< Stable name, for output.
  AdminKind kind = AdminKind::delete_records;
  sim::SimTime at;
  std::string topic;
  std::int32_t partition = 0;
  /// delete_records: offsets below it go; -1: everything below the high watermark.
  std::int64_t before_offset = -1;
};

}  // namespace brokersim::kafka
