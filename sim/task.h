// Tasks: C++20 coroutines on virtual time, owned by a process.
//
// A Task is lazy: it starts when awaited, or when spawned in a process. Awaiting never grows the native
// stack: the kernel's trampoline resumes one frame at a time (symmetric transfer overflows the stack in
// long chains at -O0). Killing the process destroys the frames of its tasks, innermost first, after the
// running handler; awaiters unlink themselves in their destructors.
//
// Traps: parameters by value only, no capturing lambdas, and name temporaries before co_await
// (g++ 12.2 destroys some of them twice).
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "sim/component.h"
#include "sim/frame_pool.h"
#include "sim/simulation.h"

namespace brokersim::sim {

template <class T = void>
class [[nodiscard]] Task;

namespace detail {

/// What every frame of a chain knows: set by whoever starts it.
struct PromiseBase {
  Component* component = nullptr;        // whose events wake this chain
  std::coroutine_handle<> continuation;  // who awaits this frame; null: a root

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* memory, std::size_t size) noexcept { release_frame(memory, size); }

  std::suspend_always initial_suspend() noexcept { return {}; }
  void unhandled_exception() { component->sim().store_bug(std::current_exception()); }

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> handle) noexcept {
      PromiseBase& promise = handle.promise();
      Simulation& sim = promise.component->sim();
      if (sim.failed()) return;
      // It killed its own process: every frame of the chain is buried already and nothing of it goes on.
      if (!promise.component->process()->alive()) return;
      if (promise.continuation) {
        sim.resume_next(promise.continuation);
        return;
      }
      promise.component->process()->forget(handle);
      sim.destroy_frame_later(handle);
    }
    void await_resume() noexcept {}
  };
  FinalAwaiter final_suspend() noexcept { return {}; }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() {}
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> parent) {
    handle_.promise().component = parent.promise().component;
    handle_.promise().continuation = parent;
    if (!handle_.promise().component->process()->alive()) return;
    handle_.promise().component->sim().resume_next(handle_);
  }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) return std::move(*handle_.promise().value);
  }

  [[nodiscard]] Handle release() { return std::exchange(handle_, nullptr); }

 private:
  Handle handle_;
};

namespace detail {

template <class T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>{std::coroutine_handle<Promise<T>>::from_promise(*this)};
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>{std::coroutine_handle<Promise<void>>::from_promise(*this)};
}

void start_root(Component& component, Task<void> task);
void resume_frame(void* frame, std::uint64_t);

/// A suspended frame and the event that will wake it. Destroying it cancels the event.
class Wakeup {
 public:
  Wakeup() = default;
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;
  ~Wakeup() { cancel(); }

  template <class Promise>
  void bind_to(std::coroutine_handle<Promise> frame) {
    frame_ = frame;
    component_ = frame.promise().component;
  }
  [[nodiscard]] Component* component() const { return component_; }
  [[nodiscard]] std::coroutine_handle<> frame() const { return frame_; }
  void wake_at(SimTime at, EventKind kind) {
    event_ = component_->at(
        at, kind, {&resume_frame, frame_.address(), reinterpret_cast<std::uint64_t>(&component_->sim())});
  }
  void cancel() {
    if (component_ != nullptr) component_->sim().cancel(event_);
    event_ = {};
  }

 private:
  std::coroutine_handle<> frame_;
  Component* component_ = nullptr;
  EventHandle event_;
};

struct DelayAwaiter {
  Duration delay;
  EventKind kind;
  Wakeup wakeup;

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> frame) {
    wakeup.bind_to(frame);
    wakeup.wake_at(wakeup.component()->now() + delay, kind);
  }
  void await_resume() const noexcept {}
};

}  // namespace detail

/// `co_await delay(5_ms);` Resumes after exactly that much virtual time. Not negative.
[[nodiscard]] inline detail::DelayAwaiter delay(Duration length, EventKind kind = "task.delay") {
  return {length, kind, {}};
}

}  // namespace brokersim::sim
