// What a chain of frames waits for, and the event that will wake it.
//
// Small on purpose: a task that waits is in memory for as long as it waits, and waking it takes a cache miss for every
// line that is touched. A spawned task with one delay<kKind>() and three words of its own fills two lines.
#pragma once

#include <coroutine>
#include <cstdint>
#include <utility>

#include "sim/component.h"
#include "sim/simulation.h"

namespace brokersim::sim::detail {

class Wait;
struct Branch;
struct FrameBase;

/// The part of a Task that does not depend on what it returns.
struct TaskLink {
  void* frame = nullptr;   ///< The task's, null if there is none.
  void* parent = nullptr;  ///< The frame that awaits it.

  TaskLink release() { return std::exchange(*this, TaskLink{}); }
};

/// What the promise of every frame begins with: set by whoever starts it.
struct FrameBase {
  Branch* branch = nullptr;  // null: it has not begun
  // The task that another frame awaits; null: this frame is the first of its chain.
  TaskLink* owner = nullptr;

  /// Of any frame of a task. Both compilers put the promise right behind the two words that begin a frame, unless its
  /// alignment is larger, which Task refuses.
  [[nodiscard]] static FrameBase& of(void* frame) {
    return std::coroutine_handle<FrameBase>::from_address(frame).promise();
  }
};

/// One chain of frames that runs by itself: a spawned task, or one of the tasks of any_of() and all_of().
struct Branch {
  enum class Cancel : std::uint8_t { none, requested, told };
  /// Of the wait that it is in, or was in last. `delay`: nothing but its event ends it. `linked`: others know of it.
  /// `join`: it ends when other branches have ended. `granted`, `cancelled`: it is over, and wakes. `stopped`: no wait; its
  /// process died, or a task failed, while it ran, and no frame of it goes on.
  enum class Phase : std::uint8_t { delay, linked, join, granted, cancelled, stopped };

  Branch() = default;
  Branch(const Branch&) = delete;
  Branch& operator=(const Branch&) = delete;
  ~Branch() {
    if (listed) component->process()->forget(*this);
  }
  /// Its pending wait, or its next one if that is granted already, ends with `cancelled`; once.
  inline void cancel();
  /// It goes no further than `frame`, its innermost.
  void stop_at(void* frame) {
    phase = Phase::stopped;
    stopped_at = frame;
  }
  [[nodiscard]] bool waits() const { return phase != Phase::stopped && waiting != nullptr; }
  /// The innermost of its frames, as far as that is known: null before it has begun, and while it waits for something
  /// that keeps its frame only.
  [[nodiscard]] inline void* innermost() const;

  Component* component = nullptr;  // whose events wake this chain
  union {
    Wait* waiting = nullptr;  // what its innermost frame waits for
    void* stopped_at;         // where it stopped
  };
  std::uint32_t place = 0;  // in the list of the component's process
  Cancel cancelled = Cancel::none;
  Phase phase = Phase::delay;
  bool listed = false;
  bool owned = false;  // an OwnedBranch
};

/// A child of any_of() or all_of().
struct OwnedBranch : Branch {
  struct Owner {
    virtual void on_done(OwnedBranch& branch) = 0;

   protected:
    ~Owner() = default;
  };
  Owner* owner = nullptr;    // null once it has ended
  TaskLink* task = nullptr;  // which has its first frame
};

/// Destroys the frames of a chain whose process is dead, innermost first, the first one (of a spawned task, or of
/// `task` of an OwnedBranch) too. Long chains do not recurse.
void destroy_frames(Branch& branch);

/// Throws a Bug.
[[noreturn]] void refuse_delay(Duration length, EventKind kind);

/// A suspended frame and the event that will wake it. Destroying it cancels the event.
class Wait {
 public:
  Wait() : frame_(nullptr), event_{}, since_(-1) {}
  /// Keeps what delay() asks for, until delay_by(). `length` is not negative.
  Wait(EventKind kind, Duration length, const void* works_on)
      : works_on_(works_on), kind_hash_(kind.hash), since_(~length.ns) {
    if (length.ns < 0) [[unlikely]]
      refuse_delay(length, kind);
  }
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  ~Wait() {
    if (since_ < 0) return;
    cancel_event();
    if (branch().waits() && branch().waiting == this) branch().waiting = nullptr;
  }

  /// The frame waits for the length that this was made with.
  template <class Promise>
  void delay_by(std::coroutine_handle<Promise> frame, EventKind kind) {
    const Duration length{~since_};
    const void* works_on = works_on_ != nullptr ? works_on_ : frame.address();
    event_ = {};
    if (!begin(frame, Branch::Phase::delay)) return tell_cancelled();
    Component& owner = component();
    wake_at(owner.now() + owner.timer(length), kind, works_on);
  }
  /// The hash that delay() was asked for with.
  [[nodiscard]] std::uint64_t kind_hash() const { return kind_hash_; }
  void wake_at(SimTime at, EventKind kind) { wake_at(at, kind, frame_); }
  void resumed() {
    event_ = {};
    since_ = -1;
    branch().waiting = nullptr;
  }
  /// Ends the wait with `cancelled`, unless it is granted already.
  inline void cancel_wait();

  [[nodiscard]] Component& component() const { return *branch().component; }
  /// Null before the first wait.
  [[nodiscard]] std::coroutine_handle<> frame() const {
    return std::coroutine_handle<>::from_address(frame_);
  }
  [[nodiscard]] bool granted() const { return branch().phase >= Branch::Phase::granted; }
  [[nodiscard]] bool cancelled() const { return branch().phase == Branch::Phase::cancelled; }
  /// What a report of waiting tasks calls it.
  [[nodiscard]] inline const char* name() const;
  [[nodiscard]] SimTime since() const { return {since_}; }

 protected:
  /// False: the branch was cancelled before.
  template <class Promise>
  [[nodiscard]] bool begin(std::coroutine_handle<Promise> frame, Branch::Phase phase) {
    Branch* branch = frame.promise().branch;
    frame_ = frame.address();
    branch->waiting = this;
    branch->phase = phase;
    since_ = branch->component->now().ns;
    return branch->cancelled != Branch::Cancel::requested;
  }
  void cancel_event() {
    if (event_.slot != EventHandle{}.slot) component().sim().cancel(event_);
    event_ = {};
  }
  void tell_cancelled() {
    branch().cancelled = Branch::Cancel::told;
    branch().phase = Branch::Phase::cancelled;
    wake_at(component().now(), "task.cancelled");
  }
  [[nodiscard]] Branch& branch() const { return *FrameBase::of(frame_).branch; }

 private:
  void wake_at(SimTime at, EventKind kind, const void* works_on) {
    event_ = component().at(at, kind,
                            {&Simulation::resume_frame, frame_, reinterpret_cast<std::uintptr_t>(works_on)});
  }
  // What delay() asked for lies where the wait will be.
  union {
    void* frame_;
    const void* works_on_;
  };
  union {
    EventHandle event_;
    std::uint64_t kind_hash_;
  };
  std::int64_t
      since_;  // while it waits the instant it began; before a delay ~length; negative whenever it does not wait
};

/// A wait that others know of: a signal, a channel, other branches.
class Wakeup : public Wait {
 public:
  /// Undoes what the wait is linked to, before it ends with `cancelled`. `wait` is what was given to suspend().
  using Unlink = void (*)(void* wait);

  /// The frame waits for `name` (a literal, or text that outlives the wait). True: it must go on waiting. False: its
  /// branch was cancelled before, and it wakes at once.
  template <class Promise>
  [[nodiscard]] bool suspend(std::coroutine_handle<Promise> frame, const char* name, Unlink unlink,
                             void* wait) {
    name_ = name;
    unlink_ = unlink;
    wait_ = wait;
    if (begin(frame, Branch::Phase::linked)) [[likely]]
      return true;
    tell_cancelled();
    return false;
  }
  /// As suspend(), for a wait that ends when other branches have ended: cancelling it calls `pass_on` and leaves the
  /// rest to them. False: it is cancelled already, and the caller passes that on.
  template <class Promise>
  [[nodiscard]] bool suspend_join(std::coroutine_handle<Promise> frame, const char* name, Unlink pass_on,
                                  void* join) {
    name_ = name;
    unlink_ = pass_on;
    wait_ = join;
    if (begin(frame, Branch::Phase::join)) [[likely]]
      return true;
    branch().cancelled = Branch::Cancel::told;
    return false;
  }
  /// Wakes the frame at now() with what it waits for: from here on it cannot be cancelled.
  void grant(EventKind kind) {
    grant_here();
    wake_at(component().now(), kind);
  }
  /// Gives up waiting after `timeout` of the component's timer, if that is not Duration::max().
  void give_up_after(Duration timeout) {
    if (timeout == Duration::max()) return;
    wake_at(component().now() + component().timer(timeout), "task.timeout");
  }
  /// As grant(), but the caller resumes frame() itself.
  void grant_here() {
    cancel_event();
    branch().phase = Branch::Phase::granted;
  }

 private:
  friend class Wait;
  const char* name_ = "";
  Unlink unlink_ = nullptr;
  void* wait_ = nullptr;
};

inline void* Branch::innermost() const {
  if (phase == Phase::stopped) return stopped_at;
  return waiting == nullptr ? nullptr : waiting->frame().address();
}

inline void Wait::cancel_wait() {
  Branch& branch = this->branch();
  switch (branch.phase) {
    case Branch::Phase::stopped: return;
    case Branch::Phase::granted:
    case Branch::Phase::cancelled: branch.cancelled = Branch::Cancel::requested; return;
    case Branch::Phase::join: {
      const auto& join = static_cast<const Wakeup&>(*this);
      branch.cancelled = Branch::Cancel::told;
      join.unlink_(join.wait_);
      return;
    }
    case Branch::Phase::linked: {
      const auto& linked = static_cast<const Wakeup&>(*this);
      linked.unlink_(linked.wait_);
      break;
    }
    case Branch::Phase::delay: break;
  }
  cancel_event();
  tell_cancelled();
}

inline const char* Wait::name() const {
  if (branch().phase == Branch::Phase::delay || cancelled()) return component().sim().kind_name(event_);
  return static_cast<const Wakeup*>(this)->name_;
}

inline void Branch::cancel() {
  if (cancelled != Cancel::none) return;
  if (waits()) {
    waiting->cancel_wait();
  } else {
    cancelled = Cancel::requested;
  }
}

}  // namespace brokersim::sim::detail
