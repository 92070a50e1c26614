// Something of which there are so many units: a lock (one), slots, permits, bytes of a buffer. With a fair queue.
//
// Units are granted strictly in the order of the requests: a small request does not overtake a large one. All users
// belong to one process, or the units of a killed one are lost: a destructor that runs because its process was killed
// grants nothing (decision 4), and nobody is left to grant to.
#pragma once

#include <cstdint>
#include <utility>

#include "sim/task.h"
#include "sim/wait_list.h"

namespace brokersim::sim {

class Resource;

/// Units that are held; given back by its destructor or by release().
class Lease {
 public:
  Lease() = default;
  Lease(Lease&& other) noexcept
      : resource_(std::exchange(other.resource_, nullptr)), process_(other.process_), units_(other.units_) {}
  Lease& operator=(Lease&& other) noexcept {
    if (this != &other) {
      release();
      resource_ = std::exchange(other.resource_, nullptr);
      process_ = other.process_;
      units_ = other.units_;
    }
    return *this;
  }
  ~Lease() { release(); }
  inline void release();
  /// False: nothing was granted (the time was up, or the wait was cancelled), or it is given back.
  [[nodiscard]] explicit operator bool() const { return resource_ != nullptr; }
  [[nodiscard]] std::uint64_t units() const { return resource_ == nullptr ? 0 : units_; }

 private:
  friend class Resource;
  Lease(Resource& resource, Process& process, std::uint64_t units)
      : resource_(&resource), process_(&process), units_(units) {}
  Resource* resource_ = nullptr;
  Process* process_ = nullptr;
  std::uint64_t units_ = 0;
};

class Resource {
 public:
  /// `name`: for reports of waiting tasks; a literal, or text that outlives the resource. It outlives its leases.
  Resource(const char* name, std::uint64_t units) : name_(name), units_(units), free_(units) {}
  Resource(const Resource&) = delete;
  Resource& operator=(const Resource&) = delete;

  struct Acquire {
    Resource* resource;
    std::uint64_t units;
    Duration timeout;
    detail::Wakeup wakeup = {};
    Process* process = nullptr;
    bool taken = false;  // its units are taken from the free ones, and not in a lease yet
    Acquire* previous = nullptr;
    Acquire* next = nullptr;
    detail::WaitList<Acquire>* list = nullptr;

    Acquire(Resource* r, std::uint64_t n, Duration t) : resource(r), units(n), timeout(t) {}
    Acquire(const Acquire&) = delete;
    Acquire& operator=(const Acquire&) = delete;
    ~Acquire() {
      if (list != nullptr) resource->leave(this);
      if (taken && process->alive()) resource->give_back(units);
    }
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
      SIM_CHECK(units <= resource->units_,
                std::string(resource->name_) + " has fewer units than are asked for");
      if (!wakeup.suspend(frame, resource->name_, &Acquire::unlink, this)) return;
      process = wakeup.component().process();
      if (resource->waiters_.empty() && units <= resource->free_) {
        resource->free_ -= units;
        taken = true;
        wakeup.grant_here();
        wakeup.component().sim().resume_next(frame);
        return;
      }
      resource->waiters_.push_back(this);
      wakeup.give_up_after(timeout);
    }
    Lease await_resume() {
      wakeup.resumed();
      if (list != nullptr) resource->leave(this);
      if (!std::exchange(taken, false)) return {};
      return {*resource, *process, units};
    }
    static void unlink(void* self) {
      auto* acquire = static_cast<Acquire*>(self);
      if (acquire->list != nullptr) acquire->resource->leave(acquire);
    }
  };

  /// `Lease lease = co_await resource.acquire();`
  [[nodiscard]] Acquire acquire(std::uint64_t units = 1) { return {this, units, Duration::max()}; }
  [[nodiscard]] Acquire acquire_for(Duration timeout, std::uint64_t units = 1) {
    return {this, units, timeout};
  }

  [[nodiscard]] std::uint64_t units() const { return units_; }
  [[nodiscard]] std::uint64_t free() const { return free_; }
  [[nodiscard]] bool has_waiters() const { return !waiters_.empty(); }

 private:
  friend class Lease;
  void give_back(std::uint64_t units) {
    free_ += units;
    SIM_CHECK(free_ <= units_, std::string(name_) + " gets back more than it gave");
    serve();
  }
  void serve() {
    while (!waiters_.empty() && waiters_.front()->units <= free_) {
      Acquire* first = waiters_.pop_front();
      free_ -= first->units;
      first->taken = true;
      first->wakeup.grant("resource.granted");
    }
  }
  /// A waiter gives up; a smaller request behind it may be served now.
  void leave(Acquire* waiter) {
    waiters_.remove(waiter);
    if (waiter->process->alive()) serve();
  }
  const char* name_;
  std::uint64_t units_;
  std::uint64_t free_;
  detail::WaitList<Acquire> waiters_;
};

inline void Lease::release() {
  Resource* resource = std::exchange(resource_, nullptr);
  if (resource != nullptr && process_->alive()) resource->give_back(units_);
}

}  // namespace brokersim::sim
