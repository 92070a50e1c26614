// Results as JUnit XML, for the reports of continuous integration.
#pragma once

#include <string>
#include <vector>

#include "app/results/run_result.h"

namespace brokersim::results {

/// One scenario of a test run: its results over one or more seeds, or the diagnostics why it did not run.
struct TestCase {
  std::string file;
  std::vector<RunResult> runs;
  std::string diagnostics;  ///< Not empty: the scenario is wrong and nothing was run.
  bool canary = false;      ///< A run that must fail. `diagnostics`: why it proves nothing.
};

/// A <testsuite> with one <testcase> per scenario and seed. Violated: <failure>. Inconclusive, diagnostics and our
/// own bugs: <error>, as a run that proves nothing must not pass. Every run has its seed and fingerprint as properties.
[[nodiscard]] std::string to_junit(const std::string& suite, const std::vector<TestCase>& cases);

}  // namespace brokersim::results
