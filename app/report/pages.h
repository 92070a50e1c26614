// A sweep, and an exploration, as one HTML file each: no network, light and dark, to be printed, read by keyboard.
#pragma once

#include <string>
#include <vector>

namespace brokersim::report {

struct SweepPage {
  std::string title;
  std::string scenario;               ///< Its file, or what stands for it.
  std::string source;                 ///< Text of a scenario that is in no file; "" otherwise.
  std::string command;                ///< What made the sweep, to be pasted; may be "".
  std::vector<std::string> pointers;  ///< The varied places: columns of the rows.
  std::vector<std::string>
      rows;  ///< As sweep::row_json() writes them: pointers, seed, ..., wall_seconds, metrics.
  std::vector<std::string> shown;  ///< Metrics of the first table.
  std::vector<std::string>
      replays;  ///< By row: the line that repeats the run. Only those of runs that do not hold are used.
};

/// Means with Student's intervals, shares with Clopper and Pearson's, by setting; every metric that the rows have. Some
/// kilobytes for each setting, whatever the number of runs.
[[nodiscard]] std::string sweep_page(const SweepPage& sweep);

/// `search`: the JSON object that `brokersim explore --json` prints; `folder`: of its output.
[[nodiscard]] std::string explore_page(const std::string& title, const std::string& folder,
                                       const std::string& search);

}  // namespace brokersim::report
