// The outcome as a person reads it on a terminal after `brokersim run`.
#pragma once

#include <cstddef>
#include <string>

#include "app/results/run_result.h"

namespace brokersim::results {

struct TextOptions {
  std::size_t width = 100;   ///< Columns of the terminal; below 60 counts as 60.
  bool colour = false;       ///< ANSI colours.
  std::size_t losses = 8;    ///< Stories told in full; the rest is counted.
  std::size_t windows = 20;  ///< Unavailable windows and recoveries listed; the longest come first.
  std::size_t faults = 30;
};

/// The verdict first, then records, losses with their stories, unavailable windows, latency before, during and
/// after the faults, recoveries, faults, checks, expectations, warnings; the last line replays the run.
[[nodiscard]] std::string render_text(const RunResult& result, const TextOptions& options = {});

/// One line per run, for sweeps: "holds  seed 7  lost 0  unavailable 9.2 s  scenarios/x.json".
[[nodiscard]] std::string render_line(const RunResult& result, bool colour);

}  // namespace brokersim::results
