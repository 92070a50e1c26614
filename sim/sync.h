// Ways for tasks to wait for each other: Signal (wait list), OneShot (one value, one waiter).
//
// Waking is an event at now(), so wake order is the kernel's total order. A waiter that is destroyed with
// its process leaves the list by itself.
#pragma once

#include <optional>
#include <utility>

#include "sim/task.h"

namespace brokersim::sim {

enum class Waited : std::uint8_t { notified, timed_out };

/// A condition that tasks wait on, first come first woken. Must outlive its waiters.
class Signal {
 public:
  Signal() = default;
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  ~Signal() {
    for (Waiter* w = head_; w != nullptr; w = w->next) w->signal = nullptr;
  }

  struct Waiter {
    Signal* signal;
    Duration timeout;
    detail::Wakeup wakeup = {};
    Waiter* previous = nullptr;
    Waiter* next = nullptr;
    bool linked = false;
    Waited result = Waited::timed_out;

    Waiter(Signal* s, Duration t) : signal(s), timeout(t) {}
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() {
      if (linked && signal != nullptr) signal->unlink(this);
    }
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
      wakeup.bind_to(frame);
      signal->link(this);
      if (timeout != Duration::max()) wakeup.wake_at(wakeup.component()->now() + timeout, "task.timeout");
    }
    Waited await_resume() {
      if (linked && signal != nullptr) signal->unlink(this);
      return result;
    }
  };

  /// `co_await signal.wait();` or `if (co_await signal.wait_for(5_s) == Waited::timed_out) ...`
  [[nodiscard]] Waiter wait() { return {this, Duration::max()}; }
  [[nodiscard]] Waiter wait_for(Duration timeout) { return {this, timeout}; }

  void notify_all() {
    while (head_ != nullptr) notify_one();
  }
  /// False if nobody waits.
  bool notify_one() {
    Waiter* waiter = head_;
    if (waiter == nullptr) return false;
    unlink(waiter);
    waiter->wakeup.cancel();
    waiter->result = Waited::notified;
    waiter->wakeup.wake_at(waiter->wakeup.component()->now(), "task.notified");
    return true;
  }
  /// Resumes the first waiter inside the running handler instead of by an event of its own. Only as the last
  /// act of a plain event handler of the waiter's process. False if nobody waits.
  bool resume_one() {
    Waiter* waiter = head_;
    if (waiter == nullptr) return false;
    unlink(waiter);
    waiter->wakeup.cancel();
    waiter->result = Waited::notified;
    waiter->wakeup.component()->sim().resume_now(waiter->wakeup.frame());
    return true;
  }
  [[nodiscard]] bool has_waiters() const { return head_ != nullptr; }

 private:
  void link(Waiter* waiter) {
    waiter->linked = true;
    waiter->previous = tail_;
    waiter->next = nullptr;
    (tail_ != nullptr ? tail_->next : head_) = waiter;
    tail_ = waiter;
  }
  void unlink(Waiter* waiter) {
    waiter->linked = false;
    (waiter->previous != nullptr ? waiter->previous->next : head_) = waiter->next;
    (waiter->next != nullptr ? waiter->next->previous : tail_) = waiter->previous;
  }
  Waiter* head_ = nullptr;
  Waiter* tail_ = nullptr;
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
