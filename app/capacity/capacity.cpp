#include "app/capacity/capacity.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

#include "app/capacity/search.h"
#include "app/results/long_run.h"
#include "app/results/metric_value.h"

namespace brokersim::capacity {
namespace {

constexpr double kKeepsUp = 0.99;

std::int64_t total_rate(const scenario::Scenario& scenario) {
  std::int64_t total = 0;
  for (const world::ProducerWorkload& workload : scenario.config.producers)
    total += std::max<std::int64_t>(0, workload.rate_per_second_milli);
  return total;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

/// When the load is on, without its beginning, which is not typical.
struct Load {
  sim::SimTime from = sim::SimTime::max();
  sim::SimTime to;
};

Load load_of(const scenario::Scenario& scenario) {
  Load load;
  for (const world::ProducerWorkload& workload : scenario.config.producers) {
    if (workload.rate_per_second_milli <= 0) continue;  // background
    load.from = std::min(load.from, workload.start);
    load.to = std::max(load.to, std::min(workload.end, sim::SimTime{scenario.config.duration.ns}));
  }
  load.from = load.from + sim::Duration{(load.to - load.from).ns / 5};
  return load;
}

/// The disk or card that was given more than it does in the long run, "" if there is none.
std::string overloaded(const std::vector<results::LongRun>& before,
                       const std::vector<results::LongRun>& after, sim::Duration time) {
  for (std::size_t i = 0; i < after.size(); ++i) {
    const double share = after[i].share_since(before[i].given, time);
    const auto takes = static_cast<double>(after[i].sustainable.n) / 1e6;
    if (share > 1)
      return after[i].part + " is given " + number(share * takes) + " MB/s and takes " + number(takes) +
             " in the long run";
  }
  return {};
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
  double drain_ms = 0;  // the last answers may come as late as the level allows
  for (const Slo& slo : request.slos) drain_ms = std::max(drain_ms, slo.bound_ms);
  for (const world::ProducerWorkload& workload : scenario.config.producers) {
    if (workload.rate_per_second_milli <= 0) continue;
    const auto& all = result.findings.measures.workloads;
    const auto measured = all.find(workload.name);
    const double offered = static_cast<double>(workload.rate_per_second_milli) / 1e3;
    double pace = 0;
    if (measured != all.end()) {
      const double seconds = (measured->second.last_acknowledged - measured->second.first_sent).seconds();
      const double load = seconds - std::min(drain_ms / 1e3, seconds / 2);
      pace = load > 0 ? static_cast<double>(measured->second.records.acknowledged) / load : 0;
    }
    if (pace < kKeepsUp * offered)
      return workload.name + " was acknowledged " + number(pace) + " of " + number(offered) + " records/s";
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

/// What is not as it should be at the rates of `scaled`, "" if all is well.
std::string wrong_at(const scenario::Scenario& scaled, const Request& request, std::uint64_t seed,
                     std::string& bug) {
  const Load load = load_of(scaled);
  results::Execution execution(scaled, seed);
  if (bug = execution.run_until(load.from); !bug.empty()) return bug;
  const std::vector<results::LongRun> before = results::long_run(execution.world(), scaled.config);
  if (bug = execution.run_until(load.to); !bug.empty()) return bug;
  const std::string borrowed =
      overloaded(before, results::long_run(execution.world(), scaled.config), load.to - load.from);
  const results::RunResult result = execution.finish();
  bug = result.facts.bug;
  if (!bug.empty()) return bug;
  const std::string wrong = complaint(scaled, result, request);
  return wrong.empty() ? borrowed : wrong;
}

/// Tells who asked of each run, one at a time, and knows whether that was enough.
class Teller {
 public:
  explicit Teller(const Request& request) : told_(request.told) {}
  void tell(const Tried& tried) {
    const std::lock_guard lock(mutex_);
    if (told_ && !told_(tried)) stopped_ = true;
  }
  [[nodiscard]] bool stopped() const { return stopped_; }

 private:
  const std::function<bool(const Tried&)>& told_;
  std::mutex mutex_;
  std::atomic<bool> stopped_ = false;
};

SeedAnswer search_seed(const scenario::Scenario& scenario, const Request& request, std::uint64_t seed,
                       std::optional<double> near, Teller& teller, std::string& bug) {
  SeedAnswer answer;
  answer.seed = seed;
  Search search;
  search.start = near ? static_cast<std::int64_t>(*near * 1e3) : total_rate(scenario);
  search.factor = near ? 1.04 : 2;
  search.least = std::max<std::int64_t>(1'000, static_cast<std::int64_t>(scenario.config.producers.size()));
  search.most = request.rate_max * 1'000;
  search.precision = request.precision;
  (void)find_highest(search, [&](std::int64_t rate) {
    if (!bug.empty() || teller.stopped()) return false;  // nothing is noted: the search runs out
    const std::string wrong = wrong_at(at_rate(scenario, rate), request, seed, bug);
    const double per_second = static_cast<double>(rate) / 1e3;
    ++answer.runs;
    (wrong.empty() ? answer.sustained : answer.failed) = per_second;
    if (!wrong.empty()) answer.why = wrong;
    teller.tell({seed, per_second, wrong});
    return wrong.empty();
  });
  return answer;
}

/// Other seeds lie near the first: their brackets begin there.
void search_others(const scenario::Scenario& scenario, const Request& request, Answer& answer, Teller& teller,
                   std::string& bug) {
  const std::optional<double> near = answer.seeds.front().sustained;
  answer.seeds.resize(request.seeds.size());
  std::vector<std::string> bugs(request.seeds.size());
  std::atomic<std::size_t> next{1};
  const auto work = [&] {
    for (std::size_t i = next.fetch_add(1); i < request.seeds.size(); i = next.fetch_add(1))
      answer.seeds[i] = search_seed(scenario, request, request.seeds[i], near, teller, bugs[i]);
  };
  std::vector<std::thread> pool;
  for (int t = 1; t < request.jobs; ++t) pool.emplace_back(work);
  work();
  for (std::thread& thread : pool) thread.join();
  for (const std::string& text : bugs) {
    if (bug.empty()) bug = text;
  }
}

/// One more run of the first seed at its own answer, to see which part is how busy.
void look_at(const scenario::Scenario& scenario, const Request& request, Answer& answer, std::string& bug) {
  const double sustained = *answer.seeds.front().sustained;
  const scenario::Scenario scaled = at_rate(scenario, static_cast<std::int64_t>(sustained * 1e3));
  for (const world::ProducerWorkload& workload : scaled.config.producers)
    answer.bytes_per_second +=
        static_cast<double>(std::max<std::int64_t>(0, workload.rate_per_second_milli)) / 1e3 *
        static_cast<double>(workload.record_size.n);
  answer.bytes_per_second *= answer.rate / sustained;
  const Load load = load_of(scaled);
  results::Execution execution(scaled, request.seeds.front());
  bug = measure(execution, scaled, load.from, load.to, answer.parts);
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

std::string unanswerable(const scenario::Scenario& scenario, const Request& request) {
  if (scenario.config.clusters.empty()) return "there is no Kafka cluster";
  if (scenario.config.producers.empty()) return "there is no kafka_producer";
  for (const Slo& slo : request.slos) {
    if (slo.metric.starts_with("latency.end_to_end") && scenario.config.consumers.empty())
      return "--slo \"" + slo.text + "\": nobody reads\n  hint: add a workload of kind kafka_consumer";
  }
  if (total_rate(scenario) <= 0)
    return scenario.config.producers.front().name +
           " has no rate (arrivals saturate, closed or listed), and no other producer has one\n"
           "  hint: give one a \"rate\", such as \"1000 /s\", instead of `arrivals`; the others go on beside "
           "it";
  for (const world::ProducerWorkload& workload : scenario.config.producers) {
    if (workload.rate_per_second_milli > 0 && workload.records_max > 0)
      return workload.name + " stops after a number of records\n  hint: leave `records` out";
  }
  return {};
}

}  // namespace

scenario::Scenario at_rate(const scenario::Scenario& scenario, std::int64_t rate_milli) {
  scenario::Scenario scaled = scenario;
  const std::int64_t total = total_rate(scenario);
  for (world::ProducerWorkload& workload : scaled.config.producers) {
    if (workload.rate_per_second_milli <= 0) continue;  // in the background
    const auto share = static_cast<__int128>(workload.rate_per_second_milli) * rate_milli / total;
    // Every instance needs a rate.
    workload.rate_per_second_milli =
        std::max(static_cast<std::int64_t>(share), static_cast<std::int64_t>(workload.hosts.size()));
  }
  return scaled;
}

Answer answer(const scenario::Scenario& scenario, const Request& request) {
  Answer answer;
  answer.problem = unanswerable(scenario, request);
  answer.misused = !answer.problem.empty();
  if (answer.misused) return answer;
  std::string bug;
  Teller teller(request);
  answer.seeds.push_back(search_seed(scenario, request, request.seeds.front(), std::nullopt, teller, bug));
  if (bug.empty() && answer.seeds.front().sustained) search_others(scenario, request, answer, teller, bug);
  answer.stopped = teller.stopped();
  std::vector<double> sustained;
  std::vector<double> failed;
  for (const SeedAnswer& seed : answer.seeds) {
    if (bug.empty() && !answer.stopped && !seed.sustained)
      answer.problem = "no rate keeps it with seed " + std::to_string(seed.seed) + ": " + seed.why;
    sustained.push_back(seed.sustained.value_or(0));
    failed.push_back(seed.failed.value_or(sustained.back()));
  }
  if (bug.empty() && !answer.stopped && answer.problem.empty()) {
    const sim::Summary summary = sim::summarise(sustained);
    answer.rate = summary.mean;
    const bool many = sustained.size() > 1;
    answer.interval = {many ? sim::student_interval(summary, 0.95).low : sustained[0],
                       many ? sim::student_interval(sim::summarise(failed), 0.95).high : failed[0]};
    look_at(scenario, request, answer, bug);
  }
  answer.bug = !bug.empty();
  if (answer.bug) answer.problem = bug;
  return answer;
}

}  // namespace brokersim::capacity
