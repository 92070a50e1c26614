// Records of the metadata log, and what a partition's state looks like in them (KRaft, KIP-500/KIP-631).
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "models/history/events.h"

namespace brokersim::kafka::wire {

using BrokerId = std::int32_t;
using PartitionId = history::PartitionId;

/// PartitionRecord: the controller's word on one partition. Every change raises partition_epoch.
struct PartitionState {
  PartitionId partition;
  std::vector<BrokerId> replicas;  ///< Assignment order.
  std::vector<BrokerId> isr;
  std::vector<BrokerId> elr;             ///< Eligible leader replicas (KIP-966).
  std::vector<BrokerId> last_known_elr;  ///< At most one: the last leader.
  std::vector<BrokerId> adding;    ///< Of `replicas`: new with the reassignment under way (KIP-455).
  std::vector<BrokerId> removing;  ///< Of `replicas`: to go with it.
  BrokerId leader = -1;                  ///< -1: none.
  std::int32_t leader_epoch = 0;
  std::int32_t partition_epoch = 0;
  bool recovering = false;  ///< leaderRecoveryState: elected unclean.
};

/// A partition's state as everybody holds it who has heard of it: one copy, which never changes.
/// Why: a hundred brokers and their controllers know a hundred thousand partitions each.
class SharedPartition {
 public:
  SharedPartition() = default;
  SharedPartition(PartitionState state)  // NOLINT: a state is shared by being put into a record
      : state_(std::make_shared<const PartitionState>(std::move(state))) {}

  /// Of nobody (partition.n == -1) if there is none.
  [[nodiscard]] const PartitionState& get() const {
    static const PartitionState none;
    return state_ ? *state_ : none;
  }
  operator const PartitionState&() const { return get(); }  // NOLINT: reads like the state itself
  [[nodiscard]] const PartitionState* operator->() const { return &get(); }

 private:
  std::shared_ptr<const PartitionState> state_;
};

struct BrokerState {
  BrokerId broker = -1;
  std::int64_t broker_epoch = -1;  ///< Offset of the registration record.
  std::uint64_t incarnation = 0;   ///< Unique per life of the broker process.
  bool fenced = true;
  bool in_controlled_shutdown = false;
};

enum class RecordKind : std::uint8_t {
  no_op,              ///< Keeps an idle log moving (metadata.max.idle.interval.ms).
  leader_change,      ///< Raft's control record: the first of an epoch.
  broker,             ///< Registration or change of a broker: `broker` holds.
  partition,          ///< Creation or change of a partition: `partition` holds.
  partition_removed,  ///< Its topic was deleted: of `partition` only the id holds.
  producer_id_block,  ///< Producer ids below `next_producer_id` are given away.
};

struct MetadataRecord {
  RecordKind kind = RecordKind::no_op;
  BrokerState broker;
  SharedPartition partition;
  std::int64_t next_producer_id = 0;
};

/// A record as the controller made it.
struct LoggedRecord {
  MetadataRecord record;
  // For the history:
  bool unclean = false;      ///< The change elected a leader from outside ISR and ELR ...
  bool by_operator = false;  ///< ... because an administrator asked for it.
};

/// Records appended together, at consecutive offsets.
struct MetadataBatch {
  std::int64_t base_offset = 0;
  std::int32_t epoch = 0;  ///< Of the Raft leader that appended it.
  std::vector<LoggedRecord> records;
  std::uint64_t tag = 0;  ///< Of its bytes in files; set by the store that keeps it.

  [[nodiscard]] std::int64_t next_offset() const {
    return base_offset + static_cast<std::int64_t>(records.size());
  }
};

}  // namespace brokersim::kafka::wire
