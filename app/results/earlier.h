// Results of earlier runs, read back: what is needed to run them again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace brokersim::results {

/// A run as its result file tells it (result-<seed>.json of --out, or lines of --json).
struct EarlierRun {
  std::string scenario;  ///< Path of the scenario file, as it was given then.
  std::uint64_t seed = 0;
  std::vector<std::string> overrides;
  std::uint64_t fingerprint = 0;
};

struct EarlierRuns {
  bool is_result =
      false;  ///< False: the file is none of ours (a scenario, perhaps); nothing else is filled in.
  std::vector<EarlierRun> runs;
  std::string error;  ///< What is wrong with it, "" if nothing is.
};

/// Looks into the file at `path` (at most 256 MiB). A file that cannot be read is no result: who loads it as a
/// scenario says why.
[[nodiscard]] EarlierRuns read_results(const std::string& path);

}  // namespace brokersim::results
