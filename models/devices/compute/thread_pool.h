// Threads that serve jobs first come, first served.
//
// Why: a broker has few network and request threads; when they are busy, requests wait, and that wait is
// most of a loaded broker's latency.
// Model: `threads` equal servers, no preemption. A job goes to a thread that idles, else into one queue without bound;
// or it is pinned to a thread and waits in that thread's own queue (a broker's network threads, each with its own
// connections). A running job is work on the host's Cpu, where it shares the cores with everything else that runs.
// A thread that idled may need time to wake: that counts as work of the job it wakes for.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "models/devices/compute/cpu.h"
#include "sim/component.h"

namespace brokersim::compute {

class ThreadPool {
 public:
  /// Completions are events of `owner`: when its process dies, no job completes any more; while it is paused
  /// nothing does: a running job that would have ended meanwhile ends at the resume, queued ones start then.
  /// `threads` is positive.
  ThreadPool(sim::Component& owner, std::int32_t threads, Cpu& cpu);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// What a thread that idles needs before its next job, on the reference machine: 0 unless set. Not negative.
  void set_wake_up(sim::Duration cost) { wake_up_ = cost; }

  /// Runs a job of `cost` (not negative) CPU time on the reference machine; `done` is called at its end.
  void submit(sim::Duration cost, sim::Callback done);

  /// The same on this thread only, after what it was given before.
  void submit_to(std::size_t thread, sim::Duration cost, sim::Callback done);

  /// Within a job's `done`: its thread stays occupied (by an fsync, by a throttled write) until release(), which
  /// counts as its work. Held threads end nobody knows when: wait() and backlog() take them as free now.
  [[nodiscard]] std::size_t hold();
  void release(std::size_t thread);

  /// Within a job's `done`: its thread. Else size_t's maximum.
  [[nodiscard]] std::size_t current() const { return current_; }

  /// Called when a job has left the shared queue for a thread: there is room in it. May submit.
  void on_dequeued(sim::Callback callback) { dequeued_ = callback; }

  /// Stands still: this many threads, the last ones, finish what they do and take nothing more. For faults.
  void set_stalled(std::int32_t threads);
  [[nodiscard]] std::int32_t stalled() const { return stalled_; }

  /// Time until a thread is free for a job submitted now, if the host's other threads let them run. 0 if one is idle.
  /// Pinned jobs are not looked at.
  [[nodiscard]] sim::Duration wait() const;
  /// CPU time of all jobs submitted and not finished: what remains of the running ones, and the queue.
  [[nodiscard]] sim::Duration backlog() const;
  /// Waiting for any thread, without the running ones.
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }
  [[nodiscard]] std::size_t queued_at(std::size_t thread) const { return running_[thread].pinned.size(); }
  [[nodiscard]] std::int32_t busy() const { return busy_; }  ///< Threads at work.
  [[nodiscard]] std::int32_t threads() const { return static_cast<std::int32_t>(running_.size()); }

  /// Thread time of finished jobs, holds included. Divide by threads x time for the utilisation.
  [[nodiscard]] sim::Duration busy_time() const { return busy_time_; }
  [[nodiscard]] std::uint64_t completed() const { return completed_; }
  /// Longest wait of any job between submit() and its start.
  [[nodiscard]] sim::Duration wait_max() const { return wait_max_; }

  /// `cost` on this machine, rounded up to a nanosecond.
  [[nodiscard]] sim::Duration scaled(sim::Duration cost) const { return cpu_.scaled(cost); }

 private:
  struct Job {
    sim::Duration cost;    // on the reference machine
    sim::Duration length;  // on this one, alone
    sim::SimTime submitted;
    sim::Callback done;
  };
  struct Running {
    sim::Callback done;
    Cpu::Work work;
    sim::SimTime since;
    std::deque<Job> pinned;
    bool busy = false;
    bool held = false;
  };

  [[nodiscard]] bool may_work(std::size_t thread) const {
    return static_cast<std::int32_t>(thread) < threads() - stalled_;
  }
  void start(std::size_t thread, const Job& job, sim::Duration wake_up = {});
  void finish(std::uint64_t thread);
  void free(std::size_t thread);

  static constexpr std::size_t kNoThread = static_cast<std::size_t>(-1);
  sim::Component& owner_;
  Cpu& cpu_;
  std::vector<Running> running_;  // one per thread
  std::deque<Job> queue_;
  sim::Callback dequeued_ = {};
  sim::Duration wake_up_;
  sim::Duration queued_length_;
  std::int32_t busy_ = 0;
  std::int32_t stalled_ = 0;
  std::size_t current_ = kNoThread;  // whose done() is running
  bool held_ = false;
  sim::Duration busy_time_;
  sim::Duration wait_max_;
  std::uint64_t completed_ = 0;
};

}  // namespace brokersim::compute
