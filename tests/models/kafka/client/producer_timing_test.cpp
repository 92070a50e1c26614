// Goal: when batches leave is exactly what linger.ms, batch.size and requests in flight say.
#include <gtest/gtest.h>

#include <set>

#include "tests/models/kafka/client/fake_cluster.h"

namespace brokersim::kafka::client::test {
namespace {
using namespace sim::literals;
constexpr sim::SimTime at_s(std::int64_t s) { return {s * 1'000'000'000}; }

// Method: a record per millisecond, linger 5 ms. A batch opens with a record and leaves 5 ms later with the record
// of that very instant: records at 0..5 ms, then 6..11 ms and so on.
TEST(ProducerTiming, LingerSendsExactlyFiveMillisecondsAfterTheFirstRecord) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  ProducerParams params = producer_params(fake);
  params.records_max = 18;
  const ProducerRun run(fake, params);
  fake.sim.run_until(at_s(2));
  ASSERT_EQ(seen.outcomes.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& outcome = seen.outcomes[i];
    const auto n = static_cast<std::int64_t>(i);
    EXPECT_EQ(outcome.outcome, history::Outcome::acknowledged);
    EXPECT_EQ(outcome.records.first, 6 * n);
    EXPECT_EQ(outcome.records.count, 6);
    EXPECT_EQ(outcome.intended_first, at_s(1) + 1_ms * (6 * n));
    EXPECT_EQ(outcome.intended_last, at_s(1) + 1_ms * (6 * n + 5));
    EXPECT_EQ(outcome.first_sent, outcome.intended_first + 5_ms);
    EXPECT_EQ(outcome.base_offset, 6 * n);
    EXPECT_EQ(outcome.payload, (sim::Bytes{600}));
    EXPECT_EQ(seen.sent[i].at, outcome.first_sent) << "recorded as sent when its count is final";
    EXPECT_EQ(seen.sent[i].records, outcome.records);
  }
}

// Method: batch.size 1 KiB holds 61 B + 8 records of 109 B; the ninth finds no room, so the batch leaves when the
// ninth arrives, which is long before linger.
TEST(ProducerTiming, FullBatchLeavesWhenTheNextRecordFindsNoRoom) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  ProducerParams params = producer_params(fake);
  params.config.batch_size = {1'024};
  params.config.linger = 100_ms;
  params.records_max = 27;
  const ProducerRun run(fake, params);
  fake.sim.run_until(at_s(2));
  ASSERT_EQ(log::batch_bytes(8, 100, {}, {7'000'000}), 61 + 8 * 109);
  ASSERT_EQ(seen.outcomes.size(), 4u);
  for (std::int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(seen.outcomes[static_cast<std::size_t>(i)].records.count, 8);
    EXPECT_EQ(seen.outcomes[static_cast<std::size_t>(i)].first_sent, at_s(1) + 1_ms * (8 * (i + 1)));
  }
  EXPECT_EQ(seen.outcomes[3].records.count, 3);
  EXPECT_EQ(seen.outcomes[3].first_sent, at_s(1) + 24_ms + 100_ms) << "the rest waits for linger";
}

// Method: linger 0; each record arrives alone and leaves at once.
TEST(ProducerTiming, LingerZeroSendsEveryRecordAtOnce) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  ProducerParams params = producer_params(fake);
  params.config.linger = {0};
  params.phase = 250_us;
  params.records_max = 5;
  const ProducerRun run(fake, params);
  fake.sim.run_until(at_s(2));
  ASSERT_EQ(seen.outcomes.size(), 5u);
  for (std::int64_t i = 0; i < 5; ++i) {
    EXPECT_EQ(seen.outcomes[static_cast<std::size_t>(i)].first_sent, at_s(1) + 250_us + 1_ms * i);
    EXPECT_EQ(seen.outcomes[static_cast<std::size_t>(i)].records.count, 1);
  }
}

// Method: the broker answers after 50 ms; full batches come every 8 ms. With two requests in flight the third
// batch waits for the first answer, and then takes along nothing else of its partition.
TEST(ProducerTiming, RequestsInFlightAreLimitedPerConnection) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  fake.script = [](int, wire::BrokerId, const wire::ProduceRequest&) {
    return Script{Script::Do::answer, 50_ms, wire::ErrorCode::none};
  };
  ProducerParams params = producer_params(fake);
  params.config.batch_size = {1'024};
  params.config.linger = 1_s;
  params.config.delivery_timeout = 40_s;
  params.config.max_in_flight = 2;
  params.records_max = 48;
  const ProducerRun run(fake, params);
  fake.sim.run_until(at_s(5));
  ASSERT_EQ(seen.outcomes.size(), 6u);
  EXPECT_EQ(seen.outcomes[0].first_sent, at_s(1) + 8_ms);
  EXPECT_EQ(seen.outcomes[1].first_sent, at_s(1) + 16_ms);
  EXPECT_EQ(seen.outcomes[2].first_sent, seen.outcomes[0].at) << "slot freed by the first answer";
  EXPECT_EQ(seen.outcomes[3].first_sent, seen.outcomes[1].at);
  EXPECT_EQ(seen.outcomes[4].first_sent, seen.outcomes[2].at);
  for (const ReceivedProduce& request : fake.produced) EXPECT_EQ(request.batches.size(), 1u);
}

// Method: four partitions on one broker whose answers take 50 ms, one request in flight: queues grow in all
// partitions, and each request then carries one batch of each.
TEST(ProducerTiming, ARequestCarriesOneBatchPerPartition) {
  FakeCluster fake(3, 1, 4);
  Seen seen;
  fake.history.attach(seen);
  fake.script = [](int, wire::BrokerId, const wire::ProduceRequest&) {
    return Script{Script::Do::answer, 50_ms, wire::ErrorCode::none};
  };
  ProducerParams params = producer_params(fake);
  params.rate_per_second_milli = 20'000'000;
  params.config.batch_size = {1'024};
  params.config.max_in_flight = 1;
  params.records_max = 20'000;
  const ProducerRun run(fake, params);
  fake.sim.run_until(at_s(200));
  EXPECT_EQ(seen.records(history::Outcome::acknowledged), 20'000);
  std::size_t most = 0;
  for (const ReceivedProduce& request : fake.produced) {
    std::set<history::PartitionId> once;
    for (const auto& batch : request.batches) {
      EXPECT_TRUE(once.insert(batch.records.partition).second) << "two batches of one partition in a request";
      EXPECT_LE(batch.bytes, 1'024);
    }
    most = std::max(most, request.batches.size());
  }
  EXPECT_EQ(most, 4u);
  for (int p = 0; p < 4; ++p) {
    const auto order = fake.order(p);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  }
}

// Method: one partition per broker, so that no request takes along what is not ready. A batch of 8 records has
// 933 B, less than batch.size, and the switch waits for the batch that still takes records (BuiltInPartitioner):
// partitions get pairs of full batches.
TEST(ProducerTiming, NullKeysStayForBatchSizeBytes) {
  FakeCluster fake(5, 3, 3);
  Seen seen;
  fake.history.attach(seen);
  ProducerParams params = producer_params(fake);
  params.rate_per_second_milli = 50'000'000;
  params.config.batch_size = {1'024};
  params.config.linger = 1_s;
  params.config.delivery_timeout = 60_s;
  params.records_max = 16 * 100;
  const ProducerRun run(fake, params);
  fake.sim.run_until(at_s(5));
  EXPECT_EQ(seen.records(history::Outcome::acknowledged), 1'600);
  std::map<std::int32_t, std::int64_t> per_partition;
  for (const auto& outcome : seen.outcomes)
    per_partition[outcome.records.partition.n] += outcome.records.count;
  EXPECT_EQ(per_partition.size(), 3u) << "every partition is used";
  for (std::size_t i = 0; i + 1 < 40; i += 2) {
    EXPECT_EQ(seen.sent[i].records.count, 8);
    EXPECT_EQ(seen.sent[i].records.partition, seen.sent[i + 1].records.partition) << "batch " << i;
  }
}

// Goal: a record that no request or no memory will ever take fails in send(), at once and alone, as ensureValidRecordSize does;
// a loop that sends as fast as it can comes to its end too.
TEST(ProducerTiming, ARecordThatFitsNowhereFailsAtOnce) {
  for (const Arrivals arrivals : {Arrivals::constant, Arrivals::saturate}) {
    for (const bool memory : {true, false}) {
      FakeCluster fake(1, 1, 1);
      Seen seen;
      fake.history.attach(seen);
      ProducerParams params = producer_params(fake);
      params.arrivals = arrivals;
      params.record_size = {3'000};
      params.records_max = 20;
      (memory ? params.config.buffer_memory : params.config.max_request_size) = {2'000};
      const ProducerRun run(fake, params);
      fake.sim.run_until(at_s(2));
      ASSERT_EQ(seen.outcomes.size(), 20u);
      for (const auto& outcome : seen.outcomes) {
        EXPECT_EQ(outcome.outcome, history::Outcome::failed);
        EXPECT_EQ(outcome.error, static_cast<std::int16_t>(wire::ErrorCode::message_too_large));
        EXPECT_LE(outcome.at - outcome.intended_first, 1_ms) << "no wait of max.block.ms";
      }
      EXPECT_EQ(fake.produced.size(), 0u);
    }
  }
}

// Method: the same run twice, and once with another seed.
TEST(ProducerTiming, RunsRepeatExactly) {
  const auto fingerprint = [](std::uint64_t seed) {
    FakeCluster fake(seed, 3, 6);
    ProducerParams params = producer_params(fake);
    params.arrivals = Arrivals::poisson;
    params.rate_per_second_milli = 5'000'000;
    params.end = at_s(3);
    fake.script = [](int n, wire::BrokerId, const wire::ProduceRequest&) {
      return Script{n % 7 == 3 ? Script::Do::lose_answer : Script::Do::answer, 1_ms, wire::ErrorCode::none};
    };
    const ProducerRun run(fake, params);
    fake.sim.run_until(at_s(10));
    return fake.sim.fingerprint().value();
  };
  EXPECT_EQ(fingerprint(1), fingerprint(1));
  EXPECT_NE(fingerprint(1), fingerprint(2));
}

}  // namespace
}  // namespace brokersim::kafka::client::test
