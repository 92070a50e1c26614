#include "models/kafka/controller/partition_changes.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"

namespace brokersim::kafka::controller {
namespace {

using wire::contains;
using wire::PartitionState;

const PartitionSpec& spec_of(const ClusterView& view, const PartitionState& state) {
  const auto index = static_cast<std::size_t>(state.partition.n);
  SIM_CHECK(index < view.specs.size());
  SIM_CHECK(view.specs[index].partition.n >= 0);
  return view.specs[index];
}

/// The state as it is, with the topic's own kind of election; the caller sharpens it.
ChangeRequest request_for(const ClusterView& view, const PartitionState& state) {
  const PartitionSpec& spec = spec_of(view, state);
  ChangeRequest request;
  request.isr = state.isr;
  request.min_isr = spec.effective_min_isr();
  request.election = spec.unclean_leader_election ? Election::unclean : Election::online;
  return request;
}

void add(ChangedPartitions& changes, const ClusterView& view, const PartitionState& state,
         const ChangeRequest& request, const Candidates& candidates) {
  if (auto changed = change_partition(state, request, candidates, view.rules)) {
    changes.push_back(std::move(*changed));
  }
}

ChangedPartitions remove_everywhere(const ClusterView& view, BrokerId broker, bool lost_log) {
  ChangedPartitions changes;
  const Candidates candidates{view.image, /*removed=*/broker};
  for (const PartitionState& state : view.image.partitions()) {
    if (state.partition.n < 0) continue;
    if (!contains(state.isr, broker) && !(lost_log && contains(state.elr, broker))) continue;
    ChangeRequest request = request_for(view, state);
    std::erase(request.isr, broker);
    if (lost_log) request.unclean_shutdown = broker;
    add(changes, view, state, request, candidates);
  }
  return changes;
}

bool missing(const ClusterView& view, const PartitionSpec& spec) {
  return spec.partition.n >= 0 && view.image.partition(spec.partition) == nullptr;
}

}  // namespace

std::int32_t PartitionSpec::effective_min_isr() const {
  return std::min(min_insync_replicas, static_cast<std::int32_t>(replicas.size()));
}

PartitionSpecs by_number(const std::vector<PartitionSpec>& specs) {
  PartitionSpecs numbered;
  for (const PartitionSpec& spec : specs) {
    SIM_CHECK(spec.partition.n >= 0);
    SIM_CHECK(!spec.replicas.empty());
    SIM_CHECK(spec.min_insync_replicas >= 1);
    const auto index = static_cast<std::size_t>(spec.partition.n);
    if (index >= numbered.size()) numbered.resize(index + 1);
    SIM_CHECK(numbered[index].partition.n < 0, "a partition was given twice");
    numbered[index] = spec;
  }
  return numbered;
}

ChangedPartitions broker_leaves(const ClusterView& view, BrokerId broker) {
  return remove_everywhere(view, broker, /*lost_log=*/false);
}

ChangedPartitions broker_lost_log(const ClusterView& view, BrokerId broker) {
  return remove_everywhere(view, broker, /*lost_log=*/true);
}

ChangedPartitions directory_failed(const ClusterView& view, BrokerId broker,
                                   const std::vector<wire::PartitionId>& partitions) {
  ChangedPartitions changes;
  const Candidates candidates{view.image, /*removed=*/broker};
  for (const wire::PartitionId id : partitions) {
    const PartitionState* state = view.image.partition(id);
    if (state == nullptr) continue;
    if (!contains(state->isr, broker) && !contains(state->elr, broker)) continue;
    ChangeRequest request = request_for(view, *state);
    std::erase(request.isr, broker);
    if (view.rules.eligible_leader_replicas) request.unclean_shutdown = broker;
    add(changes, view, *state, request, candidates);
  }
  return changes;
}

ChangedPartitions broker_returns(const ClusterView& view, BrokerId broker) {
  ChangedPartitions changes;
  const Candidates candidates{view.image, /*removed=*/-1, /*added=*/broker};
  for (const PartitionState& state : view.image.partitions()) {
    if (state.partition.n < 0 || state.leader >= 0) continue;
    add(changes, view, state, request_for(view, state), candidates);
  }
  return changes;
}

ChangedPartitions preferred_leaders(const ClusterView& view, std::size_t limit) {
  ChangedPartitions changes;
  const Candidates candidates{view.image};
  for (const PartitionState& state : view.image.partitions()) {
    if (changes.size() >= limit) break;
    if (state.partition.n < 0 || state.leader == state.replicas.front()) continue;
    ChangeRequest request = request_for(view, state);
    request.election = Election::preferred;
    add(changes, view, state, request, candidates);
  }
  return changes;
}

ChangedPartitions unclean_leaders(const ClusterView& view, std::size_t limit) {
  ChangedPartitions changes;
  const Candidates candidates{view.image};
  for (const PartitionState& state : view.image.partitions()) {
    if (changes.size() >= limit) break;
    if (state.partition.n < 0 || state.leader >= 0) continue;
    if (!spec_of(view, state).unclean_leader_election) continue;
    add(changes, view, state, request_for(view, state), candidates);
  }
  return changes;
}

std::vector<PartitionState> new_partitions(const ClusterView& view) {
  std::vector<PartitionState> created;
  for (const PartitionSpec& spec : view.specs) {
    if (!missing(view, spec)) continue;
    PartitionState state;
    state.partition = spec.partition;
    state.replicas = spec.replicas;
    for (const BrokerId broker : spec.replicas) {
      if (view.image.is_active(broker)) state.isr.push_back(broker);
    }
    if (state.isr.empty()) continue;
    state.leader = state.isr.front();
    created.push_back(std::move(state));
  }
  return created;
}

bool all_replicas_active(const ClusterView& view) {
  for (const PartitionSpec& spec : view.specs) {
    if (!missing(view, spec)) continue;
    for (const BrokerId broker : spec.replicas) {
      if (!view.image.is_active(broker)) return false;
    }
  }
  return true;
}

bool all_created(const ClusterView& view) {
  return std::none_of(view.specs.begin(), view.specs.end(),
                      [&](const PartitionSpec& spec) { return missing(view, spec); });
}

bool leads_any(const wire::ClusterImage& image, BrokerId broker) {
  return std::any_of(image.partitions().begin(), image.partitions().end(), [&](const PartitionState& state) {
    return state.partition.n >= 0 && state.leader == broker;
  });
}

}  // namespace brokersim::kafka::controller
