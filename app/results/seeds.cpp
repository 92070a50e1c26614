#include "app/results/seeds.h"

#include <algorithm>

#include "app/results/expectations.h"
#include "app/results/layout.h"
#include "app/results/metric_value.h"
#include "app/results/shown_metrics.h"
#include "models/checkers/words.h"

namespace brokersim::results {

void SeedTable::add(const RunResult& result) {
  scenario_ = result.scenario;
  title_ = result.title;
  Row row;
  row.exit_code = result.exit_code();
  row.replay = result.replay();
  exit_code_ = worse_exit_code(exit_code_, row.exit_code);
  if (!result.facts.bug.empty()) {
    row.violated.push_back("our own bug: " + result.facts.bug);
  } else {
    for (const char* metric : shown_metrics()) {
      if (const auto value = metric_value(result, metric)) row.values[metric] = value->value;
    }
    for (const std::string& law : result.failed_laws) row.violated.push_back("law " + law);
    for (const ExpectationResult& e : result.expectations) {
      if (e.verdict == ExpectationVerdict::violated) row.violated.push_back(e.text);
      if (e.verdict == ExpectationVerdict::inconclusive) row.inconclusive.push_back(e.text);
    }
  }
  by_seed_[result.facts.seed] = std::move(row);
}

sim::Summary SeedTable::summary(const std::string& metric) const {
  std::vector<double> values;
  for (const auto& [seed, row] : by_seed_) {
    const auto value = row.values.find(metric);
    if (value != row.values.end()) values.push_back(value->second);
  }
  return sim::summarise(std::move(values));
}

std::string SeedTable::render(std::size_t width, bool colour) const {
  std::string out = tinted(title_, Tint::strong, colour) + "\n  " + scenario_ + ", " +
                    checkers::count_text(runs()) + (runs() == 1 ? " seed" : " seeds") + "\n\n";
  Columns table({false, true, true, true, true, true});
  table.row({"", "mean", "95 % interval of the mean", "min", "median", "max"});
  for (const char* metric : shown_metrics()) {
    const sim::Summary s = summary(metric);
    if (s.n == 0) continue;
    const sim::Interval interval = interval_of_mean(s);
    const std::string of = s.n < runs() ? " (" + std::to_string(s.n) + " runs)" : "";
    const std::string between = mean_text(interval.low, metric) + " to " + mean_text(interval.high, metric);
    table.row({metric + of, mean_text(s.mean, metric),
               s.n < 2            ? "-"
               : s.deviation == 0 ? "always"
                                  : between,
               value_text(s.min, metric), value_text(s.median, metric), value_text(s.max, metric)});
  }
  out += table.text(2);

  std::int64_t lossy = 0;
  std::int64_t unavailable = 0;
  std::map<std::string, std::int64_t> violated;
  std::map<std::string, std::int64_t> inconclusive;
  const Row* worst = nullptr;
  for (const auto& [seed, row] : by_seed_) {
    const auto at_least_some = [&row = row](const char* metric) {
      const auto value = row.values.find(metric);
      return value != row.values.end() && value->second > 0;
    };
    lossy += at_least_some("records.lost_acknowledged") ? 1 : 0;
    unavailable += at_least_some("unavailable.total") ? 1 : 0;
    for (const std::string& text : row.violated) ++violated[text];
    for (const std::string& text : row.inconclusive) ++inconclusive[text];
    if (row.exit_code != 0 &&
        (worst == nullptr || worse_exit_code(worst->exit_code, row.exit_code) != worst->exit_code))
      worst = &row;
  }
  out += "\n  runs that lost acknowledged records: " + sim::share_text(lossy, runs()) + "\n";
  out += "  runs with an unavailable window: " + sim::share_text(unavailable, runs()) + "\n";
  for (const auto& [text, count] : violated) {
    out +=
        wrapped(tinted("violated", Tint::bad, colour) + " in " + sim::share_text(count, runs()) + ": " + text,
                2, width);
  }
  for (const auto& [text, count] : inconclusive) {
    out += wrapped(tinted("inconclusive", Tint::doubtful, colour) + " in " + sim::share_text(count, runs()) +
                       ": " + text,
                   2, width);
  }
  if (worst != nullptr) out += "\nReplay\n  " + worst->replay + "\n";
  return printable(out, colour);
}

}  // namespace brokersim::results
