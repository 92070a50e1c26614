// The process that runs a scenario to the instants where it branches, and forks there.
//
// Why a process of its own: only a program with one thread may be forked and go on in the child; a notebook or a test
// runner has many. It is started afresh, gets one request over a socket, and answers with frames:
//   outcome  number, processor nanoseconds (8 bytes each), encode_outcome()
//   died     number, processor nanoseconds, how the child ended
//   refused  why it cannot go on, for people
//   done     everything was told, or the driver said stop
// The driver stops it by closing its side for writing; then children that run are ended, and what is complete is told.
//
// Each child can do what the worker does: it holds a run at an instant and may fork again. A driver of nested
// branches (multi-level splitting) would ask for trees of tasks; Simulation::branch() tells paths apart.
#pragma once

#include <functional>

namespace brokersim::branch {

/// Seconds from anywhere; clocks belong to the caller.
using Clock = std::function<double()>;

/// Serves one request on the stream socket `fd` and returns the process's exit code: 0 if the driver got all it can
/// get, 2 if what came is no request. The caller's process has one thread.
[[nodiscard]] int serve(int fd, const Clock& clock);

}  // namespace brokersim::branch
