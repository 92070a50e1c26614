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

/// How a wait ended: with what was waited for, by its time, or because any_of() or a timeout chose another task.
enum class Waited : std::uint8_t { notified, timed_out, cancelled };

namespace detail {

class Wakeup;

/// One chain of frames that runs by itself: a spawned task, or one of the tasks of any_of() and all_of().
struct Branch {
  enum class Cancel : std::uint8_t { none, requested, told };

  /// A child of any_of() or all_of(); a spawned task has none.
  struct Owner {
    virtual void on_done(Branch& branch) = 0;

   protected:
    ~Owner() = default;
  };

  Branch() = default;
  Branch(const Branch&) = delete;
  Branch& operator=(const Branch&) = delete;
  ~Branch() {
    if (listed) component->process()->forget(*this);
  }
  /// Its pending wait, or its next one if that is granted already, ends with `cancelled`; once.
  void cancel();

  Component* component = nullptr;  // whose events wake this chain
  Branch* previous = nullptr;      // in the list of the component's process
  Branch* next = nullptr;
  Wakeup* waiting = nullptr;  // what its innermost frame waits for
  Owner* owner = nullptr;
  Cancel cancelled = Cancel::none;
  bool listed = false;
};

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
      } else if (promise.branch->owner != nullptr) {
        promise.branch->component->process()->forget(*promise.branch);
        promise.branch->owner->on_done(*promise.branch);
      } else {
        promise.branch->component->process()->forget(*promise.branch);
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

/// A suspended frame, what it waits for, and the event that will wake it. Destroying it cancels the event.
class Wakeup {
 public:
  /// Undoes what the wait is linked to, before it ends with `cancelled`. `wait` is what was given to suspend().
  using Unlink = void (*)(void* wait);

  Wakeup() = default;
  /// Keeps `kind` and `length`, for delay_by().
  Wakeup(EventKind kind, Duration length) : name_(kind.name), since_{length.ns}, kind_hash_(kind.hash) {}
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;
  ~Wakeup() {
    cancel_event();
    if (branch_ != nullptr && branch_->waiting == this) branch_->waiting = nullptr;
  }

  /// The frame waits for `name` (a literal, or text that outlives the wait). True: it must go on waiting. False: its
  /// branch was cancelled before, and it wakes at once.
  template <class Promise>
  [[nodiscard]] bool suspend(std::coroutine_handle<Promise> frame, const char* name, Unlink unlink = nullptr,
                             void* wait = nullptr) {
    frame_ = frame;
    branch_ = frame.promise().branch;
    branch_->waiting = this;
    name_ = name;
    linked_ = {unlink, wait};
    since_ = component().now();
    if (branch_->cancelled != Branch::Cancel::requested) [[likely]]
      return true;
    tell_cancelled();
    return false;
  }
  /// The frame waits for the length that this was made with.
  template <class Promise>
  void delay_by(std::coroutine_handle<Promise> frame) {
    const EventKind kind(name_, kind_hash_);
    const Duration length{since_.ns};
    if (!suspend(frame, kind.name)) return;
    Component& owner = component();
    wake_at(owner.now() + owner.timer(length), kind);
  }
  void wake_at(SimTime at, EventKind kind) {
    event_ = component().at(
        at, kind,
        {&Simulation::resume_frame, frame_.address(), reinterpret_cast<std::uint64_t>(&component().sim())});
  }
  /// Wakes the frame at now() with what it waits for: from here on it cannot be cancelled.
  void grant(EventKind kind) {
    cancel_event();
    granted_ = true;
    wake_at(component().now(), kind);
  }
  /// As grant(), but the caller resumes frame() itself.
  void grant_here() {
    cancel_event();
    granted_ = true;
  }
  void resumed() {
    event_ = {};
    branch_->waiting = nullptr;
  }
  void cancel_event() {
    if (event_.slot != EventHandle{}.slot) component().sim().cancel(event_);
    event_ = {};
  }
  /// Ends the wait with `cancelled`, unless it is granted already.
  void cancel_wait() {
    if (granted_) {
      branch_->cancelled = Branch::Cancel::requested;
      return;
    }
    if (join_) {
      branch_->cancelled = Branch::Cancel::told;
      linked_.unlink(linked_.wait);
      return;
    }
    if (linked_.unlink != nullptr) linked_.unlink(linked_.wait);
    cancel_event();
    tell_cancelled();
  }
  [[nodiscard]] Component& component() const { return *branch_->component; }
  [[nodiscard]] std::coroutine_handle<> frame() const { return frame_; }
  [[nodiscard]] bool granted() const { return granted_; }
  [[nodiscard]] bool cancelled() const { return cancelled_; }
  [[nodiscard]] const char* name() const { return name_; }
  [[nodiscard]] SimTime since() const { return since_; }
  /// As suspend(), for a wait that ends when other branches have ended: cancelling it calls `pass_on` and leaves the
  /// rest to them. False: it is cancelled already, and the caller passes that on.
  template <class Promise>
  [[nodiscard]] bool suspend_join(std::coroutine_handle<Promise> frame, const char* name, Unlink pass_on,
                                  void* join) {
    frame_ = frame;
    branch_ = frame.promise().branch;
    branch_->waiting = this;
    name_ = name;
    linked_ = {pass_on, join};
    join_ = true;
    since_ = component().now();
    if (branch_->cancelled != Branch::Cancel::requested) [[likely]]
      return true;
    branch_->cancelled = Branch::Cancel::told;
    return false;
  }

 private:
  void tell_cancelled() {
    branch_->cancelled = Branch::Cancel::told;
    granted_ = true;
    cancelled_ = true;
    wake_at(component().now(), "task.cancelled");
  }
  std::coroutine_handle<> frame_;
  Branch* branch_ = nullptr;
  EventHandle event_;
  const char* name_ = "";
  SimTime since_;  // before a delay begins: its length
  struct Linked {
    Unlink unlink = nullptr;
    void* wait = nullptr;
  };
  union {
    Linked linked_ = {};
    std::uint64_t kind_hash_;  // before a delay begins: of its event
  };
  bool granted_ = false;
  bool cancelled_ = false;
  bool join_ = false;
};

inline void Branch::cancel() {
  if (cancelled != Cancel::none) return;
  if (waiting != nullptr) {
    waiting->cancel_wait();
  } else {
    cancelled = Cancel::requested;
  }
}

/// One cache line: most of what waits is a delay.
struct DelayAwaiter {
  Wakeup wakeup;

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> frame) {
    wakeup.delay_by(frame);
  }
  Waited await_resume() {
    wakeup.resumed();
    return wakeup.cancelled() ? Waited::cancelled : Waited::timed_out;
  }
};

}  // namespace detail

/// `co_await delay(5_ms);` Resumes after exactly that much virtual time, with timed_out; or earlier, with cancelled. Not
/// negative. `kind` is what the event and a report of waiting tasks call it.
inline detail::DelayAwaiter delay(const Duration& length, const EventKind& kind) { return {{kind, length}}; }
// By reference, as a frame holds a copy of each argument that is passed by value.
inline detail::DelayAwaiter delay(const Duration& length) { return {{"task.delay", length}}; }

}  // namespace brokersim::sim
