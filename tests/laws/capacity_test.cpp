// Goal: `capacity` finds the rate that the scarcest part allows, and names the part. Method: clusters of which one part is so
// scarce that its rate follows from its size: card, disk, processors, the client's own thread, a partition's lock.
#include "app/capacity/capacity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "app/capacity/search.h"
#include "app/cli/cli.h"

namespace brokersim::capacity {
namespace {

Slo slo(const char* text) {
  auto parsed = parse_slo(text);
  EXPECT_TRUE(std::holds_alternative<Slo>(parsed)) << text;
  return std::get<Slo>(parsed);
}

scenario::Scenario cluster(const std::string& hardware, const std::string& workload,
                           const std::string& topic = "", const std::string& kafka = "", int partitions = 6) {
  const std::string json =
      R"({"title": "t", "duration": "10 s", "hosts": [{"name": "b", "hardware": )" + hardware +
      R"(}], "systems": {"kafka": {"kind": "kafka", "brokers_on": "b", "controllers": {"count": 1})" + kafka +
      R"(, "topics": [{"name": "t", "partitions": )" + std::to_string(partitions) +
      R"(, "replication_factor": 1, "config": {)" + topic +
      R"(}}]}}, "workloads": [{"name": "load", "kind": "kafka_producer", "topic": "t", "start": "1 s", )" +
      (workload.find("\"stop\"") == std::string::npos ? R"("stop": "8 s", )" : "") + workload + "}]}";
  scenario::LoadResult loaded = scenario::load_text(json, "t.json");
  EXPECT_TRUE(loaded.scenario) << scenario::render(loaded.diagnostics);
  return std::move(*loaded.scenario);
}

Answer ask(const scenario::Scenario& scenario, const char* level = "produce p99 <= 50 ms") {
  Request request;
  request.slos = {slo(level)};
  request.seeds = {1, 2};
  request.precision = 0.02;
  Answer made = answer(scenario, request);
  EXPECT_EQ(made.problem, "");
  return made;
}

TEST(Capacity, CardBound) {
  const Answer made = ask(cluster(
      R"({"preset": "generic.nvme-plp", "nic": {"bandwidth": "50 MB/s"}})",
      R"("rate": "10000 /s", "record_size": "1000 B", "config": {"linger.ms": 5, "batch.size": 65536})"));
  EXPECT_EQ(made.limit.kind, Kind::nic) << made.limit.what;
  // 1,448 of 1,538 bytes on the wire are payload of TCP; batches and records add about 1 %.
  EXPECT_NEAR(made.rate, 50e6 * 1'448 / 1'538 / 1'010, 0.04 * 47'000);
  EXPECT_GE(made.limit.utilisation, 0.9);
  EXPECT_EQ(made.seeds.size(), 2u);
}

TEST(Capacity, DiskBound) {
  // A flush for every append: each is a write and a journal's, on a disk that takes 10 MB/s.
  const Answer made = ask(cluster(
      R"({"preset": "generic.nvme-plp", "page_cache": {"memory": "64 MiB"}, "disks": [{"kind": "nvme", "capacity": "100 GB",
          "write_bandwidth": "20 MB/s", "read_bandwidth": "100 MB/s", "write_iops": 10000, "read_iops": 10000}]})",
      R"("rate": "5000 /s", "record_size": "1000 B", "config": {"linger.ms": 5, "batch.size": 65536})"));
  EXPECT_EQ(made.limit.kind, Kind::disk) << made.limit.what;
  EXPECT_NEAR(made.rate, 20'000 / 1.01, 0.08 * 20'000) << "20 MB/s of 1,010 bytes a record";
}

// Goal: a page cache that takes seconds of load does not pass for a disk that takes it for hours. Method: the same disk
// behind 64 GiB of memory: nothing of the 7 s of load need be written while they last, so no latency tells.
TEST(Capacity, DiskBoundBehindALargePageCache) {
  const scenario::Scenario hidden = cluster(
      R"({"preset": "generic.nvme-plp", "page_cache": {"memory": "64 GiB"}, "disks": [{"kind": "nvme", "capacity": "100 GB",
          "write_bandwidth": "20 MB/s", "read_bandwidth": "100 MB/s", "write_iops": 10000, "read_iops": 10000}]})",
      R"("rate": "5000 /s", "record_size": "1000 B", "config": {"linger.ms": 5, "batch.size": 65536})");
  const Answer made = ask(hidden);
  EXPECT_EQ(made.limit.kind, Kind::disk) << made.limit.what;
  EXPECT_EQ(made.limit.what, "b-0 disk 0 in the long run");
  EXPECT_NEAR(made.rate, 20'000 / 1.01, 0.03 * 20'000) << "20 MB/s of 1,010 bytes a record";
  EXPECT_NE(made.seeds[0].why.find("MB/s and takes 20 in the long run"), std::string::npos)
      << made.seeds[0].why;
  // A run at twice that says so, one at half of it does not.
  const auto warned = [&](std::int64_t rate) {
    const results::RunResult result = results::execute(at_rate(hidden, rate * 1'000), 1);
    return std::any_of(result.warnings.begin(), result.warnings.end(), [](const std::string& text) {
      return text.find("the page cache took the rest") != std::string::npos;
    });
  };
  EXPECT_FALSE(warned(10'000));
  EXPECT_TRUE(warned(60'000)) << "60 MB/s for 7 s: 420 MB wait, of which 280 are more than the disk took";
}

// Goal: burst credits do not pass for bandwidth. Method: a card that may run at five times its rate for longer than the load.
TEST(Capacity, CardBoundBehindBurstCredits) {
  const Answer made = ask(cluster(
      R"({"preset": "generic.nvme-plp", "nic": {"bandwidth": "50 MB/s", "burst": "250 MB/s", "burst_bucket": "4 GB"}})",
      R"("rate": "10000 /s", "record_size": "1000 B", "config": {"linger.ms": 5, "batch.size": 65536})"));
  EXPECT_EQ(made.limit.kind, Kind::nic) << made.limit.what;
  EXPECT_EQ(made.limit.what, "b-0 NIC in in the long run");
  EXPECT_NEAR(made.rate, 50e6 * 1'448 / 1'538 / 1'010, 0.04 * 47'000) << "as without the burst";
}

// Goal: a level with room for it is not refused because the last answers take that long. Method: one record in ten waits for
// linger of 80 ms at the end of a load of 2 s, 4 % of it: a rate far below what anything takes is sustained.
TEST(Capacity, AllowsTheLastAnswersTheirTime) {
  Request request;
  request.slos = {slo("produce p99 <= 100 ms")};
  request.seeds = {1};
  request.rate_max = 2'000;
  const Answer made = answer(
      cluster(R"({"preset": "generic.nvme-plp"})",
              R"("rate": "1000 /s", "record_size": "100 B", "stop": "3 s", "config": {"linger.ms": 80})"),
      request);
  EXPECT_EQ(made.problem, "");
  EXPECT_EQ(made.rate, 2'000) << made.seeds.front().why;
}

// Goal: the interval holds the truth. Method: seeds that agree exactly leave the brackets, which are not narrower than what
// the search knows.
TEST(Capacity, IntervalHoldsTheBracket) {
  const Answer made = ask(cluster(R"({"preset": "generic.nvme-plp"})",
                                  R"("rate": "500 /s", "record_size": "1000 B", "send_cost": "1 ms")"));
  for (const SeedAnswer& seed : made.seeds) {
    EXPECT_LE(made.interval.low, *seed.sustained);
    EXPECT_GE(made.interval.high, *seed.failed);
  }
  EXPECT_LT(made.interval.low, made.interval.high);
}

// Goal: a search can be ended. Method: enough after the third run; what it knows by then is told.
TEST(Capacity, Stops) {
  Request request;
  request.slos = {slo("produce p99 <= 50 ms")};
  request.seeds = {1, 2};
  int runs = 0;
  request.told = [&](const Tried& tried) {
    EXPECT_GT(tried.rate, 0);
    return ++runs < 3;
  };
  const Answer made = answer(cluster(R"({"preset": "generic.nvme-plp"})",
                                     R"("rate": "500 /s", "record_size": "1000 B", "send_cost": "1 ms")"),
                             request);
  EXPECT_TRUE(made.stopped);
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(made.seeds.front().runs, 3);
  ASSERT_TRUE(made.seeds.front().sustained);
  EXPECT_GE(*made.seeds.front().sustained, 500);
}

// Goal: of two producers one without a rate is background. Method: its loops keep part of a card that the other has alone
// else.
TEST(Capacity, ProducersWithoutARateGoOnBeside) {
  const char* hardware = R"({"preset": "generic.nvme-plp", "nic": {"bandwidth": "50 MB/s"}})";
  const char* rated =
      R"("rate": "10000 /s", "record_size": "1000 B", "config": {"linger.ms": 5, "batch.size": 65536})";
  const std::string beside =
      std::string(rated) +
      R"(}, {"name": "closed", "kind": "kafka_producer", "topic": "t", "start": "1 s", "stop": "8 s", "arrivals": "closed",
            "count": 8, "record_size": "10000 B", "config": {"linger.ms": 0})";
  const Answer alone = ask(cluster(hardware, rated));
  const Answer both = ask(cluster(hardware, beside));
  EXPECT_GT(both.rate, 0);
  EXPECT_LT(both.rate, 0.9 * alone.rate);
}

TEST(Capacity, ProcessorBound) {
  // One handler thread, 2 ms for each request, and in each a record for every partition: 500 times 6 a second.
  const Answer made =
      ask(cluster(R"({"preset": "generic.nvme-plp", "cpu": {"cores": 1}})",
                  R"("rate": "300 /s", "record_size": "1000 B", "config": {"linger.ms": 0, "batch.size": 1})",
                  "", R"(, "costs": {"handle_request": "2 ms"}, "config": {"num.io.threads": 1})"));
  EXPECT_EQ(made.limit.kind, Kind::cpu) << made.limit.what;
  EXPECT_NEAR(made.rate, 2'930, 100);
}

TEST(Capacity, ClientBound) {
  const Answer made = ask(cluster(R"({"preset": "generic.nvme-plp"})",
                                  R"("rate": "500 /s", "record_size": "1000 B", "send_cost": "1 ms")"));
  EXPECT_EQ(made.limit.kind, Kind::client) << made.limit.what;
  EXPECT_NEAR(made.rate, 1'000, 30) << "the application's thread needs a millisecond for a record";
}

TEST(Capacity, PartitionBound) {
  // One partition: its lock is held for the flushes of every append (1,070 bytes: an index entry with every fourth), and
  // nothing else is near full.
  const Answer made = ask(cluster(
      R"({"preset": "generic.nvme", "disks": [{"preset": "samsung-970pro-1tb", "flush_latency": "2 ms", "power_loss_protection": false}]})",
      R"("rate": "200 /s", "record_size": "1000 B", "count": 4, "config": {"linger.ms": 0, "batch.size": 1, "enable.idempotence": false})",
      R"("flush.messages": 1)", "", 1));
  EXPECT_EQ(made.limit.kind, Kind::partition) << made.limit.what;
  EXPECT_NEAR(made.rate, 194, 20)
      << "two flushes of 2 ms for each append, two more for the indexes with every fourth";
}

TEST(Capacity, ParsesServiceLevels) {
  EXPECT_EQ(slo("produce p99 <= 20 ms").metric, "latency.produce.p99_ms");
  EXPECT_EQ(slo("produce p99<=20ms").bound_ms, 20);
  EXPECT_EQ(slo("produce p99.9 <= 20 ms").metric, "latency.produce.p999_ms");
  EXPECT_EQ(slo("end_to_end mean <= 1 s").bound_ms, 1'000);
  for (const char* wrong : {"", "produce", "produce p99", "produce p99 < 20 ms", "consume p99 <= 20 ms",
                            "produce p98 <= 20 ms", "produce p99 <= 20", "produce p99 <= 0 ms"}) {
    EXPECT_TRUE(std::holds_alternative<std::string>(parse_slo(wrong))) << wrong;
  }
}

// Method: a threshold known to the test; the search may try what it likes.
TEST(Capacity, SearchBracketsTheThreshold) {
  for (const std::int64_t threshold : {3, 777, 123'456, 9'999'999}) {
    for (const std::int64_t start : {1, 1'000, 5'000'000}) {
      Search search;
      search.start = start;
      search.most = 10'000'000;
      search.precision = 0.01;
      const Bracket found = find_highest(search, [&](std::int64_t rate) { return rate <= threshold; });
      ASSERT_TRUE(found.holds);
      ASSERT_TRUE(found.fails);
      EXPECT_LE(*found.holds, threshold);
      EXPECT_GT(*found.fails, threshold);
      EXPECT_LE(static_cast<double>(*found.fails - *found.holds),
                std::max(1.0, 0.01 * static_cast<double>(*found.holds)));
      EXPECT_LE(found.tries, 40);
    }
  }
  Search search;
  search.most = 100;
  search.start = 10;
  EXPECT_FALSE(find_highest(search, [](std::int64_t) { return true; }).fails);
  EXPECT_FALSE(find_highest(search, [](std::int64_t) { return false; }).holds);
}

TEST(Capacity, SaysWhatItCannotAnswer) {
  Request request;
  request.slos = {slo("produce p999 <= 50 ms")};
  request.seeds = {1};
  const scenario::Scenario thin =
      cluster(R"({"preset": "generic.nvme-plp"})", R"("rate": "10 /s", "record_size": "1000 B")");
  request.rate_max = 20;
  EXPECT_NE(answer(thin, request).problem.find("raise /duration"), std::string::npos)
      << "140 records say nothing of one in a thousand";
  EXPECT_FALSE(answer(thin, request).misused);
  const scenario::Scenario closed =
      cluster(R"({"preset": "generic.nvme-plp"})", R"("arrivals": "saturate", "record_size": "1000 B")");
  EXPECT_NE(answer(closed, request).problem.find("no rate"), std::string::npos);
  EXPECT_TRUE(answer(closed, request).misused);
  request.slos = {slo("end_to_end p99 <= 50 ms")};
  EXPECT_NE(answer(thin, request).problem.find("nobody reads"), std::string::npos);
  EXPECT_TRUE(answer(thin, request).misused);
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(cli::run_command_line({"capacity", "nowhere.json", "--slo", "produce p99 <= 20 ms"}, out, err),
            2);
  EXPECT_EQ(cli::run_command_line({"capacity", "nowhere.json", "--slo", "quick"}, out, err), 2);
}

}  // namespace
}  // namespace brokersim::capacity
