#include "app/branch/summary.h"

#include <algorithm>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "app/results/expectations.h"
#include "app/results/layout.h"
#include "app/results/shown_metrics.h"
#include "app/scenario/quantity.h"
#include "models/checkers/words.h"
#include "sim/statistics.h"

namespace brokersim::branch {
namespace {

using checkers::count_text;
using results::Columns;
using results::Tint;
using results::tinted;

constexpr const char* kLost = "records.lost_acknowledged";
constexpr std::size_t kBar = 20;  // characters of a likelihood of 1

std::string at_text(sim::SimTime at) {
  return scenario::format_quantity(at.ns, scenario::Dimension::duration);
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, share < 0.0995 ? "%.2g %%" : "%.1f %%", 100 * share);
  return text;
}

/// Three cells: hits of n, the share, its interval.
std::vector<std::string> share_cells(std::int64_t hits, std::int64_t n) {
  const sim::Interval interval = sim::clopper_pearson(hits, n);
  return {count_text(hits), percent(static_cast<double>(hits) / static_cast<double>(n)),
          percent(interval.low) + " to " + percent(interval.high)};
}

nlohmann::ordered_json share_json(std::int64_t hits, std::int64_t n) {
  const sim::Interval interval = sim::clopper_pearson(hits, n);
  return {{"value", static_cast<double>(hits) / static_cast<double>(n)},
          {"low", interval.low},
          {"high", interval.high}};
}

}  // namespace

std::vector<MetricName> summary_metrics() {
  std::vector<MetricName> metrics;
  for (const char* name : results::shown_metrics()) metrics.push_back({name, ""});
  return metrics;
}

void Summary::add(const Outcome& outcome) {
  Group& group = groups_[{outcome.task.variant, outcome.task.point}];
  group.metrics.resize(request_.metrics.size());
  ++branches_;
  ++group.branches;
  group.failed += outcome.failed() ? 1 : 0;
  group.died += outcome.died.empty() ? 0 : 1;
  group.inconclusive += outcome.exit_code == 3 ? 1 : 0;
  for (std::size_t i = 0; i < outcome.metrics.size(); ++i) {
    if (!outcome.metrics[i]) continue;
    group.metrics[i].push_back(*outcome.metrics[i]);
    if (request_.metrics[i] == MetricName{kLost, ""} && *outcome.metrics[i] > 0) ++group.lost;
  }
  for (const std::string& text : outcome.violated) ++violated_[text];
  for (const std::string& text : outcome.inconclusive) ++inconclusive_[text];
  exit_code_ = results::worse_exit_code(exit_code_, outcome.exit_code);
  if (outcome.exit_code == 0) return;
  const bool worse = results::worse_exit_code(worst_code_, outcome.exit_code) != worst_code_;
  if (worst_replay_.empty() || worse ||
      (outcome.exit_code == worst_code_ && outcome.number < worst_number_)) {
    worst_code_ = outcome.exit_code;
    worst_number_ = outcome.number;
    worst_replay_ = outcome.replay;
  }
}

std::string Summary::metric_table(const Group& group) const {
  Columns table({false, true, true, true, true, true});
  table.row({"", "mean", "95 % interval of the mean", "min", "median", "max"});
  for (std::size_t i = 0; i < request_.metrics.size(); ++i) {
    const sim::Summary s = sim::summarise(group.metrics[i]);
    if (s.n == 0) continue;
    const char* metric = request_.metrics[i].name.c_str();
    const sim::Interval interval = results::interval_of_mean(s);
    const std::string of = s.n < group.branches ? " (" + count_text(s.n) + " branches)" : "";
    table.row({metric + of, results::mean_text(s.mean, metric),
               s.n < 2            ? "-"
               : s.deviation == 0 ? "always"
                                  : results::mean_text(interval.low, metric) + " to " +
                                        results::mean_text(interval.high, metric),
               results::value_text(s.min, metric), results::value_text(s.median, metric),
               results::value_text(s.max, metric)});
  }
  return table.text(2);
}

std::string Summary::likelihoods() const {
  const bool named = !plan_.variants.front().name.empty();
  Columns table({false, true, true, true, true, true, true, true, true, false});
  table.row({named ? "variant" : "", "branch at", "branches", "failed", "likely", "95 % interval",
             "lost data", "likely", "95 % interval", ""});
  for (const auto& [key, group] : groups_) {
    std::vector<std::string> row{plan_.variants[key.first].name, at_text(plan_.at[key.second]),
                                 count_text(group.branches)};
    for (const std::int64_t hits : {group.failed, group.lost}) {
      const std::vector<std::string> cells = share_cells(hits, group.branches);
      row.insert(row.end(), cells.begin(), cells.end());
    }
    const auto bar =
        (static_cast<std::size_t>(group.failed) * kBar * 2 + static_cast<std::size_t>(group.branches)) /
        (2 * static_cast<std::size_t>(group.branches));
    row.push_back(std::string(group.failed > 0 ? std::max<std::size_t>(bar, 1) : 0, '#'));
    table.row(std::move(row));
  }
  return table.text(2);
}

std::string Summary::render(std::size_t width, bool colour) const {
  std::string out = tinted(plan_.scenario.config.title, Tint::strong, colour) + "\n  " + plan_.scenario.file +
                    ", seed " + std::to_string(plan_.seed) + ", " + count_text(branches_) +
                    (branches_ == 1 ? " branch" : " branches");
  out += plan_.at.size() == 1 ? " at " + at_text(plan_.at.front())
                              : " at " + count_text(static_cast<std::int64_t>(plan_.at.size())) + " instants";
  out += "\n\n";
  std::int64_t failed = 0, lost = 0, died = 0;
  for (const auto& [key, group] : groups_) {
    failed += group.failed;
    lost += group.lost;
    died += group.died;
  }
  if (branches_ == 0) return out + "  no branch has ended\n";
  if (groups_.size() == 1) {
    out += metric_table(groups_.begin()->second) + "\n";
    out += "  branches that failed: " + sim::share_text(failed, branches_) + "\n";
    out += "  branches that lost acknowledged records: " + sim::share_text(lost, branches_) + "\n";
  } else {
    out += likelihoods() + "\n";
  }
  if (died > 0) out += "  branches without a result: " + sim::share_text(died, branches_) + "\n";
  for (const auto& [text, count] : violated_) {
    out += results::wrapped(
        tinted("violated", Tint::bad, colour) + " in " + sim::share_text(count, branches_) + ": " + text, 2,
        width);
  }
  for (const auto& [text, count] : inconclusive_) {
    out += results::wrapped(tinted("inconclusive", Tint::doubtful, colour) + " in " +
                                sim::share_text(count, branches_) + ": " + text,
                            2, width);
  }
  if (!worst_replay_.empty()) out += "\nReplay\n  " + worst_replay_ + "\n";
  return results::printable(out, colour);
}

std::string Summary::json() const {
  using Json = nlohmann::ordered_json;
  Json points = Json::array();
  for (const auto& [key, group] : groups_) {
    const std::string& variant = plan_.variants[key.first].name;
    points.push_back({{"branch_at_s", plan_.at[key.second].seconds()},
                      {"variant", variant.empty() ? Json(nullptr) : Json(variant)},
                      {"branches", group.branches},
                      {"failed", group.failed},
                      {"failed_share", share_json(group.failed, group.branches)},
                      {"lost", group.lost},
                      {"lost_share", share_json(group.lost, group.branches)},
                      {"died", group.died},
                      {"inconclusive", group.inconclusive}});
  }
  return Json{{"scenario", plan_.scenario.file},
              {"seed", plan_.seed},
              {"overrides", request_.overrides},
              {"branches", branches_},
              {"points", std::move(points)}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace brokersim::branch
