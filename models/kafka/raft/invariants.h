// What must hold of all voters together, at every moment (Raft, figure 3; kafka-behaviour.md section 9.0).
//
//   election safety       at most one leader an epoch; a voter gives one vote an epoch.
//   log matching          two logs that have a record of the same epoch at an offset are the same up to there.
//   leader completeness   the leader of the latest epoch holds every committed record.
//   state machine safety  what a node holds for committed is what everybody does; a high watermark never falls.
// Used by tests after each step, fed by whoever sees all nodes. Throws sim::Bug.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "models/kafka/raft/node.h"

namespace brokersim::kafka::raft {

/// One record of a log as the checker sees it. `chain` is a hash over all records up to this one.
struct Entry {
  std::int32_t epoch = 0;
  std::uint64_t chain = 0;
};
/// The hash of a log that goes on with record `id`.
[[nodiscard]] std::uint64_t chain_after(std::uint64_t chain, std::int32_t epoch, std::uint64_t id);

/// A running voter: its state, and its log from offset 0 on (what only a snapshot holds included).
struct VoterView {
  const Node* node = nullptr;
  const std::vector<Entry>* log = nullptr;
};

class QuorumInvariants {
 public:
  explicit QuorumInvariants(NodeId voters) : lives_(static_cast<std::size_t>(voters)) {}

  /// After a step. `changed`: the voter that acted; the others are as they were. Voters that are down have no node.
  void check(const std::vector<VoterView>& voters, NodeId changed);
  /// A new life: its high watermark may be lower than before.
  void restarted(NodeId node) { lives_[static_cast<std::size_t>(node)].high_watermark = 0; }

  [[nodiscard]] std::int64_t committed() const { return static_cast<std::int64_t>(committed_.size()); }
  [[nodiscard]] std::size_t elections() const { return leaders_.size(); }

 private:
  struct Life {
    std::int64_t high_watermark = 0;
  };
  void check_election(const Node& node);
  void check_committed(const VoterView& voter);
  void check_leader(const std::vector<VoterView>& voters) const;
  static void check_matching(const VoterView& a, const VoterView& b);

  std::vector<Life> lives_;
  std::map<std::int32_t, NodeId> leaders_;                   // by epoch
  std::map<std::pair<std::int32_t, NodeId>, NodeId> votes_;  // by epoch and voter
  std::vector<Entry> committed_;
};

}  // namespace brokersim::kafka::raft
