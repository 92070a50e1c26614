// The outcome as JSON, one object per run: the contract of `--json` (DESIGN.md section 4) and of the Python result.
#pragma once

#include <string>

#include "app/results/run_result.h"

namespace brokersim::results {

/// One line without a line break, keys in a fixed order. Fingerprints are 16 hexadecimal digits in a string; times
/// end in _s or _ms. A branch has branch, branch_at_s and variant besides. Equal results give equal text, wall_seconds aside.
[[nodiscard]] std::string to_json(const RunResult& result);

/// The same over several lines, for people.
[[nodiscard]] std::string to_pretty_json(const RunResult& result);

}  // namespace brokersim::results
