#include "models/checkers/contract.h"

#include <algorithm>

#include "models/checkers/words.h"

namespace brokersim::checkers {
Contract::Contract(const history::PartitionInfo& info, Promise promise)
    : name_(info.name()),
      min_isr_(std::min(info.min_insync_replicas, static_cast<std::int32_t>(info.replicas.size()))),
      unclean_allowed_(info.unclean_leader_election),
      elr_(info.eligible_leader_replicas),
      flushed_before_answer_(info.flush_messages == 1),
      promise_(promise) {
  for (const history::BrokerId broker : info.replicas) replicas_.push_back({.broker = broker});
}

void Contract::break_it(sim::SimTime at, const std::string& reason) {
  if (broken_) return;
  broken_ = true;
  ever_ = true;
  why_ = name_ + ": " + reason + " at " + sim::to_string(at);
}

void Contract::lossy_stop(history::BrokerId broker, sim::SimTime at,
                          const std::vector<history::BrokerId>& isr, bool unflushed, bool durable_too) {
  const bool kept = promise_ == Promise::answered || !unflushed;
  if (flushed_before_answer_ && kept && !durable_too) return;
  const char* const what = durable_too ? " data of its disk" : " page cache";
  std::vector<history::BrokerId> lossy;
  for (Replica& replica : replicas_) {
    if (replica.broker == broker) replica = {.broker = broker, .lossy = true, .at = at};
    if (replica.lossy) lossy.push_back(replica.broker);
  }
  if (static_cast<std::int32_t>(lossy.size()) > min_isr_ - 1) {
    break_it(at, brokers_text(lossy) + " had lost " + (lossy.size() == 1 ? "its" : "their") +
                     (durable_too ? " page cache or data of a disk" : " page cache") +
                     " and had not rejoined the ISR (min.insync.replicas=" + std::to_string(min_isr_) +
                     " allows " + std::to_string(min_isr_ - 1) + ")");
  }
  if (!elr_ && contains(isr, broker) && static_cast<std::int32_t>(isr.size()) < min_isr_) {
    break_it(at, broker_text(broker) + ", in an ISR of " + std::to_string(isr.size()) +
                     " below min.insync.replicas=" + std::to_string(min_isr_) + " and without ELR, lost" +
                     what);
  }
}

bool Contract::lossy(history::BrokerId broker) const {
  return std::any_of(replicas_.begin(), replicas_.end(),
                     [&](const Replica& r) { return r.broker == broker && r.lossy; });
}

void Contract::started(history::BrokerId broker) {
  for (Replica& replica : replicas_) {
    if (replica.broker == broker) replica.started_since = true;
  }
}

void Contract::changed(const history::PartitionChanged& event) {
  if (event.unclean && (unclean_allowed_ || event.by_operator))
    break_it(event.at, "an unclean election of " + broker_text(event.leader) +
                           (event.by_operator ? ", which an administrator asked for" : ""));
  if (event.unclean && !unclean_allowed_ && !event.by_operator && elr_ && event.leader >= 0 &&
      event.leader == last_leader_) {
    for (const Replica& replica : replicas_) {
      if (!replica.lossy) continue;
      break_it(event.at, "ISR and ELR had run empty by unclean restarts, " + broker_text(event.leader) +
                             " was elected as the last known leader (KIP-966), and " +
                             broker_text(replica.broker) + " had lost its page cache");
    }
  }
  if (event.leader >= 0) last_leader_ = event.leader;
  const bool below = static_cast<std::int32_t>(event.isr.size()) < min_isr_;
  for (const Replica& replica : replicas_) {
    // Nobody has noticed yet that it lost its cache: without ELR it may be left as the last one to lead.
    if (elr_ || !below || !replica.lossy || replica.left_since || !contains(event.isr, replica.broker))
      continue;
    break_it(event.at, "without ELR the ISR shrank to " + std::to_string(event.isr.size()) +
                           ", below min.insync.replicas=" + std::to_string(min_isr_) + ", while " +
                           broker_text(replica.broker) + ", which had lost its page cache, was still in it");
  }
  const bool same_leadership = event.leader >= 0 && event.leader_epoch == epoch_;
  const bool whole = event.isr.size() >= replicas_.size();
  bool any_lossy = false;
  for (Replica& replica : replicas_) {
    if (!replica.lossy) continue;
    const bool in_isr = contains(event.isr, replica.broker);
    if (!in_isr) replica.left_since = true;
    // The last member of an ISR cannot leave it. It is whole again once it leads everybody else.
    const bool leads_all = whole && event.leader == replica.broker && replica.started_since;
    // Others join because their leader has seen that they hold everything. An election proves nothing: the controller
    // may take a member of the ELR for alive that lost its cache a moment ago.
    const bool rejoined =
        replica.left_since && replica.started_since && same_leadership && event.leader != replica.broker;
    if (in_isr && (rejoined || leads_all)) replica.lossy = false;
    any_lossy = any_lossy || replica.lossy;
  }
  epoch_ = event.leader_epoch;
  if (broken_ && !for_good_ && whole && !any_lossy) {
    broken_ = false;
    until_ = event.at;
  }
}

void Contract::lost_unseen(sim::SimTime at, const std::string& what) {
  break_it(at, what);
  for_good_ = true;
}

void Contract::quorum_damaged(sim::SimTime at, const std::string& why) {
  break_it(at, why);
  for_good_ = true;
}

}  // namespace brokersim::checkers
