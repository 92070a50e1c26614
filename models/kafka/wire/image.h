// The cluster as the metadata log describes it: brokers and partitions.
//
// Why shared: the controller and every broker apply the same records in the same order, so that they agree on
// the state at an offset and differ only in how far they have come (kafka-behaviour.md sections 5.3 and 5.6).
// Pure: values in, values out.
#pragma once

#include <cstdint>
#include <vector>

#include "models/kafka/wire/metadata.h"

namespace brokersim::kafka::wire {

class ClusterImage {
 public:
  /// Takes the record over. Broker and partition ids are not negative. A record is the whole state of its
  /// broker or partition, so applying it twice changes nothing.
  void apply(const MetadataRecord& record);

  /// Null if never registered.
  [[nodiscard]] const BrokerState* broker(BrokerId id) const;
  /// Null if not created yet.
  [[nodiscard]] const PartitionState* partition(PartitionId id) const;

  /// Its topic was deleted.
  [[nodiscard]] bool removed(PartitionId id) const;

  /// By broker id; an id that never registered has `broker == -1`.
  [[nodiscard]] const std::vector<BrokerState>& brokers() const { return brokers_; }
  /// By PartitionId::n; a partition that does not exist has `partition.n == -1`.
  [[nodiscard]] const std::vector<SharedPartition>& partitions() const { return partitions_; }

  /// Registered, unfenced and not in controlled shutdown: may lead, may be in an ISR (KIP-841).
  [[nodiscard]] bool is_active(BrokerId id) const;
  /// Producer ids below this one are given away.
  [[nodiscard]] std::int64_t next_producer_id() const { return next_producer_id_; }

 private:
  std::vector<BrokerState> brokers_;
  std::vector<SharedPartition> partitions_;
  std::vector<PartitionId> removed_;  // sorted
  std::int64_t next_producer_id_ = 0;
};

/// True if `broker` is in `list`. Replica lists are short; order is meaningful, so they are not sets.
[[nodiscard]] bool contains(const std::vector<BrokerId>& list, BrokerId broker);

}  // namespace brokersim::kafka::wire
