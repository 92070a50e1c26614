// One run as one HTML file that explains itself: no network, light and dark, to be printed, read by keyboard.
//
// The file holds the outcome (results/json), the timeline, and the page (app/report/page) that draws them. Under 5 MB
// unless the outcome alone (losses, windows) has more: the logs of the 24 worst partitions are drawn, and of 100,000
// events the first half, quarter, ... listed until it fits; the page says what it left out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/report/timeline.h"
#include "app/results/run_result.h"
#include "app/scenario/scenario.h"

namespace brokersim::report {

/// A series as plain memory, for those who compute with it: numbers of one kind, row by row.
struct Column {
  std::string name;  ///< "acknowledged", "events/at_ns", "logs/orders/0/2/log_end", "hosts/b-0/dirty", ...
  std::vector<std::int64_t> integers;
  std::vector<double> numbers;  ///< Either these or `integers`.
  std::int64_t width = 1;       ///< Numbers in a row; 1: not a matrix.
};

struct Recorded {
  results::RunResult result;
  std::string html;             ///< The report; "" if a bug of ours ended the run.
  std::string timeline;         ///< The same series as JSON, for Python.
  std::vector<Column> columns;  ///< And as memory; events and logs as the JSON has them.
};

/// Runs the scenario as results::execute() does, to the same fingerprint, with a timeline attached. `replay`: the line that
/// the report ends with; "": the result's own. `source`: the scenario's text, shown in the report; "": it has a file.
[[nodiscard]] Recorded run(const scenario::Scenario& scenario, std::uint64_t seed,
                           const std::vector<std::string>& overrides = {}, const std::string& replay = "",
                           const std::string& source = "");

/// The series as one JSON object, with the first `events_max` events.
[[nodiscard]] std::string timeline_json(const results::RunResult& result, const Timeline& timeline,
                                        const world::Config& config, const history::History& history,
                                        std::size_t events_max = Timeline::kEventsMax);
/// The page around them. `why` of the scenario, `replay` as of run().
[[nodiscard]] std::string page(const results::RunResult& result, const std::string& timeline,
                               const std::string& why, const std::string& replay,
                               const std::string& source = "");

}  // namespace brokersim::report
