// A consumer whose partitions come from its group.
#include <algorithm>
#include <utility>

#include "models/kafka/client/consumer.h"
#include "sim/check.h"

namespace brokersim::kafka::client {

/// SubscriptionState.allConsumed(): also of partitions of which nothing has been read yet.
std::vector<wire::PartitionOffset> Consumer::consumed() const {
  std::vector<wire::PartitionOffset> offsets;
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    const Partition& partition = partitions_[i];
    if (partition.where == Where::fetching && partition.position >= 0)
      offsets.push_back({params_.partitions[i], partition.position, -1});
  }
  return offsets;
}

void Consumer::assigned(const std::vector<wire::PartitionId>& partitions) {
  for (const wire::PartitionId id : partitions) {
    Partition& partition = at(metadata_.leaders().index_of(id));
    SIM_CHECK(partition.where == Where::unowned, "a partition is given to a consumer that has it");
    partition.where = Where::awaiting;
    partition.position = -1;
    partition.uncommitted_from = -1;
  }
}

void Consumer::dropped(const std::vector<wire::PartitionId>& partitions) {
  for (const wire::PartitionId id : partitions) {
    const std::int32_t index = metadata_.leaders().index_of(id);
    Partition& partition = at(index);
    partition.where = Where::unowned;
    partition.position = -1;
    partition.buffered = false;
    partition.fetched_from = -1;  // an answer under way means nothing any more
    partition.position_epoch = -1;
    partition.validated_epoch = -1;
    partition.answered = -1;
    partition.reset_from = -1;
    partition.failures = 0;
    partition.not_before = {};
    partition.preferred = -1;
    std::erase_if(buffer_, [&](const Fetched& fetched) { return fetched.index == index; });
  }
}

void Consumer::start_at(wire::PartitionId id, std::int64_t offset) {
  Partition& partition = at(metadata_.leaders().index_of(id));
  if (partition.where != Where::awaiting) return;
  const std::int64_t from = offset >= 0 ? offset : std::exchange(partition.uncommitted_from, -1);
  partition.where = from >= 0 ? Where::fetching : Where::unknown;
  partition.position = from;
}

void Consumer::seek(std::size_t index, std::int64_t offset) {
  Partition& partition = partitions_[index];
  // Not ours, or about to go on at the committed offset. In any other state the position is the application's to set: an
  // answer about the old one, of a new leader or of a reset, comes too late.
  if (partition.where == Where::unowned || partition.where == Where::awaiting) return;
  partition.where = Where::fetching;
  partition.position = offset;
  partition.reset_from = -1;
  partition.position_epoch = -1;
  partition.fetched_from = -1;
  partition.buffered = false;
  std::erase_if(buffer_, [&](const Fetched& f) { return f.index == static_cast<std::int32_t>(index); });
}

void Consumer::seek_to_committed(std::size_t index, std::int64_t otherwise) {
  SIM_CHECK(member_ != nullptr, "nothing is committed without a group");
  Partition& partition = partitions_[index];
  if (partition.where == Where::unowned || partition.where == Where::awaiting)
    return;  // there it will begin anyway
  seek(index, -1);
  partition.where = Where::awaiting;
  partition.uncommitted_from = otherwise;
  member_->ask_committed(params_.partitions[index]);
}

GroupIdentity Consumer::group_identity() const {
  if (member_ == nullptr) return {};
  return {params_.group, member_->id(), params_.instance, member_->generation()};
}

void Consumer::commit_ended(bool ok) {
  committing_ = false;
  if (params_.commit == Commit::before_processing) process_taken(ok);
}

}  // namespace brokersim::kafka::client
