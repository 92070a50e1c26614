// Components and processes: who an event belongs to.
//
// A Component has a stable path ("host/b-0/disk/0"), never an array position: its random streams and
// its part of the fingerprint depend on the path only, so adding a component changes no other draw.
// A Process is the unit of crash and pause: it owns the tasks spawned in it and voids the events of its
// components when it dies.
#pragma once

#include <coroutine>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/random.h"
#include "sim/simulation.h"

namespace brokersim::sim {

template <class T>
class Task;
namespace detail {
struct Branch;
}

/// One life of a process: dead once killed. A restart is a new Process with the same path.
class Process {
 public:
  Process(Simulation& sim, std::string path);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// SIGKILL: from now on none of its events and tasks run. Its events are given up at once (a look at every event of the
  /// simulation), its frames are destroyed after the handler.
  void kill();
  /// SIGSTOP and SIGCONT. Idempotent; no effect on a dead process.
  void pause();
  void resume();

  [[nodiscard]] bool alive() const { return alive_; }
  [[nodiscard]] bool paused() const { return paused_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Simulation& sim() const { return sim_; }
  /// Spawned tasks that have not ended.
  [[nodiscard]] std::size_t tasks() const { return tasks_; }

  /// The oscillator of its machine: timers asked for from now on, with Component::after(), delay(), timeouts of waits and
  /// timer classes, run fast by `ppb` parts in a thousand million, or slow if negative. Within a tenth. What is asked for
  /// at an instant (Component::at()) is not a timer.
  void set_timer_drift(std::int64_t ppb);
  /// True time until a timer of `asked` (not negative) goes off.
  [[nodiscard]] Duration timer(Duration asked) const { return timer_drift_ == 0 ? asked : drifted(asked); }

  // For tasks (sim/task.h).
  void adopt(detail::Branch& branch);
  void forget(detail::Branch& branch);

 private:
  friend class Simulation;
  friend class Component;

  void end_life();
  [[nodiscard]] Duration drifted(Duration asked) const;
  void close_gaps();

  Simulation& sim_;
  std::string path_;
  std::uint32_t life_;
  bool alive_ = true;
  bool paused_ = false;
  std::int64_t timer_drift_ = 0;
  std::vector<detail::Branch*>
      branches_;          // running ones, in the order in which they began; null where one has ended
  std::size_t gaps_ = 0;  // nulls among them
  std::size_t tasks_ = 0;
  std::vector<std::uint32_t> deferred_;  // slots of events that surfaced while paused, in order
};

class Component {
 public:
  /// Hardware and the world: no process, cannot be killed.
  Component(Simulation& sim, std::string path);
  /// Software: dies and pauses with `process`, which must outlive it.
  Component(Process& process, std::string path);
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;

  /// Schedules `callback`; cancelled by handle, void when the process dies.
  EventHandle at(SimTime time, EventKind kind, Callback callback) {
    return sim_.schedule(*this, time, kind, callback);
  }
  EventHandle after(Duration delay, EventKind kind, Callback callback) {
    return sim_.schedule(*this, sim_.now() + timer(delay), kind, callback);
  }
  /// True time until a timer of this component goes off: its process's, or exact for hardware.
  [[nodiscard]] Duration timer(Duration asked) const {
    return process_ == nullptr ? asked : process_->timer(asked);
  }
  void cancel(EventHandle& handle) {
    sim_.cancel(handle);
    handle = {};
  }
  /// Starts a task owned by the process (which must be given and alive), as an event at now().
  void spawn(Task<void> task);

  /// The stream of this component for `purpose`: same seed, path and purpose give the same draws.
  [[nodiscard]] Stream stream(std::string_view purpose) const;

  [[nodiscard]] Simulation& sim() const { return sim_; }
  [[nodiscard]] SimTime now() const { return sim_.now(); }
  [[nodiscard]] Process* process() const { return process_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::uint64_t path_hash() const { return path_hash_; }

 private:
  friend class Simulation;
  friend class Completion;

  // What an event needs of its component lies in one cache line.
  Simulation& sim_;
  Process* process_ = nullptr;
  std::uint64_t path_hash_;
  std::uint32_t life_ = Simulation::kNoProcess;  // of the process
  std::string path_;
};

/// Where to report an asynchronous result: survives the death of its owner, then does nothing.
/// The owner's process must be dead before the owner is destroyed.
class Completion {
 public:
  Completion() = default;
  Completion(Component& owner, Callback callback);

  /// Schedules the callback as an event of the owner at now(); `argument` replaces the callback's own.
  void fire(EventKind kind) const;
  void fire(EventKind kind, std::uint64_t argument) const;
  /// False once the owner's process has died, and for an empty completion.
  [[nodiscard]] bool alive() const;

 private:
  Simulation* sim_ = nullptr;
  Component* owner_ = nullptr;
  std::uint32_t life_ = 0;
  Callback callback_;
};

}  // namespace brokersim::sim
