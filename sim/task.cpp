#include "sim/task.h"

namespace brokersim::sim::detail {

void refuse_delay(Duration length, EventKind kind) {
  SIM_CHECK(length.ns >= 0, "a delay of " + to_string(length) + " for " + kind.name);
  std::terminate();  // not reached
}

void check_new(const TaskLink& task) {
  SIM_CHECK(task.frame != nullptr, "a task that is empty, or was moved away, is to run");
  SIM_CHECK(FrameBase::of(task.frame).branch == nullptr, "a task is to run a second time");
}

void destroy_frames(Branch& branch) {
  auto* task = branch.owned ? static_cast<OwnedBranch&>(branch).task : nullptr;
  void* const first = task != nullptr ? task->frame : frame_of(branch).address();
  void* frame = branch.innermost();
  if (frame == nullptr) frame = first;
  while (frame != first) {  // it is taken from its task, which is in the next frame outwards
    TaskLink& owner = *FrameBase::of(frame).owner;
    void* const inner = std::exchange(frame, owner.parent);
    owner.release();
    std::coroutine_handle<>::from_address(inner).destroy();
  }
  if (task != nullptr) task->release();
  std::coroutine_handle<>::from_address(first).destroy();
}

void start_root(Component& component, Task<void> task) {
  check_new(task.link());
  const auto handle = task.release();
  Promise<void>& promise = handle.promise();
  promise.branch = &promise;
  promise.component = &component;
  component.process()->adopt(promise);
  component.at(
      component.now(), "task.start",
      {&Simulation::resume_frame, handle.address(), reinterpret_cast<std::uintptr_t>(handle.address())});
}

}  // namespace brokersim::sim::detail
