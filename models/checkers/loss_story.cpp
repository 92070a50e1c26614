#include "models/checkers/loss_story.h"

#include <algorithm>

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
      return who + " lost them to " + crash_text(view, broker, removal.at) + " at " +
             sim::to_string(removal.at) + states_text(group.states[replica]) + ". ";
    }
    case Kind::truncated: break;
  }
  const Removal& removal = p.removals[static_cast<std::size_t>(fate.removal)];
  std::string text = who + " cut them at " + sim::to_string(removal.at);
  switch (removal.reason) {
    case history::TruncateReason::recovery:
      return text + " in recovery, because a batch before them was missing or broken. ";
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

/// Why the final leader does not have them.
std::string leader_text(const PartitionView& p, const LossGroup& group, std::int32_t leader) {
  if (leader < 0) return p.name + " has no running leader at the end. ";
  const std::int32_t index = p.index_of(leader);
  const LeaderChange* elected = nullptr;
  for (const LeaderChange& change : p.changes) {
    if (change.leader == leader) elected = &change;
  }
  if (index < 0 || elected == nullptr) return "";
  const Kind fate = group.fates[static_cast<std::size_t>(index)].kind;
  // The last election explains it only if it came after the acknowledgement began.
  std::string text =
      sentence(broker_text(leader)) + (fate == Kind::never ? ", which never had them, leads" : " leads");
  return text + "; it was " + elected_text(*elected) + ". ";
}

std::string remedy(const PartitionView& p, const LossGroup& group) {
  bool appended = false;
  bool crash = false;
  bool unclean = false;
  bool asked = false;
  for (const CopyFate& fate : group.fates) {
    appended = appended || fate.kind != Kind::never;
    crash = crash || fate.kind == Kind::storage_lost || fate.kind == Kind::doomed;
    if (fate.kind != Kind::truncated) continue;
    const Removal& removal = p.removals[static_cast<std::size_t>(fate.removal)];
    if (removal.reason == history::TruncateReason::recovery) crash = true;
  }
  for (const LeaderChange& change : p.changes) {
    if (!change.unclean || change.at < group.ack.at) continue;
    (change.by_operator ? asked : unclean) = true;
  }
  const std::vector<history::BrokerId> held = members(p, group.ack.holders);
  if (group.ack.acks == 0) {
    return appended ? "With acks=all and min.insync.replicas=2 the producer would have waited for a second "
                      "replica, and tried again."
                    : "No broker ever appended them. With acks=1 or acks=all the producer would have "
                      "noticed, and tried again.";
  }
  if (asked) {
    return std::string(
               "Without that election the partition would have waited, without a leader, for a replica that "
               "has them.") +
           (held.size() <= 1 && p.replicas.size() > 1 && group.ack.acks < 0 && p.info.min_insync_replicas < 2
                ? " With min.insync.replicas=2 the leader would have refused them while nobody else was in "
                  "sync."
                : "");
  }
  if (unclean && !p.info.unclean_leader_election) {
    return "Every replica that could be elected had stopped uncleanly, so the last known leader was taken "
           "with what "
           "it still had (KIP-966). A flush before the answer (flush.messages=1), or replicas that do not "
           "fail "
           "together, would have saved them.";
  }
  if (unclean) {
    return "With unclean.leader.election.enable=false the partition would have waited for a complete "
           "replica, without a leader until then.";
  }
  if (group.ack.acks == 1 && held.size() <= 1) {
    return "With acks=all and min.insync.replicas=2 nobody would have acknowledged them before a second "
           "replica held them.";
  }
  if (crash && group.ack.acks < 0 && held.size() <= 1 && p.replicas.size() > 1 &&
      p.info.min_insync_replicas < 2) {
    return "With min.insync.replicas=2 the leader would have refused them while nobody else was in sync.";
  }
  if (crash) {
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
  return in_number(text + remedy(p, group), group.records);
}

}  // namespace brokersim::checkers
