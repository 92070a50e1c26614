// What the coordinators of internal topics are alike in: a shard for every partition of the topic that this broker leads, writes
// that wait for the high watermark, and the life of a shard.
//
// Elected: its log is read from the start (requests get COORDINATOR_LOAD_IN_PROGRESS), then it is active. When leadership goes
// everything is forgotten, and whoever waits hears NOT_COORDINATOR. A write that is not committed by its deadline is answered
// then, and may count all the same later, as in Kafka (CoordinatorRuntime, TransactionStateManager).
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

#include "models/kafka/broker/replica_manager.h"
#include "sim/component.h"
#include "sim/task.h"

namespace brokersim::kafka::broker {

/// `Content`: what a shard knows. `Write`: a record that is appended and not committed yet; has next_offset and deadline.
template <class Content, class Write>
class ShardedCoordinator : public InternalTopic {
 public:
  void elected(Replica& replica) final {
    const std::size_t index = number_of(replica);
    unload(index);
    Shard& shard = shards_[index];
    shard.replica = &replica;
    shard.state = ShardState::loading;
    owner_.spawn(load(index, ++shard.term));
  }
  void resigned(Replica& replica) final { unload(number_of(replica)); }
  /// In an event of its own: whoever moves the high watermark is in the middle of something.
  void committed(Replica& replica) final {
    const std::size_t index = number_of(replica);
    Shard& shard = shards_[index];
    if (shard.settling || shard.writes.empty()) return;
    if (shard.writes.front().next_offset > answered_end(replica)) return;
    shard.settling = true;
    owner_.at(owner_.now(), names_.committed,
              sim::bind<&ShardedCoordinator<Content, Write>::on_committed>(this, index));
  }

 protected:
  enum class ShardState : std::uint8_t { none, loading, active };
  struct Shard : Content {
    Replica* replica = nullptr;
    ShardState state = ShardState::none;
    std::uint64_t term = 0;  ///< Counts elections and resignations here.
    std::deque<Write> writes;
    bool settling = false;  ///< An event will look at `writes`.
  };
  /// What its events are called.
  struct Names {
    sim::EventKind committed;
    sim::EventKind timeout;
  };

  ShardedCoordinator(sim::Component& owner, std::size_t shards, Names names)
      : owner_(owner), shards_(shards), names_(names) {}
  ~ShardedCoordinator() = default;

  /// Reads the log of a shard that this broker leads since `term`, then makes it active.
  [[nodiscard]] virtual sim::Task<void> load(std::size_t shard, std::uint64_t term) = 0;
  /// Takes what is committed from the front of the writes of an active shard.
  virtual void settle(std::size_t shard) = 0;
  /// Answers the writes of a shard that is given up, and forgets what it knows.
  virtual void forget(std::size_t shard) = 0;
  /// Answers the writes whose deadline is over.
  virtual void expire_writes() = 0;
  /// Whoever waits for the write has been told something already.
  [[nodiscard]] virtual bool is_told(const Write& write) const = 0;
  /// Where what is answered ends: at the high watermark.
  [[nodiscard]] virtual std::int64_t answered_end(const Replica& replica) const {
    return replica.high_watermark();
  }

  /// NONE, or why this broker cannot speak for the shard now.
  [[nodiscard]] wire::ErrorCode state_of(std::size_t shard) const {
    switch (shards_[shard].state) {
      case ShardState::none: return wire::ErrorCode::not_coordinator;
      case ShardState::loading: return wire::ErrorCode::coordinator_load_in_progress;
      case ShardState::active: return wire::ErrorCode::none;
    }
    return wire::ErrorCode::not_coordinator;
  }
  /// An alarm at the earliest deadline of a write.
  void arm_write_timeout() {
    sim::SimTime first = sim::SimTime::max();
    for (const Shard& shard : shards_) {
      // Later ones have later deadlines.
      const auto waits = std::find_if(shard.writes.begin(), shard.writes.end(),
                                      [this](const Write& write) { return !is_told(write); });
      if (waits != shard.writes.end()) first = std::min(first, waits->deadline);
    }
    if (first >= write_timer_at_) return;
    owner_.cancel(write_timer_);
    write_timer_at_ = first;
    write_timer_ = owner_.at(first, names_.timeout,
                             sim::bind<&ShardedCoordinator<Content, Write>::on_write_timeout>(this));
  }

  sim::Component& owner_;
  std::vector<Shard> shards_;  // by partition of the topic

 private:
  [[nodiscard]] static std::size_t number_of(const Replica& replica) {
    return static_cast<std::size_t>(replica.name().internal);
  }
  void unload(std::size_t index) {
    ++shards_[index].term;
    shards_[index].state = ShardState::none;
    forget(index);
  }
  void on_committed(std::uint64_t index) {
    shards_[index].settling = false;
    if (shards_[index].state == ShardState::active) settle(index);
  }
  void on_write_timeout() {
    write_timer_ = {};
    write_timer_at_ = sim::SimTime::max();
    expire_writes();
    arm_write_timeout();
  }

  Names names_;
  sim::EventHandle write_timer_;
  sim::SimTime write_timer_at_ = sim::SimTime::max();
};

}  // namespace brokersim::kafka::broker
