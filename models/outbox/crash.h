// Makes a process die whenever it reaches a chosen step for the n-th time.
//
// Why: what an outbox survives is a matter of where exactly its publisher dies, and a kill at a drawn time nearly always
// finds it waiting. The count goes on over the lives of the process.
#pragma once

#include <cstdint>
#include <string>

#include "models/database/supervisor.h"
#include "models/devices/host/host.h"
#include "models/history/history.h"
#include "models/outbox/config.h"

namespace brokersim::outbox {

/// "after_commit". For reports and scenario files.
[[nodiscard]] const char* to_string(Step step);

/// What outlives the process; owned by the world.
struct CrashCount {
  std::int64_t reached = 0;
};

struct CrashSite {
  host::Host* host = nullptr;
  std::string program;
  std::string workload;
  history::History* history = nullptr;
  database::Supervisor* supervisor = nullptr;
  CrashCount* count = nullptr;
};

/// Whether the process is to die at this step; counts that it was reached.
[[nodiscard]] bool crash_is_due(const CrashSite& site, const CrashPlan& plan, Step step);
/// It dies; the task that asked must return at once.
void crash_now(const CrashSite& site, const CrashPlan& plan, Step step, history::EventNumber event);
/// Both in one. True: the process is dead.
[[nodiscard]] bool crash_here(const CrashSite& site, const CrashPlan& plan, Step step,
                              history::EventNumber event);

}  // namespace brokersim::outbox
