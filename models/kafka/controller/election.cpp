#include "models/kafka/controller/election.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"

namespace brokersim::kafka::controller {
namespace {

using wire::contains;
using wire::PartitionState;
using Brokers = std::vector<BrokerId>;

constexpr BrokerId kNobody = -1;

struct Elected {
  BrokerId leader = kNobody;
  bool unclean = false;
};

/// What a change works on: the partition as it is, and the ISR and ELR it shall have.
struct Draft {
  const PartitionState& current;
  const ChangeRequest& request;
  const Candidates& candidates;
  const ElectionRules& rules;
  Brokers isr;
  Brokers elr;
  Reassignment target;

  /// In the ISR; or in the ELR once the ISR is empty.
  [[nodiscard]] bool clean_candidate(BrokerId broker) const {
    if (broker == kNobody || !candidates.acceptable(broker)) return false;
    return contains(isr, broker) || (isr.empty() && contains(elr, broker));
  }
};

/// The ELR is what was in the ISR or the ELR, is not in the new ISR and still has its log; it is needed only
/// while the ISR is below min ISR.
Brokers target_elr(const PartitionState& current, const ChangeRequest& request, const Brokers& isr,
                   const Brokers& replicas, const ElectionRules& rules) {
  Brokers elr;
  if (!rules.eligible_leader_replicas) return elr;
  if (static_cast<std::int32_t>(isr.size()) >= request.min_isr) return elr;
  for (const Brokers* source : {&current.elr, &current.isr}) {
    for (const BrokerId broker : *source) {
      if (contains(isr, broker) || contains(elr, broker) || !contains(replicas, broker)) continue;
      if (broker == request.unclean_shutdown) continue;
      elr.push_back(broker);
    }
  }
  // Membership is what counts; ids ascending make equal ELRs compare equal.
  std::sort(elr.begin(), elr.end());
  return elr;
}

/// With ISR and ELR empty, the last leader is the best guess ("balanced" recovery of KIP-966).
bool last_known_leader_qualifies(const Draft& draft) {
  if (!draft.rules.eligible_leader_replicas) return false;
  if (!draft.isr.empty() || !draft.elr.empty()) return false;
  if (draft.current.last_known_elr.size() != 1) return false;
  const bool alive = draft.candidates.acceptable(draft.current.last_known_elr.front());
  return alive == draft.rules.last_known_leader_must_live;
}

Elected elect_planted(const Draft& draft) {
  for (const BrokerId broker : draft.target.replicas) {
    if (draft.candidates.acceptable(broker)) return {broker, !draft.clean_candidate(broker)};
  }
  return {};
}

Elected elect(const Draft& draft) {
  const Brokers& replicas = draft.target.replicas;
  const bool preferred = draft.request.election == Election::preferred;
  if (preferred && draft.clean_candidate(replicas.front())) return {replicas.front(), false};
  if (draft.clean_candidate(draft.current.leader)) return {draft.current.leader, false};
  if (draft.rules.elect_outside_isr) return elect_planted(draft);
  for (const BrokerId broker : replicas) {
    if (draft.clean_candidate(broker)) return {broker, false};
  }
  if (last_known_leader_qualifies(draft)) return {draft.current.last_known_elr.front(), true};
  if (draft.request.election == Election::unclean) {
    // The first alive in the assignment, not the one with the longest log: the controller does not know logs.
    for (const BrokerId broker : replicas) {
      if (draft.candidates.acceptable(broker)) return {broker, true};
    }
  }
  return {};
}

/// The last leader is written down when the ISR becomes empty, and forgotten when somebody leads.
Brokers target_last_known(const PartitionState& current, const PartitionState& next,
                          const ElectionRules& rules) {
  if (!rules.eligible_leader_replicas) return current.last_known_elr;
  const bool emptied = next.isr.empty() && !current.isr.empty();
  if (emptied && current.leader != kNobody) return {current.leader};
  if (next.leader != kNobody) return {};
  return current.last_known_elr;
}

/// Every target replica is in the ISR: those that were to go do so (PartitionReassignmentReplicas.
/// maybeCompleteReassignment, KAFKA-15665).
void complete_reassignment(Draft& draft) {
  Reassignment& target = draft.target;
  if (target.adding.empty() && target.removing.empty()) return;
  const auto goes = [&](BrokerId broker) { return contains(target.removing, broker); };
  Brokers replicas = target.replicas;
  Brokers isr = draft.isr;
  std::erase_if(replicas, goes);
  std::erase_if(isr, goes);
  if (isr.empty()) return;
  if (!std::all_of(replicas.begin(), replicas.end(), [&](BrokerId b) { return contains(isr, b); })) return;
  draft.isr = std::move(isr);
  target = {std::move(replicas), {}, {}};
}

bool shrinks(const Brokers& before, const Brokers& after) {
  return std::any_of(before.begin(), before.end(), [&](BrokerId broker) { return !contains(after, broker); });
}

}  // namespace

Reassignment reassignment_to(const PartitionState& current, const Brokers& target) {
  Reassignment way{target, {}, {}};
  for (const BrokerId broker : target) {
    if (!contains(current.replicas, broker)) way.adding.push_back(broker);
  }
  for (const BrokerId broker : current.replicas) {
    if (contains(target, broker)) continue;
    way.removing.push_back(broker);
    way.replicas.push_back(broker);
  }
  return way;
}

std::optional<ChangedPartition> change_partition(const PartitionState& current, const ChangeRequest& request,
                                                 const Candidates& candidates, const ElectionRules& rules) {
  SIM_CHECK(!current.replicas.empty());
  SIM_CHECK(request.min_isr >= 1);
  SIM_CHECK(request.min_isr <= static_cast<std::int32_t>(current.replicas.size()));

  Draft draft{current,
              request,
              candidates,
              rules,
              request.isr,
              {},
              request.reassignment.value_or(Reassignment{current.replicas, current.adding, current.removing})};
  complete_reassignment(draft);
  draft.elr = target_elr(current, request, draft.isr, draft.target.replicas, rules);
  const Elected elected = elect(draft);
  const bool leader_changes = elected.leader != current.leader;

  ChangedPartition changed{current, leader_changes && elected.unclean};
  PartitionState& next = changed.state;
  next.leader = elected.leader;
  if (request.recovered) next.recovering = false;
  if (changed.unclean) {
    // Nobody else is known to hold what the new leader holds: the ISR is the leader alone, whatever it was.
    draft.isr = {elected.leader};
    draft.elr.clear();
    next.recovering = true;
  } else if (leader_changes && contains(draft.elr, elected.leader)) {
    draft.isr = {elected.leader};
    std::erase(draft.elr, elected.leader);
  }
  // Without ELR an ISR never becomes empty: its last member stays, fenced or not, and only it can be elected.
  if (!draft.isr.empty() || rules.eligible_leader_replicas) next.isr = draft.isr;
  next.elr = draft.elr;
  next.last_known_elr = target_last_known(current, next, rules);

  next.replicas = draft.target.replicas;
  next.adding = draft.target.adding;
  next.removing = draft.target.removing;
  // A replica that goes must not be able to count in an old epoch.
  const bool bump =
      leader_changes || shrinks(current.replicas, next.replicas) || (rules.bump_leader_epoch_on_isr_shrink && shrinks(current.isr, next.isr));
  const bool same = !bump && next.isr == current.isr && next.elr == current.elr &&
                    next.last_known_elr == current.last_known_elr && next.recovering == current.recovering &&
                    next.replicas == current.replicas && next.adding == current.adding &&
                    next.removing == current.removing;
  if (same) return std::nullopt;
  if (bump) ++next.leader_epoch;
  ++next.partition_epoch;
  return changed;
}

}  // namespace brokersim::kafka::controller
