#include "sim/simulation.h"

#include <utility>

#include "sim/component.h"
#include "sim/recorder.h"
#include "sim/task.h"

namespace brokersim::sim {

namespace {
/// With fewer slots the events are in the second-level cache anyway (64 bytes each).
constexpr std::size_t kFetchFrom = 4'096;
/// No handler schedules as many events.
constexpr std::uint64_t kSequencesInReserve = std::uint64_t{1} << 36;

/// Of a limit that is not before the start: nothing happens at SimTime::max().
std::uint64_t last_instant(SimTime limit) {
  return static_cast<std::uint64_t>(limit == SimTime::max() ? limit.ns - 1 : limit.ns);
}

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

/// Sorts the next events.
bool Simulation::refill(std::uint64_t limit) {
  SIM_CHECK(sequence_ < QueueEntry::kSequences - kSequencesInReserve,
            "2^40 events were scheduled: the run is too long");
  if (!queue_.refill(limit)) return false;
  if (nodes_.size() >= kFetchFrom) fetch_ahead();
  fetch_sorted();
  return true;
}

inline void Simulation::reach(std::uint64_t time) {
  if (static_cast<std::int64_t>(time) == now_.ns) return;
  SIM_DCHECK(static_cast<std::int64_t>(time) > now_.ns);
  now_.ns = static_cast<std::int64_t>(time);
  queue_.set_floor(time);
  events_at_instant_ = 0;
}

[[gnu::always_inline]] inline bool Simulation::run_one(std::uint64_t limit) {
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
    if (lives_[node.life] != LifeState::running) [[unlikely]] {
      if (lives_[node.life] == LifeState::paused) reach(entry.time);
      if (run_or_hold_back(slot)) return true;
      continue;
    }
    if (static_cast<std::int64_t>(entry.time) != now_.ns) {
      reach(entry.time);
      events_at_instant_ = 1;
    } else if (++events_at_instant_ > limits_.events_at_instant) [[unlikely]] {
      loops(node);
    }
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
  if (lives_[nodes_[slot].life] != LifeState::dead) reach(entry.time);
  return run_or_hold_back(slot);
}

/// Executes an event that is due, or keeps it until its process resumes, or drops it with its process.
bool Simulation::run_or_hold_back(std::uint32_t slot) {
  Node& node = nodes_[slot];
  const LifeState life = lives_[node.life];
  if (life == LifeState::dead) {
    release(slot);
    return false;
  }
  if (life == LifeState::paused) {
    std::vector<std::uint32_t>& deferred = processes_[node.life]->deferred_;
    node.state = Node::kDeferred | deferred.size();
    deferred.push_back(slot);
    return false;
  }
  if (++events_at_instant_ > limits_.events_at_instant) loops(node);
  execute(node, slot);
  return true;
}

[[gnu::always_inline]] inline void Simulation::execute(Node& node, std::uint32_t slot) {
  current_kind_ = node.kind_name;
  current_component_ = node.component;
  fingerprint_.event(now_.ns, node.component->path_hash(), node.kind_hash);
  if (recorder_ != nullptr) [[unlikely]]
    tell_recorder(node, slot);
  const Callback callback = node.callback;
  release(node, slot);
  if (callback.function == &resume_frame) {
    ++task_events_;
    run_chain(std::coroutine_handle<>::from_address(callback.self));
  } else {
    callback.function(callback.self, callback.argument);
  }
}

void Simulation::tell_recorder(const Node& node, std::uint32_t slot) {
  recorder_->on_begin(slot, fingerprint_.events() - 1, now_, node.component->path(), node.kind_name);
}

/// What is rarely to be done: the burial of what died in the handler, the end of a run in which a task failed.
void Simulation::after_handler() {
  if (recorder_ != nullptr) recorder_->on_end();
  attention_ = recorder_ != nullptr || bug_ != nullptr;
  if (some_died_) drop_events_of_dead();
  if (!dead_.empty()) bury_dead();
  if (bug_) std::rethrow_exception(bug_);
}

bool Simulation::step(SimTime limit) {
  if (limit < now_) return false;
  if (some_died_) drop_events_of_dead();
  const Running running(in_handler_);
  const bool ran = run_one(last_instant(limit));
  if (attention_) after_handler();
  current_component_ = nullptr;
  return ran;
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
  if (limit < now_) return;
  if (some_died_) drop_events_of_dead();
  const std::uint64_t last = last_instant(limit);
  const Running running(in_handler_);
  while (run_one(last)) {
    if (!attention_) [[likely]]
      continue;
    after_handler();
    if (stopped_) break;
  }
  current_component_ = nullptr;  // not if an exception leaves: where() says whose event it was
}

std::size_t Simulation::event_memory() const {
  return nodes_.memory() + queue_.memory() + links_.capacity() * sizeof(ClassLink);
}

void Simulation::resume_frame(void*, std::uint64_t) {
  SIM_CHECK(false, "the loop resumes the frames of tasks itself");
}

void Simulation::resume_now(std::coroutine_handle<> handle) {
  SIM_CHECK(in_handler_);
  run_chain(handle);
}

[[gnu::always_inline]] inline void Simulation::run_chain(std::coroutine_handle<> handle) {
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

void Simulation::destroy_frame_later(std::coroutine_handle<> frame) {
  bury({frame.address(), [](void* p) { std::coroutine_handle<>::from_address(p).destroy(); }});
}

void Simulation::bury(Corpse corpse) {
  dead_.push_back(corpse);
  bury_when_idle();
}

void Simulation::bury_when_idle() {
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

}  // namespace brokersim::sim
