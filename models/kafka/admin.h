// What an administrator does to a running cluster, as the scenario's `admin` list gives it.
//
// Each action is one call of Kafka's Admin client at a given time: it is sent to whoever must answer it and repeated
// while the error is retriable, until default.api.timeout.ms (60 s) is over.
// A new action: a kind here, its table in app/scenario/tables_admin.cpp, its request in client/admin_client.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/time.h"

namespace brokersim::kafka {

enum class AdminKind : std::uint8_t {
  elect_leader,  ///< ElectLeaders (KIP-460): the preferred replica, or, unclean, anybody alive. By the controller.
  reassign,  ///< AlterPartitionReassignments (KIP-455): other replicas, or none: cancel. By the controller.
  create_topic,       ///< CreateTopics. By the controller.
  delete_topic,       ///< DeleteTopics. By the controller.
  create_partitions,  ///< CreatePartitions (KIP-195): more partitions of a topic. By the controller.
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
  bool unclean = false;                ///< elect_leader
  std::vector<std::int32_t> replicas;  ///< reassign; empty: cancel.
  std::int32_t partitions_before = 0;  ///< create_partitions: those numbered from here ...
  std::int32_t partitions_after = 0;   ///< ... to below this are added.
};

}  // namespace brokersim::kafka
