// Goal: cost profiles do what they say: threads that wake late, clients whose threads need time, closed loops that wait.
// Method: round trips of single records through one broker, where each constant appears a known number of times.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "app/results/execute.h"
#include "app/results/metric_value.h"
#include "app/scenario/scenario.h"
#include "models/kafka/costs.h"

namespace brokersim::results {
namespace {

RunResult run(const std::string& costs, const std::string& workload, double* calls = nullptr) {
  const std::string json =
      R"({"title": "c", "duration": "5 s", "hosts": [{"name": "b", "hardware": "generic.nvme-plp"}],
          "systems": {"kafka": {"kind": "kafka", "brokers_on": "b", "controllers": {"count": 1}, "costs": {)" +
      costs + R"(}, "topics": [{"name": "t", "partitions": 1, "replication_factor": 1}]}},
          "workloads": [{"name": "load", "kind": "kafka_producer", "topic": "t", "start": "1 s", "stop": "4 s", )" +
      workload + "}]}";
  scenario::LoadResult loaded = scenario::load_text(json, "c.json");
  EXPECT_TRUE(loaded.scenario) << scenario::render(loaded.diagnostics);
  RunResult result = execute(*loaded.scenario, 1);
  if (calls != nullptr) *calls = metric_value(result, "throughput.records_per_second")->value;
  return result;
}

constexpr const char* kSlow =
    R"("rate": "100 /s", "record_size": "100 B", "config": {"linger.ms": 0, "enable.idempotence": false})";

double median_us(const RunResult& result) {
  return metric_value(result, "latency.produce.p50_ms")->value * 1e3;
}

TEST(Costs, EachWakeUpIsOnThePath) {
  const double before = median_us(run("", kSlow));
  const double brokers = median_us(run(R"("wake_up": "40 us")", kSlow));
  EXPECT_NEAR(brokers - before, 3 * 40, 2) << "network thread, handler, network thread";
  // A client with a thread: the sender wakes for the record, and again for the answer, which takes 5 us.
  const double clients = median_us(run(R"("wake_up": "40 us", "client_response": "5 us")", kSlow));
  EXPECT_NEAR(clients - before, 5 * 40 + 5, 2);
}

TEST(Costs, ASenderIsBusyForWhatItSends) {
  // Two records in a row, each a request of its own: the second waits until the sender has done with the first.
  const char* pairs =
      R"("rate": "200 /s", "records_per_send": 2, "record_size": "100 B",
         "config": {"linger.ms": 0, "batch.size": 1, "enable.idempotence": false})";
  const RunResult idle = run("", pairs);
  const RunResult busy = run(R"("client_request": "3 ms")", pairs);
  EXPECT_NEAR(metric_value(busy, "latency.produce.max_ms")->value, 6.0, 0.3)
      << "sent at 3 ms, when the sender has done with the first; its answer is read when it has done with "
         "this one";
  EXPECT_LT(metric_value(idle, "latency.produce.p99_ms")->value, 0.6);
}

// Goal: the sender reads a clock of milliseconds and waits whole ones. Method: single records at uniform phases of that
// clock, linger.ms=1. The sender wakes 200 us after a batch was opened. In a fifth of all cases a tick lies between: it
// sends at once. Else it selects for 1 ms, sleeps 50 us longer, and needs 200 us again.
TEST(Costs, LingerIsCountedInTicksOfTheClock) {
  const auto produce = [](int linger) {
    return run(
        R"("wake_up": "200 us", "client_request": "1 us")",
        R"("rate": "137 /s", "record_size": "100 B", "config": {"enable.idempotence": false, "linger.ms": )" +
            std::to_string(linger) + "}");
  };
  const RunResult at_once = produce(0);
  const RunResult lingers = produce(1);
  EXPECT_NEAR(median_us(lingers) - median_us(at_once), 1'250, 15);
  const double mean = (metric_value(lingers, "latency.produce.mean_ms")->value -
                       metric_value(at_once, "latency.produce.mean_ms")->value) *
                      1e3;
  EXPECT_NEAR(mean, 0.8 * 1'250, 25) << "411 records, phases 3 us apart";
}

TEST(Costs, SendAndPollCostTheApplication) {
  double rate = 0;
  static_cast<void>(run(R"("client_record": "10 us", "client_record_ps_per_byte": 100000)",
                        R"("arrivals": "saturate", "record_size": "100 B", "config": {"linger.ms": 5})",
                        &rate));
  EXPECT_NEAR(rate, 1e6 / 20, 600) << "10 us and 100 bytes of 100 ns each";
}

TEST(ClosedLoop, WaitsForEveryRecordOfACall) {
  double rate = 0;
  const RunResult one = run("", R"("arrivals": "closed", "records_per_send": 3, "record_size": "100 B",
      "config": {"linger.ms": 0, "enable.idempotence": false})",
                            &rate);
  const double round_trip = metric_value(one, "latency.produce.mean_ms")->value / 1e3;
  EXPECT_NEAR(rate * round_trip, 3, 0.03) << "three records outstanding, always";
  // linger.ms is waited for: a call that waits for answers is no full buffer.
  const RunResult lingers = run("", R"("arrivals": "closed", "record_size": "100 B",
      "config": {"linger.ms": 20, "enable.idempotence": false})",
                                &rate);
  EXPECT_NEAR(rate, 1 / (0.02 + round_trip), 1.5);
  EXPECT_EQ(metric_value(lingers, "records.failed")->value, 0);
}

TEST(ClosedLoop, DrawsTheSizeOfCalls) {
  double rate = 0;
  const RunResult one = run(
      "", R"("arrivals": "closed", "records_per_send": 1, "records_per_send_max": 10, "record_size": "100 B",
      "config": {"linger.ms": 0, "enable.idempotence": false})",
      &rate);
  const double round_trip = metric_value(one, "latency.produce.mean_ms")->value / 1e3;
  EXPECT_NEAR(rate * round_trip, 5.5, 0.15) << "one to ten, equally likely";
}

// Goal: before 0.8.2 the high watermark woke no waiting fetch: an append did, with nothing to read yet. Method: every message
// takes 2 ms, a follower's round 1 ms more. The leader has a record at 2 ms; the next request of its followers is there at 7
// ms, and the consumer has the record at 9. The consumer that was answered at the append asks again at 6 ms, before the high
// watermark has moved, and waits for 40 ms: it has the record at 48.
TEST(HistoricRules, AFetchBefore082WaitsForAppends) {
  const auto end_to_end_ms = [](const char* wakes) {
    const std::string json =
        std::string(
            R"({"title": "w", "duration": "5 s", "network": {"same_zone": "2 ms", "cross_zone": "2 ms"},
          "hosts": [{"name": "b", "count": 3, "hardware": "generic.nvme-plp"}],
          "systems": {"kafka": {"kind": "kafka", "version": "3.9", "brokers_on": "b", "controllers": {"count": 1},
                      "costs": {"fetcher_round": "1 ms"}, "rules": {"high_watermark_wakes_fetches": )") +
        wakes + R"(}, "topics": [{"name": "t", "partitions": 1, "replication_factor": 3}]}},
          "workloads": [{"name": "p", "kind": "kafka_producer", "topic": "t", "rate": "9 /s", "record_size": "100 B",
                         "start": "1 s", "stop": "4 s", "config": {"acks": 1, "enable.idempotence": false, "linger.ms": 0}},
                        {"name": "c", "kind": "kafka_consumer", "topic": "t",
                         "config": {"auto.offset.reset": "earliest", "fetch.max.wait.ms": 40}}]})";
    scenario::LoadResult loaded = scenario::load_text(json, "w.json");
    EXPECT_TRUE(loaded.scenario) << scenario::render(loaded.diagnostics);
    return metric_value(execute(*loaded.scenario, 1), "latency.end_to_end.p50_ms")->value;
  };
  EXPECT_NEAR(end_to_end_ms("true"), 9, 0.5);
  EXPECT_NEAR(end_to_end_ms("false"), 48, 0.5);
}

// Goal: a follower pays for a partition's data, a broker for a record, an answer for a partition's sendfile: each once.
// Method: one send of 100 records in one batch, RF 2, acks=all; each constant in turn is 1 ms (10 us of the 100 records).
TEST(Costs, PartitionsRecordsAndSendfilesCountOnce) {
  const auto median_ms = [](const std::string& costs) {
    const std::string json =
        R"({"title": "p", "duration": "5 s", "hosts": [{"name": "b", "count": 2, "hardware": "generic.nvme-plp"}],
            "systems": {"kafka": {"kind": "kafka", "brokers_on": "b", "controllers": {"count": 1}, "costs": {)" +
        costs + R"(}, "topics": [{"name": "t", "partitions": 1, "replication_factor": 2}]}},
            "workloads": [{"name": "p", "kind": "kafka_producer", "topic": "t", "rate": "1000 /s", "records_per_send": 100,
                           "record_size": "10 B", "start": "1 s", "stop": "4 s",
                           "config": {"acks": "all", "linger.ms": 0, "enable.idempotence": false}}]})";
    scenario::LoadResult loaded = scenario::load_text(json, "p.json");
    EXPECT_TRUE(loaded.scenario) << scenario::render(loaded.diagnostics);
    return metric_value(execute(*loaded.scenario, 1), "latency.produce.p50_ms")->value;
  };
  const double before = median_ms("");
  EXPECT_NEAR(median_ms(R"("fetcher_append_partition": "1 ms")") - before, 1, 0.02);
  EXPECT_NEAR(median_ms(R"("append_record": "10 us")") - before, 1, 0.02);
  EXPECT_NEAR(median_ms(R"("send_partition": "1 ms")") - before, 1, 0.02);
}

// Goal: who parks a fetch of many partitions has them all read again before the answer. Method: one record a time through one
// of 1 and of 200 partitions, at 10 us each; what a fetch costs when it arrives is over before the record comes.
TEST(Costs, AnAnsweredFetchReadsItsPartitionsAgain) {
  const auto end_to_end_ms = [](int partitions) {
    const std::string json =
        R"({"title": "r", "duration": "6 s", "hosts": [{"name": "b", "hardware": "generic.nvme-plp"}],
            "systems": {"kafka": {"kind": "kafka", "brokers_on": "b", "controllers": {"count": 1},
                                  "costs": {"read_partition": "10 us"},
                                  "topics": [{"name": "t", "partitions": )" +
        std::to_string(partitions) + R"(, "replication_factor": 1}]}},
            "workloads": [{"name": "p", "kind": "kafka_producer", "topic": "t", "rate": "20 /s", "record_size": "100 B",
                           "start": "2 s", "stop": "5 s", "config": {"acks": 1, "linger.ms": 0, "enable.idempotence": false}},
                          {"name": "c", "kind": "kafka_consumer", "topic": "t", "config": {"auto.offset.reset": "earliest"}}]})";
    scenario::LoadResult loaded = scenario::load_text(json, "r.json");
    EXPECT_TRUE(loaded.scenario) << scenario::render(loaded.diagnostics);
    return metric_value(execute(*loaded.scenario, 1), "latency.end_to_end.p50_ms")->value;
  };
  EXPECT_NEAR(end_to_end_ms(200) - end_to_end_ms(1), 2, 0.05);
}

// Goal: forcing a log forces its indexes, too, where they have a new entry, and each sleep takes a wake-up. Method:
// flush.messages=1 on a protected drive (50 us a write, 50,000 writes/s): records of 8,000 bytes make an entry each.
TEST(Costs, ForcingALogForcesItsIndexes) {
  const auto median = [](const std::string& costs, const std::string& flush, int record) {
    const std::string json =
        R"({"title": "f", "duration": "5 s", "hosts": [{"name": "b", "hardware": "generic.nvme-plp"}],
            "systems": {"kafka": {"kind": "kafka", "brokers_on": "b", "controllers": {"count": 1}, "costs": {)" +
        costs + R"(}, "topics": [{"name": "t", "partitions": 1, "replication_factor": 1, "config": {)" +
        flush +
        R"(}}]}}, "workloads": [{"name": "p", "kind": "kafka_producer", "topic": "t", "rate": "100 /s", "record_size": ")" +
        std::to_string(record) + R"( B", "start": "1 s", "stop": "4 s",
                           "config": {"acks": 1, "linger.ms": 0, "enable.idempotence": false}}]})";
    scenario::LoadResult loaded = scenario::load_text(json, "f.json");
    EXPECT_TRUE(loaded.scenario) << scenario::render(loaded.diagnostics);
    return median_us(execute(*loaded.scenario, 1));
  };
  const std::string force = R"("flush.messages": 1)";
  const auto forced = [&](int record) { return median("", force, record) - median("", "", record); };
  const double write = 50 + 20;
  EXPECT_NEAR(forced(100), 2 * write, 4) << "the log's bytes, the journal";
  EXPECT_NEAR(forced(8'000), 4 * write, 8) << "and a page of each index";
  const std::string slow = R"("wake_up": "100 us")";
  EXPECT_NEAR(median(slow, force, 8'000) - median(slow, "", 8'000) - forced(8'000), 6 * 100, 2);
}

// The profile that users read is the one that runs use.
TEST(Costs, ProfileFileHoldsTheValuesOfTheProgram) {
  const auto path = std::filesystem::path("models/kafka/profiles/jvm-1.json");
  const auto file = nlohmann::json::parse(std::ifstream(path));
  const kafka::Costs* costs = kafka::find_cost_profile(file.at("name").get<std::string>());
  ASSERT_NE(costs, nullptr);
  std::map<std::string, std::int64_t> told;
  for (const auto& one : file.at("constants")) told[one.at("name")] = one.at("value").get<std::int64_t>();
  const kafka::Costs unfitted;
  for (const kafka::CostField& field : kafka::cost_fields()) {
    const std::int64_t value = field.time != nullptr ? (costs->*field.time).ns : costs->*field.ps_per_byte;
    const std::int64_t other =
        field.time != nullptr ? (unfitted.*field.time).ns : unfitted.*field.ps_per_byte;
    EXPECT_EQ(value, told.contains(field.name) ? told[field.name] : other) << field.name;
  }
}

}  // namespace
}  // namespace brokersim::results
