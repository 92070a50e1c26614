// What a user says of processors.
#pragma once

#include <cstdint>

namespace brokersim::compute {

struct CpuConfig {
  std::int32_t cores = 8;  ///< Hardware threads. Positive.
  /// Speed relative to the machine on which the cost constants were measured, in percent. Positive.
  std::int32_t speed_percent = 100;
};

}  // namespace brokersim::compute
