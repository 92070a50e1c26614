// Tasks: C++20 coroutines on virtual time, owned by a process.
//
// A Task is lazy: it starts when awaited, or when spawned in a process; once, else a Bug says so. Awaiting never grows the
// native stack: the kernel's trampoline resumes one frame at a time (symmetric transfer overflows the stack in
// long chains at -O0). Killing the process destroys the frames of its tasks, innermost first, after the
// running handler, one after the other however long the chain; awaiters unlink themselves in their destructors.
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

struct PromiseBase : FrameBase {
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
      // If it killed its own process every frame of the chain is about to be destroyed, and nothing of it goes on.
      if (sim.failed() || !promise.alive()) return promise.branch->stop_at(handle.address());
      if (promise.owner != nullptr) {
        sim.resume_next(std::coroutine_handle<>::from_address(promise.owner->parent));
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

/// Throws a Bug if there is no task, or one that has begun before.
void check_new(const TaskLink& task);

}  // namespace detail

template <class T>
class [[nodiscard]] Task : private detail::TaskLink {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle handle) : TaskLink{handle.address(), nullptr} {}
  Task(Task&& other) noexcept : TaskLink{other.TaskLink::release()} { settle(); }
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (frame != nullptr) handle().destroy();
      static_cast<TaskLink&>(*this) = other.TaskLink::release();
      settle();
    }
    return *this;
  }
  ~Task() {
    if (frame != nullptr) handle().destroy();
  }

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> waiting) {
    detail::check_new(*this);
    promise_type& promise = handle().promise();
    if (!waiting.promise().alive()) return waiting.promise().branch->stop_at(waiting.address());
    promise.branch = waiting.promise().branch;
    promise.owner = this;
    parent = waiting.address();
    promise.branch->component->sim().resume_next(handle());
  }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) return std::move(*handle().promise().value);
  }

  /// The frame, still owned by the task.
  [[nodiscard]] Handle handle() const {
    static_assert(alignof(promise_type) <= 2 * sizeof(void*), "see detail::FrameBase::of");
    return Handle::from_address(frame);
  }
  [[nodiscard]] Handle release() { return Handle::from_address(TaskLink::release().frame); }
  /// For those who own the task: where its frame is known.
  [[nodiscard]] detail::TaskLink& link() { return *this; }

 private:
  /// It is here now.
  void settle() {
    if (frame == nullptr) return;
    promise_type& promise = handle().promise();
    if (promise.owner != nullptr) promise.owner = this;
  }
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

struct DelayAwaiterBase {
  Wait wait;

  bool await_ready() const noexcept { return false; }
  Waited await_resume() {
    wait.resumed();
    return wait.cancelled() ? Waited::cancelled : Waited::timed_out;
  }
};
struct DelayAwaiter : DelayAwaiterBase {
  const char* kind_name;

  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> frame) {
    wait.delay_by(frame, {kind_name, wait.kind_hash()});
  }
};
template <const EventKind& kKind>
struct DelayAwaiterOf : DelayAwaiterBase {
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> frame) {
    wait.delay_by(frame, kKind);
  }
};

}  // namespace detail

/// `co_await delay(5_ms);` Resumes after exactly that much virtual time, with timed_out; or earlier, with cancelled. Not
/// negative. `kind` is what the event and a report of waiting tasks call it.
/// `works_on`: what the task will touch when it wakes, if one thing stands out among many: it is fetched into the cache
/// together with the frame, as a callback's object is. Nothing but speed depends on it, and it need not live on.
inline detail::DelayAwaiter delay(const Duration& length, const EventKind& kind,
                                  const void* works_on = nullptr) {
  return {{{kind, length, works_on}}, kind.name};
}
// By reference, as a frame holds a copy of each argument that is passed by value.
inline detail::DelayAwaiter delay(const Duration& length) {
  constexpr EventKind kKind = "task.delay";
  return {{{kKind, length, nullptr}}, kKind.name};
}
/// `co_await delay<kRetry>(length);` with `static constexpr EventKind kRetry = "client.retry";`: likewise, and the frame is
/// eight bytes smaller.
template <const EventKind& kKind>
detail::DelayAwaiterOf<kKind> delay(const Duration& length, const void* works_on = nullptr) {
  return {{{kKind, length, works_on}}};
}

}  // namespace brokersim::sim
