// Runs a scenario from beginning to end: the one way the CLI, Python and tests share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/results/run_result.h"
#include "app/scenario/scenario.h"

namespace brokersim::results {

/// Builds the world with `seed`, runs it, judges it. A bug of ours becomes RunFacts::bug, never an exception.
/// wall_seconds stays 0: the caller has the clock. Safe to call from several threads at once.
[[nodiscard]] RunResult execute(const scenario::Scenario& scenario, std::uint64_t seed,
                                const std::vector<std::string>& overrides = {});

}  // namespace brokersim::results
