#include "tests/worlds/coverage.h"

#include <algorithm>

namespace brokersim::worlds {
namespace {

using history::BrokerEvent;

bool contains(const std::vector<history::BrokerId>& brokers, history::BrokerId broker) {
  return std::find(brokers.begin(), brokers.end(), broker) != brokers.end();
}

constexpr std::int16_t kNotEnoughReplicas = 19;

}  // namespace

// Not a state: a follower ahead of its leader's whole log (TruncateReason::out_of_range). Since 2.0 a leader enters its
// epoch at once (KAFKA-7415), so an epoch is always known and divergence is what the follower hears instead.
const std::vector<std::pair<std::string_view, std::string_view>>& states() {
  static const std::vector<std::pair<std::string_view, std::string_view>> all = {
      {"isr_of_one", "the ISR of a partition of several replicas is its leader alone"},
      {"isr_below_minimum", "the ISR is smaller than min.insync.replicas"},
      {"isr_whole_again", "the ISR holds every replica again"},
      {"leader_lost", "nobody leads"},
      {"elected_from_elr", "the ISR was empty, a member of the ELR was elected (KIP-966)"},
      {"elected_last_known_leader", "ISR and ELR were empty, the last leader was elected"},
      {"elected_unclean", "somebody outside ISR and ELR was elected, as the topic allows"},
      {"elected_again", "a leader was elected twice in a row, in a later epoch"},
      {"preferred_leader_returned", "the first replica leads again"},
      {"change_pending_at_controller_failover",
       "an AlterPartition was unanswered when the active controller went"},
      {"change_pending_at_leader_death", "an AlterPartition was unanswered when its sender died"},
      {"expansion_pending_while_committing", "the high watermark moved while the ISR was being expanded"},
      {"epoch_gap", "a log goes on two or more epochs later"},
      {"truncated_on_divergence", "a follower cut its log to agree with its leader"},
      {"truncated_several_epochs", "... and removed records of several epochs"},
      {"truncated_twice_in_a_row", "a follower needed several rounds to find the common epoch"},
      {"truncation_undone_by_crash", "a crash brought back what had been cut"},
      {"recovered_clean", "a log was loaded with its clean-shutdown marker"},
      {"recovered_unclean_whole", "a log was scanned and nothing was missing"},
      {"recovered_torn_tail", "a log was scanned and its tail was gone or torn"},
      {"died_in_recovery", "a broker died again before it had loaded its logs and registered"},
      {"high_watermark_back_on_follower", "a follower's high watermark moved back"},
      {"deposed_leader_appended", "a leader that was replaced and did not know went on appending"},
      {"fenced_leader_appended", "a leader that was fenced and did not know went on appending"},
      {"fetch_of_stale_epoch", "a fetch named an older leader epoch (FENCED_LEADER_EPOCH)"},
      {"fetch_of_future_epoch", "a fetch named a newer leader epoch (UNKNOWN_LEADER_EPOCH)"},
      {"registration_refused",
       "a broker came back before its old session was over (DUPLICATE_BROKER_REGISTRATION)"},
      {"controlled_shutdown", "a broker stopped in a controlled way"},
      {"controller_changed", "another controller took over"},
      {"controller_resigned_alive", "an active controller found out that it leads no more"},
      {"controller_lost_uncommitted", "a controller cut metadata that was never committed"},
      {"controller_loaded_snapshot", "a lagging controller fetched a snapshot"},
      {"broker_loaded_snapshot", "a lagging broker fetched a snapshot of the metadata"},
      {"election_without_winner", "epochs of the quorum passed without a leader"},
      {"storage_lost_dirty", "a crash took batches that were only in the page cache"},
      {"storage_lost_in_writeback", "... that were on their way to the drive"},
      {"storage_lost_in_drive_cache", "... that were in the drive's volatile cache"},
      {"acknowledgement_unknown", "a producer gave up on a batch that may be in the log"},
      {"batch_retried", "a batch was sent more than once and acknowledged"},
      {"refused_below_minimum", "a producer gave up with NOT_ENOUGH_REPLICAS"},
      {"log_compacted", "compaction took records from a log"},
      {"compaction_gap_copied", "a follower copied a log with the gaps that compaction had left"},
      {"retention_deleted", "retention moved a log start"},
      {"log_started_anew", "a follower's log ended before its leader's began"},
      {"group_rebalanced", "a group came to a later generation"},
      {"group_coordinator_moved", "a partition of __consumer_offsets got another leader"},
      {"read_from_follower", "a consumer was served by a follower (KIP-392)"},
  };
  return all;
}

Coverage::Partition& Coverage::of(history::PartitionId id) {
  const auto n = static_cast<std::size_t>(id.n);
  if (partitions_.size() <= n) partitions_.resize(n + 1);
  return partitions_[n];
}
Coverage::Log& Coverage::log(history::PartitionId id, history::BrokerId broker) {
  std::vector<Log>& logs = of(id).logs;
  const auto n = static_cast<std::size_t>(broker);
  if (logs.size() <= n) logs.resize(n + 1);
  return logs[n];
}
Coverage::Broker& Coverage::of(history::BrokerId id) {
  const auto n = static_cast<std::size_t>(id);
  if (brokers_.size() <= n) brokers_.resize(n + 1);
  return brokers_[n];
}

void Coverage::on(const history::ProduceOutcome& event) {
  if (event.outcome == history::Outcome::acknowledged && event.acks < 0)
    acknowledged_all_ += event.records.count;
  if (event.outcome == history::Outcome::unknown) hit(State::acknowledgement_unknown);
  if (event.outcome == history::Outcome::acknowledged && event.attempts > 1) hit(State::batch_retried);
  if (event.error == kNotEnoughReplicas) hit(State::refused_below_minimum);
}

void Coverage::on(const history::Appended& event) {
  const Partition& p = of(event.records.partition);
  if (event.role == history::AppendRole::leader) {
    if (event.leader_epoch < p.epoch) hit(State::deposed_leader_appended);
    if (of(event.broker).fenced) hit(State::fenced_leader_appended);
  }
  Log& l = log(event.records.partition, event.broker);
  l.just_cut = false;
  l.end = event.base_offset + event.records.count;
  if (!l.epochs.empty() && l.epochs.back().second == event.leader_epoch) return;
  if (!l.epochs.empty() && event.leader_epoch >= l.epochs.back().second + 2) hit(State::epoch_gap);
  l.epochs.emplace_back(event.base_offset, event.leader_epoch);
}

void Coverage::on(const history::Truncated& event) {
  Log& l = log(event.partition, event.broker);
  std::int64_t first_gone = event.from_offset;
  std::size_t epochs = 0;
  for (; !l.epochs.empty() && l.epochs.back().first >= event.to_offset; l.epochs.pop_back()) {
    first_gone = l.epochs.back().first;
    ++epochs;
  }
  if (first_gone > event.to_offset) ++epochs;  // of the epoch that stays, too
  l.end = event.to_offset;
  if (event.reason == history::TruncateReason::recovery || event.to_offset >= event.from_offset) return;
  if (event.reason == history::TruncateReason::divergence) hit(State::truncated_on_divergence);
  if (epochs >= 2) hit(State::truncated_several_epochs);
  if (l.just_cut) hit(State::truncated_twice_in_a_row);
  l.just_cut = true;
}

void Coverage::on(const history::HighWatermark& event) {
  Log& l = log(event.partition, event.broker);
  if (!event.leader && event.offset < l.high_watermark) hit(State::high_watermark_back_on_follower);
  if (event.leader && l.expanding && event.offset > l.high_watermark)
    hit(State::expansion_pending_while_committing);
  l.high_watermark = event.offset;
}

void Coverage::on(const history::LeaderIsr& event) {
  Log& l = log(event.partition, event.broker);
  l.pending = event.pending;
  l.expanding = event.pending && event.maximal.size() > event.committed.size();
}

void Coverage::on(const history::FetchRefused& event) {
  hit(event.asked_epoch < event.own_epoch ? State::fetch_of_stale_epoch : State::fetch_of_future_epoch);
}

void Coverage::on(const history::PartitionChanged& event) {
  Partition& p = of(event.partition);
  const history::PartitionInfo& info = history_->partition(event.partition);
  const auto min_isr = std::min(static_cast<std::size_t>(info.min_insync_replicas), info.replicas.size());
  if (event.isr.size() == 1 && info.replicas.size() > 1 && event.leader >= 0) hit(State::isr_of_one);
  if (event.isr.size() < min_isr) hit(State::isr_below_minimum);
  if (p.known) {
    if (event.isr.size() == info.replicas.size() && p.isr.size() < event.isr.size())
      hit(State::isr_whole_again);
    if (event.leader < 0 && p.leader >= 0) hit(State::leader_lost);
    const bool elected = event.leader >= 0 && event.leader_epoch > p.epoch;
    if (elected) {
      const bool from_isr = contains(p.isr, event.leader);
      if (!event.unclean && !from_isr && contains(p.elr, event.leader)) hit(State::elected_from_elr);
      if (event.unclean)
        hit(info.unclean_leader_election ? State::elected_unclean : State::elected_last_known_leader);
      if (event.leader == p.last_leader) hit(State::elected_again);
      if (info.internal && event.leader != p.last_leader && p.last_leader >= 0)
        hit(State::group_coordinator_moved);
      if (event.leader == info.replicas.front() && p.last_leader != event.leader)
        hit(State::preferred_leader_returned);
    }
  }
  p.known = true;
  p.leader = event.leader;
  p.epoch = event.leader_epoch;
  if (event.leader >= 0) p.last_leader = event.leader;
  p.isr = event.isr;
  p.elr = event.elr;
}

void Coverage::on(const history::Compacted& event) {
  if (history_->partition(event.partition).internal) return;
  hit(event.copied ? State::compaction_gap_copied : State::log_compacted);
}

void Coverage::on(const history::LogStartMoved& event) {
  if (event.cause == history::LogStartCause::retention) hit(State::retention_deleted);
  if (event.cause == history::LogStartCause::reset) hit(State::log_started_anew);
}

void Coverage::on(const history::GroupGeneration&) {
  if (generations_++ > 0) hit(State::group_rebalanced);
}

void Coverage::on(const history::Consumed& event) {
  const Partition& p = of(event.records.partition);
  if (event.broker >= 0 && p.leader >= 0 && event.broker != p.leader) hit(State::read_from_follower);
}

void Coverage::on(const history::BrokerChanged& event) {
  Broker& broker = of(event.broker);
  const bool dies = event.event == BrokerEvent::process_killed || event.event == BrokerEvent::power_lost ||
                    event.event == BrokerEvent::kernel_panicked;
  if (dies && broker.recovering) hit(State::died_in_recovery);
  if (dies || event.event == BrokerEvent::stopped_clean) {
    for (Partition& p : partitions_) {
      if (p.logs.size() <= static_cast<std::size_t>(event.broker)) continue;
      Log& l = p.logs[static_cast<std::size_t>(event.broker)];
      if (dies && l.pending) hit(State::change_pending_at_leader_death);
      l.pending = l.expanding = false;
    }
  }
  if (event.event == BrokerEvent::process_started) broker.recovering = true;
  if (dies || event.event == BrokerEvent::running) broker.recovering = false;
  if (event.event == BrokerEvent::stopped_clean) hit(State::controlled_shutdown);
  if (event.event == BrokerEvent::fenced) broker.fenced = true;
  if (event.event == BrokerEvent::running) broker.fenced = false;
}

void Coverage::on(const history::RegistrationRefused&) { hit(State::registration_refused); }

void Coverage::on(const history::ControllerChanged& event) {
  const bool gone = event.event != history::ControllerEvent::active && event.node == controller_;
  const bool deposed =
      event.event == history::ControllerEvent::active && controller_ >= 0 && event.node != controller_;
  if (gone || deposed) {
    for (const Partition& p : partitions_) {
      if (std::any_of(p.logs.begin(), p.logs.end(), [](const Log& l) { return l.pending; }))
        hit(State::change_pending_at_controller_failover);
    }
  }
  if (event.event == history::ControllerEvent::resigned) hit(State::controller_resigned_alive);
  if (event.event == history::ControllerEvent::active) {
    if (controller_ != event.node && raft_epoch_ > 1) hit(State::controller_changed);
    controller_ = event.node;
  } else if (gone) {
    controller_ = -1;
  }
}

void Coverage::on(const history::MetadataLogChanged& event) {
  using history::MetadataChange;
  if (event.change == MetadataChange::snapshot)
    hit(event.observer ? State::broker_loaded_snapshot : State::controller_loaded_snapshot);
  if (event.change == MetadataChange::truncated) hit(State::controller_lost_uncommitted);
  if (event.change == MetadataChange::leads) {
    if (raft_epoch_ > 0 && event.epoch > raft_epoch_ + 1) hit(State::election_without_winner);
    raft_epoch_ = std::max(raft_epoch_, event.epoch);
  }
}

void Coverage::on(const history::StorageLost& event) {
  switch (event.state) {
    case history::LostState::in_writeback: hit(State::storage_lost_in_writeback); return;
    case history::LostState::drive_cache: hit(State::storage_lost_in_drive_cache); return;
    default: hit(State::storage_lost_dirty); return;
  }
}

void Coverage::on(const history::Recovered& event) {
  Log& l = log(event.partition, event.broker);
  if (event.clean) {
    hit(State::recovered_clean);
    return;
  }
  // Records of another epoch than the process knew there: the crash took back a cut, and what was cut shows again.
  bool undone = event.log_end > l.end;
  for (const history::RecoveredRun& run : event.content) {
    std::int32_t known = -1;
    for (const auto& [start, epoch] : l.epochs) {
      if (start <= run.base_offset) known = epoch;
    }
    undone = undone || run.leader_epoch != known;
  }
  if (undone) {
    hit(State::truncation_undone_by_crash);
  } else {
    hit(event.log_end < l.end ? State::recovered_torn_tail : State::recovered_unclean_whole);
  }
  l.end = event.log_end;
  while (!l.epochs.empty() && l.epochs.back().first >= l.end) l.epochs.pop_back();
}

}  // namespace brokersim::worlds
