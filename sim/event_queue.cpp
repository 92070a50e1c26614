#include "sim/event_queue.h"

#include "sim/event_queue_impl.h"

namespace brokersim::sim {

template class BasicEventQueue<1024>;

}  // namespace brokersim::sim
