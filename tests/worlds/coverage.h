// Which rare states a world has been through.
//
// Why: twenty thousand worlds in which nobody was ever elected from the ELR prove nothing about the ELR. Each state is
// recognised in the history, counted, and none may stay cold.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "models/history/history.h"

namespace brokersim::worlds {

enum class State : std::uint8_t {
  isr_of_one,
  isr_below_minimum,
  isr_whole_again,
  leader_lost,
  elected_from_elr,
  elected_last_known_leader,
  elected_unclean,
  elected_again,
  preferred_leader_returned,
  change_pending_at_controller_failover,
  change_pending_at_leader_death,
  expansion_pending_while_committing,
  epoch_gap,
  truncated_on_divergence,
  truncated_several_epochs,
  truncated_twice_in_a_row,
  truncation_undone_by_crash,
  recovered_clean,
  recovered_unclean_whole,
  recovered_torn_tail,
  died_in_recovery,
  high_watermark_back_on_follower,
  deposed_leader_appended,
  fenced_leader_appended,
  fetch_of_stale_epoch,
  fetch_of_future_epoch,
  registration_refused,
  controlled_shutdown,
  controller_changed,
  controller_resigned_alive,
  controller_lost_uncommitted,
  controller_loaded_snapshot,
  broker_loaded_snapshot,
  election_without_winner,
  storage_lost_dirty,
  storage_lost_in_writeback,
  storage_lost_in_drive_cache,
  acknowledgement_unknown,
  batch_retried,
  refused_below_minimum,
  log_compacted,
  compaction_gap_copied,
  retention_deleted,
  log_started_anew,
  group_rebalanced,
  group_coordinator_moved,
  read_from_follower,
};
inline constexpr std::size_t kStates = 47;

/// In the order of State: the name and what it means.
[[nodiscard]] const std::vector<std::pair<std::string_view, std::string_view>>& states();

/// Attach to the history of one world.
class Coverage final : public history::Watcher {
 public:
  explicit Coverage(const history::History& history) : history_(&history) {}

  using history::Watcher::on;
  void on(const history::ProduceOutcome& event) override;
  void on(const history::Appended& event) override;
  void on(const history::Truncated& event) override;
  void on(const history::HighWatermark& event) override;
  void on(const history::LeaderIsr& event) override;
  void on(const history::FetchRefused& event) override;
  void on(const history::PartitionChanged& event) override;
  void on(const history::BrokerChanged& event) override;
  void on(const history::RegistrationRefused& event) override;
  void on(const history::ControllerChanged& event) override;
  void on(const history::MetadataLogChanged& event) override;
  void on(const history::StorageLost& event) override;
  void on(const history::Recovered& event) override;
  void on(const history::Compacted& event) override;
  void on(const history::LogStartMoved& event) override;
  void on(const history::GroupGeneration& event) override;
  void on(const history::Consumed& event) override;

  /// Times each state was seen in this world.
  [[nodiscard]] const std::array<std::int64_t, kStates>& seen() const { return seen_; }
  /// Records acknowledged with acks=all.
  [[nodiscard]] std::int64_t acknowledged_all() const { return acknowledged_all_; }

 private:
  struct Log {
    std::vector<std::pair<std::int64_t, std::int32_t>> epochs;  // start and epoch, ascending
    std::int64_t end = 0;
    std::int64_t high_watermark = 0;
    bool just_cut = false;  // nothing appended since the last truncation
    bool pending = false;
    bool expanding = false;
  };
  struct Partition {
    bool known = false;
    std::int32_t leader = -1;
    std::int32_t epoch = 0;
    std::int32_t last_leader = -1;
    std::vector<history::BrokerId> isr;
    std::vector<history::BrokerId> elr;
    std::vector<Log> logs;  // by broker
  };
  struct Broker {
    bool fenced = false;
    bool recovering = false;
  };
  void hit(State state) { ++seen_[static_cast<std::size_t>(state)]; }
  [[nodiscard]] Partition& of(history::PartitionId id);
  [[nodiscard]] Log& log(history::PartitionId id, history::BrokerId broker);
  [[nodiscard]] Broker& of(history::BrokerId id);

  const history::History* history_;
  std::vector<Partition> partitions_;
  std::vector<Broker> brokers_;
  std::int64_t generations_ = 0;
  std::int32_t controller_ = -1;
  std::int32_t raft_epoch_ = 0;
  std::vector<std::int64_t> raft_ends_;  // by node
  std::int64_t acknowledged_all_ = 0;
  std::array<std::int64_t, kStates> seen_{};
};

}  // namespace brokersim::worlds
