#include "models/faults/engine.h"

#include <algorithm>
#include <set>

#include "models/devices/storage/disk.h"
#include "models/faults/names.h"
#include "sim/check.h"

namespace brokersim::faults {

namespace {

/// How often a restart that is due is tried. Assumption: a service manager or a script, ten times a second.
constexpr sim::Duration kRestartRetry = {100'000'000};

/// How long the fault stays, by its kind.
std::optional<sim::Duration> length(const FaultConfig& fault) {
  switch (fault.kind) {
    case FaultKind::kill_process:
    case FaultKind::controlled_shutdown:
    case FaultKind::power_loss:
    case FaultKind::kernel_panic: return fault.restart_after;
    case FaultKind::pause_process:
    case FaultKind::partition:
    case FaultKind::slow_disk: return fault.lasts;
  }
  SIM_CHECK(false, "no such kind of fault");
}

}  // namespace

FaultEngine::FaultEngine(sim::Component& component, network::Network& network, std::vector<host::Host*> hosts,
                         const ClusterView& view, history::History& history, std::vector<FaultConfig> faults)
    : component_(component),
      network_(network),
      resolver_(component, hosts, view),
      history_(history),
      faults_(std::move(faults)),
      active_(faults_.size()) {
  SIM_CHECK(component_.process() == nullptr, "faults come from outside, so they belong to no process");
  std::set<std::string> names;
  for (const FaultConfig& fault : faults_) {
    SIM_CHECK(names.insert(fault.name).second, "two faults are named " + fault.name);
    SIM_CHECK(!fault.targets.empty(), fault.name + " has no target");
    if (const auto stays = length(fault)) SIM_CHECK(stays->ns >= 0, fault.name + " ends before it begins");
    RealisedFault realised;
    realised.name = fault.name;
    realised.kind = fault.kind;
    realised.target = describe(fault);
    realised.at = fault.at;
    realised_.push_back(std::move(realised));
  }
}

void FaultEngine::start() {
  SIM_CHECK(!started_, "faults are started twice");
  started_ = true;
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    component_.at(faults_[i].at, "fault.fire", sim::bind<&FaultEngine::fire>(this, i));
  }
}

// --- Firing ----------------------------------------------------------------------------------------------------

void FaultEngine::fire(std::uint64_t index) {
  heal_what_is_due();
  RealisedFault& realised = realised_[index];
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
  const Victims victims = resolver_.targets(fault);
  if (victims.empty()) return false;
  std::string text = victims.text;
  switch (fault.kind) {
    case FaultKind::kill_process: realised.had_effect = kill(active, victims); break;
    case FaultKind::controlled_shutdown: realised.had_effect = shut_down(active, victims); break;
    case FaultKind::power_loss:
    case FaultKind::kernel_panic: realised.had_effect = take_down(fault.kind, active, victims); break;
    case FaultKind::pause_process: realised.had_effect = pause(active, victims); break;
    case FaultKind::slow_disk: slow_down(active, victims, fault.factor_percent); break;
    case FaultKind::partition: {
      const Victims others = resolver_.others(fault, victims);
      if (fault.shape != PartitionShape::one_way_in) add_cuts(active, victims, others);
      if (fault.shape != PartitionShape::one_way) add_cuts(active, others, victims);
      if (active.cuts.empty()) return false;
      text += std::string(arrow(fault.shape)) + others.text;
      realised.had_effect = cut(active);
    }
  }
  realised.target = std::move(text);
  return true;
}

bool FaultEngine::kill(Active& active, const Victims& victims) {
  for (const Victim& victim : victims.list) {
    for (const std::string& program : victim.programs) {
      const std::uint64_t life = victim.host->incarnation(program);
      if (victim.host->kill(program)) active.deaths.push_back({victim.host, program, life});
    }
  }
  active.holding = !active.deaths.empty();
  return active.holding;
}

bool FaultEngine::shut_down(Active& active, const Victims& victims) {
  for (const Victim& victim : victims.list) {
    for (const std::string& program : victim.programs) {
      const std::uint64_t life = victim.host->incarnation(program);
      std::uint64_t& asked = terminated_[{victim.host->name(), program}];
      if (asked == life) continue;  // never ran, or is on its way out already
      if (!victim.host->terminate(program)) continue;
      asked = life;
      active.deaths.push_back({victim.host, program, life});
    }
  }
  active.holding = !active.deaths.empty();
  return active.holding;
}

bool FaultEngine::take_down(FaultKind kind, Active& active, const Victims& victims) {
  bool effect = false;
  for (const Victim& victim : victims.list) {
    const bool went_down =
        kind == FaultKind::power_loss ? victim.host->power_off() : victim.host->kernel_panic();
    effect |= went_down;
    // A host that is off already cannot panic, but it can be without mains.
    if (!went_down && kind == FaultKind::kernel_panic) continue;
    host_holds_.hold(*victim.host);
    active.dark.push_back(victim.host);
  }
  active.holding = !active.dark.empty();
  return effect;
}

bool FaultEngine::pause(Active& active, const Victims& victims) {
  bool effect = false;
  for (const Victim& victim : victims.list) {
    for (const std::string& program : victim.programs) {
      Pause pause;
      bool changed = false;
      if (!pause_holds_.hold(*victim.host, program, pause, changed)) continue;
      effect |= changed;
      active.pauses.push_back(std::move(pause));
    }
  }
  active.holding = !active.pauses.empty();
  return effect;
}

void FaultEngine::add_cuts(Active& active, const Victims& from, const Victims& to) const {
  for (const Victim& a : from.list) {
    for (const Victim& b : to.list) {
      if (a.host == b.host) continue;
      active.cuts.push_back({a.host->id(), b.host->id()});
    }
  }
}

bool FaultEngine::cut(Active& active) {
  bool effect = false;
  for (const HostPair& pair : active.cuts) {
    effect |= !network_.is_cut(pair.from, pair.to);
    network_.cut(pair.from, pair.to);
  }
  active.holding = true;
  return effect;
}

void FaultEngine::slow_down(Active& active, const Victims& victims, std::int32_t factor_percent) {
  for (const Victim& victim : victims.list) {
    for (std::size_t i = 0; i < victim.host->file_systems(); ++i) {
      storage::Disk& disk = victim.host->disk(i);
      disk_holds_.hold(disk, factor_percent);
      active.slow.push_back(&disk);
    }
  }
  active.ios_before = ios(active);
  active.holding = true;
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
  if (!active.deaths.empty() && !restart(active)) {
    heal_after(index, kRestartRetry);
    return;
  }
  release(index);
  active.holding = false;
  realised_[index].healed_at = component_.now();
  record(index, true);
}

/// True when nothing is left to start: every program has begun a new life, by this fault or otherwise.
bool FaultEngine::restart(Active& active) {
  std::erase_if(active.deaths, [](const Death& death) {
    if (death.host->incarnation(death.program) != death.incarnation) return true;
    return death.host->start(death.program);
  });
  return active.deaths.empty();
}

void FaultEngine::release(std::size_t index) {
  Active& active = active_[index];
  count_ios(realised_[index], active);
  for (host::Host* host : active.dark) static_cast<void>(host_holds_.release(*host));
  for (const Pause& pause : active.pauses) pause_holds_.release(pause);
  for (const HostPair& pair : active.cuts) network_.heal(pair.from, pair.to);
  for (storage::Disk* disk : active.slow) disk_holds_.release(*disk, faults_[index].factor_percent);
}

// --- Counting --------------------------------------------------------------------------------------------------

std::int64_t FaultEngine::ios(const Active& active) {
  std::int64_t sum = 0;
  for (const storage::Disk* disk : active.slow) {
    const storage::DiskCounters& counters = disk->counters();
    sum += counters.reads + counters.writes + counters.flushes;
  }
  return sum;
}

void FaultEngine::count_ios(RealisedFault& realised, const Active& active) const {
  if (realised.kind != FaultKind::slow_disk || !active.holding) return;
  realised.effects = ios(active) - active.ios_before;
  realised.had_effect = realised.effects > 0;
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
  for (std::size_t i = 0; i < list.size(); ++i) count_ios(list[i], active_[i]);
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
