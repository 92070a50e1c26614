#include "models/kafka/wire/image.h"

#include <algorithm>
#include <cstddef>

#include "sim/check.h"

namespace brokersim::kafka::wire {

void ClusterImage::apply(const MetadataRecord& record) {
  switch (record.kind) {
    case RecordKind::no_op:
    case RecordKind::leader_change: return;
    case RecordKind::broker: {
      SIM_CHECK(record.broker.broker >= 0);
      const auto index = static_cast<std::size_t>(record.broker.broker);
      if (index >= brokers_.size()) brokers_.resize(index + 1);
      brokers_[index] = record.broker;
      return;
    }
    case RecordKind::partition: {
      SIM_CHECK(record.partition->partition.n >= 0);
      const auto index = static_cast<std::size_t>(record.partition->partition.n);
      if (index >= partitions_.size()) partitions_.resize(index + 1);
      partitions_[index] = record.partition;
      return;
    }
    case RecordKind::partition_removed: {
      const PartitionId id = record.partition->partition;
      if (static_cast<std::size_t>(id.n) < partitions_.size()) partitions_[static_cast<std::size_t>(id.n)] = {};
      if (!removed(id)) removed_.insert(std::upper_bound(removed_.begin(), removed_.end(), id), id);
      return;
    }
    case RecordKind::producer_id_block: next_producer_id_ = record.next_producer_id; return;
  }
}

const BrokerState* ClusterImage::broker(BrokerId id) const {
  const auto index = static_cast<std::size_t>(id);
  if (id < 0 || index >= brokers_.size() || brokers_[index].broker < 0) return nullptr;
  return &brokers_[index];
}

const PartitionState* ClusterImage::partition(PartitionId id) const {
  const auto index = static_cast<std::size_t>(id.n);
  if (id.n < 0 || index >= partitions_.size() || partitions_[index]->partition.n < 0) return nullptr;
  return &partitions_[index].get();
}

bool ClusterImage::removed(PartitionId id) const {
  return std::binary_search(removed_.begin(), removed_.end(), id);
}

bool ClusterImage::is_active(BrokerId id) const {
  const BrokerState* state = broker(id);
  return state != nullptr && !state->fenced && !state->in_controlled_shutdown;
}

bool contains(const std::vector<BrokerId>& list, BrokerId broker) {
  return std::find(list.begin(), list.end(), broker) != list.end();
}

}  // namespace brokersim::kafka::wire
