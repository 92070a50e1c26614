#include "models/devices/compute/thread_pool.h"

#include <algorithm>
#include <functional>

namespace brokersim::compute {

ThreadPool::ThreadPool(sim::Component& owner, std::int32_t threads, const CpuConfig& cpu)
    : owner_(owner), cpu_(cpu) {
  SIM_CHECK(threads > 0, owner.path() + " needs at least one thread");
  SIM_CHECK(cpu.speed_percent > 0, owner.path() + " needs a speed");
  running_.resize(static_cast<std::size_t>(threads));
}

sim::Duration ThreadPool::scaled(sim::Duration cost) const {
  if (cpu_.speed_percent == 100) return cost;
  const auto product = static_cast<__int128>(cost.ns) * 100;
  return {static_cast<std::int64_t>((product + cpu_.speed_percent - 1) / cpu_.speed_percent)};
}

void ThreadPool::submit(sim::Duration cost, sim::Callback done) {
  SIM_CHECK(cost.ns >= 0, owner_.path() + " submits a job of negative cost");
  const Job job{scaled(cost), owner_.now(), done};
  if (busy_ == threads()) {
    queued_length_ += job.length;
    queue_.push_back(job);
    return;
  }
  const auto idle = std::find_if(running_.begin(), running_.end(), [](const Running& r) { return !r.busy; });
  start(static_cast<std::size_t>(idle - running_.begin()), job);
}

void ThreadPool::start(std::size_t thread, const Job& job) {
  Running& running = running_[thread];
  running.busy = true;
  running.done = job.done;
  running.length = job.length;
  running.end = owner_.now() + job.length;
  ++busy_;
  wait_max_ = std::max(wait_max_, owner_.now() - job.submitted);
  owner_.at(running.end, "cpu.done", sim::bind<&ThreadPool::finish>(this, thread));
}

void ThreadPool::finish(std::uint64_t thread) {
  Running& running = running_[thread];
  busy_time_ += running.length;
  ++completed_;
  current_ = thread;
  held_ = false;
  running.done.function(running.done.self, running.done.argument);
  current_ = kNoThread;
  if (!held_) free(thread);
}

void ThreadPool::free(std::size_t thread) {
  running_[thread].busy = false;
  --busy_;
  if (queue_.empty()) return;
  const Job next = queue_.front();
  queue_.pop_front();
  queued_length_ -= next.length;
  start(thread, next);
}

std::size_t ThreadPool::hold() {
  SIM_CHECK(current_ != kNoThread, owner_.path() + " holds a thread outside a job");
  SIM_CHECK(!held_, owner_.path() + " holds a thread twice");
  held_ = true;
  running_[current_].length = {};
  return current_;
}

void ThreadPool::release(std::size_t thread) {
  SIM_CHECK(thread < running_.size());
  SIM_CHECK(running_[thread].busy, owner_.path() + " releases an idle thread");
  busy_time_ += owner_.now() - running_[thread].end;
  free(thread);
}

sim::Duration ThreadPool::wait() const {
  if (busy_ < threads()) return {};
  // First come, first served: give the queued jobs to the threads in turn, as they will be.
  std::vector<std::int64_t> free_in;
  free_in.reserve(running_.size());
  for (const Running& running : running_)
    free_in.push_back(std::max<std::int64_t>(0, (running.end - owner_.now()).ns));
  std::make_heap(free_in.begin(), free_in.end(), std::greater<>{});
  for (const Job& job : queue_) {
    std::pop_heap(free_in.begin(), free_in.end(), std::greater<>{});
    free_in.back() += job.length.ns;
    std::push_heap(free_in.begin(), free_in.end(), std::greater<>{});
  }
  return {free_in.front()};
}

sim::Duration ThreadPool::backlog() const {
  sim::Duration left = queued_length_;
  for (const Running& running : running_) {
    if (running.busy && running.end > owner_.now()) left += running.end - owner_.now();
  }
  return left;
}

}  // namespace brokersim::compute
