#include "models/kafka/replication/leader.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::kafka::replication {

namespace {
bool contains(const std::vector<BrokerId>& brokers, BrokerId broker) {
  return std::find(brokers.begin(), brokers.end(), broker) != brokers.end();
}
}  // namespace

Leader::Leader(const wire::PartitionState& state, BrokerId self, std::int64_t log_end,
               std::int64_t high_watermark, const LeaderRules& rules, sim::SimTime now)
    : self_(self),
      rules_(rules),
      leader_epoch_(state.leader_epoch),
      partition_epoch_(state.partition_epoch),
      epoch_start_(log_end),
      high_watermark_(high_watermark),
      replicas_(state.replicas),
      isr_(state.isr) {
  SIM_CHECK(state.leader == self,
            "partition " + std::to_string(state.partition.n) + " is led by " + std::to_string(state.leader));
  for (const BrokerId broker : replicas_) {
    if (broker == self) continue;
    Follower follower;
    follower.broker = broker;
    if (in_isr(broker)) follower.last_caught_up = now;
    followers_.push_back(follower);
  }
}

void Leader::take_replicas(const std::vector<BrokerId>& replicas) {
  if (replicas_ == replicas) return;
  replicas_ = replicas;
  std::erase_if(followers_, [&](const Follower& follower) { return !contains(replicas_, follower.broker); });
  for (const BrokerId broker : replicas_) {
    if (broker == self_ || find(broker) != nullptr) continue;
    Follower follower;
    follower.broker = broker;
    followers_.push_back(follower);
  }
}

void Leader::reelected(const wire::PartitionState& state, std::int64_t log_end, sim::SimTime now) {
  leader_epoch_ = state.leader_epoch;
  partition_epoch_ = state.partition_epoch;
  epoch_start_ = log_end;
  isr_ = state.isr;
  take_replicas(state.replicas);
  pending_ = PendingIsr::none;
  for (Follower& follower : followers_) {
    // The log end and broker epoch stay (hypothesis I10); only the times are reset.
    if (rules_.reelection_forgets_followers) {
      follower.log_end = -1;
      follower.broker_epoch = -1;
    }
    follower.last_fetch = in_isr(follower.broker) ? now : Follower{}.last_fetch;
    follower.last_caught_up = in_isr(follower.broker) ? now : Follower{}.last_caught_up;
  }
}

bool Leader::adopt(const wire::PartitionState& state) {
  if (state.leader_epoch != leader_epoch_ || state.partition_epoch <= partition_epoch_) return false;
  partition_epoch_ = state.partition_epoch;
  isr_ = state.isr;
  take_replicas(state.replicas);
  pending_ = PendingIsr::none;
  proposed_.clear();
  return true;
}

Follower* Leader::find(BrokerId broker) {
  for (Follower& follower : followers_) {
    if (follower.broker == broker) return &follower;
  }
  return nullptr;
}

const Follower* Leader::follower(BrokerId broker) const { return const_cast<Leader*>(this)->find(broker); }

bool Leader::in_isr(BrokerId broker) const { return contains(isr_, broker); }

bool Leader::fetched(BrokerId broker, std::int64_t offset, std::int64_t log_start, std::int64_t broker_epoch,
                     std::int64_t log_end, sim::SimTime now) {
  Follower* follower = find(broker);
  if (follower == nullptr) return false;
  // Of an earlier life of the broker, and late: what its present one has said stands (Replica.updateFetchStateOrThrow).
  if (broker_epoch >= 0 && broker_epoch < follower->broker_epoch) return false;
  if (offset >= log_end) {
    follower->last_caught_up = std::max(follower->last_caught_up, now);
  } else if (offset >= follower->leader_end_at_last_fetch) {
    follower->last_caught_up = std::max(follower->last_caught_up, follower->last_fetch);
  }
  follower->log_end = offset;
  follower->log_start = log_start;
  follower->broker_epoch = broker_epoch;
  follower->leader_end_at_last_fetch = log_end;
  follower->last_fetch = now;
  return true;
}

bool Leader::should_expand(const MemberHealth& health) const {
  if (pending_ != PendingIsr::none) return false;
  if (in_isr(health.broker)) return false;
  const Follower* candidate = follower(health.broker);
  if (candidate == nullptr) return false;
  if (candidate->log_end < high_watermark_ || candidate->log_end < epoch_start_) return false;  // KAFKA-7128
  if (rules_.admits_only_active && (health.fenced || health.shutting_down)) return false;       // KIP-841
  return !rules_.checks_broker_epoch || candidate->broker_epoch == -1 ||
         candidate->broker_epoch == health.broker_epoch;  // KIP-903
}

bool Leader::caught_up(const Follower& follower, std::int64_t log_end, sim::SimTime now) const {
  return follower.log_end == log_end || now - follower.last_caught_up <= rules_.lag_time_max;
}

std::vector<BrokerId> Leader::lagging(std::int64_t log_end, sim::SimTime now) const {
  std::vector<BrokerId> members;
  if (pending_ != PendingIsr::none) return members;
  for (const Follower& follower : followers_) {
    if (in_isr(follower.broker) && !caught_up(follower, log_end, now)) members.push_back(follower.broker);
  }
  return members;
}

std::vector<BrokerId> Leader::begin_expand(BrokerId member) {
  SIM_CHECK(pending_ == PendingIsr::none);
  pending_ = PendingIsr::expand;
  proposed_ = isr_;
  proposed_.push_back(member);
  return proposed_;
}

std::vector<BrokerId> Leader::begin_shrink(const std::vector<BrokerId>& members) {
  SIM_CHECK(pending_ == PendingIsr::none);
  pending_ = PendingIsr::shrink;
  proposed_.clear();
  for (const BrokerId broker : isr_) {
    if (!contains(members, broker)) proposed_.push_back(broker);
  }
  return proposed_;
}

void Leader::reject() {
  pending_ = PendingIsr::none;
  proposed_.clear();
}

std::vector<BrokerId> Leader::maximal_isr() const {
  if (pending_ == PendingIsr::expand && !rules_.hw_uses_committed_isr) return proposed_;
  if (pending_ == PendingIsr::shrink && rules_.shrink_before_confirmed) return proposed_;
  return isr_;
}

std::int32_t Leader::effective_min_isr() const {
  return std::min(rules_.min_insync_replicas, static_cast<std::int32_t>(replicas_.size()));
}

std::optional<std::int64_t> Leader::advance(std::int64_t log_end, const std::vector<BrokerId>& eligible,
                                            sim::SimTime now) {
  if (rules_.strict_min_isr && static_cast<std::int32_t>(isr_.size()) < effective_min_isr())
    return std::nullopt;
  const std::vector<BrokerId>* maximal = &isr_;
  if (pending_ == PendingIsr::expand && !rules_.hw_uses_committed_isr) maximal = &proposed_;
  if (pending_ == PendingIsr::shrink && rules_.shrink_before_confirmed) maximal = &proposed_;
  std::int64_t lowest = log_end;
  for (const Follower& follower : followers_) {
    const bool member = contains(*maximal, follower.broker);
    const bool waits = member || (!rules_.hw_uses_committed_isr && contains(eligible, follower.broker) &&
                                  caught_up(follower, log_end, now));
    if (waits) lowest = std::min(lowest, follower.log_end);
  }
  if (lowest <= high_watermark_) return std::nullopt;
  high_watermark_ = lowest;
  return high_watermark_;
}

}  // namespace brokersim::kafka::replication
