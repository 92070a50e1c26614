#include "sim/task.h"

namespace brokersim::sim::detail {

void start_root(Component& component, Task<void> task) {
  const auto handle = task.release();
  Promise<void>& promise = handle.promise();
  promise.branch = &promise;
  promise.component = &component;
  component.process()->adopt(promise);
  component.at(
      component.now(), "task.start",
      {&Simulation::resume_frame, handle.address(), reinterpret_cast<std::uint64_t>(&component.sim())});
}

}  // namespace brokersim::sim::detail
