#include "app/sweep/record.h"

#include <nlohmann/json.hpp>

#include "app/results/metric_value.h"
#include "app/scenario/metrics.h"
#include "sim/fingerprint.h"

namespace brokersim::sweep {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
bool take(const Json& json, const char* name, T& into) {
  const auto at = json.find(name);
  if (at == json.end()) return false;
  if constexpr (std::is_same_v<T, std::string>) {
    if (!at->is_string()) return false;
  } else {
    if (!at->is_number()) return false;
  }
  into = at->template get<T>();
  return true;
}

}  // namespace

const std::optional<double>* Record::find(const std::string& metric) const {
  const auto at = metrics.find(metric);
  return at == metrics.end() ? nullptr : &at->second;
}

std::string Record::line() const {
  Json json{{"id", id},
            {"seed", seed},
            {"fingerprint", fingerprint},
            {"verdict", verdict},
            {"exit_code", exit_code},
            {"bug", bug},
            {"wall_seconds", wall_seconds}};
  json["metrics"] = Json::object();
  for (const auto& [name, value] : metrics) json["metrics"][name] = value ? Json(*value) : Json(nullptr);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Record> parse_record(const std::string& line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  Record record;
  const bool whole = take(json, "id", record.id) && take(json, "seed", record.seed) &&
                     take(json, "fingerprint", record.fingerprint) && take(json, "verdict", record.verdict) &&
                     take(json, "exit_code", record.exit_code) && take(json, "bug", record.bug) &&
                     take(json, "wall_seconds", record.wall_seconds);
  const auto metrics = json.find("metrics");
  if (!whole || metrics == json.end() || !metrics->is_object()) return std::nullopt;
  for (const auto& [name, value] : metrics->items()) {
    if (!value.is_null() && !value.is_number()) return std::nullopt;
    record.metrics[name] = value.is_null() ? std::nullopt : std::optional(value.get<double>());
  }
  return record;
}

Record record_of(const results::RunResult& result, const std::string& id,
                 const std::vector<MetricName>& wanted) {
  Record record;
  record.id = id;
  record.seed = result.facts.seed;
  record.fingerprint = sim::hex16(result.facts.fingerprint);
  record.verdict = result.verdict();
  record.exit_code = result.exit_code();
  record.bug = result.facts.bug;
  record.wall_seconds = result.facts.wall_seconds;
  const auto keep = [&](const MetricName& name) {
    auto& value = record.metrics[name.text()];
    if (!result.facts.bug.empty()) return;
    if (const auto measured = results::metric_value(result, name.metric, name.of)) value = measured->value;
  };
  for (const scenario::Metric& metric : scenario::metrics()) keep({metric.name, ""});
  for (const MetricName& name : wanted) keep(name);
  return record;
}

std::vector<std::string> measured_names(const results::RunResult& result) {
  std::vector<std::string> names;
  for (const auto& [name, workload] : result.findings.measures.workloads) names.push_back(name);
  const auto& partitions = result.findings.partition_names;
  names.insert(names.end(), partitions.begin(), partitions.end());
  return names;
}

}  // namespace brokersim::sweep
