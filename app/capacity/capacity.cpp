#include "app/capacity/capacity.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>

#include "app/capacity/search.h"
#include "app/results/metric_value.h"

namespace brokersim::capacity {
namespace {

constexpr double kKeepsUp = 0.99;

std::int64_t total_rate(const scenario::Scenario& scenario) {
  std::int64_t total = 0;
  for (const world::ProducerWorkload& workload : scenario.config.producers)
    total += workload.rate_per_second_milli;
  return total;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

/// What is not as it should be in a run, "" if all is well.
std::string complaint(const scenario::Scenario& scenario, const results::RunResult& result,
                      const Request& request) {
  for (const Slo& slo : request.slos) {
    const auto value = results::metric_value(result, slo.metric);
    if (!value) return "no " + slo.metric + " was measured";
    if (value->value > slo.bound_ms)
      return slo.metric + " " + number(value->value) + " above " + number(slo.bound_ms);
  }
  if (const auto failed = results::metric_value(result, "records.failed"); failed && failed->value > 0)
    return number(failed->value) + " records failed";
  for (const world::ProducerWorkload& workload : scenario.config.producers) {
    const auto pace = results::metric_value(result, "throughput.records_per_second", workload.name);
    const double offered = static_cast<double>(workload.rate_per_second_milli) / 1e3;
    if (!pace || pace->value < kKeepsUp * offered)
      return workload.name + " was acknowledged " + number(pace ? pace->value : 0) + " of " +
             number(offered) + " records/s";
  }
  return {};
}

/// A run too short for its quantile says nothing.
std::string too_few(const results::RunResult& result, const Request& request) {
  for (const Slo& slo : request.slos) {
    const auto value = results::metric_value(result, slo.metric);
    if (value && !value->enough())
      return slo.metric + " has " + std::to_string(value->samples) + " samples and needs " +
             std::to_string(value->needed) + ": raise /duration";
  }
  return {};
}

SeedAnswer search_seed(const scenario::Scenario& scenario, const Request& request, std::uint64_t seed,
                       std::optional<double> near, std::string& bug) {
  SeedAnswer answer;
  answer.seed = seed;
  Search search;
  search.start = near ? static_cast<std::int64_t>(*near * 1e3) : total_rate(scenario);
  search.factor = near ? 1.04 : 2;
  search.least = std::max<std::int64_t>(1'000, static_cast<std::int64_t>(scenario.config.producers.size()));
  search.most = request.rate_max * 1'000;
  search.precision = request.precision;
  const Bracket bracket = find_highest(search, [&](std::int64_t rate) {
    if (!bug.empty()) return false;
    const scenario::Scenario scaled = at_rate(scenario, rate);
    const results::RunResult result = results::execute(scaled, seed);
    bug = result.facts.bug;
    const std::string wrong = complaint(scaled, result, request);
    if (!wrong.empty()) answer.why = wrong;
    return wrong.empty();
  });
  if (bracket.holds) answer.sustained = static_cast<double>(*bracket.holds) / 1e3;
  if (bracket.fails) answer.failed = static_cast<double>(*bracket.fails) / 1e3;
  answer.runs = bracket.tries;
  return answer;
}

/// Other seeds lie near the first: their brackets begin there.
void search_others(const scenario::Scenario& scenario, const Request& request, Answer& answer,
                   std::string& bug) {
  const std::optional<double> near = answer.seeds.front().sustained;
  answer.seeds.resize(request.seeds.size());
  std::vector<std::string> bugs(request.seeds.size());
  std::atomic<std::size_t> next{1};
  const auto work = [&] {
    for (std::size_t i = next.fetch_add(1); i < request.seeds.size(); i = next.fetch_add(1))
      answer.seeds[i] = search_seed(scenario, request, request.seeds[i], near, bugs[i]);
  };
  std::vector<std::thread> pool;
  for (int t = 1; t < request.jobs; ++t) pool.emplace_back(work);
  work();
  for (std::thread& thread : pool) thread.join();
  for (const std::string& text : bugs) {
    if (bug.empty()) bug = text;
  }
}

/// One more run at the answer, to see which part is how busy.
void look_at(const scenario::Scenario& scenario, const Request& request, Answer& answer, std::string& bug) {
  const scenario::Scenario scaled = at_rate(scenario, static_cast<std::int64_t>(answer.rate * 1e3));
  sim::SimTime from = sim::SimTime::max();
  sim::SimTime to;
  for (const world::ProducerWorkload& workload : scaled.config.producers) {
    from = std::min(from, workload.start);
    to = std::max(to, std::min(workload.end, sim::SimTime{scaled.config.duration.ns}));
    answer.bytes_per_second += static_cast<double>(workload.rate_per_second_milli) / 1e3 *
                               static_cast<double>(workload.record_size.n);
  }
  from = from + sim::Duration{(to - from).ns / 5};  // the beginning is not typical
  results::Execution execution(scaled, request.seeds.front());
  bug = measure(execution, scaled, from, to, answer.parts);
  if (!bug.empty()) return;
  answer.limit = bottleneck(answer.parts);
  const results::RunResult result = execution.finish();
  bug = result.facts.bug;
  answer.problem = too_few(result, request);
  for (const char* metric : {"latency.produce.p50_ms", "latency.produce.p99_ms", "latency.end_to_end.p50_ms",
                             "latency.end_to_end.p99_ms"}) {
    if (const auto value = results::metric_value(result, metric))
      answer.latencies.emplace_back(metric, value->value);
  }
}

std::string unanswerable(const scenario::Scenario& scenario) {
  if (scenario.config.clusters.empty()) return "there is no Kafka cluster";
  if (scenario.config.producers.empty()) return "there is no kafka_producer";
  for (const world::ProducerWorkload& workload : scenario.config.producers) {
    if (workload.rate_per_second_milli <= 0)
      return workload.name +
             " has no rate (arrivals saturate, closed or listed)\n  hint: give it one to scale, such as "
             "\"rate\": "
             "\"1000 /s\", instead of `arrivals`";
    if (workload.records_max > 0)
      return workload.name + " stops after a number of records\n  hint: leave `records` out";
  }
  return {};
}

}  // namespace

scenario::Scenario at_rate(const scenario::Scenario& scenario, std::int64_t rate_milli) {
  scenario::Scenario scaled = scenario;
  const std::int64_t total = total_rate(scenario);
  for (world::ProducerWorkload& workload : scaled.config.producers) {
    const auto share = static_cast<__int128>(workload.rate_per_second_milli) * rate_milli / total;
    // Every instance needs a rate.
    workload.rate_per_second_milli =
        std::max(static_cast<std::int64_t>(share), static_cast<std::int64_t>(workload.hosts.size()));
  }
  return scaled;
}

Answer answer(const scenario::Scenario& scenario, const Request& request) {
  Answer answer;
  answer.problem = unanswerable(scenario);
  answer.misused = !answer.problem.empty();
  if (answer.misused) return answer;
  std::string bug;
  answer.seeds.push_back(search_seed(scenario, request, request.seeds.front(), std::nullopt, bug));
  if (bug.empty() && answer.seeds.front().sustained) search_others(scenario, request, answer, bug);
  std::vector<double> rates;
  for (const SeedAnswer& seed : answer.seeds) {
    if (bug.empty() && !seed.sustained)
      answer.problem = "no rate keeps it with seed " + std::to_string(seed.seed) + ": " + seed.why;
    rates.push_back(seed.sustained.value_or(0));
  }
  if (bug.empty() && answer.problem.empty()) {
    const sim::Summary summary = sim::summarise(rates);
    answer.rate = summary.mean;
    answer.interval = rates.size() > 1 ? sim::student_interval(summary, 0.95)
                                       : sim::Interval{rates[0], answer.seeds[0].failed.value_or(rates[0])};
    look_at(scenario, request, answer, bug);
  }
  answer.bug = !bug.empty();
  if (answer.bug) answer.problem = bug;
  return answer;
}

}  // namespace brokersim::capacity
