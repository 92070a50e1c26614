#include "models/kafka/controller/invariants.h"

#include <algorithm>
#include <string>

#include "sim/check.h"

namespace brokersim::kafka::controller {
namespace {

using wire::contains;
using wire::PartitionState;
using Brokers = std::vector<BrokerId>;

void check_members(const Brokers& members, const Brokers& replicas, const std::string& where) {
  for (const BrokerId broker : members) {
    SIM_CHECK(contains(replicas, broker), where);
    SIM_CHECK(std::count(members.begin(), members.end(), broker) == 1, where);
  }
}

bool all_of(const Brokers& part, const Brokers& whole) {
  return std::all_of(part.begin(), part.end(), [&](BrokerId broker) { return contains(whole, broker); });
}

void check_partition(const ClusterView& view, const PartitionState& state) {
  const std::string where = "partition " + std::to_string(state.partition.n);
  const bool elr = view.rules.eligible_leader_replicas;
  const auto min_isr = view.specs[static_cast<std::size_t>(state.partition.n)].effective_min_isr();
  check_members(state.isr, state.replicas, where);
  check_members(state.elr, state.replicas, where);
  for (const BrokerId broker : state.elr) SIM_CHECK(!contains(state.isr, broker), where);
  if (state.leader >= 0) {
    SIM_CHECK(contains(state.isr, state.leader), where);
    SIM_CHECK(view.image.is_active(state.leader), where);
    SIM_CHECK(state.last_known_elr.empty(), where);
  }
  SIM_CHECK(state.last_known_elr.size() <= 1, where);
  if (static_cast<std::int32_t>(state.isr.size()) >= min_isr) SIM_CHECK(state.elr.empty(), where);
  if (elr || state.isr.size() > 1) {
    for (const BrokerId broker : state.isr) SIM_CHECK(view.image.is_active(broker), where);
  }
  if (!elr) {
    SIM_CHECK(!state.isr.empty(), where);
    SIM_CHECK(state.elr.empty(), where);
  }
  // Somebody active and clean is never left without the lead.
  const Brokers& candidates = state.isr.empty() ? state.elr : state.isr;
  for (const BrokerId broker : candidates) {
    if (view.image.is_active(broker)) SIM_CHECK(state.leader >= 0, where);
  }
}

}  // namespace

void check_partitions(const ClusterView& view) {
  for (const PartitionState& state : view.image.partitions()) {
    if (state.partition.n >= 0) check_partition(view, state);
  }
}

void check_change(const PartitionState& before, const PartitionState& after, const ElectionRules& rules) {
  SIM_CHECK(after.partition == before.partition);
  SIM_CHECK(after.replicas == before.replicas);
  SIM_CHECK(after.partition_epoch == before.partition_epoch + 1);
  const bool shrunk = !all_of(before.isr, after.isr);
  const bool bump = after.leader != before.leader || (rules.bump_leader_epoch_on_isr_shrink && shrunk);
  SIM_CHECK(after.leader_epoch == before.leader_epoch + (bump ? 1 : 0));
}

}  // namespace brokersim::kafka::controller
