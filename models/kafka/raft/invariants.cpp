#include "models/kafka/raft/invariants.h"

#include <algorithm>
#include <string>

#include "sim/check.h"
#include "sim/hash.h"

namespace brokersim::kafka::raft {

std::uint64_t chain_after(std::uint64_t chain, std::int32_t epoch, std::uint64_t id) {
  return sim::combine(sim::combine(chain, static_cast<std::uint64_t>(epoch)), id);
}

void QuorumInvariants::check(const std::vector<VoterView>& voters, NodeId changed) {
  const VoterView& voter = voters[static_cast<std::size_t>(changed)];
  if (voter.node == nullptr) return;
  SIM_CHECK(static_cast<std::int64_t>(voter.log->size()) == voter.node->log.end_offset(),
            "the node's idea of its log is not its log");
  check_election(*voter.node);
  check_committed(voter);
  check_leader(voters);
  for (const VoterView& other : voters) {
    if (other.node != nullptr && other.node != voter.node) check_matching(voter, other);
  }
}

void QuorumInvariants::check_election(const Node& node) {
  const std::int32_t epoch = node.election.epoch;
  if (node.role == Role::leader) {
    const auto [leader, first] = leaders_.emplace(epoch, node.self);
    SIM_CHECK(leader->second == node.self, "two leaders in epoch " + std::to_string(epoch));
  }
  if (node.election.voted_for == kNoNode) return;
  const auto [vote, first] = votes_.emplace(std::pair{epoch, node.self}, node.election.voted_for);
  SIM_CHECK(vote->second == node.election.voted_for, "two votes in epoch " + std::to_string(epoch));
}

void QuorumInvariants::check_committed(const VoterView& voter) {
  Life& life = lives_[static_cast<std::size_t>(voter.node->self)];
  const std::int64_t high_watermark = voter.node->high_watermark;
  SIM_CHECK(high_watermark >= life.high_watermark, "a high watermark fell");
  SIM_CHECK(high_watermark <= static_cast<std::int64_t>(voter.log->size()), "committed, but not here");
  for (std::int64_t at = life.high_watermark; at < high_watermark; ++at) {
    const Entry& entry = (*voter.log)[static_cast<std::size_t>(at)];
    if (at == committed()) committed_.push_back(entry);
    SIM_CHECK(committed_[static_cast<std::size_t>(at)].chain == entry.chain,
              "two records are committed at offset " + std::to_string(at));
  }
  life.high_watermark = high_watermark;
}

void QuorumInvariants::check_leader(const std::vector<VoterView>& voters) const {
  const VoterView* latest = nullptr;
  for (const VoterView& voter : voters) {
    if (voter.node == nullptr || voter.node->role != Role::leader) continue;
    if (latest == nullptr || voter.node->election.epoch > latest->node->election.epoch) latest = &voter;
  }
  // A later epoch may have had a leader that is down: then the present one need not know what that one committed.
  if (latest == nullptr || latest->node->election.epoch != leaders_.rbegin()->first || committed_.empty())
    return;
  SIM_CHECK(latest->log->size() >= committed_.size(), "the leader lacks what is committed");
  SIM_CHECK((*latest->log)[committed_.size() - 1].chain == committed_.back().chain,
            "the leader holds something else than what is committed");
}

void QuorumInvariants::check_matching(const VoterView& a, const VoterView& b) {
  for (std::size_t n = std::min(a.log->size(), b.log->size()); n > 0; --n) {
    const Entry& one = (*a.log)[n - 1];
    const Entry& other = (*b.log)[n - 1];
    if (one.epoch != other.epoch) continue;
    SIM_CHECK(one.chain == other.chain, "logs differ below offset " + std::to_string(n));
    return;  // equal chains: equal all the way down
  }
}

}  // namespace brokersim::kafka::raft
