// The event loop of one simulation.
//
// Order: every schedule and reschedule takes the next sequence number at the call, and events run in
// exactly the order (time, that sequence). A cancelled event, and an event whose process has died, is
// not an event: it does not run and is not in the fingerprint. Events of a paused process wait and run,
// in their order, at the instant it resumes.
//
// Ownership: an event belongs to a Component; a Component may belong to a Process. Killing the process
// voids all its events at once; its task frames and objects are destroyed by the kernel after the
// running handler has returned, never from inside themselves.
#pragma once

#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/check.h"
#include "sim/event_queue.h"
#include "sim/fingerprint.h"
#include "sim/time.h"

namespace brokersim::sim {

class Component;
class Process;
class Recorder;

/// Names a kind of event; use string literals: `EventKind{"disk.complete"}`.
struct EventKind {
  const char* name;
  std::uint64_t hash;
  consteval EventKind(const char* literal) : name(literal), hash(hash_name(literal)) {}  // NOLINT: implicit
};

/// A plain function with its object and one word. Make it with bind<&Class::method>(object, word).
struct Callback {
  void (*function)(void* self, std::uint64_t argument) = nullptr;
  void* self = nullptr;
  std::uint64_t argument = 0;
};

namespace detail {
template <auto Method>
struct MethodThunk;
template <class C, void (C::*Method)(std::uint64_t)>
struct MethodThunk<Method> {
  using Class = C;
  static void call(void* self, std::uint64_t argument) { (static_cast<C*>(self)->*Method)(argument); }
};
template <class C, void (C::*Method)()>
struct MethodThunk<Method> {
  using Class = C;
  static void call(void* self, std::uint64_t) { (static_cast<C*>(self)->*Method)(); }
};
}  // namespace detail

/// `bind<&Disk::complete>(this, request)`; the method takes one std::uint64_t or nothing.
template <auto Method>
[[nodiscard]] Callback bind(typename detail::MethodThunk<Method>::Class* object, std::uint64_t argument = 0) {
  return {&detail::MethodThunk<Method>::call, object, argument};
}

/// Names a scheduled event. A default or outdated handle is harmless.
struct EventHandle {
  std::uint32_t slot = 0xFFFFFFFFu;
  std::uint32_t generation = 0;
};

class Simulation {
 public:
  /// With a `recorder`, which outlives the simulation, every event and draw is told to it (see record()).
  explicit Simulation(std::uint64_t seed, Recorder* recorder = nullptr);
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  [[nodiscard]] SimTime now() const { return now_; }
  [[nodiscard]] std::uint64_t seed() const { return seed_; }

  /// Runs every event up to and including `until`, then sets now() to `until`. Rethrows a Bug of a task.
  void run_until(SimTime until);
  /// Runs until no event is left or `limit` is passed.
  void run_to_end(SimTime limit = SimTime::max());
  /// Executes the next event if there is one not after `limit`. False: nothing was run.
  bool step(SimTime limit = SimTime::max());
  /// Ends run_until() after the running handler.
  void stop() { stopped_ = true; }
  [[nodiscard]] bool stopped() const { return stopped_; }

  /// Schedules `callback` for `component` at `at`, not before now().
  EventHandle schedule(Component& component, SimTime at, EventKind kind, Callback callback);
  /// Cancels in O(1). False if it has run, was cancelled, or never was.
  bool cancel(EventHandle handle);
  [[nodiscard]] bool pending(EventHandle handle) const;
  [[nodiscard]] std::size_t pending_events() const { return live_; }

  /// From now on every draw of every stream, existing or made later, is a function of (seed, id, path, purpose,
  /// ordinal); what is already drawn stays. 0 changes nothing; the fingerprint records any other id. Branches nest:
  /// the second call chooses below the first. For running one past into several futures.
  void branch(std::uint64_t id) { fingerprint_.branch(id); }

  [[nodiscard]] Fingerprint& fingerprint() { return fingerprint_; }
  [[nodiscard]] const Fingerprint& fingerprint() const { return fingerprint_; }
  /// Tells `recorder` of every event and draw from now on; null: nobody. Causes are known of events scheduled from
  /// now on, names of streams made from now on.
  void record(Recorder* recorder);
  /// "at 12.345 s in disk.complete of host/b-0/disk0, event 812": for bug reports.
  [[nodiscard]] std::string where() const;

  /// Destroys `object` after the running handler (at once if none runs).
  template <class T>
  void destroy_later(std::unique_ptr<T> object) {
    bury({object.release(), [](void* p) { delete static_cast<T*>(p); }});
  }

  // For tasks (sim/task.h).
  void resume_now(std::coroutine_handle<> handle);  ///< Runs a task chain; only from an event.
  void resume_next(std::coroutine_handle<> handle) { next_ = handle; }  ///< Continue with this frame.
  void destroy_frame_later(std::coroutine_handle<> frame);
  void store_bug(std::exception_ptr bug);
  [[nodiscard]] bool failed() const { return bug_ != nullptr; }

 private:
  friend class Component;
  friend class Process;
  friend class Completion;

  static constexpr std::uint32_t kNoProcess = 0xFFFFFFFFu;
  enum class LifeState : std::uint8_t { running, paused, dead };
  struct Life {
    LifeState state = LifeState::running;
    Process* process = nullptr;  // null once the object is gone
  };
  struct Node {
    Callback callback;
    Component* component = nullptr;
    const char* kind_name = nullptr;
    std::uint64_t kind_hash = 0;
    std::uint32_t life = kNoProcess;  // index into lives_
    std::uint32_t generation = 0;
    std::uint32_t next_free = 0;
    bool live = false;
    bool deferred = false;  // surfaced while its process was paused
  };
  struct Corpse {
    void* object;
    void (*destroy)(void*);
  };

  void bury(Corpse corpse);
  void bury_dead();
  void release(std::uint32_t slot);
  void execute(std::uint32_t slot);
  void on_component(const Component& component) const;
  void guard_progress(const Node& node);
  [[nodiscard]] bool is_void(const Node& node) const;
  void compact_if_stale();
  EventHandle push(std::uint32_t slot, SimTime at);
  void requeue(std::uint32_t slot);

  std::uint64_t seed_;
  SimTime now_;
  std::uint64_t sequence_ = 0;
  EventQueue queue_;
  std::vector<Node> nodes_;
  std::vector<Life> lives_;
  std::uint32_t free_ = 0xFFFFFFFFu;
  std::size_t live_ = 0;
  Fingerprint fingerprint_;
  std::coroutine_handle<> next_;
  std::vector<Corpse> dead_;
  std::exception_ptr bug_;
  bool in_handler_ = false;
  bool stopped_ = false;
  std::uint64_t events_at_instant_ = 0;
  Recorder* recorder_ = nullptr;  // only while a run is recorded
  const char* current_kind_ = "start";
  const Component* current_component_ = nullptr;
};

}  // namespace brokersim::sim
