// The page of a sweep and that of an exploration, and what all pages are put together with.
#include "app/report/pages.h"

#include <algorithm>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "app/report/page.h"
#include "app/results/model_version.h"
#include "app/scenario/metrics.h"
#include "sim/check.h"
#include "sim/statistics.h"

namespace brokersim::report {

std::string embedded(const std::string& json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

void put(std::string& page, const std::string& mark, const std::string& value) {
  const std::size_t at = page.find(mark);
  SIM_CHECK(at != std::string::npos, "the page has a place for everything");
  page.replace(at, mark.size(), value);
}

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kFailedShown = 200;
constexpr double kConfidence = 0.95;

std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

/// In what a metric is counted, by its name (docs/scenario-format.md).
std::string unit_of(const std::string& metric) {
  const auto ends = [&](const std::string& end) {
    return metric.size() >= end.size() && metric.compare(metric.size() - end.size(), end.size(), end) == 0;
  };
  if (ends("_ms")) return "ms";
  if (ends("count")) return "";
  if (ends("_s") || metric.rfind("unavailable.", 0) == 0) return "s";
  if (ends("bytes_per_second")) return "B/s";
  if (ends("per_second")) return "/s";
  return "";
}

Json of_metric(const std::vector<double>& values) {
  const sim::Summary summary = sim::summarise(values);
  const auto n = static_cast<std::int64_t>(values.size());
  const std::int64_t hits = std::count_if(values.begin(), values.end(), [](double v) { return v > 0; });
  const sim::Interval mean =
      n > 1 ? sim::student_interval(summary, kConfidence) : sim::Interval{values[0], values[0]};
  const sim::Interval share = sim::clopper_pearson(hits, n, kConfidence);
  return {
      {"n", n},
      {"mean", summary.mean},
      {"low", summary.min >= 0 ? std::max(mean.low, 0.0) : mean.low},  // of a number that cannot be negative
      {"high", mean.high},
      {"min", *std::min_element(values.begin(), values.end())},
      {"max", *std::max_element(values.begin(), values.end())},
      {"hits", hits},
      {"share_low", share.low},
      {"share_high", share.high}};
}

std::string page_of(const std::string& title, const Json& data, const std::string& script) {
  std::string html = page_plain();
  put(html, "@TITLE@", escaped(title));
  put(html, "@STYLE@", page_style());
  put(html, "@DATA@", embedded(data.dump(-1, ' ', false, Json::error_handler_t::replace)));
  put(html, "@SCRIPT@", page_base() + script);
  return html;
}

}  // namespace

std::string sweep_page(const SweepPage& sweep) {
  struct Setting {
    Json values = Json::array();
    std::int64_t runs = 0;
    std::map<std::string, std::int64_t> verdicts;
    std::map<std::string, std::vector<double>> metrics;
  };
  SIM_CHECK(sweep.replays.size() == sweep.rows.size());
  std::vector<Setting> settings;
  std::map<std::string, std::size_t> numbers;
  std::vector<std::string> names;  // of metrics, as they come
  Json failed = Json::array();
  for (std::size_t i = 0; i < sweep.rows.size(); ++i) {
    const Json row = Json::parse(sweep.rows[i]);
    Json values = Json::array();
    for (const std::string& pointer : sweep.pointers) values.push_back(text_of(row.at(pointer)));
    const auto [found, made] = numbers.emplace(values.dump(), settings.size());
    if (made) settings.push_back({.values = values, .verdicts = {}, .metrics = {}});
    Setting& setting = settings[found->second];
    const auto verdict = row.at("verdict").get<std::string>();
    ++setting.runs;
    ++setting.verdicts[verdict];
    if (verdict != "holds" && failed.size() < kFailedShown)
      failed.push_back({{"setting", found->second},
                        {"seed", row.at("seed")},
                        {"verdict", verdict},
                        {"fingerprint", row.at("fingerprint")},
                        {"replay", sweep.replays[i]}});
    bool metric = false;  // they stand behind the others
    for (const auto& [name, value] : row.items()) {
      if (metric && value.is_number()) {
        setting.metrics[name].push_back(value.get<double>());
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
      }
      metric = metric || name == "wall_seconds";
    }
  }
  Json data{{"title", sweep.title},     {"scenario", sweep.scenario},        {"source", sweep.source},
            {"command", sweep.command}, {"model", results::model_version()}, {"pointers", sweep.pointers},
            {"shown", sweep.shown}};
  data["metrics"] = Json::array();
  for (const std::string& name : names) {
    const std::string metric = name.substr(0, name.find(" of "));
    const scenario::Metric* known = scenario::find_metric(metric);
    data["metrics"].push_back(
        {{"name", name}, {"doc", known == nullptr ? "" : known->doc}, {"unit", unit_of(metric)}});
  }
  data["settings"] = Json::array();
  for (const Setting& setting : settings) {
    Json json{{"values", setting.values}, {"runs", setting.runs}, {"verdicts", setting.verdicts}};
    json["metrics"] = Json::object();
    for (const auto& [name, values] : setting.metrics) json["metrics"][name] = of_metric(values);
    data["settings"].push_back(std::move(json));
  }
  data["failed"] = std::move(failed);
  return page_of(sweep.title, data, page_sweep());
}

std::string explore_page(const std::string& title, const std::string& folder, const std::string& search) {
  Json data = Json::parse(search);
  data["title"] = title;
  for (Json& finding : data["findings"]) {
    const std::string path = folder + "/" + finding.at("folder").get<std::string>();
    finding["replay"] = "brokersim replay " + path + "/tape.json";
    finding["shrink"] = "brokersim shrink " + path + "/scenario.json";
  }
  return page_of(title, data, page_explore());
}

}  // namespace brokersim::report
