#include "app/results/run_result.h"

#include <algorithm>

#include "app/results/expectations.h"
#include "app/results/metric_value.h"
#include "app/results/shell.h"
#include "app/scenario/quantity.h"
#include "models/faults/names.h"
#include "models/kafka/wire/errors.h"

namespace brokersim::results {

std::string shell_quoted(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string("/._-=+:,@%").find(static_cast<char>(c)) != std::string::npos;
  });
  if (plain) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

namespace {

constexpr int kHolds = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kInconclusive = 3;
constexpr int kBug = 70;

std::vector<FaultResult> fault_results(const checkers::Findings& findings,
                                       const std::vector<faults::RealisedFault>& realised) {
  std::vector<FaultResult> results;
  for (const faults::RealisedFault& fault : realised) {
    results.push_back({.name = fault.name,
                       .kind = std::string(faults::to_string(fault.kind)),
                       .target = fault.target,
                       .at = fault.at,
                       .healed_at = fault.healed_at,
                       .requested = fault.requested,
                       .fired = fault.fired,
                       .had_effect = fault.had_effect});
  }
  // As they come in time, not as the file lists them.
  const auto earlier = [](const FaultResult& a, const FaultResult& b) { return a.at < b.at; };
  std::stable_sort(results.begin(), results.end(), earlier);
  if (!realised.empty()) return results;
  for (const checkers::FaultRecord& fault : findings.measures.faults) {
    FaultResult result{.kind = fault.kind,
                       .target = fault.target,
                       .at = fault.at,
                       .fired = fault.fired,
                       .had_effect = fault.had_effect};
    if (fault.healed) result.healed_at = fault.healed_at;
    results.push_back(result);
  }
  return results;
}

/// A client that has given up is unavailable for the rest of its life, and whoever reads the run must hear of it.
void warn_of_failed_clients(RunResult& result) {
  constexpr std::size_t kShown = 5;
  const std::vector<history::ClientFailed>& failed = result.findings.measures.failed_clients;
  for (std::size_t i = 0; i < std::min(failed.size(), kShown); ++i) {
    const history::ClientFailed& one = failed[i];
    result.warnings.push_back(
        result.findings.client_names.at(static_cast<std::size_t>(one.client.n)) + " gave up at " +
        scenario::format_quantity(one.at.ns, scenario::Dimension::duration) + ": the coordinator of group " +
        one.group + " answered " + kafka::wire::name(static_cast<kafka::wire::ErrorCode>(one.error)) +
        ", which its application sees as a fatal exception; it does nothing more.");
  }
  if (failed.size() > kShown)
    result.warnings.push_back(std::to_string(failed.size() - kShown) +
                              " more clients gave up (all of them with --json).");
}

}  // namespace

std::string to_string(ExpectationVerdict verdict) {
  switch (verdict) {
    case ExpectationVerdict::holds: return "holds";
    case ExpectationVerdict::violated: return "violated";
    case ExpectationVerdict::inconclusive: return "inconclusive";
  }
  return "";
}

int RunResult::exit_code() const {
  if (!facts.bug.empty()) return kBug;
  if (!failed_laws.empty()) return kFailed;
  int code = kHolds;
  for (const ExpectationResult& expectation : expectations) {
    if (expectation.verdict == ExpectationVerdict::violated) return kFailed;
    if (expectation.verdict == ExpectationVerdict::inconclusive) code = kInconclusive;
  }
  return code;
}

std::string RunResult::verdict() const {
  switch (exit_code()) {
    case kHolds: return "holds";
    case kFailed: return "violated";
    case kInconclusive: return "inconclusive";
    default: return "bug";
  }
}

std::string RunResult::replay() const {
  const std::string verb = facts.branch ? "branch" : "run";
  std::string line =
      "brokersim " + verb + " " + shell_quoted(scenario) + " --seed " + std::to_string(facts.seed);
  for (const std::string& change : facts.overrides) line += " --set " + shell_quoted(change);
  if (!facts.branch) return line;
  line += " --at " +
          shell_quoted(scenario::format_quantity(facts.branch->at.ns, scenario::Dimension::duration)) +
          " --only " + std::to_string(facts.branch->id);
  if (!facts.branch->faults_file.empty()) line += " --faults " + shell_quoted(facts.branch->faults_file);
  if (!facts.branch->variant.empty()) line += " --variant " + shell_quoted(facts.branch->variant);
  return line;
}

RunResult collect(const scenario::Scenario& scenario, RunFacts facts, checkers::Findings findings,
                  const std::vector<faults::RealisedFault>& faults) {
  RunResult result;
  result.scenario = scenario.file;
  result.title = scenario.config.title;
  result.facts = std::move(facts);
  result.findings = std::move(findings);
  result.faults = fault_results(result.findings, faults);
  result.notes = scenario.notes;
  result.warnings = scenario.warnings;
  result.warnings.insert(result.warnings.end(), result.findings.warnings.begin(),
                         result.findings.warnings.end());
  if (!result.facts.bug.empty()) return result;  // nothing was measured to the end
  warn_of_failed_clients(result);
  for (const scenario::Expectation& expectation : scenario.expect)
    result.expectations.push_back(judge(result, expectation));
  result.failed_laws = results::failed_laws(result, scenario.expect);
  for (const scenario::Published& published : scenario.published) {
    const std::optional<MetricValue> predicted = metric_value(result, published.metric, published.of);
    result.published.push_back(
        {.metric = published.metric,
         .source = published.source,
         .published = published.value,
         .predicted = predicted ? std::optional<double>(predicted->value) : std::nullopt});
  }
  return result;
}

int worse_exit_code(int a, int b) {
  const int order[] = {kHolds, kInconclusive, kFailed, kUsage, kBug};
  const auto rank = [&](int code) {
    return std::find(std::begin(order), std::end(order), code) - std::begin(order);
  };
  return rank(a) >= rank(b) ? a : b;
}

}  // namespace brokersim::results
