#include "sim/simulation.h"

#include <algorithm>
#include <utility>

#include "sim/component.h"
#include "sim/recorder.h"

namespace brokersim::sim {

namespace {
constexpr std::uint32_t kNone = 0xFFFFFFFFu;
/// More events than this at one instant is a model that loops without letting time pass.
constexpr std::uint64_t kEventsAtInstantMax = 20'000'000;
/// More pending events than this is a model that floods the queue (about 5 GB of slots and entries).
constexpr std::size_t kPendingMax = 50'000'000;

/// True while a handler runs, false after it, also when a failed check leaves it: what its world destroys then must
/// not wait for the end of a handler that is gone.
class Running {
 public:
  explicit Running(bool& flag) : flag_(flag) { flag_ = true; }
  ~Running() { flag_ = false; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  bool& flag_;
};
}  // namespace

Simulation::Simulation(std::uint64_t seed, Recorder* recorder) : seed_(seed) {
  nodes_.reserve(1'024);
  record(recorder);
}

Simulation::~Simulation() { bury_dead(); }

EventHandle Simulation::schedule(Component& component, SimTime at, EventKind kind, Callback callback) {
  SIM_CHECK(at >= now_,
            "event " + std::string(kind.name) + " of " + component.path() + " at " + to_string(at));
  SIM_CHECK(live_ < kPendingMax, component.path() + " floods the event queue with " + kind.name);
  std::uint32_t slot = free_;
  if (slot == kNone) {
    slot = static_cast<std::uint32_t>(nodes_.size());
    nodes_.emplace_back();
  } else {
    free_ = nodes_[slot].next_free;
  }
  Node& node = nodes_[slot];
  node.callback = callback;
  node.component = &component;
  node.life = component.process() == nullptr ? kNoProcess : component.process()->life_;
  node.kind_name = kind.name;
  node.kind_hash = kind.hash;
  node.live = true;
  node.deferred = false;
  ++live_;
  if (recorder_ != nullptr) [[unlikely]]
    recorder_->on_schedule(slot);
  return push(slot, at);
}

EventHandle Simulation::push(std::uint32_t slot, SimTime at) {
  const std::uint32_t generation = nodes_[slot].generation;
  queue_.push({at.ns, sequence_++, slot, generation});
  return {slot, generation};
}

void Simulation::requeue(std::uint32_t slot) {
  nodes_[slot].deferred = false;
  push(slot, now_);  // same generation: handles stay good
}

void Simulation::release(std::uint32_t slot) {
  Node& node = nodes_[slot];
  node.live = false;
  ++node.generation;
  node.next_free = free_;
  free_ = slot;
  --live_;
}

bool Simulation::pending(EventHandle handle) const {
  return handle.slot < nodes_.size() && nodes_[handle.slot].live &&
         nodes_[handle.slot].generation == handle.generation;
}

bool Simulation::cancel(EventHandle handle) {
  if (!pending(handle)) return false;
  release(handle.slot);
  compact_if_stale();
  return true;
}

void Simulation::compact_if_stale() {
  // A paused process holds some live events outside the queue, hence the generous bound.
  if (queue_.size() < 4'096) return;
  if (queue_.size() < 3 * live_) return;
  queue_.drop_if([this](const QueueEntry& e) { return nodes_[e.slot].generation != e.generation; });
}

bool Simulation::is_void(const Node& node) const {
  return node.life != kNoProcess && lives_[node.life].state == LifeState::dead;
}

bool Simulation::step(SimTime limit) {
  while (!queue_.empty()) {
    const QueueEntry entry = queue_.top();
    Node& node = nodes_[entry.slot];
    if (node.generation != entry.generation) {
      queue_.pop();
      continue;
    }
    if (is_void(node)) {
      queue_.pop();
      release(entry.slot);
      continue;
    }
    if (entry.time_ns > limit.ns) return false;
    queue_.pop();
    if (entry.time_ns != now_.ns) {
      SIM_DCHECK(entry.time_ns > now_.ns);
      now_.ns = entry.time_ns;
      events_at_instant_ = 0;
    }
    if (node.life != kNoProcess && lives_[node.life].state == LifeState::paused) {
      node.deferred = true;
      lives_[node.life].process->deferred_.push_back(entry.slot);
      continue;
    }
    execute(entry.slot);
    return true;
  }
  return false;
}

void Simulation::execute(std::uint32_t slot) {
  const Node node = nodes_[slot];
  release(slot);
  guard_progress(node);
  current_kind_ = node.kind_name;
  current_component_ = node.component;
  fingerprint_.event(now_.ns, node.component->path_hash(), node.kind_hash);
  if (recorder_ != nullptr) [[unlikely]] {
    recorder_->on_begin(slot, fingerprint_.events() - 1, now_, node.component->path(), node.kind_name);
  }
  {
    const Running running(in_handler_);
    node.callback.function(node.callback.self, node.callback.argument);
  }
  current_component_ = nullptr;
  if (recorder_ != nullptr) [[unlikely]]
    recorder_->on_end();
  if (!dead_.empty()) bury_dead();
  if (bug_) std::rethrow_exception(bug_);
}

void Simulation::guard_progress(const Node& node) {
  if (++events_at_instant_ <= kEventsAtInstantMax) [[likely]]
    return;
  SIM_CHECK(false, node.component->path() + " loops at " + to_string(now_) + " with " + node.kind_name);
}

void Simulation::record(Recorder* recorder) {
  recorder_ = recorder;
  fingerprint_.watch_draws(recorder);
}

void Simulation::on_component(const Component& component) const {
  if (recorder_ != nullptr) recorder_->on_component(component.path_hash(), component.path());
}

void Simulation::run_until(SimTime until) {
  stopped_ = false;
  while (!stopped_ && step(until)) {
  }
  if (!stopped_ && now_ < until) {
    now_ = until;
    events_at_instant_ = 0;
  }
}

void Simulation::run_to_end(SimTime limit) {
  stopped_ = false;
  while (!stopped_ && step(limit)) {
  }
}

void Simulation::resume_now(std::coroutine_handle<> handle) {
  SIM_CHECK(in_handler_);
  next_ = handle;
  while (next_) {
    const std::coroutine_handle<> current = std::exchange(next_, nullptr);
    current.resume();
  }
}

void Simulation::destroy_frame_later(std::coroutine_handle<> frame) {
  bury({frame.address(), [](void* p) { std::coroutine_handle<>::from_address(p).destroy(); }});
}

void Simulation::bury(Corpse corpse) {
  dead_.push_back(corpse);
  if (!in_handler_) bury_dead();
}

void Simulation::bury_dead() {
  // A destructor may bury more; `in_handler_` is false but this loop is already draining.
  in_handler_ = true;
  for (std::size_t i = 0; i < dead_.size(); ++i) {
    const Corpse corpse = dead_[i];
    corpse.destroy(corpse.object);
  }
  dead_.clear();
  in_handler_ = false;
}

void Simulation::store_bug(std::exception_ptr bug) {
  if (!bug_) bug_ = std::move(bug);
}

std::string Simulation::where() const {
  std::string text = "at " + to_string(now_) + ", event " + std::to_string(fingerprint_.events());
  text += std::string(" (") + current_kind_ + ")";
  if (current_component_ != nullptr) text += " of " + current_component_->path();
  return text;
}

}  // namespace brokersim::sim
