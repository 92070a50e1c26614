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
#include "sim/wait.h"

namespace brokersim::sim {

template <class T = void>
class [[nodiscard]] Task;

/// How a wait ended: with what was waited for, by its time, or because any_of() or a timeout chose another task.
enum class Waited : std::uint8_t { notified, timed_out, cancelled };

namespace detail {

/// What every frame of a chain knows: set by whoever starts it.
struct PromiseBase {
  Branch* branch = nullptr;
  std::coroutine_handle<> continuation;  // who awaits this frame; null: the first of its chain

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* memory, std::size_t size) noexcept { release_frame(memory, size); }

  std::suspend_always initial_suspend() noexcept { return {}; }
  void unhandled_exception() { branch->component->sim().store_bug(std::current_exception()); }
  [[nodiscard]] bool alive() const { return branch->component->process()->alive(); }

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> handle) noexcept {
      PromiseBase& promise = handle.promise();
      Simulation& sim = promise.branch->component->sim();
      if (sim.failed()) return;
      // It killed its own process: every frame of the chain is buried already and nothing of it goes on.
      if (!promise.alive()) return;
      if (promise.continuation) {
        sim.resume_next(promise.continuation);
        return;
      }
      Branch& chain = *promise.branch;
      chain.component->process()->forget(chain);
      if (chain.owned) {
        auto& child = static_cast<OwnedBranch&>(chain);
        child.owner->on_done(child);
      } else {
        sim.destroy_frame_later(handle);
      }
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
struct Promise<void> : PromiseBase, Branch {  // a spawned task is its own branch
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
    handle_.promise().branch = parent.promise().branch;
    handle_.promise().continuation = parent;
    if (!handle_.promise().alive()) return;
    handle_.promise().branch->component->sim().resume_next(handle_);
  }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) return std::move(*handle_.promise().value);
  }

  /// The frame, still owned by the task.
  [[nodiscard]] Handle handle() const { return handle_; }
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
/// The frame of a spawned task.
[[nodiscard]] inline std::coroutine_handle<> frame_of(Branch& branch) {
  return std::coroutine_handle<Promise<void>>::from_promise(static_cast<Promise<void>&>(branch));
}

struct DelayAwaiter {
  Wait wait;

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> frame) {
    wait.delay_by(frame);
  }
  Waited await_resume() {
    wait.resumed();
    return wait.cancelled() ? Waited::cancelled : Waited::timed_out;
  }
};

}  // namespace detail

/// `co_await delay(5_ms);` Resumes after exactly that much virtual time, with timed_out; or earlier, with cancelled. Not
/// negative. `kind` is what the event and a report of waiting tasks call it.
/// `works_on`: what the task will touch when it wakes, if one thing stands out among many: it is fetched into the cache
/// together with the frame, as a callback's object is. Nothing but speed depends on it, and it need not live on.
inline detail::DelayAwaiter delay(const Duration& length, const EventKind& kind,
                                  const void* works_on = nullptr) {
  return {{kind, length, works_on}};
}
// By reference, as a frame holds a copy of each argument that is passed by value.
inline detail::DelayAwaiter delay(const Duration& length) { return {{"task.delay", length, nullptr}}; }

}  // namespace brokersim::sim
