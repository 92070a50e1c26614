// Threads that serve jobs first come, first served.
//
// Why: a broker has few network and request threads; when they are busy, requests wait, and that wait is
// most of a loaded broker's latency.
// Model: `threads` equal servers, one queue without bound, no preemption. A job costs virtual CPU time on the
// reference machine, scaled by CpuConfig::speed_percent.
// Not modelled yet: contention for cores. The number of threads is not capped by CpuConfig::cores, so pools
// of one host whose busy threads exceed its cores run too fast; utilisation() tells when that matters.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "models/devices/compute/config.h"
#include "sim/component.h"

namespace brokersim::compute {

class ThreadPool {
 public:
  /// Completions are events of `owner`: when its process dies, no job completes any more; while it is paused
  /// nothing does: a running job that would have ended meanwhile ends at the resume, queued ones start then.
  /// `threads` is positive.
  ThreadPool(sim::Component& owner, std::int32_t threads, const CpuConfig& cpu);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Runs a job of `cost` (not negative) CPU time on the reference machine; `done` is called at its end.
  void submit(sim::Duration cost, sim::Callback done);

  /// Within a job's `done`: its thread stays occupied (by an fsync, by a throttled write) until release(), which
  /// counts as its work. Held threads end nobody knows when: wait() and backlog() take them as free now.
  [[nodiscard]] std::size_t hold();
  void release(std::size_t thread);

  /// Time until a thread is free for a job submitted now. 0 if one is idle.
  [[nodiscard]] sim::Duration wait() const;
  /// CPU time of all jobs submitted and not finished: what remains of the running ones, and the queue.
  [[nodiscard]] sim::Duration backlog() const;
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }  ///< Waiting, without the running ones.
  [[nodiscard]] std::int32_t busy() const { return busy_; }           ///< Threads at work.
  [[nodiscard]] std::int32_t threads() const { return static_cast<std::int32_t>(running_.size()); }

  /// Thread time of finished jobs, holds included. Divide by threads x time for the utilisation.
  [[nodiscard]] sim::Duration busy_time() const { return busy_time_; }
  [[nodiscard]] std::uint64_t completed() const { return completed_; }
  /// Longest wait of any job between submit() and its start.
  [[nodiscard]] sim::Duration wait_max() const { return wait_max_; }

  /// `cost` on this machine, rounded up to a nanosecond.
  [[nodiscard]] sim::Duration scaled(sim::Duration cost) const;

 private:
  struct Job {
    sim::Duration length;
    sim::SimTime submitted;
    sim::Callback done;
  };
  struct Running {
    sim::Callback done;
    sim::SimTime end;
    sim::Duration length;
    bool busy = false;
  };

  void start(std::size_t thread, const Job& job);
  void finish(std::uint64_t thread);
  void free(std::size_t thread);

  static constexpr std::size_t kNoThread = static_cast<std::size_t>(-1);
  sim::Component& owner_;
  CpuConfig cpu_;
  std::vector<Running> running_;  // one per thread
  std::deque<Job> queue_;
  sim::Duration queued_length_;
  std::int32_t busy_ = 0;
  std::size_t current_ = kNoThread;  // whose done() is running
  bool held_ = false;
  sim::Duration busy_time_;
  sim::Duration wait_max_;
  std::uint64_t completed_ = 0;
};

}  // namespace brokersim::compute
