#include "sim/task.h"

namespace brokersim::sim::detail {

void resume_frame(void* frame, std::uint64_t sim_address) {
  auto* sim = reinterpret_cast<Simulation*>(sim_address);
  sim->resume_now(std::coroutine_handle<>::from_address(frame));
}

void start_root(Component& component, Task<void> task) {
  const auto handle = task.release();
  Promise<void>& promise = handle.promise();
  promise.branch = &promise;
  promise.component = &component;
  component.process()->adopt(promise);
  component.at(component.now(), "task.start",
               {&resume_frame, handle.address(), reinterpret_cast<std::uint64_t>(&component.sim())});
}

}  // namespace brokersim::sim::detail
