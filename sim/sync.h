// Ways for tasks to wait for each other: Signal (wait list), OneShot (one value, one waiter).
//
// Waking is an event at now(), so wake order is the kernel's total order. A waiter that is destroyed with
// its process leaves the list by itself.
#pragma once

#include <optional>
#include <utility>

#include "sim/task.h"
#include "sim/wait_list.h"

namespace brokersim::sim {

/// A condition that tasks wait on, first come first woken. Waiters of one that is gone wait for their timeout only.
class Signal {
 public:
  /// `name`: what a report of waiting tasks calls it; a literal, or text that outlives the signal.
  explicit Signal(const char* name = "signal") : name_(name) {}
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  struct Waiter {
    Signal* signal;
    Duration timeout;
    detail::Wakeup wakeup = {};
    Waiter* previous = nullptr;
    Waiter* next = nullptr;
    detail::WaitList<Waiter>* list = nullptr;

    Waiter(Signal* s, Duration t) : signal(s), timeout(t) {}
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() { detail::WaitList<Waiter>::leave(this); }
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
      if (!wakeup.suspend(frame, signal->name_, &detail::WaitList<Waiter>::leave_any, this)) return;
      signal->waiters_.push_back(this);
      wakeup.give_up_after(timeout);
    }
    Waited await_resume() {
      wakeup.resumed();
      detail::WaitList<Waiter>::leave(this);
      if (wakeup.cancelled()) return Waited::cancelled;
      return wakeup.granted() ? Waited::notified : Waited::timed_out;
    }
  };

  /// `co_await signal.wait();` or `if (co_await signal.wait_for(5_s) == Waited::timed_out) ...`
  Waiter wait() { return {this, Duration::max()}; }
  [[nodiscard]] Waiter wait_for(Duration timeout) { return {this, timeout}; }

  void notify_all() {
    while (notify_one()) {
    }
  }
  /// False if nobody waits.
  bool notify_one() {
    Waiter* waiter = waiters_.pop_front();
    if (waiter == nullptr) return false;
    waiter->wakeup.grant("task.notified");
    return true;
  }
  /// Resumes the first waiter inside the running handler instead of by an event of its own. Only as the last
  /// act of a plain event handler of the waiter's process. False if nobody waits.
  bool resume_one() {
    Waiter* waiter = waiters_.pop_front();
    if (waiter == nullptr) return false;
    waiter->wakeup.grant_here();
    waiter->wakeup.component().sim().resume_now(waiter->wakeup.frame());
    return true;
  }
  [[nodiscard]] bool has_waiters() const { return !waiters_.empty(); }

 private:
  const char* name_;
  detail::WaitList<Waiter> waiters_;
};

/// A value that arrives once. One task may wait for it.
template <class T>
class OneShot {
 public:
  void set(T value) {
    SIM_CHECK(!value_.has_value(), "a OneShot was set twice");
    value_.emplace(std::move(value));
    signal_.notify_all();
  }
  [[nodiscard]] bool is_set() const { return value_.has_value(); }
  /// The value, or nothing after `timeout`.
  [[nodiscard]] Task<std::optional<T>> wait_for(Duration timeout) {
    if (!value_.has_value()) {
      if (timeout == Duration::max()) {
        co_await signal_.wait();
      } else {
        co_await signal_.wait_for(timeout);
      }
    }
    co_return std::exchange(value_, std::nullopt);
  }

 private:
  std::optional<T> value_;
  Signal signal_;
};

}  // namespace brokersim::sim
