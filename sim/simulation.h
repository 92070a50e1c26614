// The event loop of one simulation.
//
// Order: every schedule and reschedule takes the next sequence number at the call, and events run in
// exactly the order (time, that sequence). A cancelled event, and an event whose process has died, is
// not an event: it does not run and is not in the fingerprint. Events of a paused process wait and run,
// in their order, at the instant it resumes.
//
// Cancelling touches the event only; the entry left in the queue is dropped when it surfaces, or with all others of its
// kind when they outnumber the live ones. Timers of one constant duration, most of which are cancelled, go into a
// timer class: a list in order of their deadlines of which only the first has an entry in the queue.
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
#include "sim/slab.h"
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
  /// Put together again from another one's parts.
  constexpr EventKind(const char* n, std::uint64_t h) : name(n), hash(h) {}
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

/// Timers of one duration: see Simulation::timer_class().
struct TimerClass {
  std::uint32_t index = 0xFFFFFFFFu;
};

/// One task that waits: for reports.
struct WaitingTask {
  std::string process;
  std::string component;
  std::string what;  ///< Name of the delay, signal, channel or resource; any_of, all_of.
  SimTime since;
};

/// What no sound model comes near. Passing one is a Bug that names who did it.
struct Limits {
  static constexpr std::size_t kPendingEventsMax = (std::size_t{1} << 24) - 256;

  std::uint64_t events_at_instant = 20'000'000;  ///< A model that loops without letting time pass.
  std::size_t pending_events = 16'000'000;  ///< A model that floods the queue. At most kPendingEventsMax.
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

  /// Runs every event up to and including `until`, then sets now() to `until`; nothing if that is before now(). Rethrows a
  /// Bug of a task. What is scheduled at SimTime::max() never runs, here and below.
  void run_until(SimTime until);
  /// Runs until no event is left or `limit` is passed.
  void run_to_end(SimTime limit = SimTime::max());
  /// Executes the next event if there is one not after `limit`. False: nothing was run.
  bool step(SimTime limit = SimTime::max());
  /// Ends run_until() after the running handler.
  void stop() { stopped_ = attention_ = true; }
  [[nodiscard]] bool stopped() const { return stopped_; }

  /// Schedules `callback` for `component` of this simulation at `at`, not before now().
  EventHandle schedule(Component& component, SimTime at, EventKind kind, Callback callback) {
    // In pieces: three words that are written to the stack and read back as a vector would wait for each other.
    return schedule_in_pieces(component, at, kind, callback.function, callback.self, callback.argument);
  }
  /// Cancels in O(1). False if it has run, was cancelled, or never was.
  bool cancel(EventHandle handle);
  /// Moves a pending event to `at`, not before now(), as if it was scheduled now; O(1), and `handle` stays good. False if
  /// it has run, was cancelled, or never was. An event of a timer class leaves its class.
  bool reschedule(EventHandle handle, SimTime at);

  /// The class of timers that run `duration` after they were set; equal durations share one. Not negative.
  [[nodiscard]] TimerClass timer_class(Duration duration);
  /// As schedule() at now() + the duration of the class, in the same total order; O(1) without touching the queue, unless
  /// the component's timers drift: then it is an event of its own.
  EventHandle set_timer(TimerClass timers, Component& component, EventKind kind, Callback callback) {
    return set_timer_in_pieces(component, timers, kind, callback.function, callback.self, callback.argument);
  }
  /// Sets a pending timer of a class again, to the full duration from now. False if it is not pending.
  bool restart_timer(TimerClass timers, EventHandle handle);

  [[nodiscard]] bool pending(EventHandle handle) const;
  /// What a pending event is called; "" if it is not pending.
  [[nodiscard]] const char* kind_name(EventHandle handle) const {
    return pending(handle) ? nodes_[handle.slot].kind_name : "";
  }
  /// Of living processes and of hardware.
  [[nodiscard]] std::size_t pending_events() const { return some_died_ ? live_ - events_of_dead() : live_; }
  /// How many of the executed events woke a task.
  [[nodiscard]] std::uint64_t task_events() const { return task_events_; }
  /// Every task that waits, of all living processes in the order of their birth, the tasks of any_of() after those who
  /// wait for them.
  [[nodiscard]] std::vector<WaitingTask> waiting() const;
  /// Throws a Bug that says who waits for what if tasks wait and no event is pending that could wake one. Tasks of paused
  /// processes wait for good reason.
  void check_not_stuck() const;
  /// The bound on pending events is exact if it is set while fewer events are pending. A Bug if it is past its maximum.
  void set_limits(Limits limits);
  /// Bytes held for pending events and what is left of cancelled ones.
  [[nodiscard]] std::size_t event_memory() const;
  /// Entries in the queue, those of cancelled events included.
  [[nodiscard]] std::size_t queue_entries() const { return queue_.size(); }

  /// From now on every draw of every stream, existing or made later, is a function of (seed, id, path, purpose,
  /// ordinal); what is already drawn stays. 0 changes nothing; the fingerprint records any other id. Branches nest:
  /// the second call chooses below the first. For running one past into several futures.
  void branch(std::uint64_t id) { fingerprint_.branch(id, now_.ns); }

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
  /// The function of a task's event, which the loop knows and resumes itself: `frame` is the address of the frame,
  /// `works_on` that of what the task will work on, or of the frame.
  static void resume_frame(void* frame, std::uint64_t works_on);
  void resume_next(std::coroutine_handle<> handle) { next_ = handle; }  ///< Continue with this frame.
  /// Runs this frame too before the handler ends, unless the process of `component` has died until then.
  void resume_also(std::coroutine_handle<> handle, const Component& component) {
    also_.push_back({handle, &component});
  }
  void destroy_frame_later(std::coroutine_handle<> frame);  ///< One that has ended.
  void store_bug(std::exception_ptr bug);
  [[nodiscard]] bool failed() const { return bug_ != nullptr; }

 private:
  friend class Component;
  friend class Process;
  friend class Completion;

  static constexpr std::uint32_t kNoSlot = 0xFFFFFFFFu;
  static constexpr std::uint32_t kNoProcess = 0;  // lives_[0] is always running
  enum class LifeState : std::uint8_t { running, paused, dead };
  /// One event, a cache line. `state` is the sequence of its entry in the queue, or one of the marks with a number.
  struct alignas(64) Node {
    static constexpr std::uint64_t kFree = std::uint64_t{1} << 63;
    static constexpr std::uint64_t kDeferred = std::uint64_t{1}
                                               << 62;  // + place in the list of its paused process
    static constexpr std::uint64_t kInClass = std::uint64_t{1} << 61;  // + sequence; linked in a timer class
    static constexpr std::uint64_t kMarker = std::uint64_t{1}
                                             << 60;  // + sequence; stands for a class in the queue
    Callback callback;                               // of a free node: argument is the next free one
    const Component* component = nullptr;
    const char* kind_name = nullptr;
    std::uint64_t kind_hash = 0;
    std::uint64_t state = kFree;
    std::uint32_t life = kNoProcess;  // number of its process
    std::uint32_t generation = 0;
  };
  static_assert(sizeof(Node) == 64);
  /// What only timers of a class have.
  struct ClassLink {
    std::uint64_t time = 0;
    std::uint32_t previous = kNoSlot;
    std::uint32_t next = kNoSlot;
    std::uint32_t timers = 0;
  };
  struct Timers {
    Duration duration;
    std::uint32_t head = kNoSlot;
    std::uint32_t tail = kNoSlot;
    std::uint32_t marker = kNoSlot;
    bool armed = false;  // its marker has an entry in the queue, not after the head's deadline
  };
  struct Also {
    std::coroutine_handle<> frame;
    const Component* component;
  };
  struct Corpse {
    void* object;
    void (*destroy)(void*);
  };

  using Function = void (*)(void* self, std::uint64_t argument);

  // Static, as the component knows its simulation: one word less to pass, and all but one in registers.
  static EventHandle schedule_in_pieces(Component& component, SimTime at, EventKind kind, Function function,
                                        void* self, std::uint64_t argument);
  [[gnu::noinline]] static EventHandle schedule_with_care(Component& component, SimTime at, EventKind kind,
                                                          Function function, void* self,
                                                          std::uint64_t argument);
  static EventHandle set_timer_in_pieces(Component& component, TimerClass timers, EventKind kind,
                                         Function function, void* self, std::uint64_t argument);
  void bury(Corpse corpse);
  void bury_when_idle();
  void bury_dead();
  void tell_death(std::uint32_t life);
  [[nodiscard]] std::size_t events_of_dead() const;
  void drop_events_of_dead();
  [[nodiscard]] bool run_one(std::uint64_t limit);
  [[nodiscard]] std::uint32_t occupy(const Component& component, EventKind kind, Function function,
                                     void* self, std::uint64_t argument);
  void release(std::uint32_t slot) { release(nodes_[slot], slot); }
  void release(Node& node, std::uint32_t slot) {
    node.state = Node::kFree;
    ++node.generation;
    node.callback.argument = free_;
    free_ = slot;
    --live_;
  }
  EventHandle enqueue(std::uint32_t slot, SimTime at);
  [[gnu::noinline]] EventHandle push(QueueEntry entry, EventHandle handle);
  void requeue(std::uint32_t slot);
  [[nodiscard]] std::uint64_t next_sequence() { return sequence_++; }
  void add_node(const Component& component, EventKind kind);
  [[nodiscard]] std::uint32_t grow();
  void refuse(const Component& component, SimTime at, EventKind kind) const;
  [[nodiscard]] bool refill(std::uint64_t limit);
  void after_handler();
  [[gnu::noinline]] void tell_recorder(const Node& node, std::uint32_t slot);
  void execute(Node& node, std::uint32_t slot);
  [[nodiscard]] bool surfaced_elsewhere(QueueEntry entry);
  [[nodiscard]] bool run_or_hold_back(std::uint32_t slot);
  void reach(std::uint64_t time);
  void run_chain(std::coroutine_handle<> handle);
  void fetch_ahead();
  void fetch_sorted();
  template <int kLocality>
  void fetch_objects(const QueueEntry* first, const QueueEntry* end) const;
  void resume_others();
  void link_timer(std::uint32_t slot, std::uint32_t timers);
  void unlink_timer(std::uint32_t slot);
  void arm(Timers& timers);
  void compact_if_stale();
  void loops(const Node& node);
  [[noreturn]] void floods(const Component& component, EventKind kind) const;
  void on_component(const Component& component) const;

  // What every event touches lies together.
  SimTime now_;
  std::uint64_t sequence_ = 0;
  Slab<Node> nodes_;
  std::size_t live_ = 0;
  std::uint64_t events_at_instant_ = 0;
  const char* current_kind_ = "start";
  const Component* current_component_ = nullptr;
  std::uint32_t free_ = kNoSlot;
  bool in_handler_ = false;
  bool stopped_ = false;
  bool attention_ = false;  // something is to be done after the running handler: see after_handler(), stop()
  bool some_died_ = false;  // processes, and events of theirs may be pending
  bool timers_drift_ = false;     // of a process, or have
  Recorder* recorder_ = nullptr;  // only while a run is recorded
  // By number of a process; a byte each, as every event asks.
  std::vector<LifeState> lives_{LifeState::running};
  std::vector<Process*> processes_{nullptr};  // null once the object is gone
  Limits limits_;
  Fingerprint fingerprint_;
  std::coroutine_handle<> next_;
  std::uint64_t task_events_ = 0;
  std::uint64_t fetched_before_ = 0;  // of queued events before it the events are fetched
  std::vector<Also> also_;            // frames to run in this handler, in order

  std::vector<Corpse> dead_;
  std::exception_ptr bug_;
  std::uint64_t seed_;
  std::vector<ClassLink> links_;  // by slot, as far as timers of classes were set
  std::vector<Timers> timers_;
  std::vector<std::string> loopers_;  // who runs on at an instant past the limit
  EventQueue queue_;                  // large: last
};

}  // namespace brokersim::sim
