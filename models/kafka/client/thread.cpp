#include "models/devices/compute/thread_pool.h"
#include "models/devices/host/host.h"
#include "models/kafka/client/params.h"

namespace brokersim::kafka::client {

std::unique_ptr<compute::ThreadPool> make_thread(sim::Component& owner, const ClientSite& site,
                                                 const Costs& costs) {
  if (site.machine == nullptr || !costs.client_threads()) return nullptr;
  auto thread = std::make_unique<compute::ThreadPool>(owner, 1, site.machine->cpu());
  thread->set_wake_up(costs.wake_up);
  return thread;
}

}  // namespace brokersim::kafka::client
