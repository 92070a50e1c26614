#include "app/trial/trial.h"

#include <sys/resource.h>

#include <algorithm>

#include "app/results/execute.h"
#include "app/results/loss_groups.h"
#include "app/trial/json.h"
#include "models/checkers/words.h"

namespace brokersim::trial {
namespace {

/// Looks at the limit of events on the way.
constexpr std::int64_t kSlices = 256;

/// The first breach of the law, or the first loss.
std::string story_of(const results::RunResult& result, const std::string& rule) {
  if (!result.facts.bug.empty()) return result.facts.bug;
  for (const checkers::CheckResult& check : result.findings.checks) {
    if (check.id == rule && rule != "S1" && rule != "S2") return check.detail;
  }
  const auto groups = results::group_losses(result.findings.losses.losses);
  if (!groups.empty()) return groups.front().title() + ": " + groups.front().text();
  for (const checkers::CheckResult& check : result.findings.checks) {
    if (check.id == rule) return check.detail;
  }
  for (const results::ExpectationResult& expectation : result.expectations) {
    if ("expect: " + expectation.text == rule) return expectation.text + ": " + expectation.detail;
  }
  return "";
}

/// When the headline was broken first: before the end, and a law.
std::int64_t failed_at(const results::RunResult& result, const std::string& rule) {
  for (const checkers::CheckResult& check : result.findings.checks) {
    if (check.id == rule && check.first_at < result.facts.ended_at) return check.first_at.ns;
  }
  return -1;
}

}  // namespace

std::string loss_kind(const checkers::Loss& loss) {
  return checkers::acks_text(loss.acks) + (loss.led ? "" : ", nobody leads");
}

bool Outcome::loses(const std::string& loss) const {
  return loss.empty() || std::find(losses.begin(), losses.end(), loss) != losses.end();
}

Outcome outcome_of(const results::RunResult& result) {
  Outcome outcome;
  outcome.valid = true;
  outcome.exit_code = result.exit_code();
  outcome.failure = failure_of(result);
  outcome.seed = result.facts.seed;
  outcome.fingerprint = result.facts.fingerprint;
  outcome.events = result.facts.events;
  outcome.sent = result.findings.measures.records.sent;
  outcome.lost = result.findings.losses.lost;
  for (const checkers::Loss& loss : result.findings.losses.losses) {
    std::string kind = loss_kind(loss);
    if (std::find(outcome.losses.begin(), outcome.losses.end(), kind) == outcome.losses.end())
      outcome.losses.push_back(std::move(kind));
  }
  if (!outcome.failure.rules.empty()) {
    outcome.story = story_of(result, outcome.failure.headline());
    outcome.failed_at_ns = failed_at(result, outcome.failure.headline());
  }
  for (const results::FaultResult& fault : result.faults) {
    outcome.faults.push_back(
        {fault.name, fault.kind, fault.target, fault.at.ns, fault.fired, fault.had_effect});
  }
  return outcome;
}

Outcome run(const scenario::Scenario& scenario, std::uint64_t seed, const Limits& limits,
            history::Watcher* watcher, checkers::ProbeCounts* probes) {
  results::Execution execution(scenario, seed);
  world::World& world = execution.world();
  if (watcher != nullptr) world.history().attach(*watcher);
  for (std::int64_t slice = 1; limits.events > 0 && slice < kSlices; ++slice) {
    const std::string bug = execution.run_until(sim::SimTime{world.end_of_run().ns / kSlices * slice});
    if (!bug.empty()) break;
    if (world.sim().fingerprint().events() <= limits.events) continue;
    Outcome outcome;
    outcome.valid = true;
    outcome.cut_short = true;
    outcome.seed = seed;
    outcome.events = world.sim().fingerprint().events();
    return outcome;
  }
  const results::RunResult result = execution.finish();
  if (probes != nullptr) *probes = result.findings.measures.probes;
  return outcome_of(result);
}

Outcome run_text(std::string_view text, const std::string& name, const Limits& limits) {
  const scenario::LoadResult loaded = scenario::load_text(text, name);
  if (!loaded.scenario) {
    Outcome outcome;
    outcome.problem = scenario::render(loaded.diagnostics);
    return outcome;
  }
  return run(*loaded.scenario, loaded.scenario->config.seed, limits);
}

void confine(const Limits& limits) {
  if (limits.cpu_seconds > 0) {
    const auto seconds = static_cast<rlim_t>(limits.cpu_seconds);
    const rlimit cpu{seconds, seconds + 1};
    ::setrlimit(RLIMIT_CPU, &cpu);
  }
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // Sanitizers take address space by the terabyte.
  if (limits.memory_bytes > 0) {
    const auto bytes = static_cast<rlim_t>(limits.memory_bytes);
    const rlimit memory{bytes, bytes};
    ::setrlimit(RLIMIT_AS, &memory);
  }
#endif
}

std::string encode(const Outcome& o) {
  Json faults = Json::array();
  for (const FaultSeen& f : o.faults)
    faults.push_back(Json::array({f.name, f.kind, f.target, f.at_ns, f.fired, f.had_effect}));
  const Json json =
      Json::array({o.valid, o.cut_short, o.problem, o.exit_code, o.failure.rules, o.seed, o.fingerprint,
                   o.events, o.sent, o.lost, o.losses, o.failed_at_ns, o.story, faults, o.cells});
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Outcome> decode(std::string_view text) {
  const std::optional<Json> json = parse(text);
  if (!json || !json->is_array() || json->size() != 15) return std::nullopt;
  Outcome o;
  try {
    std::size_t i = 0;
    const auto take = [&](auto& field) { (*json)[i++].get_to(field); };
    take(o.valid);
    take(o.cut_short);
    take(o.problem);
    take(o.exit_code);
    take(o.failure.rules);
    take(o.seed);
    take(o.fingerprint);
    take(o.events);
    take(o.sent);
    take(o.lost);
    take(o.losses);
    take(o.failed_at_ns);
    take(o.story);
    for (const Json& f : (*json)[i++]) {
      o.faults.push_back({f.at(0).get<std::string>(), f.at(1).get<std::string>(), f.at(2).get<std::string>(),
                          f.at(3).get<std::int64_t>(), f.at(4).get<bool>(), f.at(5).get<bool>()});
    }
    take(o.cells);
  } catch (const Json::exception&) {
    return std::nullopt;
  }
  return o;
}

}  // namespace brokersim::trial
