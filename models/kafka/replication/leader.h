// What a partition's leader knows and decides: followers' progress, ISR changes, the high watermark.
//
// Pure: values in, values out, no clock, no messages. Rules of kafka-behaviour.md sections 4.3 and 4.5 after
// Partition.scala and Replica.scala (4.0), KIP-497 (pending ISR), KIP-841 and KIP-903 (eligible members),
// KAFKA-15583 (strict min ISR, 3.7).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "models/kafka/wire/metadata.h"
#include "sim/time.h"

namespace brokersim::kafka::replication {

using wire::BrokerId;

/// The leader's view of one follower.
struct Follower {
  BrokerId broker = -1;
  std::int64_t log_end = -1;  ///< As of its last fetch; -1 unknown since this leader's epoch began.
  std::int64_t log_start = 0;
  std::int64_t broker_epoch = -1;  ///< Of its last fetch; -1 unknown.
  /// Both far before the run began until it has fetched, or been caught up: Kafka's 0 is in 1970.
  sim::SimTime last_fetch = {std::numeric_limits<std::int64_t>::min() / 2};
  std::int64_t leader_end_at_last_fetch = 0;
  sim::SimTime last_caught_up = {std::numeric_limits<std::int64_t>::min() / 2};
};

enum class PendingIsr : std::uint8_t { none, expand, shrink };

/// What metadata says of the brokers that may enter an ISR.
struct MemberHealth {
  BrokerId broker = -1;
  bool fenced = false;
  bool shutting_down = false;
  std::int64_t broker_epoch = -1;
};

struct LeaderRules {
  sim::Duration lag_time_max = {30'000'000'000};  ///< replica.lag.time.max.ms
  std::int32_t min_insync_replicas = 1;           ///< As configured; see effective_min_isr().
  bool strict_min_isr = true;                     ///< 3.7, KAFKA-15583
  bool admits_only_active = true;                 ///< 3.3, KIP-841 (KAFKA-13916)
  bool checks_broker_epoch = true;                ///< 3.5, KIP-903
  bool reelection_forgets_followers = false;      ///< No release: the cure of hypothesis I10.
  bool hw_uses_committed_isr = false;             ///< planted: I02
  bool shrink_before_confirmed = false;           ///< planted: I03
};

class Leader {
 public:
  /// makeLeader: `self` begins to lead `state` (its leader epoch is new) with its log at `log_end`.
  /// Not re-elected: followers start unknown; members of the ISR count as caught up now.
  Leader(const wire::PartitionState& state, BrokerId self, std::int64_t log_end, std::int64_t high_watermark,
         const LeaderRules& rules, sim::SimTime now);

  /// A new leader epoch while already leading (intermediate epochs collapsed): followers' log ends are kept, unless
  /// reelection_forgets_followers.
  void reelected(const wire::PartitionState& state, std::int64_t log_end, sim::SimTime now);

  /// A new partition epoch in the same leader epoch, from the controller's answer or from metadata.
  /// Older or equal partition epochs are ignored (false).
  bool adopt(const wire::PartitionState& state);

  /// Follower `broker` fetched at `offset` while the leader's log ended at `log_end`. False: not a replica.
  bool fetched(BrokerId broker, std::int64_t offset, std::int64_t log_start, std::int64_t broker_epoch,
               std::int64_t log_end, sim::SimTime now);

  /// May `health.broker` be proposed for the ISR now? (not a member, no change in flight, at least at the HW
  /// and at the start of this epoch, eligible).
  [[nodiscard]] bool should_expand(const MemberHealth& health) const;
  /// Members that fell behind for longer than the lag time; empty while a change is in flight.
  [[nodiscard]] std::vector<BrokerId> lagging(std::int64_t log_end, sim::SimTime now) const;

  /// The ISR to propose, and its pending state until settled by adopt() or reject().
  std::vector<BrokerId> begin_expand(BrokerId member);
  std::vector<BrokerId> begin_shrink(const std::vector<BrokerId>& members);
  /// The controller refused: back to the committed ISR.
  void reject();
  [[nodiscard]] PendingIsr pending() const { return pending_; }

  /// New high watermark if it can advance now. `eligible` are followers allowed in an ISR (not fenced, not
  /// shutting down): non-members among them that are caught up also hold the HW back.
  [[nodiscard]] std::optional<std::int64_t> advance(std::int64_t log_end,
                                                    const std::vector<BrokerId>& eligible, sim::SimTime now);

  [[nodiscard]] std::int64_t high_watermark() const { return high_watermark_; }
  [[nodiscard]] std::int64_t epoch_start() const { return epoch_start_; }  ///< LESO
  [[nodiscard]] std::int32_t leader_epoch() const { return leader_epoch_; }
  [[nodiscard]] std::int32_t partition_epoch() const { return partition_epoch_; }
  [[nodiscard]] const std::vector<BrokerId>& isr() const { return isr_; }  ///< committed
  /// Committed plus a member being added: what the HW waits for, and what acks=all is judged by afterwards.
  [[nodiscard]] std::vector<BrokerId> maximal_isr() const;
  /// min(min.insync.replicas, replica count).
  [[nodiscard]] std::int32_t effective_min_isr() const;
  [[nodiscard]] const Follower* follower(BrokerId broker) const;
  [[nodiscard]] const std::vector<Follower>& followers() const { return followers_; }
  [[nodiscard]] const std::vector<BrokerId>& replicas() const { return replicas_; }

 private:
  /// Those that are new start unknown; those that went are forgotten.
  void take_replicas(const std::vector<BrokerId>& replicas);
  Follower* find(BrokerId broker);
  [[nodiscard]] bool in_isr(BrokerId broker) const;
  [[nodiscard]] bool caught_up(const Follower& follower, std::int64_t log_end, sim::SimTime now) const;

  BrokerId self_;
  LeaderRules rules_;
  std::int32_t leader_epoch_ = 0;
  std::int32_t partition_epoch_ = 0;
  std::int64_t epoch_start_ = 0;
  std::int64_t high_watermark_ = 0;
  std::vector<BrokerId> replicas_;
  std::vector<BrokerId> isr_;
  PendingIsr pending_ = PendingIsr::none;
  std::vector<BrokerId> proposed_;  // while pending
  std::vector<Follower> followers_;
};

}  // namespace brokersim::kafka::replication
