// Scheduling, cancelling and moving events; timers of one duration. What runs them is in simulation.cpp.
#include <algorithm>

#include "sim/component.h"
#include "sim/recorder.h"
#include "sim/simulation.h"

namespace brokersim::sim {

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
  if (some_died_) {
    drop_events_of_dead();
    if (free_ != kNoSlot) return;
  }
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
  SIM_CHECK(limits.pending_events <= Limits::kPendingEventsMax,
            "a limit of " + std::to_string(limits.pending_events) + " pending events; at most " +
                std::to_string(Limits::kPendingEventsMax));
  if (some_died_) drop_events_of_dead();
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

// ---- Events of processes that have died

void Simulation::tell_death(std::uint32_t life) {
  lives_[life] = LifeState::dead;
  some_died_ = true;
  if (in_handler_) attention_ = true;
}

std::size_t Simulation::events_of_dead() const {
  std::size_t count = 0;
  for (std::uint32_t slot = 0; slot < nodes_.size(); ++slot) {
    if ((nodes_[slot].state & Node::kFree) == 0 && lives_[nodes_[slot].life] == LifeState::dead) ++count;
  }
  return count;
}

/// At a death, and once more after the handler, which may have scheduled on for what it killed. Looks at all events: deaths
/// are rare, and a number of events per process would cost each event something.
void Simulation::drop_events_of_dead() {
  some_died_ = false;
  if (live_ == 0) return;
  for (std::uint32_t slot = 0; slot < nodes_.size(); ++slot) {
    const Node& node = nodes_[slot];
    if ((node.state & Node::kFree) != 0 || lives_[node.life] != LifeState::dead) continue;
    if ((node.state & Node::kInClass) != 0) unlink_timer(slot);
    release(slot);
  }
  compact_if_stale();
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
  if (sim.timers_drift_) [[unlikely]] {
    // A list in order of deadlines needs one length for all.
    const Duration length = component.timer(sim.timers_[timers.index].duration);
    if (length != sim.timers_[timers.index].duration)
      return schedule_in_pieces(component, sim.now_ + length, kind, function, self, argument);
  }
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
  if (timers_drift_) [[unlikely]] {
    const Duration length = nodes_[handle.slot].component->timer(timers_[timers.index].duration);
    if (length != timers_[timers.index].duration) return reschedule(handle, now_ + length);
  }
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

}  // namespace brokersim::sim
