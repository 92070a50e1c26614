#include "app/branch/outcome.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "app/results/json.h"
#include "app/results/metric_value.h"
#include "app/results/text.h"
#include "sim/fingerprint.h"

namespace brokersim::branch {
namespace {

using Json = nlohmann::ordered_json;

std::vector<std::string> measured_names(const results::RunResult& result) {
  std::vector<std::string> names;
  for (const auto& [name, workload] : result.findings.measures.workloads) names.push_back(name);
  const auto& partitions = result.findings.partition_names;
  names.insert(names.end(), partitions.begin(), partitions.end());
  return names;
}

}  // namespace

std::string encode_outcome(const results::RunResult& result, const Request& request) {
  Json head{{"exit_code", result.exit_code()},
            {"wall_seconds", result.facts.wall_seconds},
            {"verdict", result.verdict()},
            {"bug", result.facts.bug},
            {"fingerprint", sim::hex16(result.facts.fingerprint)},
            {"replay", result.replay()}};
  Json violated = Json::array();
  Json inconclusive = Json::array();
  Json metrics = Json::array();
  Json names = Json::array();
  if (result.facts.bug.empty()) {
    for (const std::string& law : result.failed_laws) violated.push_back("law " + law);
    for (const results::ExpectationResult& e : result.expectations) {
      if (e.verdict == results::ExpectationVerdict::violated) violated.push_back(e.text);
      if (e.verdict == results::ExpectationVerdict::inconclusive) inconclusive.push_back(e.text);
    }
    for (const MetricName& metric : request.metrics) {
      const std::optional<results::MetricValue> value = results::metric_value(result, metric.name, metric.of);
      metrics.push_back(value ? Json(value->value) : Json(nullptr));
      if (!value && !metric.of.empty()) names = measured_names(result);
    }
  } else {
    violated.push_back("our own bug: " + result.facts.bug);
    for (std::size_t i = 0; i < request.metrics.size(); ++i) metrics.push_back(nullptr);
  }
  head["violated"] = std::move(violated);
  head["inconclusive"] = std::move(inconclusive);
  head["metrics"] = std::move(metrics);
  head["measured_names"] = std::move(names);
  std::string payload =
      head.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n" + results::to_json(result) + "\n";
  if (request.text_width > 0) payload += results::render_text(result, {.width = request.text_width});
  return payload;
}

std::optional<Outcome> decode_outcome(std::string_view payload) {
  const std::size_t head_end = payload.find('\n');
  if (head_end == std::string_view::npos) return std::nullopt;
  const std::size_t json_end = payload.find('\n', head_end + 1);
  if (json_end == std::string_view::npos) return std::nullopt;
  try {
    const Json head = Json::parse(payload.substr(0, head_end));
    Outcome outcome;
    outcome.exit_code = head.at("exit_code").get<int>();
    outcome.wall_seconds = head.at("wall_seconds").get<double>();
    outcome.verdict = head.at("verdict").get<std::string>();
    outcome.bug = head.at("bug").get<std::string>();
    outcome.fingerprint = head.at("fingerprint").get<std::string>();
    outcome.replay = head.at("replay").get<std::string>();
    outcome.violated = head.at("violated").get<std::vector<std::string>>();
    outcome.inconclusive = head.at("inconclusive").get<std::vector<std::string>>();
    outcome.measured_names = head.at("measured_names").get<std::vector<std::string>>();
    for (const Json& value : head.at("metrics"))
      outcome.metrics.push_back(value.is_null() ? std::nullopt : std::optional(value.get<double>()));
    outcome.json = payload.substr(head_end + 1, json_end - head_end - 1);
    outcome.text = payload.substr(json_end + 1);
    return outcome;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

results::BranchFacts facts_of(const Request& request, const Plan& plan, const Task& task) {
  return {.id = task.id,
          .at = plan.at[task.point],
          .variant = plan.variants[task.variant].name,
          .faults_file = request.variants ? request.variants->name : ""};
}

Outcome outcome_of_dead(const Request& request, const Plan& plan, std::uint64_t number,
                        const std::string& died) {
  results::RunResult result;
  result.scenario = plan.scenario.file;
  result.title = plan.scenario.config.title;
  result.facts.seed = plan.seed;
  result.facts.overrides = request.overrides;
  Outcome outcome;
  outcome.number = number;
  outcome.task = plan.task(number);
  result.facts.branch = facts_of(request, plan, outcome.task);
  outcome.died = outcome.bug = "the process of this branch " + died;
  outcome.exit_code = 70;
  outcome.verdict = "bug";
  outcome.replay = result.replay();
  outcome.violated = {"no result: " + outcome.died};
  outcome.metrics.resize(request.metrics.size());
  const results::BranchFacts& branch = *result.facts.branch;
  outcome.json = Json{{"scenario", result.scenario},
                      {"title", result.title},
                      {"seed", plan.seed},
                      {"overrides", request.overrides},
                      {"verdict", outcome.verdict},
                      {"exit_code", outcome.exit_code},
                      {"bug", outcome.bug},
                      {"branch", branch.id},
                      {"branch_at_s", branch.at.seconds()},
                      {"variant", branch.variant.empty() ? Json(nullptr) : Json(branch.variant)},
                      {"replay", outcome.replay}}
                     .dump(-1, ' ', false, Json::error_handler_t::replace);
  return outcome;
}

}  // namespace brokersim::branch
