#include "app/results/expectations.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "app/results/metric_value.h"
#include "app/scenario/metrics.h"
#include "models/checkers/words.h"

namespace brokersim::results {
namespace {

using scenario::ExpectationKind;

bool meets(double value, const scenario::Expectation& expectation) {
  switch (expectation.comparison) {
    case scenario::Comparison::equals: return value == expectation.limit;
    case scenario::Comparison::at_most: return value <= expectation.limit;
    case scenario::Comparison::at_least: return value >= expectation.limit;
  }
  return false;
}

void judge_metric(const RunResult& result, const scenario::Expectation& expectation,
                  ExpectationResult& judged) {
  const std::optional<MetricValue> found = metric_value(result, expectation.name, expectation.of);
  if (!found) {
    judged.verdict = ExpectationVerdict::inconclusive;
    judged.detail =
        expectation.of.empty() ? "not measured in this run" : "not measured for " + expectation.of;
    return;
  }
  judged.value = found->value;
  judged.detail = value_text(found->value, expectation.name);
  judged.verdict =
      meets(found->value, expectation) ? ExpectationVerdict::holds : ExpectationVerdict::violated;
  if (found->enough()) return;
  judged.verdict = ExpectationVerdict::inconclusive;
  judged.detail += ", too few samples: " + checkers::count_text(found->samples) + " of " +
                   checkers::count_text(found->needed);
}

void judge_check(const RunResult& result, const scenario::Expectation& expectation,
                 ExpectationResult& judged) {
  for (const checkers::CheckResult& check : result.findings.checks) {
    if (check.id != expectation.name) continue;
    judged.detail = checkers::to_string(check.verdict);
    judged.verdict =
        check.verdict == expectation.verdict ? ExpectationVerdict::holds : ExpectationVerdict::violated;
    // A law that had nothing to judge has not been broken: that is no answer, and no failure.
    if (check.verdict == checkers::Verdict::not_applicable && judged.verdict == ExpectationVerdict::violated)
      judged.verdict = ExpectationVerdict::inconclusive;
    return;
  }
  judged.verdict = ExpectationVerdict::inconclusive;
  judged.detail = "there is no such check (see brokersim list checks)";
}

void judge_sometimes(const RunResult& result, const scenario::Expectation& expectation,
                     ExpectationResult& judged) {
  judged.verdict = ExpectationVerdict::inconclusive;
  for (const checkers::ProbeInfo& probe : checkers::probes()) {
    if (probe.name != expectation.name) continue;
    const std::int64_t hits = result.findings.measures.probes.count(probe.probe);
    judged.value = static_cast<double>(hits);
    judged.detail =
        hits == 0 ? "never seen" : "seen " + checkers::count_text(hits) + (hits == 1 ? " time" : " times");
    if (hits > 0) judged.verdict = ExpectationVerdict::holds;
    return;
  }
  judged.detail = "there is no such probe";
}

/// Three or more significant digits, thousands apart.
std::string number_text(double value) {
  char text[64];
  const double magnitude = std::fabs(value);
  if (magnitude >= 1'000) return checkers::count_text(static_cast<std::int64_t>(std::llround(value)));
  std::snprintf(text, sizeof text, magnitude >= 100 ? "%.1f" : magnitude >= 10 ? "%.2f" : "%.3f", value);
  return text;
}

}  // namespace

std::string value_text(double value, std::string_view metric) {
  const scenario::Metric* known = scenario::find_metric(metric);
  if (known == nullptr) return number_text(value);
  if (known->unit == scenario::MetricUnit::count)
    return checkers::count_text(static_cast<std::int64_t>(std::llround(value)));
  return number_text(value) + " " + std::string(scenario::to_string(known->unit));
}

ExpectationResult judge(const RunResult& result, const scenario::Expectation& expectation) {
  ExpectationResult judged;
  judged.text = expectation.text;
  switch (expectation.kind) {
    case ExpectationKind::metric: judge_metric(result, expectation, judged); break;
    case ExpectationKind::check: judge_check(result, expectation, judged); break;
    case ExpectationKind::sometimes: judge_sometimes(result, expectation, judged); break;
  }
  return judged;
}

std::vector<std::string> failed_laws(const RunResult& result,
                                     const std::vector<scenario::Expectation>& expectations) {
  std::vector<std::string> failed;
  bool breach_expected = false;
  for (const checkers::CheckResult& check : result.findings.checks) {
    if (check.verdict != checkers::Verdict::violated) continue;
    const bool named =
        std::any_of(expectations.begin(), expectations.end(), [&](const scenario::Expectation& e) {
          return e.kind == ExpectationKind::check && e.name == check.id &&
                 e.verdict == checkers::Verdict::violated;
        });
    breach_expected = breach_expected || named;
    if (!named) failed.push_back(check.id);
  }
  // Each broken law is to be named. The invariants say again, and at every step, what laws say: they are switched on by whoever
  // runs the file, and go with the laws that it names.
  if (breach_expected) std::erase_if(failed, [](const std::string& id) { return id.starts_with("INV"); });
  return failed;
}

}  // namespace brokersim::results
