#include "models/checkers/loss_story.h"

#include <algorithm>
#include <optional>

#include "models/checkers/words.h"

namespace brokersim::checkers {
namespace {

using Kind = CopyFate::Kind;

std::vector<history::BrokerId> members(const PartitionView& p, std::uint16_t mask) {
  std::vector<history::BrokerId> brokers;
  for (std::size_t i = 0; i < p.replicas.size() && i < 16; ++i) {
    if ((mask >> i & 1) != 0) brokers.push_back(p.replicas[i].broker);
  }
  std::sort(brokers.begin(), brokers.end());
  return brokers;
}

const LeaderChange* change_of_epoch(const PartitionView& p, std::int32_t epoch) {
  for (const LeaderChange& change : p.changes) {
    if (change.epoch == epoch && change.leader >= 0) return &change;
  }
  return nullptr;
}

std::string elected_text(const LeaderChange& change) {
  std::string text = "elected at " + sim::to_string(change.at) + " in epoch " + std::to_string(change.epoch);
  if (change.unclean) text += change.by_operator ? " (uncleanly, as an administrator asked)" : " (uncleanly)";
  return text + " with log end " + count_text(change.log_end);
}

const char* crash_text(const ClusterView& view, history::BrokerId broker, sim::SimTime at) {
  for (const Crash& crash : view.broker(broker).crashes) {
    if (crash.at == at && crash.event == history::BrokerEvent::kernel_panicked) return "the kernel panic";
  }
  return "the power loss";
}

/// The last time up to `at` that the broker's disks came to hold other data than was written; nothing if never.
std::optional<sim::SimTime> damaged_by(const ClusterView& view, history::BrokerId broker, sim::SimTime at) {
  std::optional<sim::SimTime> last;
  for (const Crash& crash : view.broker(broker).crashes) {
    if (crash.event == history::BrokerEvent::storage_damaged && crash.at <= at) last = crash.at;
  }
  return last;
}

/// The stories speak of several records; one is "it".
std::string in_number(std::string text, std::int64_t records) {
  if (records != 1) return text;
  const std::pair<std::string, std::string> words[] = {
      {" them", " it"}, {"they were", "it was"}, {"they had", "it had"}};
  for (const auto& [many, one] : words) {
    for (std::size_t at = text.find(many); at != std::string::npos; at = text.find(many, at + one.size())) {
      text.replace(at, many.size(), one);
    }
  }
  return text;
}

/// Every holder lost its copy to a crash before the first answer arrived.
bool gone_before_the_answer(const PartitionView& p, const LossGroup& group) {
  for (std::size_t i = 0; i < group.fates.size() && i < 16; ++i) {
    if ((group.ack.holders >> i & 1) == 0) continue;
    if (group.fates[i].kind != Kind::storage_lost) return false;
    if (p.removals[static_cast<std::size_t>(group.fates[i].removal)].at > group.ack.at) return false;
  }
  return true;
}

std::string holders(const PartitionView& p, const LossGroup& group) {
  if (group.ack.base < 0) return "";
  const std::vector<history::BrokerId> held = members(p, group.ack.holders);
  const std::vector<history::BrokerId> flushed = members(p, group.ack.flushed);
  if (held.empty()) return "By then no broker held them any more. ";
  if (gone_before_the_answer(p, group)) {
    return "Only " + brokers_text(held) +
           " had held them, in the page cache; the answer was on its way when they were lost. ";
  }
  std::string text =
      "By then " + (held.size() == 1 ? "only " + brokers_text(held) : brokers_text(held)) + " held them, ";
  if (flushed.empty()) {
    text += held.size() == 1 ? "in its page cache" : "all in their page caches";
  } else if (flushed.size() == held.size()) {
    text += "on the medium";
  } else {
    text += brokers_text(flushed) + " on the medium";
  }
  return text + ". ";
}

std::string states_text(const std::map<history::LostState, std::int64_t>& states) {
  if (states.empty()) return "";
  if (states.size() == 1) return ", where they were " + lost_state_text(states.begin()->first);
  std::string text;
  for (const auto& [state, records] : states) {
    text += (text.empty() ? ", where " : ", ") + count_text(records) + " were " + lost_state_text(state);
  }
  return text;
}

std::string copy_text(const ClusterView& view, const PartitionView& p, const LossGroup& group,
                      std::size_t replica) {
  const CopyFate& fate = group.fates[replica];
  const history::BrokerId broker = p.replicas[replica].broker;
  const std::string who = sentence(broker_text(broker));
  switch (fate.kind) {
    case Kind::never: return "";
    case Kind::kept: return who + " still has them but does not lead. ";
    case Kind::doomed:
      return who +
             " has them on its medium, behind a batch that a crash took, so that its recovery will cut "
             "them. ";
    case Kind::storage_lost: {
      const Removal& removal = p.removals[static_cast<std::size_t>(fate.removal)];
      const bool exchanged = damaged_by(view, broker, removal.at) == removal.at;
      return who + " lost them to " +
             (exchanged ? "the exchange or roll-back of its disks" : crash_text(view, broker, removal.at)) +
             " at " + sim::to_string(removal.at) + states_text(group.states[replica]) + ". ";
    }
    case Kind::deleted:
      return who + " deleted them by retention or DeleteRecords at " +
             sim::to_string(p.removals[static_cast<std::size_t>(fate.removal)].at) +
             ", above the high watermark. ";
    case Kind::truncated: break;
  }
  const Removal& removal = p.removals[static_cast<std::size_t>(fate.removal)];
  std::string text = who + " cut them at " + sim::to_string(removal.at);
  switch (removal.reason) {
    case history::TruncateReason::recovery: {
      text += " in recovery, because a batch before them was missing or broken";
      const auto damaged = damaged_by(view, broker, removal.at);
      return text + (damaged ? "; its medium had been damaged at " + sim::to_string(*damaged) : "") + ". ";
    }
    case history::TruncateReason::high_watermark:
      text += " when it truncated to its own high watermark";
      break;
    case history::TruncateReason::out_of_range: text += " because its log was ahead of its leader's"; break;
    case history::TruncateReason::divergence: text += " to agree with its leader"; break;
  }
  if (removal.followed >= 0 && removal.followed != broker) {
    text += ": it followed " + broker_text(removal.followed);
    if (const LeaderChange* change = change_of_epoch(p, removal.followed_epoch))
      text += ", which had been " + elected_text(*change);
  }
  return text + ". ";
}

/// The election that did without them: the first after the acknowledgement whose leader's log ended at or before them.
/// Null if there was none, as when the leader itself lost them or acknowledged them after it had been replaced.
const LeaderChange* deciding_election(const PartitionView& p, const LossGroup& group) {
  if (group.offset_first < 0) return nullptr;
  for (const LeaderChange& change : p.changes) {
    if (change.leader >= 0 && change.at >= group.ack.at && change.log_end <= group.offset_first)
      return &change;
  }
  return nullptr;
}

/// Why the final leader does not have them.
std::string leader_text(const PartitionView& p, const LossGroup& group, std::int32_t leader) {
  if (leader < 0) return p.name + " has no running leader at the end. ";
  const std::int32_t index = p.index_of(leader);
  const LeaderChange* elected = nullptr;
  for (const LeaderChange& change : p.changes) {
    if (change.leader == leader) elected = &change;
  }
  if (index < 0 || elected == nullptr) return "";
  const LeaderChange* decided = deciding_election(p, group);
  if (decided != nullptr && decided != elected) {
    std::string text =
        sentence(broker_text(decided->leader)) + " was " + elected_text(*decided) + ", without them";
    if (decided->leader != leader) text += "; " + broker_text(leader) + ", elected later, leads at the end";
    return text + ". ";
  }
  const Kind fate = group.fates[static_cast<std::size_t>(index)].kind;
  std::string text =
      sentence(broker_text(leader)) + (fate == Kind::never ? ", which never had them, leads" : " leads");
  return text + "; it was " + elected_text(*elected) + ". ";
}

/// What happened to the copies and to the leadership after the acknowledgement, as far as it bears on what would have helped.
struct Circumstances {
  bool appended = false;     ///< Somebody had them.
  bool crash = false;        ///< A crash took copies.
  bool damaged = false;      ///< A medium that changed or forgot took copies.
  bool deleted = false;      ///< Retention took them uncommitted.
  bool by_operator = false;  ///< An administrator had somebody elected uncleanly.
  bool last_known = false;   ///< The last known leader was taken (KIP-966).
  bool unclean = false;      ///< Somebody from outside ISR and ELR was elected otherwise.
};

Circumstances circumstances_of(const ClusterView& view, const PartitionView& p, const LossGroup& group) {
  Circumstances found;
  for (std::size_t replica = 0; replica < group.fates.size(); ++replica) {
    const CopyFate& fate = group.fates[replica];
    found.appended = found.appended || fate.kind != Kind::never;
    found.deleted = found.deleted || fate.kind == Kind::deleted;
    bool crash = fate.kind == Kind::storage_lost || fate.kind == Kind::doomed;
    sim::SimTime at = sim::SimTime::max();
    if (fate.kind == Kind::truncated || fate.kind == Kind::storage_lost) {
      const Removal& removal = p.removals[static_cast<std::size_t>(fate.removal)];
      crash = crash || removal.reason == history::TruncateReason::recovery;
      at = removal.at;
    }
    if (!crash) continue;
    const bool damaged = damaged_by(view, p.replicas[replica].broker, at).has_value();
    (damaged ? found.damaged : found.crash) = true;
  }
  std::int32_t last_leader = -1;
  for (const LeaderChange& change : p.changes) {
    if (change.unclean && change.at >= group.ack.at) {
      const bool last_known = p.info.eligible_leader_replicas && change.leader == last_leader;
      (change.by_operator                              ? found.by_operator
       : last_known && !p.info.unclean_leader_election ? found.last_known
                                                       : found.unclean) = true;
    }
    if (change.leader >= 0) last_leader = change.leader;
  }
  return found;
}

std::string remedy(const ClusterView& view, const PartitionView& p, const LossGroup& group) {
  if (group.void_answer) {
    return "The transaction had failed before that answer and could only be aborted: no reader of committed "
           "records "
           "misses them.";
  }
  const Circumstances found = circumstances_of(view, p, group);
  const bool alone = members(p, group.ack.holders).size() <= 1;
  const bool too_few_asked =
      alone && p.replicas.size() > 1 && group.ack.acks < 0 && p.info.min_insync_replicas < 2;
  const std::string refused =
      "With min.insync.replicas=2 the leader would have refused them while nobody else was in sync.";
  if (group.ack.acks == 0) {
    return found.appended
               ? "With acks=all and min.insync.replicas=2 the producer would have waited for a second "
                 "replica, and tried again."
               : "No broker ever appended them. With acks=1 or acks=all the producer would have "
                 "noticed, and tried again.";
  }
  if (found.deleted) return "Kafka's retention leaves what lies above the high watermark; here it did not.";
  if (found.by_operator) {
    return "Without that election the partition would have waited, without a leader, for a replica that has "
           "them." +
           (too_few_asked ? " " + refused : std::string());
  }
  if (found.damaged && p.replicas.size() < 2) {
    return "Only a second replica helps against a medium that changes or forgets; no flush does.";
  }
  if (found.damaged && !found.unclean && !(group.ack.acks == 1 && alone) && !too_few_asked) {
    return "Against a medium that changes or forgets only replicas help that do not fail together; no flush "
           "does.";
  }
  if (found.last_known) {
    return "Every replica that could be elected had stopped uncleanly, so the last known leader was taken "
           "with what it still had (KIP-966). A flush before the answer (flush.messages=1), or replicas that "
           "do not "
           "fail together, would have saved them.";
  }
  if (found.unclean && p.info.unclean_leader_election) {
    return "With unclean.leader.election.enable=false the partition would have waited for a complete "
           "replica, without a leader until then.";
  }
  if (found.unclean) return "Kafka elects nobody from outside ISR and ELR on this topic; here somebody was.";
  if (group.ack.acks == 1 && alone) {
    return "With acks=all and min.insync.replicas=2 nobody would have acknowledged them before a second "
           "replica held them.";
  }
  if ((found.crash || found.damaged) && too_few_asked) return refused;
  if (found.crash) {
    return "A flush before the answer (flush.messages=1), or replicas whose power does not fail together, "
           "would have saved them.";
  }
  if (group.ack.acks == 1) {
    return "With acks=all and min.insync.replicas=2 the answer would have waited for every replica in sync, "
           "and so for whoever could be elected.";
  }
  return "Nothing in the configuration or in the faults excuses it.";
}

}  // namespace

std::vector<std::int64_t> CopyFate::key(const PartitionView& p) const {
  if (removal < 0) return {static_cast<std::int64_t>(kind)};
  const Removal& r = p.removals[static_cast<std::size_t>(removal)];
  return {static_cast<std::int64_t>(kind), r.at.ns,
          kind == Kind::truncated ? static_cast<std::int64_t>(r.reason) : 0,
          kind == Kind::truncated ? r.followed_epoch : 0};
}

std::string tell_acknowledgement(std::int8_t acks, history::BrokerId broker, sim::SimTime from,
                                 sim::SimTime to, std::int64_t records) {
  const std::string when = when_text(from, to);
  if (acks == 0)
    return in_number("The producer counted them as written " + when + " (acks=0: nobody answers).", records);
  return in_number(
      sentence(broker_text(broker)) + " acknowledged them " + when + " (" + acks_text(acks) + ").", records);
}

std::string tell_fate(const ClusterView& view, const PartitionView& p, const LossGroup& group,
                      std::int32_t final_leader) {
  std::string text = holders(p, group);
  for (std::size_t replica = 0; replica < group.fates.size(); ++replica)
    text += copy_text(view, p, group, replica);
  text += leader_text(p, group, final_leader);
  return in_number(text + remedy(view, p, group), group.records);
}

}  // namespace brokersim::checkers
