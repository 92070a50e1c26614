#include "sim/component.h"

#include <utility>

#include "sim/task.h"

namespace brokersim::sim {

Process::Process(Simulation& sim, std::string path)
    : sim_(sim), path_(std::move(path)), life_(static_cast<std::uint32_t>(sim.lives_.size())) {
  sim_.lives_.push_back(Simulation::LifeState::running);
  sim_.processes_.push_back(this);
}

Process::~Process() {
  if (alive_) end_life();
  sim_.processes_[life_] = nullptr;
}

void Process::kill() {
  if (!alive_) return;
  end_life();
  sim_.drop_events_of_dead();
  sim_.some_died_ = sim_.in_handler_;  // what the handler still schedules
}

void Process::end_life() {
  alive_ = false;
  paused_ = false;
  deferred_ = {};
  sim_.tell_death(life_);
  // The branches leave the list here: what destroys their frames must not come back to a process that is gone.
  std::vector<detail::Branch*> branches = std::exchange(branches_, {});
  std::erase(branches, nullptr);
  gaps_ = 0;
  tasks_ = 0;
  for (detail::Branch* branch : branches) branch->listed = false;
  // The tasks of joins go before those who wait for them, which began earlier.
  const auto destroy = [](void* branch) { detail::destroy_frames(*static_cast<detail::Branch*>(branch)); };
  for (std::size_t i = branches.size(); i-- > 0;) {
    if (branches[i]->owned) sim_.dead_.push_back({branches[i], destroy});
  }
  for (detail::Branch* branch : branches) {
    if (!branch->owned) sim_.dead_.push_back({branch, destroy});
  }
  sim_.bury_when_idle();
}

void Process::pause() {
  if (!alive_ || paused_) return;
  paused_ = true;
  sim_.lives_[life_] = Simulation::LifeState::paused;
}

void Process::set_timer_drift(std::int64_t ppb) {
  SIM_CHECK(ppb <= 100'000'000, path_ + " has timers that are fast by more than a tenth");
  SIM_CHECK(ppb >= -100'000'000, path_ + " has timers that are slow by more than a tenth");
  timer_drift_ = ppb;
  if (ppb != 0) sim_.timers_drift_ = true;
}

Duration Process::drifted(Duration asked) const {
  constexpr std::int64_t kBillion = 1'000'000'000;
  const __int128 length = static_cast<__int128>(asked.ns) * kBillion / (kBillion + timer_drift_);
  return length > Duration::max().ns ? Duration::max() : Duration{static_cast<std::int64_t>(length)};
}

void Process::resume() {
  if (!alive_ || !paused_) return;
  paused_ = false;
  sim_.lives_[life_] = Simulation::LifeState::running;
  const std::vector<std::uint32_t> deferred = std::exchange(deferred_, {});
  for (std::size_t i = 0; i < deferred.size(); ++i) {
    // A slot that was cancelled or moved while waiting may serve another event now.
    const Simulation::Node& node = sim_.nodes_[deferred[i]];
    if (node.life == life_ && node.state == (Simulation::Node::kDeferred | i)) sim_.requeue(deferred[i]);
  }
}

void Process::adopt(detail::Branch& branch) {
  if (branches_.size() == branches_.capacity() && 8 * gaps_ >= branches_.size()) close_gaps();
  branch.listed = true;
  branch.place = static_cast<std::uint32_t>(branches_.size());
  branches_.push_back(&branch);
  if (!branch.owned) ++tasks_;
}

void Process::forget(detail::Branch& branch) {
  SIM_DCHECK(branches_[branch.place] == &branch);
  branches_[branch.place] = nullptr;
  branch.listed = false;
  if (!branch.owned) --tasks_;
  ++gaps_;
  for (; !branches_.empty() && branches_.back() == nullptr; branches_.pop_back()) --gaps_;
}

/// Instead of a longer list, if an eighth has ended: so at most seven branches move for each that ends.
void Process::close_gaps() {
  std::uint32_t place = 0;
  for (std::uint32_t i = 0; i < branches_.size(); ++i) {
    if (branches_[i] == nullptr) continue;
    if (place != i) {
      branches_[place] = branches_[i];
      branches_[place]->place = place;
    }
    ++place;
  }
  branches_.resize(place);
  gaps_ = 0;
}

Component::Component(Simulation& sim, std::string path)
    : sim_(sim), path_hash_(hash_name(path)), path_(std::move(path)) {
  sim_.on_component(*this);
}

Component::Component(Process& process, std::string path)
    : sim_(process.sim()),
      process_(&process),
      path_hash_(hash_name(path)),
      life_(process.life_),
      path_(std::move(path)) {
  sim_.on_component(*this);
}

Stream Component::stream(std::string_view purpose) const {
  return {sim_.fingerprint(), sim_.seed(), path_hash_, purpose};
}

void Component::spawn(Task<void> task) {
  SIM_CHECK(process_ != nullptr, path_ + " has no process to own a task");
  SIM_CHECK(process_->alive(), path_ + " spawns a task in a dead process");
  detail::start_root(*this, std::move(task));
}

Completion::Completion(Component& owner, Callback callback)
    : sim_(&owner.sim()), owner_(&owner), life_(owner.life_), callback_(callback) {}

bool Completion::alive() const {
  if (sim_ == nullptr) return false;
  return life_ == Simulation::kNoProcess || sim_->lives_[life_] != Simulation::LifeState::dead;
}

void Completion::fire(EventKind kind) const { fire(kind, callback_.argument); }

void Completion::fire(EventKind kind, std::uint64_t argument) const {
  if (!alive()) return;
  owner_->at(sim_->now(), kind, {callback_.function, callback_.self, argument});
}

}  // namespace brokersim::sim
