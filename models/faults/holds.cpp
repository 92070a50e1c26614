#include "models/faults/holds.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::faults {

namespace {
constexpr std::int32_t kHealthy = 100;  // percent of the normal service time
}

void HostHolds::hold(host::Host& host) { ++holds_[host.name()]; }

bool HostHolds::release(host::Host& host) {
  std::int32_t& count = holds_[host.name()];
  SIM_CHECK(count > 0, host.name() + " is let go of more often than it was held");
  --count;
  return count == 0 && host.power_on();
}

bool PauseHolds::hold(host::Host& host, const std::string& program, Pause& pause, bool& changed) {
  if (!host.is_running(program)) return false;
  Hold& hold = holds_[{host.name(), program}];
  const std::uint64_t life = host.incarnation(program);
  if (hold.incarnation != life) hold = {life, 0};
  ++hold.count;
  changed = host.pause(program);
  pause = {&host, program, life};
  return true;
}

void PauseHolds::release(const Pause& pause) {
  Hold& hold = holds_[{pause.host->name(), pause.program}];
  if (hold.incarnation != pause.incarnation) return;
  SIM_CHECK(hold.count > 0, pause.program + " is resumed more often than it was paused");
  --hold.count;
  if (hold.count > 0) return;
  if (pause.host->incarnation(pause.program) == pause.incarnation) pause.host->resume(pause.program);
}

void DiskHolds::hold(storage::Disk& disk, std::int32_t factor_percent) {
  SIM_CHECK(factor_percent >= kHealthy, "a slow disk is not faster than a healthy one");
  std::vector<std::int32_t>& factors = factors_[disk.path()];
  factors.push_back(factor_percent);
  disk.set_slow_factor(*std::max_element(factors.begin(), factors.end()));
}

void DiskHolds::release(storage::Disk& disk, std::int32_t factor_percent) {
  std::vector<std::int32_t>& factors = factors_[disk.path()];
  const auto found = std::find(factors.begin(), factors.end(), factor_percent);
  SIM_CHECK(found != factors.end(), disk.path() + " is let go of by a fault that did not slow it");
  factors.erase(found);
  disk.set_slow_factor(factors.empty() ? kHealthy : *std::max_element(factors.begin(), factors.end()));
}

void CpuHolds::slow(host::Host& host, std::int32_t factor_percent) {
  std::vector<std::int32_t>& factors = holds_[host.name()].factors;
  factors.push_back(factor_percent);
  host.cpu().set_slow_factor(*std::max_element(factors.begin(), factors.end()));
}

void CpuHolds::release_slow(host::Host& host, std::int32_t factor_percent) {
  std::vector<std::int32_t>& factors = holds_[host.name()].factors;
  const auto found = std::find(factors.begin(), factors.end(), factor_percent);
  SIM_CHECK(found != factors.end(), host.name() + " is let go of by a fault that did not slow it");
  factors.erase(found);
  host.cpu().set_slow_factor(factors.empty() ? kHealthy : *std::max_element(factors.begin(), factors.end()));
}

void CpuHolds::add_neighbours(host::Host& host, std::int32_t threads) {
  std::int32_t& all = holds_[host.name()].neighbours;
  all += threads;
  SIM_CHECK(all >= 0, host.name() + " loses neighbours that it never had");
  host.cpu().set_neighbours(all);
}

void CpuHolds::add_lost_cores(host::Host& host, std::int32_t cores) {
  std::int32_t& all = holds_[host.name()].lost_cores;
  all += cores;
  SIM_CHECK(all >= 0, host.name() + " gets back cores that it never lost");
  host.cpu().set_lost_cores(all);
}

std::int32_t StallHolds::add(const host::Host& host, std::uint64_t incarnation, const std::string& pool,
                             std::int32_t threads) {
  Hold& hold = holds_[{host.name(), pool}];
  if (hold.incarnation != incarnation) hold = {incarnation, 0};
  hold.threads += threads;
  SIM_CHECK(hold.threads >= 0, host.name() + " wakes threads that were never stalled");
  return hold.threads;
}

}  // namespace brokersim::faults
