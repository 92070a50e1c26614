// A run that ends in a bug of ours, on purpose: how the tests of the Python package see InvariantViolation.
//
// Why here: no scenario may provoke a failed SIM_CHECK (if one does, that is a bug to mend), so the only honest way
// to show what such a failure looks like from Python is a check that is false by construction. Private: not part of
// the package's public names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/results/run_result.h"
#include "app/scenario/scenario.h"

namespace brokersim::python {

/// As results::execute(), but a SIM_CHECK fails half way through the simulated time. The result's RunFacts::bug says
/// so; fingerprint and events are those up to the failure.
[[nodiscard]] results::RunResult execute_with_failing_check(const scenario::Scenario& scenario,
                                                            std::uint64_t seed,
                                                            const std::vector<std::string>& overrides);

}  // namespace brokersim::python
