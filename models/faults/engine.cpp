#include "models/faults/engine.h"

#include <algorithm>

#include "models/faults/names.h"
#include "sim/check.h"

namespace brokersim::faults {

namespace {

/// How often a restart that is due is tried. Assumption: a service manager or a script, ten times a second.
constexpr sim::Duration kRestartRetry = {100'000'000};

/// How long the fault stays, by its kind. Nothing: for the rest of the run.
std::optional<sim::Duration> length(const FaultConfig& fault) {
  switch (kind_of(fault.kind).stays) {
    case Stays::moment: return std::nullopt;
    case Stays::lasts: return fault.lasts;
    case Stays::restart_after: return fault.restart_after;
  }
  SIM_CHECK(false, "no such length of a fault");
}

}  // namespace

FaultEngine::FaultEngine(sim::Component& component, network::Network& network, std::vector<host::Host*> hosts,
                         const ClusterView& view, history::History& history, std::vector<FaultConfig> faults)
    : component_(component),
      resolver_(component, hosts, view),
      history_(history),
      reach_{component, network, resolver_, holds_},
      triggers_(history, [this](std::size_t index) { due(index); }) {
  SIM_CHECK(component_.process() == nullptr, "faults come from outside, so they belong to no process");
  for (FaultConfig& fault : faults) take(std::move(fault));
}

void FaultEngine::take(FaultConfig fault) {
  SIM_CHECK(names_.insert(fault.name).second, "two faults are named " + fault.name);
  SIM_CHECK(!fault.targets.empty(), fault.name + " has no target");
  if (const auto stays = length(fault)) SIM_CHECK(stays->ns >= 0, fault.name + " ends before it begins");
  RealisedFault realised;
  realised.name = fault.name;
  realised.kind = fault.kind;
  realised.target = describe(fault);
  realised.at = fault.at;
  realised_.push_back(std::move(realised));
  active_.emplace_back();
  faults_.push_back(std::move(fault));
}

void FaultEngine::start() {
  SIM_CHECK(!started_, "faults are started twice");
  started_ = true;
  for (std::size_t i = 0; i < faults_.size(); ++i) schedule(i);
}

void FaultEngine::schedule(std::size_t index) {
  const FaultConfig& fault = faults_[index];
  if (!waits(fault)) {
    component_.at(fault.at, "fault.fire", sim::bind<&FaultEngine::fire>(this, index));
    return;
  }
  if (!watching_) history_.attach(triggers_);
  watching_ = true;
  component_.at(fault.at, "fault.arm", sim::bind<&FaultEngine::arm>(this, index));
}

void FaultEngine::add(std::vector<FaultConfig> faults) {
  SIM_CHECK(started_, "faults are added before the others are started");
  for (FaultConfig& fault : faults) {
    SIM_CHECK(fault.at >= component_.now(), fault.name + " comes before the present instant");
    const std::size_t index = faults_.size();
    take(std::move(fault));
    schedule(index);
  }
}

// --- Triggers --------------------------------------------------------------------------------------------------

void FaultEngine::arm(std::uint64_t index) { triggers_.arm(index, faults_[index]); }

/// Never within the event that it waited for: somebody is in the middle of a step there.
void FaultEngine::due(std::size_t index) {
  component_.after(sim::Duration{faults_[index].number_or(kWhenDelay, 0)}, "fault.fire",
                   sim::bind<&FaultEngine::fire>(this, index));
}

bool FaultEngine::comes(std::size_t index) const {
  const auto percent = static_cast<std::uint64_t>(faults_[index].number_or(kProbability, 100));
  return percent >= 100 || component_.stream(faults_[index].name + "/comes").below(0, 100) < percent;
}

// --- Firing ----------------------------------------------------------------------------------------------------

void FaultEngine::fire(std::uint64_t index) {
  heal_what_is_due();
  if (!comes(index)) return;
  RealisedFault& realised = realised_[index];
  realised.at = component_.now();
  Active& active = active_[index];
  realised.requested = true;
  active.fired_at = component_.now();
  realised.fired = apply(index);
  record(index, false);
  if (!active.holding) return;
  if (const auto stays = length(faults_[index])) heal_after(index, *stays);
}

/// A fault that ends at this instant ends before another begins, unless it began at this instant itself.
void FaultEngine::heal_what_is_due() {
  const std::vector<std::uint64_t> candidates = healing_;
  for (const std::uint64_t index : candidates) {
    Active& active = active_[index];
    if (active.heals_at > component_.now()) continue;
    if (active.fired_at == component_.now()) continue;
    component_.cancel(active.heal_event);
    heal(index);
  }
}

/// False if nobody was found.
bool FaultEngine::apply(std::size_t index) {
  const FaultConfig& fault = faults_[index];
  RealisedFault& realised = realised_[index];
  Active& active = active_[index];
  const Victims victims = resolver_.targets(fault, held_by(fault.kind));
  if (victims.empty()) return false;
  std::string text = victims.text;
  active.effect = kind_of(fault.kind).fire(reach_, fault, victims, text);
  if (active.effect == nullptr) return false;
  active.holding = active.effect->holding();
  for (const Victim& victim : victims.list) active.hosts.push_back(victim.host);
  realised.had_effect = active.effect->had_effect();
  realised.target = std::move(text);
  return true;
}

/// Hosts that a fault of this kind has struck and not let go of.
Hosts FaultEngine::held_by(FaultKind kind) const {
  Hosts hosts;
  for (std::size_t i = 0; i < active_.size(); ++i) {
    if (active_[i].holding && faults_[i].kind == kind)
      hosts.insert(hosts.end(), active_[i].hosts.begin(), active_[i].hosts.end());
  }
  return hosts;
}

// --- Healing ---------------------------------------------------------------------------------------------------

void FaultEngine::heal_after(std::size_t index, sim::Duration delay) {
  Active& active = active_[index];
  active.heals_at = component_.now() + delay;
  active.heal_event =
      component_.at(active.heals_at, "fault.heal", sim::bind<&FaultEngine::heal>(this, index));
  healing_.push_back(index);
}

void FaultEngine::heal(std::uint64_t index) {
  Active& active = active_[index];
  SIM_CHECK(active.holding, faults_[index].name + " heals twice");
  std::erase(healing_, index);
  active.heal_event = {};
  measure(realised_[index], active);
  if (!active.effect->release()) {
    heal_after(index, kRestartRetry);
    return;
  }
  measure(realised_[index], active);  // what the healing itself did
  active.holding = false;
  realised_[index].healed_at = component_.now();
  record(index, true);
}

// --- Counting --------------------------------------------------------------------------------------------------

/// What an effect has done by now; one that has been let go of keeps what was measured then.
void FaultEngine::measure(RealisedFault& realised, const Active& active) {
  if (active.effect == nullptr || realised.healed_at.has_value()) return;
  realised.had_effect = active.effect->had_effect();
  realised.effects = active.effect->count();
}

void FaultEngine::record(std::size_t index, bool healed) {
  const RealisedFault& realised = realised_[index];
  history::FaultFired event;
  event.at = component_.now();
  event.fault = static_cast<std::int32_t>(index);
  event.kind = to_string(realised.kind);
  event.target = realised.target;
  event.fired = realised.fired;
  event.healed = healed;
  if (healed) event.effects = realised.effects;
  history_.record(event);
}

std::vector<RealisedFault> FaultEngine::realised() const {
  std::vector<RealisedFault> list = realised_;
  for (std::size_t i = 0; i < list.size(); ++i) measure(list[i], active_[i]);
  return list;
}

std::int64_t FaultEngine::requested() const {
  return std::count_if(realised_.begin(), realised_.end(),
                       [](const RealisedFault& f) { return f.requested; });
}

std::int64_t FaultEngine::fired() const {
  return std::count_if(realised_.begin(), realised_.end(), [](const RealisedFault& f) { return f.fired; });
}

std::int64_t FaultEngine::had_effect() const {
  const std::vector<RealisedFault> list = realised();
  return std::count_if(list.begin(), list.end(), [](const RealisedFault& f) { return f.had_effect; });
}

}  // namespace brokersim::faults
