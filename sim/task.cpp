#include "sim/task.h"

namespace brokersim::sim::detail {

void refuse_delay(Duration length, EventKind kind) {
  SIM_CHECK(length.ns >= 0, "a delay of " + to_string(length) + " for " + kind.name);
  std::terminate();  // not reached
}

void start_root(Component& component, Task<void> task) {
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
