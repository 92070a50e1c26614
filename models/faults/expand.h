// A fault plan becomes a list of faults.
//
// Every number is a draw addressed by (seed, fault name, purpose), so that the faults of a plan do not share a source:
// asking for one fault fewer, or for another kind more, changes no other fault. Faults are named "plan/<kind>-<n>",
// n counting from 0 within the kind, so that the first n of a longer plan are the plan of n.
#pragma once

#include <cstdint>
#include <vector>

#include "models/faults/config.h"

namespace brokersim::faults {

/// The plan's faults in order of time, then of name. Counts are not negative and ranges not reversed.
///
/// Who is hit: a live broker by a draw when the fault fires (controller_kill: the active controller). Partitions take
/// turns: full (one broker, or one time in four two, against everybody else), one-way (out or in, by a draw), partial
/// (by a draw, one broker against one other broker, or against the controller; both still see everybody else).
/// Slow disks are 3 to 20 times as slow. Times are whole microseconds.
[[nodiscard]] std::vector<FaultConfig> expand(const FaultPlan& plan, std::uint64_t seed);

}  // namespace brokersim::faults
