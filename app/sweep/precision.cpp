#include "app/sweep/precision.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "app/scenario/metrics.h"

namespace brokersim::sweep {

std::variant<Precision, std::string> parse_precision(const std::string& text) {
  Precision precision;
  const std::size_t equals = text.rfind('=');
  if (equals == std::string::npos) return "it has no \"=\": write METRIC=5% or METRIC=0.5";
  precision.metric = text.substr(0, equals);
  if (precision.metric.starts_with("any ")) {
    precision.share = true;
    precision.metric.erase(0, 4);
  }
  const std::string name = precision.metric.substr(0, precision.metric.find(" of "));
  if (scenario::find_metric(name) == nullptr)
    return "there is no metric \"" + name + "\"; `brokersim list metrics` shows them";
  std::string width = text.substr(equals + 1);
  precision.relative = width.ends_with("%") && !precision.share;
  const bool percent = width.ends_with("%");
  if (percent) width.pop_back();
  const auto [end, error] = std::from_chars(width.data(), width.data() + width.size(), precision.half_width);
  if (error != std::errc{} || end != width.data() + width.size() || !(precision.half_width > 0) ||
      !std::isfinite(precision.half_width))
    return "\"" + width + "\" is not a positive number";
  if (percent) precision.half_width /= 100;
  return precision;
}

sim::Interval interval_of(const std::vector<double>& values, const Precision& precision) {
  if (precision.share) {
    const auto hits = std::count_if(values.begin(), values.end(), [](double value) { return value > 0; });
    return sim::clopper_pearson(hits, static_cast<std::int64_t>(values.size()), precision.confidence);
  }
  return sim::student_interval(sim::summarise(values), precision.confidence);
}

bool precise(const std::vector<double>& values, const Precision& precision) {
  if (values.size() < 2 || static_cast<std::int64_t>(values.size()) < precision.runs_min) return false;
  const sim::Interval interval = interval_of(values, precision);
  const double half = (interval.high - interval.low) / 2;
  if (precision.share) return half <= precision.half_width;
  const sim::Summary summary = sim::summarise(values);
  if (!(summary.deviation > 0)) return false;
  return half <= precision.half_width * (precision.relative ? std::abs(summary.mean) : 1.0);
}

}  // namespace brokersim::sweep
