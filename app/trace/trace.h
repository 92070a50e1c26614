// One run as a Perfetto trace: for ui.perfetto.dev and for trace_processor's SQL. docs/traces.md says what is in it.
//
// Written only when asked for. A run repeats exactly, so whoever finds a failure replays it with a trace of the seconds
// around it; a run without one pays nothing. Recording neither schedules nor draws: the fingerprint stays the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/results/run_result.h"
#include "app/scenario/scenario.h"

namespace brokersim::trace {

struct Options {
  sim::SimTime from;                      ///< What overlaps [from, to] is kept and cut to it.
  sim::SimTime to = sim::SimTime::max();  ///< At most the run's end.
  std::size_t slices_max =
      1'000'000;  ///< Some 150 bytes each in the file; later ones are left out and counted.
};

struct Traced {
  results::RunResult result;
  std::string file;           ///< The trace; "" if a bug of ours ended the run.
  std::int64_t slices = 0;    ///< In it, without parts of slices and tracks' own.
  std::int64_t left_out = 0;  ///< For want of room.
};

/// Runs the scenario as results::execute() does, to the same fingerprint, with a tracer attached.
[[nodiscard]] Traced run(const scenario::Scenario& scenario, std::uint64_t seed,
                         const std::vector<std::string>& overrides = {}, const Options& options = {});

/// When a run that is not as it should be went wrong first: a broken law, else the first acknowledgement that was lost,
/// else the first window without service, else the first fault. Nothing if all is well.
[[nodiscard]] std::optional<sim::SimTime> first_failure(const results::RunResult& result);

/// The seconds around it: `margin` before and after, within the run.
[[nodiscard]] Options around(sim::SimTime instant, sim::Duration margin);

}  // namespace brokersim::trace
