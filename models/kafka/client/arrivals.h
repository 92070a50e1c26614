// When the application's one thread calls send(), record by record, without an event per record.
//
// Record k is meant to be sent at intended(k). The thread calls send() then, or as soon as the call before has
// returned; a call takes `send_cost`, at whose end the record joins a batch. For constant and saturated arrivals
// all of this is arithmetic on k; Poisson gaps are drawn once per group and looked up, as listed times are.
//
// A loop made later, by a client that restarts, draws the same gaps again from the first one. On a branch, gaps that began
// up to the instant of branching are those of the common past, so that it finds the same records behind it.
//
// Not exact in one case: constant bursts (records_per_send > 1) whose cost exceeds their gap, as a thread that is
// always late is taken to have been late from its next record on.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "models/kafka/client/params.h"
#include "sim/random.h"
#include "sim/time.h"

namespace brokersim::kafka::client {

class SendLoop {
 public:
  /// `first` is the number of the first record of this life, `begin` when the life begins: records meant to be
  /// sent earlier are skipped, as nobody called send() for them.
  SendLoop(const ProducerParams& params, sim::Stream stream, std::int64_t first, sim::SimTime begin);

  /// Number of the record whose send() is next.
  [[nodiscard]] std::int64_t next() const { return next_; }
  /// The first record at or after next() that is never sent (end or records_max), or `bound` if that is less.
  [[nodiscard]] std::int64_t limit(std::int64_t bound);
  [[nodiscard]] bool finished() { return limit(next_ + 1) == next_; }

  /// For k at or after next(), and not below it by more than the records of open calls.
  [[nodiscard]] sim::SimTime intended(std::int64_t k);
  /// When record k joins a batch if nothing blocks. Not decreasing in k.
  [[nodiscard]] sim::SimTime join(std::int64_t k);
  /// The first record in [next(), bound] that has not joined at `t`.
  [[nodiscard]] std::int64_t joined_by(sim::SimTime t, std::int64_t bound);

  /// Records before `k` have joined. At least next().
  void advance(std::int64_t k);
  /// The call for next() has waited: it joins no earlier than `t`; what it was meant for stays.
  void hold(sim::SimTime t);
  /// The thread did not run before `t` (a paused process).
  void stall(sim::SimTime t);

 private:
  [[nodiscard]] sim::SimTime call(std::int64_t k);
  [[nodiscard]] sim::Duration gaps(std::int64_t group) const;
  [[nodiscard]] sim::Duration gap(std::int64_t group, sim::SimTime since) const;
  [[nodiscard]] sim::SimTime due(std::int64_t group, sim::SimTime before) const;
  void draw_until(std::int64_t group);
  void skip_group();
  [[nodiscard]] sim::SimTime done(std::int64_t group);

  Arrivals arrivals_;
  std::int64_t rate_milli_;
  std::int64_t group_;             // records_per_send
  std::int64_t gap_whole_ns_ = 0;  // the exact gap between groups is gap_whole_ns_ + gap_rest_ / rate_milli_
  std::int64_t gap_rest_ = 0;
  std::int64_t records_max_;
  sim::SimTime origin_;  // start + phase
  sim::SimTime end_;
  sim::Duration cost_;
  sim::Stream stream_;
  double gap_mean_ns_ = 0;

  std::int64_t next_ = 0;
  sim::SimTime free_;       // when the thread is free to call send() for next_
  sim::SimTime held_;       // next_ joins no earlier
  sim::SimTime held_call_;  // saturate: when the held call began
  bool holding_ = false;
  std::shared_ptr<const std::vector<sim::SimTime>> times_;  // listed
  std::deque<sim::SimTime> drawn_;  // poisson, listed: times of groups drawn_from_ ...
  std::int64_t drawn_from_ = 0;
  std::deque<sim::SimTime>
      done_;  // poisson, listed with a cost: when the last record of group done_from_ ... has joined
  std::int64_t done_from_ = 0;
};

}  // namespace brokersim::kafka::client
