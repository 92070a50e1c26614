// What a simulation says of itself when a model misbehaves: who loops, who floods, who waits for what, where it is.
#include <algorithm>
#include <map>
#include <utility>

#include "sim/component.h"
#include "sim/simulation.h"
#include "sim/wait.h"

namespace brokersim::sim {

namespace {
/// How many events past the limit at one instant are looked at to say who loops.
constexpr std::uint64_t kLoopersSeen = 64;
}  // namespace

void Simulation::loops(const Node& node) {
  const std::string name = node.component->path() + " with " + node.kind_name;
  if (std::find(loopers_.begin(), loopers_.end(), name) == loopers_.end()) loopers_.push_back(name);
  if (events_at_instant_ < limits_.events_at_instant + std::min(kLoopersSeen, limits_.events_at_instant))
    return;
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
    if (lives_[node.life] == LifeState::dead) continue;  // its component may be gone
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

std::vector<WaitingTask> Simulation::waiting() const {
  std::vector<WaitingTask> tasks;
  for (const Process* process : processes_) {
    if (process == nullptr) continue;
    for (const detail::Branch* b : process->branches_) {
      if (b == nullptr || !b->waits()) continue;
      tasks.push_back({process->path(), b->component->path(), b->waiting->name(), b->waiting->since()});
    }
  }
  return tasks;
}

void Simulation::check_not_stuck() const {
  if (pending_events() > 0) return;
  std::string text;
  for (const Process* process : processes_) {
    if (process == nullptr || !process->alive() || process->paused()) continue;
    for (const detail::Branch* b : process->branches_) {
      if (b == nullptr || !b->waits()) continue;
      text += "\n  " + b->component->path() + " of " + process->path() + " waits for " + b->waiting->name() +
              " since " + to_string(b->waiting->since());
    }
  }
  SIM_CHECK(text.empty(), "the simulation is stuck at " + to_string(now_) + ", no event is pending:" + text);
}

std::string Simulation::where() const {
  std::string text = "at " + to_string(now_) + ", event " + std::to_string(fingerprint_.events());
  text += std::string(" (") + current_kind_ + ")";
  if (current_component_ != nullptr) text += " of " + current_component_->path();
  return text;
}

}  // namespace brokersim::sim
