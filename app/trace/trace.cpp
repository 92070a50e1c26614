#include "app/trace/trace.h"

#include <algorithm>

#include "app/results/execute.h"
#include "app/trace/tracer.h"

namespace brokersim::trace {
namespace {

/// What is known only when the run is over: losses with their stories, and windows without service.
void add_findings(const results::RunResult& result, Tracer& tracer) {
  Spans& spans = tracer.spans();
  const std::int32_t losses = spans.place({tracer.wrong(), 3, "lost after acknowledgement"});
  for (const checkers::Loss& loss : result.findings.losses.losses)
    spans.add({.place = losses,
               .from = loss.acknowledged_from,
               .to = std::max(loss.acknowledged_from, loss.acknowledged_to),
               .category = "loss",
               .name = std::to_string(loss.records) + " records of " + loss.partition_name + " lost",
               .arguments = {{"producer", loss.producer_name},
                             {"first", loss.first},
                             {"last", loss.last},
                             {"acknowledged_by", std::int64_t{loss.acknowledged_by}},
                             {"story", loss.explanation}}});
  const std::int32_t windows = spans.place({tracer.wrong(), 2, "unavailable"});
  for (const checkers::UnavailableWindow& window : result.findings.measures.unavailable) {
    const auto partition = static_cast<std::size_t>(window.partition.n);
    const bool named = partition < result.findings.partition_names.size();
    spans.add({.place = windows,
               .from = window.from,
               .to = window.to,
               .category = "unavailable",
               .name = checkers::to_string(window.what) +
                       (named ? " " + result.findings.partition_names[partition] : std::string())});
  }
}

}  // namespace

Traced run(const scenario::Scenario& scenario, std::uint64_t seed, const std::vector<std::string>& overrides,
           const Options& options) {
  results::Execution execution(scenario, seed, overrides);
  const sim::SimTime end = execution.world().end_of_run();
  const sim::SimTime to = std::min(options.to, end);
  Tracer tracer(execution.world(), scenario.config, std::min(options.from, to), to, options.slices_max);
  bool sound = true;
  for (sim::SimTime at = tracer.next_sample(); sound && at < sim::SimTime::max(); at = tracer.next_sample()) {
    sound = execution.run_until(at).empty();
    if (sound) tracer.sample();
  }
  Traced traced{execution.finish(), "", 0, 0};
  if (!traced.result.facts.bug.empty()) return traced;
  add_findings(traced.result, tracer);
  traced.slices = tracer.spans().kept();
  traced.left_out = tracer.spans().left_out();
  traced.file = tracer.spans().write(traced.result.facts.ended_at);
  return traced;
}

std::optional<sim::SimTime> first_failure(const results::RunResult& result) {
  std::optional<sim::SimTime> first;
  const auto consider = [&](sim::SimTime at) { first = first ? std::min(*first, at) : at; };
  for (const checkers::CheckResult& check : result.findings.checks) {
    if (check.verdict == checkers::Verdict::violated && check.first_at > sim::SimTime{})
      consider(check.first_at);
  }
  if (!first) {
    for (const checkers::Loss& loss : result.findings.losses.losses) consider(loss.acknowledged_from);
  }
  if (first || result.exit_code() == 0) return first;
  for (const checkers::UnavailableWindow& window : result.findings.measures.unavailable)
    consider(window.from);
  if (!first) {
    for (const results::FaultResult& fault : result.faults) consider(fault.at);
  }
  return first;
}

Options around(sim::SimTime instant, sim::Duration margin) {
  const sim::SimTime zero;
  return {.from = instant - zero > margin ? instant - margin : zero, .to = instant + margin};
}

}  // namespace brokersim::trace
