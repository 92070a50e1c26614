#include "models/devices/compute/cpu.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"

namespace brokersim::compute {

Cpu::Cpu(sim::Simulation& sim, std::string path, const CpuConfig& config)
    : component_(sim, std::move(path)), config_(config), last_(sim.now()) {
  SIM_CHECK(config.cores > 0, component_.path() + " has no core");
  SIM_CHECK(config.speed_percent > 0, component_.path() + " needs a speed");
  SIM_CHECK(config.threads_per_core > 0, component_.path() + " has cores without a hardware thread");
  SIM_CHECK(config.smt_gain_percent >= 0, component_.path() + " loses throughput by hyperthreading");
  SIM_CHECK(config.smt_gain_percent <= 100, component_.path() + " has siblings faster than cores");
  SIM_CHECK(config.steal_percent >= 0, component_.path() + " is given time by a hypervisor");
  SIM_CHECK(config.steal_percent <= 95, component_.path() + " is robbed of all its time");
  SIM_CHECK(config.quota_percent >= 0, component_.path() + " has a negative quota");
  SIM_CHECK(config.quota_period.ns > 0, component_.path() + " has a quota without a period");
  update_rate();
}

sim::Duration Cpu::scaled(sim::Duration cost) const {
  if (config_.speed_percent == 100) return cost;
  const auto product = static_cast<__int128>(cost.ns) * 100;
  return {static_cast<std::int64_t>((product + config_.speed_percent - 1) / config_.speed_percent)};
}

// --- Virtual time ----------------------------------------------------------------------------------------------

/// What each of `threads` gets, in parts of kOne.
std::int64_t Cpu::share(std::int64_t threads) const {
  const std::int64_t physical = std::max<std::int64_t>(cores() / config_.threads_per_core, 1);
  if (threads <= physical) return kOne;
  const std::int64_t siblings = std::min(threads, cores()) - physical;
  std::int64_t capacity = physical * kOne;
  if (siblings > 0 && config_.threads_per_core > 1)
    capacity += siblings * kOne * config_.smt_gain_percent / (100 * (config_.threads_per_core - 1));
  return capacity / threads;
}

void Cpu::update_rate() {
  std::int64_t rate = 0;
  if (!throttled_) {
    rate = share(running() + neighbours_);
    if (config_.steal_percent > 0) rate = rate * (100 - config_.steal_percent) / 100;
    if (slow_factor_ > 100) rate = rate * 100 / slow_factor_;
    rate = std::max<std::int64_t>(rate, 1);
  }
  rate_ = rate;
}

void Cpu::advance() {
  const std::int64_t elapsed = (component_.now() - last_).ns;
  if (elapsed == 0) return;
  const sim::SimTime before = std::exchange(last_, component_.now());
  if (config_.quota_percent > 0) {
    const std::int64_t period = config_.quota_period.ns;
    if (before.ns / period != last_.ns / period) used_ = 0;
    used_ += std::min(elapsed, last_.ns % period) * used_per_ns();
  }
  if (heap_.empty()) return;  // an idle time of days does not count, nor overflow
  const auto step = static_cast<std::uint64_t>(elapsed * rate_);
  virtual_time_ += step;
  work_units_ += step * heap_.size();
  work_ns_ += static_cast<std::int64_t>(work_units_ / kOne);
  work_units_ %= kOne;
}

sim::Duration Cpu::work_done() const {
  const std::int64_t elapsed = (component_.now() - last_).ns;
  return {work_ns_ + elapsed * rate_ * running() / kOne};
}

/// Gives the first to end an event at its end, if it has none or a later one. One that comes too early is moved when it
/// comes.
void Cpu::arm() {
  if (heap_.empty() || rate_ == 0) return;
  const std::uint32_t slot = heap_.front();
  Job& job = jobs_[slot];
  const auto distance = static_cast<std::int64_t>(job.end - virtual_time_);
  const sim::SimTime at =
      component_.now() + sim::Duration{distance <= 0 ? 0 : (distance + rate_ - 1) / rate_};
  if (job.event_at <= at) return;
  if (job.event_at != sim::SimTime::max()) component_.cancel(job.event);
  job.event_at = at;
  job.event = job.owner->at(at, "cpu.done", sim::bind<&Cpu::on_event>(this, slot));
}

/// After any change of who runs or how fast.
void Cpu::changed() {
  update_rate();
  arm();
  if (config_.quota_percent > 0) watch_quota();
}

void Cpu::on_event(std::uint64_t index) {
  const auto slot = static_cast<std::uint32_t>(index);
  advance();
  Job& job = jobs_[slot];
  job.event = {};
  job.event_at = sim::SimTime::max();
  if (job.position == kNowhere || static_cast<std::int64_t>(job.end - virtual_time_) > 0) {
    arm();  // the rate has fallen since, or it surfaced late in a process that was stopped
    return;
  }
  const sim::Callback done = job.done;
  leave(slot);
  free(slot);
  changed();
  done.function(done.self, done.argument);
}

// --- Work ------------------------------------------------------------------------------------------------------

Cpu::Work Cpu::run(sim::Component& owner, sim::Duration cost, sim::Callback done) {
  SIM_CHECK(cost.ns >= 0, owner.path() + " computes for a negative time");
  advance();
  std::uint32_t slot = static_cast<std::uint32_t>(jobs_.size());
  if (free_.empty()) {
    jobs_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Job& job = jobs_[slot];
  job.in_use = true;
  job.owner = &owner;
  job.done = done;
  job.order = order_++;
  job.end = virtual_time_ + static_cast<std::uint64_t>(scaled(cost).ns) * kOne;
  const std::uint32_t generation = job.generation;
  enter(slot);
  changed();
  ++begun_;
  if (rate_ < kOne) ++contended_;
  return {slot, generation};
}

const Cpu::Job* Cpu::find(Work work) const {
  if (work.slot >= jobs_.size()) return nullptr;
  const Job& job = jobs_[work.slot];
  return job.in_use && job.generation == work.generation ? &job : nullptr;
}

void Cpu::abandon(Work work) {
  const Job* job = find(work);
  if (job == nullptr) return;
  advance();
  // Whoever is next is armed at the next change; forget() has done it already when a process died.
  if (job->position != kNowhere) leave(work.slot);
  free(work.slot);
  update_rate();
}

sim::Duration Cpu::left(Work work) const {
  const Job* job = find(work);
  if (job == nullptr || rate_ == 0) return {};
  const std::int64_t elapsed = (component_.now() - last_).ns;
  const std::int64_t distance = job->position == kNowhere
                                    ? static_cast<std::int64_t>(job->end)
                                    : static_cast<std::int64_t>(job->end - virtual_time_) - elapsed * rate_;
  return {distance <= 0 ? 0 : (distance + rate_ - 1) / rate_};
}

// --- Processes -------------------------------------------------------------------------------------------------

void Cpu::stop(const sim::Process& process) {
  advance();
  for (std::uint32_t slot = 0; slot < jobs_.size(); ++slot) {
    Job& job = jobs_[slot];
    if (!job.in_use || job.position == kNowhere || job.owner->process() != &process) continue;
    leave(slot);
    job.end = static_cast<std::int64_t>(job.end - virtual_time_) > 0 ? job.end - virtual_time_ : 0;
    if (job.event_at != sim::SimTime::max()) component_.cancel(job.event);
    job.event_at = sim::SimTime::max();
  }
  changed();
}

void Cpu::resume(const sim::Process& process) {
  advance();
  for (std::uint32_t slot = 0; slot < jobs_.size(); ++slot) {
    Job& job = jobs_[slot];
    if (!job.in_use || job.position != kNowhere || job.owner->process() != &process) continue;
    job.end += virtual_time_;
    enter(slot);
  }
  changed();
}

void Cpu::forget(const sim::Process& process) {
  advance();
  for (std::uint32_t slot = 0; slot < jobs_.size(); ++slot) {
    Job& job = jobs_[slot];
    if (!job.in_use || job.owner->process() != &process) continue;
    if (job.position != kNowhere) leave(slot);
    free(slot);
  }
  changed();
}

// --- Others ----------------------------------------------------------------------------------------------------

void Cpu::set_slow_factor(std::int32_t percent) {
  SIM_CHECK(percent >= 100, component_.path() + " cannot be slowed down to more than its speed");
  advance();
  slow_factor_ = percent;
  changed();
}

void Cpu::set_neighbours(std::int32_t threads) {
  SIM_CHECK(threads >= 0);
  advance();
  neighbours_ = threads;
  changed();
}

void Cpu::set_lost_cores(std::int32_t cores) {
  SIM_CHECK(cores >= 0);
  advance();
  lost_cores_ = std::min(cores, config_.cores - 1);
  changed();
}

// --- Quota -----------------------------------------------------------------------------------------------------

/// CPU time that the host's threads use in a nanosecond, in 2^-20 ns: a thread on a hardware thread of its own uses
/// all of its time, whatever it gets done in it.
std::int64_t Cpu::used_per_ns() const {
  if (throttled_) return 0;
  const std::int64_t all = running() + neighbours_;
  return all <= cores() ? running() * kOne : cores() * kOne * running() / all;
}

/// Looks again when the time could be used up, or when the period ends.
void Cpu::watch_quota() {
  if (throttled_ || heap_.empty()) return;
  const std::int64_t period = config_.quota_period.ns;
  const sim::SimTime period_end{(component_.now().ns / period + 1) * period};
  const std::int64_t allowed = period * config_.quota_percent / 100 * kOne;
  const std::int64_t per_ns = used_per_ns();
  const std::int64_t left = std::max<std::int64_t>((allowed - used_ + per_ns - 1) / per_ns, 0);
  const sim::SimTime at = std::min(component_.now() + sim::Duration{left}, period_end);
  if (quota_at_ <= at) return;
  component_.cancel(quota_event_);
  quota_at_ = at;
  quota_event_ = component_.at(at, "cpu.quota", sim::bind<&Cpu::on_quota>(this));
}

void Cpu::on_quota() {
  quota_event_ = {};
  quota_at_ = sim::SimTime::max();
  advance();
  const std::int64_t period = config_.quota_period.ns;
  const std::int64_t allowed = period * config_.quota_percent / 100 * kOne;
  if (throttled_) {
    throttled_ = false;
    used_ = 0;
  } else if (used_ >= allowed && component_.now().ns % period != 0) {
    throttled_ = true;
    ++throttles_;
    quota_at_ = {(component_.now().ns / period + 1) * period};
    quota_event_ = component_.at(quota_at_, "cpu.quota", sim::bind<&Cpu::on_quota>(this));
    for (const std::uint32_t slot : heap_) {
      Job& job = jobs_[slot];
      if (job.event_at == sim::SimTime::max()) continue;
      component_.cancel(job.event);
      job.event_at = sim::SimTime::max();
    }
  }
  changed();
}

// --- Heap ------------------------------------------------------------------------------------------------------

bool Cpu::before(std::uint32_t a, std::uint32_t b) const {
  const auto distance = static_cast<std::int64_t>(jobs_[a].end - jobs_[b].end);
  return distance != 0 ? distance < 0 : jobs_[a].order < jobs_[b].order;
}

void Cpu::place(std::size_t position, std::uint32_t slot) {
  heap_[position] = slot;
  jobs_[slot].position = static_cast<std::uint32_t>(position);
}

void Cpu::sift_up(std::size_t position) {
  const std::uint32_t slot = heap_[position];
  while (position > 0) {
    const std::size_t parent = (position - 1) / 2;
    if (!before(slot, heap_[parent])) break;
    place(position, heap_[parent]);
    position = parent;
  }
  place(position, slot);
}

void Cpu::sift_down(std::size_t position) {
  const std::uint32_t slot = heap_[position];
  for (;;) {
    std::size_t child = 2 * position + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
    if (!before(heap_[child], slot)) break;
    place(position, heap_[child]);
    position = child;
  }
  place(position, slot);
}

void Cpu::enter(std::uint32_t slot) {
  heap_.push_back(slot);
  sift_up(heap_.size() - 1);
}

void Cpu::leave(std::uint32_t slot) {
  const std::size_t position = jobs_[slot].position;
  SIM_DCHECK(heap_[position] == slot);
  const std::uint32_t last = heap_.back();
  heap_.pop_back();
  jobs_[slot].position = kNowhere;
  if (last == slot) return;
  place(position, last);
  sift_up(position);
  sift_down(jobs_[last].position);
}

void Cpu::free(std::uint32_t slot) {
  Job& job = jobs_[slot];
  if (job.event_at != sim::SimTime::max()) component_.cancel(job.event);
  job.in_use = false;
  job.owner = nullptr;
  job.event = {};
  job.event_at = sim::SimTime::max();
  ++job.generation;
  free_.push_back(slot);
}

}  // namespace brokersim::compute
