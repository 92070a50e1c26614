#include "sim/simulation.h"

#include <algorithm>
#include <map>
#include <utility>

#include "sim/component.h"
#include "sim/recorder.h"
#include "sim/task.h"

namespace brokersim::sim {

namespace {
/// How many events past the limit at one instant are looked at to say who loops.
constexpr std::uint64_t kLoopersSeen = 64;
/// Of at most so many sorted events the objects are fetched into the cache.
constexpr std::size_t kFetched = 64;
/// With fewer slots the events are in the second-level cache anyway (64 bytes each).
constexpr std::size_t kFetchFrom = 4'096;
/// No handler schedules as many events.
constexpr std::uint64_t kSequencesInReserve = std::uint64_t{1} << 36;

/// True while handlers run, and as before after them, also when a failed check leaves one: what its world destroys then
/// must not wait for the end of a handler that is gone.
class Running {
 public:
  explicit Running(bool& flag) : flag_(flag), before_(flag) { flag_ = true; }
  ~Running() { flag_ = before_; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  bool& flag_;
  const bool before_;
};
}  // namespace

Simulation::Simulation(std::uint64_t seed, Recorder* recorder) : seed_(seed) { record(recorder); }

Simulation::~Simulation() { bury_dead(); }

// ---- Scheduling

inline std::uint32_t Simulation::occupy(const Component& component, EventKind kind, Function function,
                                        void* self, std::uint64_t argument) {
  const std::uint32_t slot = free_;
  Node& node = nodes_[slot];
  free_ = static_cast<std::uint32_t>(node.callback.argument);
  node.callback.function = function;
  node.callback.self = self;
  node.callback.argument = argument;
  node.component = &component;
  node.life = component.life_;
  node.kind_name = kind.name;
  node.kind_hash = kind.hash;
  ++live_;
  return slot;
}

/// One more slot for an event: all others are taken, so that this is where a flood is seen.
void Simulation::add_node(const Component& component, EventKind kind) {
  if (live_ >= limits_.pending_events) floods(component, kind);
  free_ = grow();
  nodes_[free_].callback.argument = kNoSlot;
}

std::uint32_t Simulation::grow() {
  const auto slot = static_cast<std::uint32_t>(nodes_.size());
  SIM_CHECK(slot < QueueEntry::kSlots, "more than 2^24 events are pending");
  nodes_.add();
  return slot;
}

void Simulation::set_limits(Limits limits) {
  limits_ = limits;
  // Free slots past the limit are given up, as a flood is looked for where none is free.
  if (live_ >= limits.pending_events) free_ = kNoSlot;
  std::size_t events = live_;
  for (std::uint32_t slot = free_; slot != kNoSlot;) {
    std::uint64_t& next = nodes_[slot].callback.argument;
    if (++events == limits.pending_events) next = kNoSlot;
    slot = static_cast<std::uint32_t>(next);
  }
}

void Simulation::release(std::uint32_t slot) {
  Node& node = nodes_[slot];
  node.state = Node::kFree;
  ++node.generation;
  node.callback.argument = free_;
  free_ = slot;
  --live_;
}

inline EventHandle Simulation::enqueue(std::uint32_t slot, SimTime at) {
  const std::uint64_t sequence = next_sequence();
  Node& node = nodes_[slot];
  node.state = sequence;
  const EventHandle handle{slot, node.generation};
  const QueueEntry entry = QueueEntry::make(static_cast<std::uint64_t>(at.ns), sequence, slot);
  if (queue_.push_easily(entry)) return handle;
  return push(entry, handle);
}

/// In a function of its own that returns what enqueue() does, so that the easy way needs no stack.
EventHandle Simulation::push(QueueEntry entry, EventHandle handle) {
  queue_.push(entry);
  return handle;
}

void Simulation::requeue(std::uint32_t slot) { enqueue(slot, now_); }

EventHandle Simulation::schedule_in_pieces(Component& component, SimTime at, EventKind kind,
                                           Function function, void* self, std::uint64_t argument) {
  Simulation& sim = component.sim();
  if (at < sim.now_ || sim.free_ == kNoSlot || sim.recorder_ != nullptr) [[unlikely]]
    return schedule_with_care(component, at, kind, function, self, argument);
  return sim.enqueue(sim.occupy(component, kind, function, self, argument), at);
}

EventHandle Simulation::schedule_with_care(Component& component, SimTime at, EventKind kind,
                                           Function function, void* self, std::uint64_t argument) {
  Simulation& sim = component.sim();
  if (at < sim.now_) sim.refuse(component, at, kind);
  if (sim.free_ == kNoSlot) sim.add_node(component, kind);
  const std::uint32_t slot = sim.occupy(component, kind, function, self, argument);
  if (sim.recorder_ != nullptr) sim.recorder_->on_schedule(slot);
  return sim.enqueue(slot, at);
}

void Simulation::refuse(const Component& component, SimTime at, EventKind kind) const {
  SIM_CHECK(at >= now_,
            "event " + std::string(kind.name) + " of " + component.path() + " at " + to_string(at));
}

bool Simulation::pending(EventHandle handle) const {
  return handle.slot < nodes_.size() && nodes_[handle.slot].generation == handle.generation;
}

bool Simulation::cancel(EventHandle handle) {
  if (!pending(handle)) return false;
  if ((nodes_[handle.slot].state & Node::kInClass) != 0) unlink_timer(handle.slot);
  release(handle.slot);
  compact_if_stale();
  return true;
}

bool Simulation::reschedule(EventHandle handle, SimTime at) {
  SIM_CHECK(at >= now_, "an event is moved to " + to_string(at));
  if (!pending(handle)) return false;
  if ((nodes_[handle.slot].state & Node::kInClass) != 0) unlink_timer(handle.slot);
  if (recorder_ != nullptr) [[unlikely]]
    recorder_->on_schedule(handle.slot);
  enqueue(handle.slot, at);
  compact_if_stale();
  return true;
}

void Simulation::compact_if_stale() {
  // Live events that have no entry of their own (deferred, in a class) only make this rarer. The bound keeps what is
  // left of cancelled events below twice the live ones, or 64 KiB.
  if (queue_.size() < 4'096) return;
  if (queue_.size() < 3 * live_) return;
  queue_.drop_if([this](const QueueEntry& entry) {
    const std::uint64_t state = nodes_[entry.slot()].state;
    return state != entry.sequence() && state != (Node::kMarker | entry.sequence());
  });
}

// ---- Timer classes

TimerClass Simulation::timer_class(Duration duration) {
  SIM_CHECK(duration.ns >= 0, "a timer class of " + to_string(duration));
  for (std::uint32_t i = 0; i < timers_.size(); ++i) {
    if (timers_[i].duration == duration) return {i};
  }
  const std::uint32_t marker = grow();
  const auto index = static_cast<std::uint32_t>(timers_.size());
  Node& node = nodes_[marker];
  node.state = Node::kMarker | QueueEntry::kSequences;  // no entry has it
  node.callback.argument = index;
  node.generation = kNoSlot;  // no handle has it
  timers_.push_back({.duration = duration, .marker = marker});
  return {index};
}

EventHandle Simulation::set_timer_in_pieces(Component& component, TimerClass timers, EventKind kind,
                                            Function function, void* self, std::uint64_t argument) {
  Simulation& sim = component.sim();
  SIM_CHECK(timers.index < sim.timers_.size());
  if (sim.free_ == kNoSlot) [[unlikely]]
    sim.add_node(component, kind);
  const std::uint32_t slot = sim.occupy(component, kind, function, self, argument);
  if (sim.recorder_ != nullptr) [[unlikely]]
    sim.recorder_->on_schedule(slot);
  sim.link_timer(slot, timers.index);
  return {slot, sim.nodes_[slot].generation};
}

bool Simulation::restart_timer(TimerClass timers, EventHandle handle) {
  SIM_CHECK(timers.index < timers_.size());
  if (!pending(handle)) return false;
  if ((nodes_[handle.slot].state & Node::kInClass) != 0) unlink_timer(handle.slot);
  if (recorder_ != nullptr) [[unlikely]]
    recorder_->on_schedule(handle.slot);
  link_timer(handle.slot, timers.index);
  compact_if_stale();
  return true;
}

void Simulation::link_timer(std::uint32_t slot, std::uint32_t index) {
  if (slot >= links_.size()) links_.resize(slot + slot / 2 + 64);
  Timers& timers = timers_[index];
  const std::uint64_t sequence = next_sequence();
  nodes_[slot].state = Node::kInClass | sequence;
  ClassLink& link = links_[slot];
  link.time = static_cast<std::uint64_t>((now_ + timers.duration).ns);
  link.timers = index;
  link.previous = timers.tail;
  link.next = kNoSlot;
  (timers.tail == kNoSlot ? timers.head : links_[timers.tail].next) = slot;
  timers.tail = slot;
  if (!timers.armed) arm(timers);
}

void Simulation::unlink_timer(std::uint32_t slot) {
  const ClassLink& link = links_[slot];
  Timers& timers = timers_[link.timers];
  (link.previous == kNoSlot ? timers.head : links_[link.previous].next) = link.next;
  (link.next == kNoSlot ? timers.tail : links_[link.next].previous) = link.previous;
}

/// Gives the class an entry in the queue for its head, with the head's own place in the order.
void Simulation::arm(Timers& timers) {
  timers.armed = timers.head != kNoSlot;
  if (!timers.armed) return;
  const std::uint64_t sequence = nodes_[timers.head].state & ~Node::kInClass;
  nodes_[timers.marker].state = Node::kMarker | sequence;
  queue_.push(QueueEntry::make(links_[timers.head].time, sequence, timers.marker));
}

// ---- Running

/// Sorts the next events.
bool Simulation::refill(std::uint64_t limit) {
  SIM_CHECK(sequence_ < QueueEntry::kSequences - kSequencesInReserve,
            "2^40 events were scheduled: the run is too long");
  if (!queue_.refill(limit)) return false;
  if (nodes_.size() >= kFetchFrom) fetch_ahead();
  return true;
}

/// Two refills ahead the event, one refill ahead what its callback works on: each load finds its line on the way, and
/// nobody waits for the first event of a refill. Into the second-level cache: the first one does not hold what two refills
/// work on.
void Simulation::fetch_ahead() {
  const Node* nodes = &nodes_[0];
  // g++ 12 takes a function that only fetches for one without effect, and leaves out its calls.
  const auto has_effect = [] { asm volatile("" ::: "memory"); };
  const auto events = [&](const QueueEntry* first, const QueueEntry* last) {
    has_effect();
    for (; first != last; ++first) __builtin_prefetch(nodes + first->slot(), 0, 2);
  };
  const auto objects = [&](const QueueEntry* first, const QueueEntry* last) {
    has_effect();
    if (task_events_ == 0) {
      for (; first != last; ++first) __builtin_prefetch(nodes[first->slot()].callback.self, 0, 2);
      return;
    }
    for (; first != last; ++first) {
      const Callback& callback = nodes[first->slot()].callback;
      const char* object = static_cast<const char*>(callback.self);
      // A frame has more lines; without a branch, which nobody could foretell: of others the first line again.
      const std::size_t line = callback.function == &resume_frame ? 64 : 0;
      __builtin_prefetch(object, 0, 2);
      __builtin_prefetch(object + line, 0, 2);
      __builtin_prefetch(object + 2 * line, 0, 2);
    }
  };
  const EventQueue::Ahead& soon = queue_.ahead(0);
  const EventQueue::Ahead& later = queue_.ahead(1);
  if (queue_.front().time >= fetched_before_) {  // the first refill of a level: nothing is fetched yet
    const QueueEntry* sorted = &queue_.front();
    const QueueEntry* end = sorted + std::min(queue_.sorted(), kFetched);
    events(sorted, end);
    events(soon.first, soon.last);
    objects(sorted, end);
  } else if (task_events_ != 0) {
    // Frames are in the second-level cache by now; what runs next comes into the first one.
    const QueueEntry* sorted = &queue_.front();
    const QueueEntry* end = sorted + std::min(queue_.sorted(), kFetched);
    for (const QueueEntry* e = sorted; e != end; ++e) {
      const Callback& callback = nodes[e->slot()].callback;
      const char* object = static_cast<const char*>(callback.self);
      __builtin_prefetch(object, 0, 3);
      __builtin_prefetch(object + 64, 0, 3);
      __builtin_prefetch(object + 128, 0, 3);
    }
  }
  events(later.first, later.last);
  objects(soon.first, soon.last);
  fetched_before_ = soon.before;
}

inline void Simulation::reach(std::uint64_t time) {
  if (static_cast<std::int64_t>(time) == now_.ns) return;
  SIM_DCHECK(static_cast<std::int64_t>(time) > now_.ns);
  now_.ns = static_cast<std::int64_t>(time);
  queue_.set_floor(time);
  events_at_instant_ = 0;
}

inline bool Simulation::run_one(std::uint64_t limit) {
  for (;;) {
    if (queue_.sorted() == 0) [[unlikely]] {
      if (!refill(limit)) return false;
    }
    const QueueEntry entry = queue_.front();
    if (entry.time > limit) [[unlikely]]
      return false;
    queue_.pop_front();
    const std::uint32_t slot = entry.slot();
    Node& node = nodes_[slot];
    if (node.state != entry.sequence()) [[unlikely]] {
      if (surfaced_elsewhere(entry)) return true;
      continue;
    }
    if (lives_[node.life].state != LifeState::running) [[unlikely]] {
      if (lives_[node.life].state == LifeState::paused) reach(entry.time);
      if (run_or_hold_back(slot)) return true;
      continue;
    }
    reach(entry.time);
    execute(node, slot);
    return true;
  }
}

/// An entry whose event is gone, or the marker of a timer class. True if an event was executed.
bool Simulation::surfaced_elsewhere(QueueEntry entry) {
  const Node& marker = nodes_[entry.slot()];
  if (marker.state != (Node::kMarker | entry.sequence())) return false;  // cancelled or moved
  Timers& timers = timers_[marker.callback.argument];
  const std::uint32_t slot = timers.head;
  if (slot == kNoSlot || nodes_[slot].state != (Node::kInClass | entry.sequence())) {
    arm(timers);  // its timer was cancelled: wait for the next one
    return false;
  }
  unlink_timer(slot);
  arm(timers);
  if (lives_[nodes_[slot].life].state != LifeState::dead) reach(entry.time);
  return run_or_hold_back(slot);
}

/// Executes an event that is due, or keeps it until its process resumes, or drops it with its process.
bool Simulation::run_or_hold_back(std::uint32_t slot) {
  Node& node = nodes_[slot];
  const Life& life = lives_[node.life];
  if (life.state == LifeState::dead) {
    release(slot);
    return false;
  }
  if (life.state == LifeState::paused) {
    node.state = Node::kDeferred | life.process->deferred_.size();
    life.process->deferred_.push_back(slot);
    return false;
  }
  execute(node, slot);
  return true;
}

inline void Simulation::execute(Node& node, std::uint32_t slot) {
  const Callback callback = node.callback;
  if (++events_at_instant_ > limits_.events_at_instant) [[unlikely]]
    loops(node);
  current_kind_ = node.kind_name;
  current_component_ = node.component;
  fingerprint_.event(now_.ns, node.component->path_hash(), node.kind_hash);
  if (recorder_ != nullptr) [[unlikely]] {
    recorder_->on_begin(slot, fingerprint_.events() - 1, now_, node.component->path(), node.kind_name);
  }
  release(slot);
  callback.function(callback.self, callback.argument);
  if (attention_) [[unlikely]]
    after_handler();
}

/// What is rarely to be done: the burial of what died in the handler, the end of a run in which a task failed.
void Simulation::after_handler() {
  if (recorder_ != nullptr) recorder_->on_end();
  attention_ = recorder_ != nullptr || bug_ != nullptr;
  if (!dead_.empty()) bury_dead();
  if (bug_) std::rethrow_exception(bug_);
}

bool Simulation::step(SimTime limit) {
  const Running running(in_handler_);
  const bool ran = run_one(static_cast<std::uint64_t>(limit.ns));
  current_component_ = nullptr;
  return ran;
}

void Simulation::loops(const Node& node) {
  const std::string name = node.component->path() + " with " + node.kind_name;
  if (std::find(loopers_.begin(), loopers_.end(), name) == loopers_.end()) loopers_.push_back(name);
  if (events_at_instant_ < limits_.events_at_instant + kLoopersSeen) return;
  std::string all;
  for (const std::string& looper : loopers_) all += (all.empty() ? "" : ", ") + looper;
  SIM_CHECK(false, "time stands still at " + to_string(now_) + " after " +
                       std::to_string(events_at_instant_) + " events; it loops in: " + all);
}

void Simulation::floods(const Component& component, EventKind kind) const {
  std::map<std::uint64_t, std::pair<std::uint64_t, std::uint32_t>>
      counts;  // by name: number, and one of them
  std::pair<std::uint64_t, std::uint32_t> most = {0, kNoSlot};
  for (std::uint32_t slot = 0; slot < nodes_.size(); ++slot) {
    const Node& node = nodes_[slot];
    if ((node.state & (Node::kFree | Node::kMarker)) != 0) continue;
    if (lives_[node.life].state == LifeState::dead) continue;  // its component may be gone
    auto& count = counts[combine(node.component->path_hash(), node.kind_hash)];
    count = {count.first + 1, slot};
    if (count.first > most.first) most = count;
  }
  std::string text =
      component.path() + " schedules " + kind.name + " with " + std::to_string(live_) + " events pending";
  if (most.second != kNoSlot) {
    const Node& node = nodes_[most.second];
    text += ", of which " + std::to_string(most.first) + " are " + node.kind_name + " of " +
            node.component->path();
  }
  SIM_CHECK(live_ < limits_.pending_events, "the event queue is flooded: " + text);
  std::terminate();  // not reached
}

void Simulation::record(Recorder* recorder) {
  recorder_ = recorder;
  attention_ = true;
  fingerprint_.watch_draws(recorder);
}

void Simulation::on_component(const Component& component) const {
  if (recorder_ != nullptr) recorder_->on_component(component.path_hash(), component.path());
}

void Simulation::run_until(SimTime until) {
  run_to_end(until);
  if (!stopped_ && now_ < until) reach(static_cast<std::uint64_t>(until.ns));
}

void Simulation::run_to_end(SimTime limit) {
  stopped_ = false;
  const Running running(in_handler_);
  while (run_one(static_cast<std::uint64_t>(limit.ns)) && !stopped_) {
  }
  current_component_ = nullptr;  // not if an exception leaves: where() says whose event it was
}

std::size_t Simulation::event_memory() const {
  return nodes_.memory() + queue_.memory() + links_.capacity() * sizeof(ClassLink);
}

void Simulation::resume_frame(void* frame, std::uint64_t sim_address) {
  auto& sim = *reinterpret_cast<Simulation*>(sim_address);
  ++sim.task_events_;
  sim.run_chain(std::coroutine_handle<>::from_address(frame));
}

void Simulation::resume_now(std::coroutine_handle<> handle) {
  SIM_CHECK(in_handler_);
  run_chain(handle);
}

inline void Simulation::run_chain(std::coroutine_handle<> handle) {
  handle.resume();
  while (next_) {
    const std::coroutine_handle<> current = std::exchange(next_, nullptr);
    current.resume();
  }
  if (!also_.empty()) [[unlikely]]
    resume_others();
}

void Simulation::resume_others() {
  for (std::size_t i = 0; i < also_.size(); ++i) {
    const Also also = also_[i];
    if (failed() || !also.component->process()->alive()) continue;
    next_ = also.frame;
    while (next_) {
      const std::coroutine_handle<> current = std::exchange(next_, nullptr);
      current.resume();
    }
  }
  also_.clear();
}

std::vector<WaitingTask> Simulation::waiting() const {
  std::vector<WaitingTask> tasks;
  for (const Life& life : lives_) {
    if (life.process == nullptr) continue;
    for (const detail::Branch* b = life.process->first_; b != nullptr; b = b->next) {
      if (b->waiting == nullptr) continue;
      tasks.push_back({life.process->path(), b->component->path(), b->waiting->name(), b->waiting->since()});
    }
  }
  return tasks;
}

void Simulation::check_not_stuck() const {
  if (live_ > 0) return;
  std::string text;
  for (const Life& life : lives_) {
    if (life.process == nullptr || life.state != LifeState::running) continue;
    for (const detail::Branch* b = life.process->first_; b != nullptr; b = b->next) {
      if (b->waiting == nullptr) continue;
      text += "\n  " + b->component->path() + " of " + life.process->path() + " waits for " +
              b->waiting->name() + " since " + to_string(b->waiting->since());
    }
  }
  SIM_CHECK(text.empty(), "the simulation is stuck at " + to_string(now_) + ", no event is pending:" + text);
}

void Simulation::destroy_frame_later(std::coroutine_handle<> frame) {
  bury({frame.address(), [](void* p) { std::coroutine_handle<>::from_address(p).destroy(); }});
}

void Simulation::bury(Corpse corpse) {
  dead_.push_back(corpse);
  if (in_handler_) {
    attention_ = true;
  } else {
    bury_dead();
  }
}

void Simulation::bury_dead() {
  const Running running(in_handler_);  // a destructor may bury more: this loop takes it too
  for (std::size_t i = 0; i < dead_.size(); ++i) {
    const Corpse corpse = dead_[i];
    corpse.destroy(corpse.object);
  }
  dead_.clear();
  attention_ = recorder_ != nullptr || bug_ != nullptr;
}

void Simulation::store_bug(std::exception_ptr bug) {
  if (!bug_) bug_ = std::move(bug);
  attention_ = true;
}

std::string Simulation::where() const {
  std::string text = "at " + to_string(now_) + ", event " + std::to_string(fingerprint_.events());
  text += std::string(" (") + current_kind_ + ")";
  if (current_component_ != nullptr) text += " of " + current_component_->path();
  return text;
}

}  // namespace brokersim::sim
