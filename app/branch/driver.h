// Starts the worker, asks it, and hands on what the branches came to.
//
// May be called from a process with many threads: the worker is started with posix_spawn, never forked.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "app/branch/outcome.h"
#include "app/branch/request.h"

namespace brokersim::branch {

/// How a branching run ended.
struct DriveEnd {
  std::uint64_t told = 0;    ///< Outcomes handed on.
  bool interrupted = false;  ///< `stop` said so.
  std::string error;         ///< Why some are missing, for people; "" if none is, or if interrupted.
};

/// Runs `request`, of which make_plan() made `plan`, in a process of `worker_command` (program and arguments; the
/// request comes on its standard input). `outcome` is called in order of the numbers, whatever was first; a branch
/// whose process died is an outcome too. `stop` is asked ten times a second and after every outcome; once it says
/// true, branches that run are given up and what is complete is still handed on.
[[nodiscard]] DriveEnd drive(const std::vector<std::string>& worker_command, const Request& request,
                             const Plan& plan, const std::function<void(const Outcome&)>& outcome,
                             const std::function<bool()>& stop);

}  // namespace brokersim::branch
