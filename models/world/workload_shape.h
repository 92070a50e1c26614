// What a producer's workload is beyond a rate, one size and no keys.
#pragma once

namespace brokersim::world {

struct WorkloadShape {};

}  // namespace brokersim::world
