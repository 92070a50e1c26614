#include "models/devices/compute/thread_pool.h"

#include <algorithm>
#include <functional>

#include "sim/check.h"

namespace brokersim::compute {

ThreadPool::ThreadPool(sim::Component& owner, std::int32_t threads, Cpu& cpu) : owner_(owner), cpu_(cpu) {
  SIM_CHECK(threads > 0, owner_.path() + " needs at least one thread");
  running_.resize(static_cast<std::size_t>(threads));
}

ThreadPool::~ThreadPool() {
  for (const Running& running : running_) cpu_.abandon(running.work);
}

void ThreadPool::submit(sim::Duration cost, sim::Callback done) {
  SIM_CHECK(cost.ns >= 0, owner_.path() + " submits a job of negative cost");
  const Job job{cost, scaled(cost), owner_.now(), done};
  if (busy_ < threads()) {
    for (std::size_t thread = 0; thread < running_.size() && may_work(thread); ++thread) {
      if (running_[thread].busy) continue;
      start(thread, job, wake_up_);
      return;
    }
  }
  queued_length_ += job.length;
  queue_.push_back(job);
}

void ThreadPool::submit_to(std::size_t thread, sim::Duration cost, sim::Callback done) {
  SIM_CHECK(cost.ns >= 0, owner_.path() + " submits a job of negative cost");
  SIM_CHECK(thread < running_.size(), owner_.path() + " has no such thread");
  const Job job{cost, scaled(cost), owner_.now(), done};
  if (!running_[thread].busy && may_work(thread)) {
    start(thread, job, wake_up_);
    return;
  }
  queued_length_ += job.length;
  running_[thread].pinned.push_back(job);
}

void ThreadPool::start(std::size_t thread, const Job& job, sim::Duration wake_up) {
  Running& running = running_[thread];
  running.busy = true;
  running.done = job.done;
  running.since = owner_.now();
  ++busy_;
  wait_max_ = std::max(wait_max_, owner_.now() - job.submitted);
  running.work = cpu_.run(owner_, job.cost + wake_up, sim::bind<&ThreadPool::finish>(this, thread));
}

void ThreadPool::finish(std::uint64_t thread) {
  Running& running = running_[thread];
  running.work = {};
  ++completed_;
  current_ = thread;
  held_ = false;
  running.done.function(running.done.self, running.done.argument);
  current_ = kNoThread;
  if (!held_) free(thread);
}

void ThreadPool::free(std::size_t thread) {
  Running& running = running_[thread];
  busy_time_ += owner_.now() - running.since;
  running.busy = false;
  running.held = false;
  --busy_;
  if (!may_work(thread)) return;
  const bool shared = running.pinned.empty();
  std::deque<Job>& queue = shared ? queue_ : running.pinned;
  if (queue.empty()) return;
  const Job next = queue.front();
  queue.pop_front();
  queued_length_ -= next.length;
  start(thread, next);
  if (shared && dequeued_.function != nullptr) dequeued_.function(dequeued_.self, dequeued_.argument);
}

std::size_t ThreadPool::hold() {
  SIM_CHECK(current_ != kNoThread, owner_.path() + " holds a thread outside a job");
  SIM_CHECK(!held_, owner_.path() + " holds a thread twice");
  held_ = true;
  running_[current_].held = true;
  return current_;
}

void ThreadPool::release(std::size_t thread) {
  SIM_CHECK(thread < running_.size());
  SIM_CHECK(running_[thread].held, owner_.path() + " releases a thread that nobody holds");
  free(thread);
}

void ThreadPool::set_stalled(std::int32_t count) {
  SIM_CHECK(count >= 0, owner_.path() + " stalls a negative number of threads");
  const std::int32_t before = stalled_;
  stalled_ = std::min(count, threads());
  for (std::int32_t i = threads() - before; i < threads() - stalled_; ++i) {
    const auto thread = static_cast<std::size_t>(i);
    if (running_[thread].busy) continue;
    ++busy_;  // free() takes it back and looks for work
    running_[thread].since = owner_.now();
    free(thread);
  }
}

sim::Duration ThreadPool::wait() const {
  if (busy_ + stalled_ < threads()) return {};
  // First come, first served: give the queued jobs to the threads in turn, as they will be.
  std::vector<std::int64_t> free_in;
  free_in.reserve(running_.size());
  for (const Running& running : running_) free_in.push_back(cpu_.left(running.work).ns);
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
  for (const Running& running : running_) left += cpu_.left(running.work);
  return left;
}

}  // namespace brokersim::compute
