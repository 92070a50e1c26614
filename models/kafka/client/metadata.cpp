#include "models/kafka/client/metadata.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "sim/check.h"

namespace brokersim::kafka::client {

LeaderTable::LeaderTable(std::vector<wire::PartitionId> partitions)
    : partitions_(std::move(partitions)), leaders_(partitions_.size()) {
  for (std::size_t i = 0; i < partitions_.size(); ++i)
    by_id_.emplace_back(partitions_[i], static_cast<std::int32_t>(i));
  std::sort(by_id_.begin(), by_id_.end());
}

std::int32_t LeaderTable::index_of(wire::PartitionId partition) const {
  const auto found = std::lower_bound(by_id_.begin(), by_id_.end(), std::pair{partition, std::int32_t{-1}});
  return found != by_id_.end() && found->first == partition ? found->second : -1;
}

void LeaderTable::replace(std::int32_t index, wire::PartitionId partition) {
  const auto i = static_cast<std::size_t>(index);
  partitions_[i] = partition;
  leaders_[i] = {};
  const std::pair entry{partition, index};
  const auto place = std::lower_bound(by_id_.begin(), by_id_.end(), entry);
  if (place == by_id_.end() || *place != entry) by_id_.insert(place, entry);
}

bool LeaderTable::learn(std::int32_t index, Leader leader) {
  Leader& known = leaders_[static_cast<std::size_t>(index)];
  if (leader.epoch < known.epoch) return false;
  const bool raised = leader.epoch > known.epoch;
  known = leader;
  return raised;
}

sim::SimTime RefreshPolicy::due() const {
  if (under_way_) return sim::SimTime::max();
  const sim::SimTime aged = refreshed_ ? refreshed_at_ + config_.age_max : sim::SimTime{};
  return std::max(wanted_ ? sim::SimTime{} : aged, not_before_);
}

void RefreshPolicy::answered(sim::SimTime now, bool changed, bool complete, std::uint64_t bits) {
  under_way_ = false;
  refreshed_ = true;
  refreshed_at_ = now;
  wanted_ = !complete;
  failures_ = 0;
  equal_answers_ = changed ? 0 : equal_answers_ + 1;
  not_before_ = now + config_.backoff(std::max<std::int64_t>(equal_answers_ - 1, 0), bits);
}

void RefreshPolicy::failed(sim::SimTime now, std::uint64_t bits) {
  under_way_ = false;
  wanted_ = true;
  not_before_ = now + config_.backoff(failures_++, bits);
}

MetadataUpdater::MetadataUpdater(sim::Component& owner, const ClientSite& site,
                                 BrokerConnections& connections, const MetadataConfig& config,
                                 std::vector<wire::PartitionId> partitions)
    : owner_(owner),
      connections_(connections),
      leaders_(std::move(partitions)),
      policy_(config),
      jitter_(owner.stream("metadata_backoff").child(site.life)),
      choice_(owner.stream("metadata_broker").child(site.life)) {}

bool MetadataUpdater::learn(wire::PartitionId partition, wire::BrokerId leader, std::int32_t epoch) {
  const std::int32_t index = leaders_.index_of(partition);
  if (index < 0 || leader < 0) return false;
  if (leaders_.partitions()[static_cast<std::size_t>(index)] != partition) return false;  // of a topic that is gone
  return leaders_.learn(index, {leader, epoch});
}

void MetadataUpdater::poke() {
  const sim::SimTime due = policy_.due();
  if (due > owner_.now()) {
    if (due == timer_at_) return;
    owner_.cancel(timer_);
    timer_at_ = due;
    if (due != sim::SimTime::max())
      timer_ = owner_.at(due, "client.metadata", sim::bind<&MetadataUpdater::tick>(this));
    return;
  }
  const wire::BrokerId broker = connections_.least_loaded(choice_.bits(requests_));
  if (broker < 0) return;  // on_broker_ready will come
  ++requests_;
  auto request = std::make_unique<wire::MetadataRequest>();
  request->partitions = leaders_.partitions();
  const sim::Bytes size = wire::wire_bytes(*request);
  policy_.asked();
  connections_.send(broker, {wire::Api::metadata, 0}, size, std::move(request));
  poke();
}

void MetadataUpdater::tick() {
  timer_at_ = sim::SimTime::max();
  timer_ = {};
  poke();
}

void MetadataUpdater::on_response(const wire::MetadataResponse& response) {
  known_ = true;
  for (const wire::BrokerEndpoint& endpoint : response.brokers) connections_.learn(endpoint);
  bool changed = false;
  bool complete = true;
  for (const wire::PartitionMetadata& part : response.partitions) {
    const std::int32_t index = leaders_.index_of(part.partition);
    if (index < 0) continue;
    if (part.current.n >= 0 && !follows_names_) {
      complete = false;
      continue;
    }
    const wire::PartitionId about = part.current.n >= 0 ? part.current : part.partition;
    const wire::PartitionId ours = leaders_.partitions()[static_cast<std::size_t>(index)];
    if (about < ours) continue;  // of a broker that has not heard yet
    if (about != ours) {
      leaders_.replace(index, about);
      replaced_.push_back(index);
      changed = true;
    }
    const bool led = part.error == wire::ErrorCode::none && part.leader >= 0;
    complete = complete && (led || (is_missing(index) && part.leader_epoch < 0));
    // An error without an epoch says nothing newer than what is known, except that nobody leads now.
    const std::int32_t epoch = std::max(part.leader_epoch, led ? -1 : leaders_[index].epoch);
    if (leaders_.learn(index, {led ? part.leader : -1, epoch})) changed = true;
  }
  policy_.answered(owner_.now(), changed, complete, jitter_.bits(answers_++));
}

std::int32_t MetadataUpdater::topic_size() const {
  const auto all = static_cast<std::int32_t>(leaders_.partitions().size());
  if (expected_ == 0) return all;
  std::int32_t size = expected_;
  for (std::int32_t i = expected_; i < all; ++i) {
    if (leaders_[i].epoch >= 0) size = i + 1;
  }
  return size;
}

void MetadataUpdater::on_lost() { policy_.failed(owner_.now(), jitter_.bits(answers_++)); }

}  // namespace brokersim::kafka::client
