#include "app/results/json.h"

#include <nlohmann/json.hpp>

#include "app/results/counts.h"
#include "models/kafka/wire/errors.h"
#include "sim/fingerprint.h"

namespace brokersim::results {
namespace {

using Json = nlohmann::ordered_json;

Json optional_seconds(const std::optional<sim::SimTime>& at) {
  return at ? Json(at->seconds()) : Json(nullptr);
}

Json of_parts(const sim::FingerprintParts& parts) {
  return {{"time", sim::hex16(parts.time)},
          {"component", sim::hex16(parts.component)},
          {"kind", sim::hex16(parts.kind)},
          {"draws", sim::hex16(parts.draws)}};
}

/// Its counts, by their names.
template <typename Findings>
Json of_counts(const Findings& findings) {
  Json json = Json::object();
  for (const auto& [name, count] : counts_of(findings)) json[name] = count;
  return json;
}

/// Of one of several, which is called `name`: that and its counts.
template <typename Findings>
Json of_named(const Findings& findings) {
  Json json{{"of", findings.name}};
  json.update(of_counts(findings));
  return json;
}

Json of_histogram(const sim::Histogram& histogram) {
  const auto ms = [](std::int64_t ns) { return static_cast<double>(ns) / 1e6; };
  return {{"count", histogram.count()},
          {"mean_ms", histogram.mean() / 1e6},
          {"p50_ms", ms(histogram.quantile(0.5))},
          {"p95_ms", ms(histogram.quantile(0.95))},
          {"p99_ms", ms(histogram.quantile(0.99))},
          {"p999_ms", ms(histogram.quantile(0.999))},
          {"max_ms", ms(histogram.max())}};
}

Json of_latencies(const checkers::Latencies& latency) {
  return {{"produce", of_histogram(latency.produce)},
          {"produce_ok", of_histogram(latency.produce_ok)},
          {"end_to_end", of_histogram(latency.end_to_end)}};
}

Json of_phases(const checkers::PhaseHistograms& phases) {
  return {{"before", of_histogram(phases.before)},
          {"during", of_histogram(phases.during)},
          {"after", of_histogram(phases.after)}};
}

Json of_throughput(double records, double bytes, double consumed) {
  return {{"records_per_second", records}, {"bytes_per_second", bytes}, {"consumed_per_second", consumed}};
}

Json of_workload(const checkers::WorkloadMeasures& w) {
  const double seconds =
      w.last_acknowledged > w.first_sent ? (w.last_acknowledged - w.first_sent).seconds() : 0.0;
  const auto rate = [&](std::int64_t amount) {
    return seconds > 0 ? static_cast<double>(amount) / seconds : 0.0;
  };
  return {{"records", of_counts(w.records)},
          {"latency", of_latencies(w.latency)},
          {"throughput",
           of_throughput(rate(w.records.acknowledged), rate(w.acknowledged_bytes), w.consumed_per_second())}};
}

const char* how_text(history::BrokerEvent event) {
  switch (event) {
    case history::BrokerEvent::power_lost: return "power_lost";
    case history::BrokerEvent::kernel_panicked: return "kernel_panicked";
    case history::BrokerEvent::paused: return "paused";
    default: return "process_killed";
  }
}

const std::string& partition_name(const RunResult& result, history::PartitionId partition) {
  return result.findings.partition_names[static_cast<std::size_t>(partition.n)];
}

Json of_events(const checkers::EventFindings& events) {
  Json json;
  json["pipelines"] = Json::array();
  for (const checkers::PipelineFindings& p : events.pipelines) {
    Json stories = Json::array();
    for (const checkers::EventStory& story : p.stories) {
      stories.push_back({{"flaw", checkers::to_string(story.flaw)},
                         {"event", story.event},
                         {"at_s", story.at.seconds()},
                         {"text", story.text}});
    }
    Json one = of_named(p);
    one["commit_to_topic"] = of_histogram(p.commit_to_topic);
    one["stories"] = std::move(stories);
    json["pipelines"].push_back(std::move(one));
  }
  json["effects"] = Json::array();
  for (const checkers::EffectFindings& e : events.effects) json["effects"].push_back(of_named(e));
  json["databases"] = Json::array();
  for (const checkers::DatabaseFindings& d : events.databases) json["databases"].push_back(of_named(d));
  json["crashes"] = events.crashes;
  return json;
}

Json of_transactions(const checkers::KafkaTransactions& all) {
  Json json;
  json["workloads"] = Json::array();
  for (const checkers::TransactionFindings& t : all.workloads) {
    json["workloads"].push_back(of_named(t));
    json["workloads"].back()["duration"] = of_histogram(t.duration);
  }
  json["pipelines"] = Json::array();
  for (const checkers::TransformationFindings& t : all.transformations) {
    json["pipelines"].push_back(of_named(t));
    json["pipelines"].back()["exactly_once"] = t.exactly_once;
    json["pipelines"].back()["latency"] = of_histogram(t.latency);
  }
  json["hanging"] = all.hanging;
  json["hanging_longest_s"] = all.hanging_longest.seconds();
  return json;
}

/// Records processed and what happened to the groups; times in seconds.
Json of_groups(const checkers::GroupMeasures& groups) {
  Json json = Json::object();
  for (const auto& [name, count] : counts_of(groups)) json[name.substr(name.find('.') + 1)] = count;
  json["unowned_longest_s"] = groups.unowned_longest.seconds();
  json["unowned_total_s"] = groups.unowned_total.seconds();
  return json;
}

Json lists_of_outcomes(const RunResult& result) {
  Json json;
  const checkers::Measures& measures = result.findings.measures;
  json["unavailable"] = Json::array();
  for (const checkers::UnavailableWindow& window : measures.unavailable) {
    json["unavailable"].push_back({{"what", checkers::to_string(window.what)},
                                   {"of", partition_name(result, window.partition)},
                                   {"from_s", window.from.seconds()},
                                   {"to_s", window.to.seconds()},
                                   {"open", window.open}});
  }
  json["recoveries"] = Json::array();
  for (const checkers::LeaderRecovery& recovery : measures.recoveries) {
    json["recoveries"].push_back({{"of", partition_name(result, recovery.partition)},
                                  {"lost", recovery.lost},
                                  {"how", how_text(recovery.how)},
                                  {"stopped_s", recovery.stopped_at.seconds()},
                                  {"successor", recovery.successor},
                                  {"elected_s", optional_seconds(recovery.elected_at)},
                                  {"acknowledged_s", optional_seconds(recovery.acknowledged_at)}});
  }
  json["losses"] = Json::array();
  for (const checkers::Loss& loss : result.findings.losses.losses) {
    json["losses"].push_back({{"producer", loss.producer_name},
                              {"of", loss.partition_name},
                              {"first", loss.first},
                              {"last", loss.last},
                              {"records", loss.records},
                              {"pieces", loss.pieces},
                              {"acks", loss.acks < 0 ? Json("all") : Json(loss.acks)},
                              {"promised", loss.promised},
                              {"explanation", loss.explanation}});
  }
  json["faults"] = Json::array();
  for (const FaultResult& fault : result.faults) {
    json["faults"].push_back({{"name", fault.name},
                              {"kind", fault.kind},
                              {"target", fault.target},
                              {"at_s", fault.at.seconds()},
                              {"healed_s", optional_seconds(fault.healed_at)},
                              {"requested", fault.requested},
                              {"fired", fault.fired},
                              {"had_effect", fault.had_effect}});
  }
  json["admin"] = Json::array();
  for (const history::AdminDone& done : measures.admin) {
    json["admin"].push_back({{"name", done.name},
                             {"kind", done.kind},
                             {"target", done.target},
                             {"at_s", done.asked_at.seconds()},
                             {"done_s", done.at.seconds()},
                             {"error", done.error_name.empty() ? Json(nullptr) : Json(done.error_name)},
                             {"offset", done.offset < 0 ? Json(nullptr) : Json(done.offset)}});
  }
  json["failed_clients"] = Json::array();
  for (const history::ClientFailed& failed : measures.failed_clients) {
    json["failed_clients"].push_back(
        {{"client", result.findings.client_names.at(static_cast<std::size_t>(failed.client.n))},
         {"group", failed.group},
         {"error", kafka::wire::name(static_cast<kafka::wire::ErrorCode>(failed.error))},
         {"at_s", failed.at.seconds()}});
  }
  json["offset_resets"] = Json::array();
  for (const checkers::ResetRecord& reset : measures.offset_resets) {
    json["offset_resets"].push_back(
        {{"consumer", result.findings.client_names[static_cast<std::size_t>(reset.consumer.n)]},
         {"of", partition_name(result, reset.partition)},
         {"at_s", reset.at.seconds()},
         {"from", reset.from},
         {"to", reset.to < 0 ? Json(nullptr) : Json(reset.to)},
         {"expired", reset.expired},
         {"skipped", reset.skipped}});
  }
  json["checks"] = Json::array();
  for (const checkers::CheckResult& check : result.findings.checks) {
    json["checks"].push_back({{"id", check.id},
                              {"title", check.title},
                              {"verdict", checkers::to_string(check.verdict)},
                              {"breaches", check.breaches},
                              {"detail", check.detail}});
  }
  json["expectations"] = Json::array();
  for (const ExpectationResult& expectation : result.expectations) {
    json["expectations"].push_back({{"text", expectation.text},
                                    {"verdict", to_string(expectation.verdict)},
                                    {"value", expectation.value ? Json(*expectation.value) : Json(nullptr)},
                                    {"detail", expectation.detail}});
  }
  json["published"] = Json::array();
  for (const Comparison& published : result.published) {
    json["published"].push_back(
        {{"metric", published.metric},
         {"published", published.published},
         {"predicted", published.predicted ? Json(*published.predicted) : Json(nullptr)},
         {"source", published.source}});
  }
  return json;
}

Json to_value(const RunResult& result) {
  const checkers::Measures& measures = result.findings.measures;
  const checkers::LossReport& losses = result.findings.losses;
  Json json{{"scenario", result.scenario},
            {"title", result.title},
            {"seed", result.facts.seed},
            {"overrides", result.facts.overrides},
            {"fingerprint", sim::hex16(result.facts.fingerprint)},
            {"fingerprint_parts", of_parts(result.facts.fingerprint_parts)},
            {"simulated_seconds", result.facts.ended_at.seconds()},
            {"wall_seconds", result.facts.wall_seconds},
            {"events", result.facts.events},
            {"task_events", result.facts.task_events},
            {"batches", result.findings.measures.batches},
            {"verdict", result.verdict()},
            {"exit_code", result.exit_code()},
            {"failed_laws", result.failed_laws},
            {"bug", result.facts.bug.empty() ? Json(nullptr) : Json(result.facts.bug)}};
  if (const auto& branch = result.facts.branch) {
    json["branch"] = branch->id;
    json["branch_at_s"] = branch->at.seconds();
    json["variant"] = branch->variant.empty() ? Json(nullptr) : Json(branch->variant);
  }
  json["records"] = of_counts(measures.records);
  json["records"]["lost_acknowledged_acks_0"] = losses.lost_acks_0;
  json["records"]["lost_acknowledged_acks_1"] = losses.lost_acks_1;
  json["records"]["lost_acknowledged_acks_all"] = losses.lost_acks_all;
  json["records"]["at_risk"] = losses.at_risk;
  json["records"]["at_risk_max"] = result.findings.at_risk_max;
  json["latency"] = of_latencies(measures.latency);
  json["latency_phases"] = {
      {"fault_from_s",
       measures.fault_window.any() ? Json(measures.fault_window.from().seconds()) : Json(nullptr)},
      {"fault_to_s",
       measures.fault_window.any() ? Json(measures.fault_window.to().seconds()) : Json(nullptr)},
      {"produce", of_phases(measures.produce_phases)},
      {"end_to_end", of_phases(measures.end_to_end_phases)}};
  json["throughput"] = of_throughput(measures.records_per_second(), measures.bytes_per_second(),
                                     measures.consumed_per_second());
  const checkers::ShareMeasures& shares = result.findings.shares;
  const checkers::KafkaTransactions& transactions = result.findings.transactions;
  const checkers::EventFindings& events = result.findings.events;
  json["groups"] = of_groups(measures.groups);
  json["share_groups"] = shares.any ? of_counts(shares) : Json(nullptr);
  json["transactions"] = transactions.empty() ? Json(nullptr) : of_transactions(transactions);
  json["outbox"] = events.databases.empty() ? Json(nullptr) : of_events(events);
  json["leader_changes"] = measures.leader_changes;
  json["controller"] = {{"changes", measures.control_plane.changes},
                        {"unavailable_longest_s", measures.control_plane.longest.seconds()},
                        {"unavailable_total_s", measures.control_plane.total.seconds()}};
  json.update(lists_of_outcomes(result));
  json["probes"] = Json::object();
  for (const checkers::ProbeInfo& probe : checkers::probes())
    json["probes"][probe.name] = measures.probes.count(probe.probe);
  json["workloads"] = Json::object();
  for (const auto& [name, workload] : measures.workloads) json["workloads"][name] = of_workload(workload);
  json["notes"] = result.notes;
  json["warnings"] = result.warnings;
  json["replay"] = result.replay();
  return json;
}

}  // namespace

std::string to_json(const RunResult& result) {
  return to_value(result).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_pretty_json(const RunResult& result) {
  return to_value(result).dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace brokersim::results
