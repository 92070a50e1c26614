#include "models/faults/resolve.h"

#include <algorithm>

#include "models/faults/names.h"
#include "sim/check.h"

namespace brokersim::faults {

namespace {

/// Hosts named one by one in a text, before "and n more".
constexpr std::size_t kNamedHosts = 6;

void say(Victims& victims, const std::string& what) {
  if (!victims.text.empty()) victims.text += ", ";
  victims.text += what;
}

std::string list_hosts(const std::vector<std::string>& names) {
  std::string text = names.size() == 1 ? "host " : "hosts ";
  for (std::size_t i = 0; i < names.size() && i < kNamedHosts; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kNamedHosts) text += " and " + std::to_string(names.size() - kNamedHosts) + " more";
  return text;
}

void add(Victims& victims, host::Host& host, const std::vector<std::string>& programs) {
  for (Victim& victim : victims.list) {
    if (victim.host != &host) continue;
    for (const std::string& program : programs) {
      if (std::find(victim.programs.begin(), victim.programs.end(), program) == victim.programs.end()) {
        victim.programs.push_back(program);
      }
    }
    return;
  }
  victims.list.push_back({&host, programs});
}

bool selects(const Target& target, const host::HostConfig& host) {
  switch (target.by) {
    case Target::By::host: return host.name == target.name;
    case Target::By::host_group: return host.group == target.name;
    case Target::By::zone: return host.zone == target.name;
    case Target::By::power_domain:
      return (host.power_domain.empty() ? host.zone : host.power_domain) == target.name;
    default: return false;
  }
}

}  // namespace

bool Victims::holds(const host::Host& host) const {
  return std::any_of(list.begin(), list.end(), [&](const Victim& victim) { return victim.host == &host; });
}

Resolver::Resolver(const sim::Component& component, const std::vector<host::Host*>& hosts,
                   const ClusterView& view)
    : component_(component), hosts_(hosts), view_(view) {
  for (host::Host* host : hosts_) {
    SIM_CHECK(host != nullptr);
    const bool added = by_name_.emplace(host->name(), host).second;
    SIM_CHECK(added, "two hosts are named " + host->name());
  }
}

Victims Resolver::targets(const FaultConfig& fault, const Hosts& busy) const {
  return resolve(fault, fault.targets, "targets", nullptr, busy);
}

Victims Resolver::others(const FaultConfig& fault, const Victims& first) const {
  if (!fault.others.empty()) return resolve(fault, fault.others, "others", &first, {});
  Victims rest;
  rest.text = "everybody else";
  for (host::Host* host : hosts_) {
    if (!first.holds(*host)) rest.list.push_back({host, {}});
  }
  return rest;
}

Victims Resolver::resolve(const FaultConfig& fault, const std::vector<Target>& targets, std::string_view side,
                          const Victims* taken, const Hosts& busy) const {
  Victims victims;
  const sim::Stream draws = component_.stream(fault.name + "/" + std::string(side));
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const Target& target = targets[i];
    // Who is all of side one is nobody of side two: nothing is cut from itself, and the story shall not say so.
    if (taken != nullptr && taken->list.size() == 1 && is_only(target, *taken->list.front().host)) continue;
    switch (target.by) {
      case Target::By::host:
      case Target::By::host_group:
      case Target::By::zone:
      case Target::By::power_domain: add_hosts(victims, target); break;
      case Target::By::broker: add_broker(victims, target, target.number); break;
      case Target::By::leader_of:
        add_broker(victims, target, view_.leader_of(target.system, target.name, target.number));
        break;
      case Target::By::follower_of: {
        std::vector<std::int32_t> followers = view_.isr_of(target.system, target.name, target.number);
        std::erase(followers, view_.leader_of(target.system, target.name, target.number));
        followers = worth_striking(target, busy, std::move(followers));
        add_broker(victims, target, draw(target, std::move(followers), draws, i, victims, taken));
        break;
      }
      case Target::By::random_broker:
        add_broker(victims, target,
                   draw(target, view_.live_brokers(target.system), draws, i, victims, taken));
        break;
      case Target::By::controller:
        if (const auto process = view_.active_controller(target.system)) {
          add_process(victims, *process);
          say(victims, "controller on host " + process->host);
        }
        break;
      case Target::By::controller_follower: add_follower(victims, target, draws, i, taken); break;
      case Target::By::workload: add_workload(victims, target); break;
    }
  }
  return victims;
}

std::vector<std::int32_t> Resolver::worth_striking(const Target& target, const Hosts& busy,
                                                   std::vector<std::int32_t> followers) const {
  std::vector<std::int32_t> worth;
  for (const std::int32_t id : followers) {
    const auto process = view_.broker(target.system, id);
    if (!process) continue;
    const host::Host* const host = host_named(process->host);
    const bool held = std::find(busy.begin(), busy.end(), host) != busy.end();
    if (!held && host->is_running(process->program)) worth.push_back(id);
  }
  return worth.empty() ? std::move(followers) : worth;
}

bool Resolver::is_only(const Target& target, const host::Host& host) const {
  std::int32_t id = -1;
  if (target.by == Target::By::host) return target.name == host.name();
  if (target.by == Target::By::broker) id = target.number;
  if (target.by == Target::By::leader_of) id = view_.leader_of(target.system, target.name, target.number);
  const auto process = id < 0 ? std::nullopt : view_.broker(target.system, id);
  return process && process->host == host.name();
}

std::int32_t Resolver::draw(const Target& target, std::vector<std::int32_t> candidates,
                            const sim::Stream& draws, std::uint64_t position, const Victims& victims,
                            const Victims* taken) const {
  std::erase_if(candidates, [&](std::int32_t id) {
    const auto process = view_.broker(target.system, id);
    if (!process) return true;
    const host::Host& host = *host_named(process->host);
    return victims.holds(host) || (taken != nullptr && taken->holds(host));
  });
  if (candidates.empty()) return -1;
  return candidates[draws.below(position, candidates.size())];
}

void Resolver::add_broker(Victims& victims, const Target& target, std::int32_t id) const {
  if (id < 0) return;
  const auto process = view_.broker(target.system, id);
  if (!process) return;
  add_process(victims, *process);
  std::string text = "broker " + std::to_string(id) + " on host " + process->host;
  if (target.by == Target::By::random_broker) {
    text += " (drawn)";
  } else if (target.by != Target::By::broker) {
    text += " (" + describe(target) + ")";
  }
  say(victims, text);
}

void Resolver::add_follower(Victims& victims, const Target& target, const sim::Stream& draws,
                            std::uint64_t position, const Victims* taken) const {
  std::vector<ProcessRef> candidates = view_.controller_followers(target.system);
  std::erase_if(candidates, [&](const ProcessRef& process) {
    const host::Host& host = *host_named(process.host);
    return victims.holds(host) || (taken != nullptr && taken->holds(host));
  });
  if (candidates.empty()) return;
  const ProcessRef& drawn = candidates[draws.below(position, candidates.size())];
  add_process(victims, drawn);
  say(victims, "controller on host " + drawn.host + " (" + describe(target) + ")");
}

void Resolver::add_hosts(Victims& victims, const Target& target) const {
  std::vector<std::string> names;
  for (host::Host* host : hosts_) {
    if (!selects(target, host->config())) continue;
    add(victims, *host, host->names());
    names.push_back(host->name());
  }
  if (names.empty()) return;
  say(victims,
      target.by == Target::By::host ? describe(target) : list_hosts(names) + " (" + describe(target) + ")");
}

void Resolver::add_workload(Victims& victims, const Target& target) const {
  std::vector<std::string> names;
  for (const ProcessRef& process : view_.workload(target.name)) {
    add_process(victims, process);
    if (std::find(names.begin(), names.end(), process.host) == names.end()) names.push_back(process.host);
  }
  if (!names.empty()) say(victims, list_hosts(names) + " (" + describe(target) + ")");
}

void Resolver::add_process(Victims& victims, const ProcessRef& process) const {
  std::vector<std::string> programs{process.program};
  if (!process.together_with.empty()) programs.push_back(process.together_with);
  add(victims, *host_named(process.host), programs);
}

host::Host* Resolver::host_named(const std::string& name) const {
  const auto found = by_name_.find(name);
  SIM_CHECK(found != by_name_.end(), "the view names a host that does not exist: " + name);
  return found->second;
}

}  // namespace brokersim::faults
