// Several tasks at once: any_of, all_of, with_timeout. Structured: none of them outlives the wait.
//
//   auto both = any_of(std::move(a), std::move(b));     // name it: g++ 12.2 and temporaries in co_await
//   const std::size_t first = co_await both;
//   std::optional<T> value = both.take<0>();
//
// The tasks start in their order, inside the running handler. When the first has ended, the others are told: the wait
// that each is in ends once with `cancelled` (a wait whose event is already on its way is not undone; then the next one
// ends so). What they await after that is awaited as usual, so that they can clean up. The wait ends when all have ended.
// No allocation: the tasks' frames are in the wait, and the wait is in the frame of who waits.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "sim/task.h"

namespace brokersim::sim {

namespace detail {

/// One task of a join. The branch goes after the frame that it belongs to.
template <class T>
struct Child {
  OwnedBranch branch;
  Task<T> task;

  explicit Child(Task<T> t) : task(std::move(t)) {}
  Child(Child&& other) noexcept : task(std::move(other.task)) {}
  [[nodiscard]] auto take() {
    if constexpr (std::is_void_v<T>) {
      return task.handle().done();
    } else {
      return std::exchange(task.handle().promise().value, std::nullopt);
    }
  }
};

class JoinBase : public OwnedBranch::Owner {
 public:
  explicit JoinBase(bool first_wins, const char* name) : first_wins_(first_wins), name_(name) {}
  JoinBase(const JoinBase&) = delete;
  JoinBase& operator=(const JoinBase&) = delete;

  bool await_ready() const noexcept { return false; }
  /// The number of the task that ended first.
  std::size_t await_resume() {
    wakeup_.resumed();
    return winner_;
  }
  /// True if the whole wait was cancelled from outside, and passed it on to all its tasks.
  [[nodiscard]] bool cancelled() const { return cancelled_; }

 protected:
  ~JoinBase() = default;

  template <class Promise, class T>
  void start(std::coroutine_handle<Promise> parent, Child<T>& child) {
    Component* component = parent.promise().branch->component;
    check_new(child.task.link());
    child.branch.owner = this;
    child.branch.owned = true;
    child.branch.task = &child.task.link();
    child.branch.component = component;
    child.task.handle().promise().branch = &child.branch;
    component->process()->adopt(child.branch);
    component->sim().resume_also(child.task.handle(), *component);
    ++running_;
  }
  template <class Promise>
  void wait(std::coroutine_handle<Promise> parent) {
    SIM_CHECK(running_ > 0, "a wait for no task");
    const bool goes_on = wakeup_.suspend_join(parent, name_, &JoinBase::cancel_all, this);
    if (!goes_on) cancel_all(this);
  }
  /// The branches of the tasks, in order.
  virtual void for_each(void (*visit)(OwnedBranch&, void*), void* what) = 0;

 private:
  void on_done(OwnedBranch& branch) override {
    branch.owner = nullptr;
    branch.component = nullptr;
    if (winner_ == kNone) {
      winner_ = index_of(branch);
      if (first_wins_) cancel_rest();
    }
    if (--running_ > 0) return;
    wakeup_.component().sim().resume_next(wakeup_.frame());
  }
  static void cancel_all(void* self) {
    auto* join = static_cast<JoinBase*>(self);
    join->cancelled_ = true;
    join->cancel_rest();
  }
  void cancel_rest() {
    for_each(
        [](OwnedBranch& branch, void*) {
          if (branch.owner != nullptr) branch.cancel();
        },
        nullptr);
  }
  std::size_t index_of(const OwnedBranch& wanted) {
    struct Search {
      const OwnedBranch* wanted;
      std::size_t index;
      bool found;
    } search{&wanted, 0, false};
    for_each(
        [](OwnedBranch& branch, void* what) {
          auto* s = static_cast<Search*>(what);
          if (&branch == s->wanted) s->found = true;
          if (!s->found) ++s->index;
        },
        &search);
    return search.index;
  }
  static constexpr std::size_t kNone = ~std::size_t{0};
  Wakeup wakeup_;
  std::size_t running_ = 0;
  std::size_t winner_ = kNone;
  bool first_wins_;
  bool cancelled_ = false;
  const char* name_;
};

/// A fixed number of tasks of any types.
template <class... Ts>
class Join final : public JoinBase {
 public:
  Join(bool first_wins, const char* name, Task<Ts>... tasks)
      : JoinBase(first_wins, name), children_(Child<Ts>(std::move(tasks))...) {}

  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> parent) {
    std::apply([&](auto&... child) { (start(parent, child), ...); }, children_);
    wait(parent);
  }
  /// What task `I` returned (of a void task: whether it ended), once; nothing if it did not end.
  template <std::size_t I>
  [[nodiscard]] auto take() {
    return std::get<I>(children_).take();
  }

 private:
  void for_each(void (*visit)(OwnedBranch&, void*), void* what) override {
    std::apply([&](auto&... child) { (visit(child.branch, what), ...); }, children_);
  }
  std::tuple<Child<Ts>...> children_;
};

/// Any number of tasks of one type.
template <class T>
class JoinMany final : public JoinBase {
 public:
  JoinMany(bool first_wins, const char* name, std::vector<Task<T>> tasks) : JoinBase(first_wins, name) {
    children_.reserve(tasks.size());
    for (Task<T>& task : tasks) children_.emplace_back(std::move(task));
  }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> parent) {
    for (Child<T>& child : children_) start(parent, child);
    wait(parent);
  }
  /// What task `index` returned, as Join::take().
  [[nodiscard]] auto take(std::size_t index) { return children_.at(index).take(); }
  [[nodiscard]] std::size_t size() const { return children_.size(); }

 private:
  void for_each(void (*visit)(OwnedBranch&, void*), void* what) override {
    for (Child<T>& child : children_) visit(child.branch, what);
  }
  std::vector<Child<T>> children_;
};

[[nodiscard]] inline Task<void> sleep(Duration length) { co_await delay(length, "task.timeout"); }

}  // namespace detail

/// Waits for the first of the tasks to end; the others are cancelled. At least one task.
template <class... Ts>
[[nodiscard]] detail::Join<Ts...> any_of(Task<Ts>... tasks) {
  return {true, "any_of", std::move(tasks)...};
}
template <class T>
[[nodiscard]] detail::JoinMany<T> any_of(std::vector<Task<T>> tasks) {
  return {true, "any_of", std::move(tasks)};
}
/// Waits for all the tasks.
template <class... Ts>
[[nodiscard]] detail::Join<Ts...> all_of(Task<Ts>... tasks) {
  return {false, "all_of", std::move(tasks)...};
}
template <class T>
[[nodiscard]] detail::JoinMany<T> all_of(std::vector<Task<T>> tasks) {
  return {false, "all_of", std::move(tasks)};
}

/// What `task` returns, or nothing if it takes longer than `timeout`: then it was cancelled and has ended.
/// A tie at the instant of the timeout goes by the kernel's order, as any tie: the timer takes its place when the wait
/// begins, right after the task's first wait. So a task that ends with that first wait has ended in time; one whose last
/// wait began later has not, also if it is due at the same instant.
template <class T>
[[nodiscard]] Task<std::optional<T>> with_timeout(Task<T> task, Duration timeout) {
  Task<void> timer = detail::sleep(timeout);
  auto both = any_of(std::move(task), std::move(timer));
  const std::size_t first = co_await both;
  if (first != 0) co_return std::nullopt;
  co_return both.template take<0>();
}
/// As above for a task without a result: notified or timed_out.
[[nodiscard]] inline Task<Waited> with_timeout(Task<void> task, Duration timeout) {
  Task<void> timer = detail::sleep(timeout);
  auto both = any_of(std::move(task), std::move(timer));
  const std::size_t first = co_await both;
  if (both.cancelled()) co_return Waited::cancelled;
  co_return first == 0 ? Waited::notified : Waited::timed_out;
}

}  // namespace brokersim::sim
