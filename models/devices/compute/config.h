// What a user says of processors.
#pragma once

#include <cstdint>

#include "sim/time.h"

namespace brokersim::compute {

struct CpuConfig {
  std::int32_t cores = 8;  ///< Hardware threads (vCPUs). Positive.
  /// Speed relative to the machine on which the cost constants were measured, in percent. Positive.
  std::int32_t speed_percent = 100;
  /// Hardware threads that share one physical core: 1, or 2 with hyperthreading.
  std::int32_t threads_per_core = 1;
  /// What the further hardware threads of a core add to its throughput, together, in percent of the first. 0 to 100.
  /// Intel's own figure for hyperthreading is "up to 30 %".
  std::int32_t smt_gain_percent = 30;
  /// Time that the hypervisor gives to other guests while this one would run, in percent. 0 to 95.
  std::int32_t steal_percent = 0;
  /// CPU time that all processes of the host together may use in each quota_period, in percent of one hardware thread:
  /// 250 = two and a half (cgroup's cpu.max, Kubernetes' CPU limit). 0: no limit.
  std::int32_t quota_percent = 0;
  sim::Duration quota_period = {100'000'000};  ///< cpu.cfs_period_us, by default 100 ms. Positive.
};

}  // namespace brokersim::compute
