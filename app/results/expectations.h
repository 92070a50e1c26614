// Judges what a scenario expects of its outcome.
#pragma once

#include "app/results/run_result.h"

namespace brokersim::results {

/// A metric expectation is inconclusive if there is nothing to measure or too few samples; a sometimes expectation
/// if the state was never reached (it cannot be violated); one of a check that it should hold or be violated, if it was
/// not applicable.
[[nodiscard]] ExpectationResult judge(const RunResult& result, const scenario::Expectation& expectation);

/// Ids of violated checks that count as failures. A scenario that expects one law to be broken, and sees it broken,
/// expects the consequences for other laws too.
[[nodiscard]] std::vector<std::string> failed_laws(const RunResult& result,
                                                   const std::vector<scenario::Expectation>& expectations);

/// A value in its unit, for people: "9.482 s", "12.3 ms", "1,200", "20,000.0 /s".
[[nodiscard]] std::string value_text(double value, std::string_view metric);

}  // namespace brokersim::results
