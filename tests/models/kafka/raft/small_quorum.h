// A quorum of voters without machines: logs in memory, messages in a bag, and a hand that does what it likes with them.
//
// A node's outputs are done in order; a crash may come between any two. A power loss keeps what was fsynced and any
// part of the rest; a kill keeps all. Messages are lost, held back, delivered out of order and twice. Time is common,
// but a node may be left standing for long (a pause).
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "models/kafka/raft/invariants.h"
#include "models/kafka/raft/step.h"
#include "sim/fingerprint.h"

namespace brokersim::kafka::raft {

class SmallQuorum {
 public:
  struct Coverage {
    std::int64_t elections = 0, committed = 0, truncations = 0, snapshots = 0, installed = 0,
                 power_losses = 0, resignations = 0, pre_votes_lost = 0, crashes_between_outputs = 0,
                 leaders_deposed = 0;
  };

  SmallQuorum(std::uint64_t seed, NodeId voters, const RaftRules& rules);

  /// One random act of the hand.
  void act();
  /// Heals everything and is fair until the quorum has committed a new record; false after 60 s of simulated time.
  [[nodiscard]] bool recovers();

  // For tests that direct.
  [[nodiscard]] sim::SimTime now() const { return now_; }
  [[nodiscard]] std::optional<NodeId> leader() const;
  [[nodiscard]] const Node* node(NodeId id) const {
    const Machine& machine = machines_[static_cast<std::size_t>(id)];
    return machine.node ? &*machine.node : nullptr;
  }
  /// Fair and prompt: every message 1 ms, for `span`, except those that touch a node that is cut off.
  void run_fair(sim::Duration span);
  bool propose(NodeId id, int records);
  void crash(NodeId id, bool power);
  void restart(NodeId id);
  void cut(NodeId a, NodeId b, bool on);
  void isolate(NodeId id, bool on);
  void snapshot(NodeId id);
  void shut_down(NodeId id);
  [[nodiscard]] const QuorumInvariants& laws() const { return laws_; }

  Coverage seen;

 private:
  struct Machine {
    std::optional<Node> node;
    Election durable;
    std::vector<const wire::MetadataBatch*> log;     // as the page cache has it
    std::vector<const wire::MetadataBatch*> synced;  // as the medium has it
    std::vector<Entry> entries;                      // of `log`
    OffsetEpoch snapshot;
    std::uint64_t life = 0;
  };
  struct Letter {
    NodeId from = 0;
    NodeId to = 0;
    bool request = true;
    std::shared_ptr<const wire::Message> message;
    std::uint64_t token = 0;
    sim::SimTime due;
  };

  [[nodiscard]] std::uint64_t roll(std::uint64_t n);
  [[nodiscard]] bool chance(std::uint64_t percent) { return roll(100) < percent; }
  Machine& machine(NodeId id) { return machines_[static_cast<std::size_t>(id)]; }
  void input(NodeId id, Outputs& out, const wire::MetadataFetchResponse* fetched, bool may_crash);
  void perform(NodeId id, Output& output, const wire::MetadataFetchResponse* fetched);
  void append(Machine& machine, const wire::MetadataBatch* batch);
  void cut_log(Machine& machine, std::int64_t offset);
  void deliver(std::size_t index, bool keep);
  void tick(NodeId id);
  void check(NodeId id);
  [[nodiscard]] bool reachable(NodeId a, NodeId b) const;
  const wire::MetadataBatch* make_batch(std::int64_t base, std::int32_t epoch, int records);

  std::uint64_t seed_;
  bool fair_ = false;  // no crashes between outputs
  std::uint64_t rolls_ = 0;
  RaftRules rules_;
  sim::Fingerprint fingerprint_;
  sim::SimTime now_;
  std::vector<Machine> machines_;
  std::vector<Letter> letters_;
  std::vector<std::vector<bool>> cut_;
  std::deque<wire::MetadataBatch> batches_;
  struct Made {
    wire::MetadataSnapshot snapshot;
    std::vector<const wire::MetadataBatch*> stands_for;
  };
  std::deque<Made> snapshots_;
  std::vector<std::pair<NodeId, std::uint64_t>> tokens_;  // who asked, in which life
  std::uint64_t next_record_ = 1;
  QuorumInvariants laws_;
};

}  // namespace brokersim::kafka::raft
