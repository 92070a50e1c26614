// What a client believes about leaders, and when it asks again.
//
// Rules (Metadata.java): ask at once when asked to, but not within a backoff of the last refresh
// (retry.backoff.ms x 2^n up to .max, jitter 20 %, where n grows with failed refreshes and, since 3.7, with
// answers that changed no leader epoch); ask anyway after metadata.max.age.ms. An answer with a lower leader epoch
// than known for a partition is ignored. A topic that was deleted and made anew is another one (KIP-516): its partitions
// take the places of the old ones, whatever their epochs. Produce and fetch errors may name the new leader (KIP-951, 3.7).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "models/kafka/client/broker_connections.h"
#include "models/kafka/wire/messages.h"
#include "sim/component.h"

namespace brokersim::kafka::client {

struct Leader {
  wire::BrokerId broker = -1;  ///< -1: none known.
  std::int32_t epoch = -1;
};

struct MetadataConfig {
  Backoff backoff;
  sim::Duration age_max;
};

/// Leaders by the client's own partition index. Pure.
class LeaderTable {
 public:
  explicit LeaderTable(std::vector<wire::PartitionId> partitions);

  /// Index of `partition`, -1 if it is not ours.
  [[nodiscard]] std::int32_t index_of(wire::PartitionId partition) const;
  [[nodiscard]] const Leader& operator[](std::int32_t index) const {
    return leaders_[static_cast<std::size_t>(index)];
  }
  [[nodiscard]] const std::vector<wire::PartitionId>& partitions() const { return partitions_; }
  /// True if this raised the epoch. Older news is ignored; -1 as broker says that nobody leads.
  bool learn(std::int32_t index, Leader leader);
  /// Another topic bears the name now: nothing is known of its leaders. The old partition's index stays known.
  void replace(std::int32_t index, wire::PartitionId partition);

 private:
  std::vector<wire::PartitionId> partitions_;
  std::vector<std::pair<wire::PartitionId, std::int32_t>> by_id_;  // sorted
  std::vector<Leader> leaders_;
};

/// When the next refresh may be and must be. Pure.
class RefreshPolicy {
 public:
  explicit RefreshPolicy(const MetadataConfig& config) : config_(config) {}
  void request() { wanted_ = true; }
  /// The earliest instant to ask: SimTime::max() if one is under way, or nothing wants it.
  [[nodiscard]] sim::SimTime due() const;
  void asked() { under_way_ = true; }
  /// `changed`: some leader epoch rose. `complete`: every partition has a leader.
  void answered(sim::SimTime now, bool changed, bool complete, std::uint64_t bits);
  void failed(sim::SimTime now, std::uint64_t bits);

 private:
  MetadataConfig config_;
  bool wanted_ = true;
  bool under_way_ = false;
  std::int64_t failures_ = 0;
  std::int64_t equal_answers_ = 0;
  sim::SimTime not_before_;
  sim::SimTime refreshed_at_;
  bool refreshed_ = false;
};

/// The shell: asks brokers and keeps the table. The owner forwards responses and calls poke() after events.
class MetadataUpdater {
 public:
  MetadataUpdater(sim::Component& owner, const ClientSite& site, BrokerConnections& connections,
                  const MetadataConfig& config, std::vector<wire::PartitionId> partitions);

  [[nodiscard]] const LeaderTable& leaders() const { return leaders_; }
  /// False until the first answer.
  [[nodiscard]] bool known() const { return known_; }
  /// An error or a disconnect says that the picture is wrong.
  void request() { policy_.request(); }
  /// Indexes whose partition is another one since the last call, of a topic that was made anew.
  [[nodiscard]] std::vector<std::int32_t> take_replaced() { return std::exchange(replaced_, {}); }
  /// Whether the owner can go over to a topic that was made anew; else it stays with the deleted one.
  void follow_names(bool follows) { follows_names_ = follows; }
  /// Partitions from this number on may not exist yet: that they are missing is no reason to ask again.
  void expect_only(std::int32_t partitions) { expected_ = partitions; }
  /// One of those, of which nothing has been heard.
  [[nodiscard]] bool is_missing(std::int32_t index) const {
    return expected_ > 0 && index >= expected_ && leaders_[index].epoch < 0;
  }
  /// How many partitions the topic has, as far as is known: those expected, and those that an answer told of.
  [[nodiscard]] std::int32_t topic_size() const;
  /// News beside metadata, from an error response. True if the leader changed.
  bool learn(wire::PartitionId partition, wire::BrokerId leader, std::int32_t epoch);
  /// Asks if it is time and a broker is ready, else arms a timer. Cheap when nothing is due.
  void poke();
  void on_response(const wire::MetadataResponse& response);
  void on_lost();

 private:
  void tick();

  sim::Component& owner_;
  BrokerConnections& connections_;
  LeaderTable leaders_;
  RefreshPolicy policy_;
  sim::Stream jitter_;
  sim::Stream choice_;
  std::uint64_t requests_ = 0;
  std::uint64_t answers_ = 0;
  bool known_ = false;
  bool follows_names_ = false;
  std::vector<std::int32_t> replaced_;
  std::int32_t expected_ = 0;  // 0: all
  sim::EventHandle timer_;
  sim::SimTime timer_at_ = sim::SimTime::max();
};

}  // namespace brokersim::kafka::client
