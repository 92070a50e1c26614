// The processors of a host, shared by the threads of all its processes.
//
// Why: a broker's pools have more threads than the machine has cores, and a neighbour, a quota or a hypervisor takes
// some of those away. Whoever computes then gets a share, and every service time grows together.
//
// Model: processor sharing with equal weights, which is what a fair scheduler (CFS, EEVDF) comes to when slices are
// short against the time looked at. n running threads get the throughput
//     capacity(n) = n                           up to the number of physical cores P
//                 = P + min(n - P, cores - P) * gain   beyond, gain = smt_gain / (threads_per_core - 1)
// and each of them capacity(n) / n, times the speed. Exact under changing n: work is counted in virtual time that
// advances at the common rate, so an arrival or departure touches nobody else's job. Only the job that ends first has a
// pending event; while n is at most P that event is never moved, and a job costs one event.
// A quota (cgroup cpu.max) stops all threads from the instant the period's time is used up to the period's end.
//
// Not modelled: the wake-up of a thread (a few us, part of the cost constants), slices (a quota is spent exactly),
// weights and priorities, caches gone cold by a switch, NUMA, frequency changes.
#pragma once

#include <coroutine>
#include <cstdint>
#include <vector>

#include "models/devices/compute/config.h"
#include "sim/component.h"

namespace brokersim::compute {

class Cpu {
 public:
  /// Names a piece of work. A default or outdated one is harmless.
  struct Work {
    std::uint32_t slot = 0xFFFFFFFFu;
    std::uint32_t generation = 0;
  };

  Cpu(sim::Simulation& sim, std::string path, const CpuConfig& config);
  Cpu(const Cpu&) = delete;
  Cpu& operator=(const Cpu&) = delete;

  /// A thread of `owner`'s process computes for `cost` (not negative) on the reference machine; `done` is called at the
  /// end, as an event of `owner`. The caller does not run one thread twice at a time.
  Work run(sim::Component& owner, sim::Duration cost, sim::Callback done);
  /// Forgets the work, whose thread is gone. Schedules nothing, so destructors may call it.
  void abandon(Work work);
  /// How long it still takes if nothing changes; 0 if it is done or unknown.
  [[nodiscard]] sim::Duration left(Work work) const;
  /// `co_await cpu.work(component, cost)`: the task's own thread computes.
  struct Awaiter;
  [[nodiscard]] Awaiter work(sim::Component& owner, sim::Duration cost);

  /// `cost` on this machine with no contention, rounded up to a nanosecond.
  [[nodiscard]] sim::Duration scaled(sim::Duration cost) const;

  // --- Processes: called by their host --------------------------------------------------------------------------
  /// The process is stopped: its threads compute no further until resume().
  void stop(const sim::Process& process);
  void resume(const sim::Process& process);
  /// The process is dead.
  void forget(const sim::Process& process);

  // --- What others do to it: faults -------------------------------------------------------------------------------
  /// Everything computes this much slower, in percent of the normal time; 100 is normal. At least 100.
  void set_slow_factor(std::int32_t percent);
  /// Threads of somebody else that always compute, with equal weight. Not negative.
  void set_neighbours(std::int32_t threads);
  /// Hardware threads taken offline. At least one is left.
  void set_lost_cores(std::int32_t cores);

  // --- Measures -----------------------------------------------------------------------------------------------------
  [[nodiscard]] std::int32_t running() const { return static_cast<std::int32_t>(heap_.size()); }
  [[nodiscard]] bool throttled() const { return throttled_; }
  [[nodiscard]] std::uint64_t throttles() const { return throttles_; }  ///< Periods cut short by the quota.
  /// Jobs that began or went on with less than a whole core.
  [[nodiscard]] std::uint64_t contended() const { return contended_; }
  [[nodiscard]] std::uint64_t begun() const { return begun_; }  ///< Jobs so far.
  /// Reference CPU time of work done so far, throughput lost to sharing and slowness not counted.
  [[nodiscard]] sim::Duration work_done() const;
  [[nodiscard]] const CpuConfig& config() const { return config_; }

 private:
  /// Rates and work are multiples of 2^-20: a rate of kOne is one thread on a core of its own. A piece of work of more
  /// than two hours would overflow.
  static constexpr std::int64_t kOne = 1 << 20;
  static constexpr std::uint32_t kNowhere = 0xFFFFFFFFu;

  struct Job {
    sim::Component* owner = nullptr;
    sim::Callback done;
    sim::EventHandle event;
    sim::SimTime event_at = sim::SimTime::max();  ///< max: no event.
    std::uint64_t end = 0;                        ///< In virtual time; while stopped: what is left.
    std::uint64_t order = 0;
    std::uint32_t position = kNowhere;  ///< In the heap.
    std::uint32_t generation = 0;
    bool in_use = false;
  };

  [[nodiscard]] bool before(std::uint32_t a, std::uint32_t b) const;
  void place(std::size_t position, std::uint32_t slot);
  void sift_up(std::size_t position);
  void sift_down(std::size_t position);
  void enter(std::uint32_t slot);
  void leave(std::uint32_t slot);
  void free(std::uint32_t slot);

  void advance();
  void update_rate();
  void arm();
  void changed();
  void on_event(std::uint64_t slot);
  [[nodiscard]] std::int64_t share(std::int64_t threads) const;
  [[nodiscard]] std::int64_t cores() const { return config_.cores - lost_cores_; }
  [[nodiscard]] const Job* find(Work work) const;

  void watch_quota();
  void on_quota();
  [[nodiscard]] std::int64_t used_per_ns() const;

  sim::Component component_;
  CpuConfig config_;
  std::vector<Job> jobs_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> heap_;  // slots by (end, order)
  std::uint64_t virtual_time_ = 0;   // wraps; only differences count
  std::int64_t rate_ = kOne;         // of every running thread
  sim::SimTime last_;
  std::uint64_t order_ = 0;
  std::int32_t slow_factor_ = 100;
  std::int32_t neighbours_ = 0;
  std::int32_t lost_cores_ = 0;
  // Quota. Used time counts from the beginning of the period that `last_` lies in.
  bool throttled_ = false;
  std::int64_t used_ = 0;  // in 2^-20 ns
  sim::EventHandle quota_event_;
  sim::SimTime quota_at_ = sim::SimTime::max();
  std::uint64_t throttles_ = 0;
  std::uint64_t contended_ = 0;
  std::uint64_t begun_ = 0;
  std::uint64_t work_units_ = 0;  // in 2^-20 ns below a nanosecond
  std::int64_t work_ns_ = 0;
};

/// Lives in the waiting task's frame; a task that is destroyed gives its core back.
struct Cpu::Awaiter {
  Cpu& cpu;
  sim::Component& owner;
  sim::Duration cost;
  std::coroutine_handle<> frame = {};
  Work work = {};
  bool pending = false;

  Awaiter(Cpu& c, sim::Component& o, sim::Duration d) : cpu(c), owner(o), cost(d) {}
  Awaiter(const Awaiter&) = delete;
  Awaiter& operator=(const Awaiter&) = delete;
  ~Awaiter() {
    if (pending) cpu.abandon(work);
  }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    frame = waiting;
    pending = true;
    work = cpu.run(owner, cost, sim::bind<&Awaiter::resume>(this));
  }
  void await_resume() const noexcept {}
  void resume() {
    pending = false;
    owner.sim().resume_now(frame);
  }
};

inline Cpu::Awaiter Cpu::work(sim::Component& owner, sim::Duration cost) { return {*this, owner, cost}; }

}  // namespace brokersim::compute
