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
  request.min_isr = std::min(spec.min_insync_replicas, static_cast<std::int32_t>(state.replicas.size()));
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
  return spec.partition.n >= 0 && view.image.partition(spec.partition) == nullptr &&
         !view.image.removed(spec.partition);
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

wire::ErrorCode elect_one(const ClusterView& view, wire::PartitionId partition, bool unclean,
                          ChangedPartitions& changes) {
  const PartitionState* state = view.image.partition(partition);
  if (state == nullptr) return wire::ErrorCode::unknown_topic_or_partition;
  if (unclean ? state->leader >= 0 : state->leader == state->replicas.front())
    return wire::ErrorCode::election_not_needed;
  ChangeRequest request = request_for(view, *state);
  request.election = unclean ? Election::unclean : Election::preferred;
  auto changed = change_partition(*state, request, Candidates{view.image}, view.rules);
  if (!changed || (!unclean && changed->state.leader != state->replicas.front())) {
    return unclean ? wire::ErrorCode::eligible_leaders_not_available
                   : wire::ErrorCode::preferred_leader_not_available;
  }
  changes.push_back(std::move(*changed));
  return wire::ErrorCode::none;
}

wire::ErrorCode reassign_one(const ClusterView& view, wire::PartitionId partition,
                             const std::vector<BrokerId>& replicas, ChangedPartitions& changes) {
  const PartitionState* state = view.image.partition(partition);
  if (state == nullptr) return wire::ErrorCode::unknown_topic_or_partition;
  ChangeRequest request = request_for(view, *state);
  if (replicas.empty()) {
    if (state->adding.empty() && state->removing.empty()) return wire::ErrorCode::no_reassignment_in_progress;
    Reassignment back{state->replicas, {}, {}};
    const auto added = [&](BrokerId broker) { return contains(state->adding, broker); };
    std::erase_if(back.replicas, added);
    std::erase_if(request.isr, added);
    if (request.isr.empty()) return wire::ErrorCode::invalid_replica_assignment;
    request.reassignment = std::move(back);
  } else {
    for (std::size_t i = 0; i < replicas.size(); ++i) {
      const bool twice = std::count(replicas.begin(), replicas.end(), replicas[i]) > 1;
      // A broker that is down is registered all the same: the reassignment waits for it
      // (validateManualPartitionAssignment).
      const bool strange = view.image.broker(replicas[i]) == nullptr;
      if (twice || strange) return wire::ErrorCode::invalid_replica_assignment;
    }
    request.reassignment = reassignment_to(*state, replicas);
  }
  if (auto changed = change_partition(*state, request, Candidates{view.image}, view.rules))
    changes.push_back(std::move(*changed));
  return wire::ErrorCode::none;
}

std::vector<PartitionState> new_partitions(const ClusterView& view, std::size_t limit,
                                           const std::vector<wire::PartitionId>& requested) {
  std::vector<PartitionState> created;
  for (const PartitionSpec& spec : view.specs) {
    if (created.size() >= limit) break;
    if (!missing(view, spec)) continue;
    if (spec.on_request && std::find(requested.begin(), requested.end(), spec.partition) == requested.end())
      continue;
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
    if (spec.on_request || !missing(view, spec)) continue;
    for (const BrokerId broker : spec.replicas) {
      if (!view.image.is_active(broker)) return false;
    }
  }
  return true;
}

bool all_created(const ClusterView& view) {
  return std::none_of(view.specs.begin(), view.specs.end(),
                      [&](const PartitionSpec& spec) { return !spec.on_request && missing(view, spec); });
}

bool leads_any(const wire::ClusterImage& image, BrokerId broker) {
  return std::any_of(image.partitions().begin(), image.partitions().end(), [&](const PartitionState& state) {
    return state.partition.n >= 0 && state.leader == broker;
  });
}

}  // namespace brokersim::kafka::controller
