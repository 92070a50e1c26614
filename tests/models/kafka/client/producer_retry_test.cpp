// Goal: what retries do to duplicates and order, with and without idempotence (kafka-scenarios.json P01, P02, P03,
// P06), and when they happen.
#include <gtest/gtest.h>

#include "tests/models/kafka/client/fake_cluster.h"

namespace brokersim::kafka::client::test {
namespace {
using namespace sim::literals;
using wire::ErrorCode;
constexpr sim::SimTime at_s(std::int64_t s) { return {s * 1'000'000'000}; }

/// Three batches of 8 records, 8 ms apart; the broker answers after 30 ms, so that all are in flight together.
ProducerParams three_batches(FakeCluster& fake, bool idempotent) {
  ProducerParams params = producer_params(fake);
  params.config.enable_idempotence = idempotent;
  params.config.batch_size = {1'024};
  params.config.linger = 20_ms;
  params.records_max = 24;
  return params;
}
Script slow(ErrorCode error = ErrorCode::none) { return {Script::Do::answer, 30_ms, error}; }

// P01. Method: the first request is appended and its connection closed instead of an answer; the client sends the
// batch again.
TEST(ProducerRetry, P01LostAnswerStoresTwiceWithoutIdempotence) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  fake.script = [](int n, wire::BrokerId, const wire::ProduceRequest&) {
    return n == 0 ? Script{Script::Do::lose_answer, 1_ms, ErrorCode::none} : Script{};
  };
  ProducerParams params = three_batches(fake, false);
  params.records_max = 8;
  const ProducerRun run(fake, params);
  fake.sim.run_until(at_s(5));
  EXPECT_EQ(fake.order(0), (std::vector<std::int64_t>{0, 0}));
  ASSERT_EQ(seen.outcomes.size(), 1u);
  EXPECT_EQ(seen.outcomes[0].outcome, history::Outcome::acknowledged);
  EXPECT_EQ(seen.outcomes[0].attempts, 2);
  EXPECT_EQ(seen.outcomes[0].base_offset, 8) << "the answer names the second copy";
  ASSERT_EQ(fake.produced.size(), 2u);
  EXPECT_EQ(fake.produced[0].batches[0].producer_id, -1);
}

TEST(ProducerRetry, P01LostAnswerIsADuplicateOfTheSameSequenceWithIdempotence) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  fake.script = [](int n, wire::BrokerId, const wire::ProduceRequest&) {
    return n == 0 ? Script{Script::Do::lose_answer, 1_ms, ErrorCode::none} : Script{};
  };
  ProducerParams params = three_batches(fake, true);
  params.records_max = 8;
  const ProducerRun run(fake, params);
  fake.sim.run_until(at_s(5));
  EXPECT_EQ(fake.order(0), (std::vector<std::int64_t>{0}));
  ASSERT_EQ(fake.produced.size(), 2u);
  EXPECT_EQ(fake.produced[1].batches[0].base_sequence, fake.produced[0].batches[0].base_sequence);
  EXPECT_EQ(fake.produced[1].batches[0].producer_epoch, 0);
  EXPECT_EQ(fake.produced[1].batches[0].producer_id, 7'000);
  ASSERT_EQ(seen.outcomes.size(), 1u);
  EXPECT_EQ(seen.outcomes[0].base_offset, 0) << "the original offset";
}

// P02. Method: b1 fails with NOT_ENOUGH_REPLICAS while b2 and b3 are in flight and land.
TEST(ProducerRetry, P02PipeliningWithoutIdempotenceReorders) {
  FakeCluster fake(1, 1, 1);
  fake.script = [](int n, wire::BrokerId, const wire::ProduceRequest&) {
    return slow(n == 0 ? ErrorCode::not_enough_replicas : ErrorCode::none);
  };
  const ProducerRun run(fake, three_batches(fake, false));
  fake.sim.run_until(at_s(5));
  EXPECT_EQ(fake.order(0), (std::vector<std::int64_t>{8, 16, 0}));
}

TEST(ProducerRetry, P02OneInFlightKeepsOrderWithoutIdempotence) {
  FakeCluster fake(1, 1, 1);
  fake.script = [](int n, wire::BrokerId, const wire::ProduceRequest&) {
    return slow(n == 0 ? ErrorCode::not_enough_replicas : ErrorCode::none);
  };
  ProducerParams params = three_batches(fake, false);
  params.config.max_in_flight = 1;
  const ProducerRun run(fake, params);
  fake.sim.run_until(at_s(5));
  EXPECT_EQ(fake.order(0), (std::vector<std::int64_t>{0, 8, 16}));
}

// P03. Method: as P02. b2 and b3 are refused with 45 as b1 is missing; they are not the next expected, so they are
// sent again as they are, after b1, one at a time.
TEST(ProducerRetry, P03IdempotentPipeliningKeepsOrder) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  // The fake, like a real broker without state of this producer, would accept any first sequence; so a batch before
  // the three gives it state.
  fake.script = [](int n, wire::BrokerId, const wire::ProduceRequest&) {
    return slow(n == 1 ? ErrorCode::not_enough_replicas : ErrorCode::none);
  };
  ProducerParams params = three_batches(fake, true);
  params.records_max = 32;
  const ProducerRun run(fake, params);
  fake.sim.run_until(at_s(5));
  EXPECT_EQ(fake.order(0), (std::vector<std::int64_t>{0, 8, 16, 24}));
  EXPECT_EQ(seen.records(history::Outcome::acknowledged), 32);
  std::vector<std::pair<std::int64_t, std::int32_t>> requests;
  for (const auto& request : fake.produced) {
    ASSERT_EQ(request.batches.size(), 1u);
    requests.emplace_back(request.batches[0].records.first, request.batches[0].base_sequence);
    EXPECT_EQ(request.batches[0].producer_epoch, 0) << "no epoch was raised";
  }
  EXPECT_EQ(requests, (std::vector<std::pair<std::int64_t, std::int32_t>>{
                          {0, 0}, {8, 8}, {16, 16}, {24, 24}, {8, 8}, {16, 16}, {24, 24}}));
  for (std::size_t i = 5; i < 7; ++i) {
    EXPECT_GE(fake.produced[i].at, fake.produced[i - 1].at + 30_ms)
        << "head of line: the one before was answered";
  }
}

// Method: a broker that lost all state of the producer (as after unclean election) refuses the next expected batch
// with 45. The epoch is raised and what is in flight numbered from 0.
TEST(ProducerRetry, NextExpectedOutOfOrderRaisesTheEpochAndRenumbers) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  fake.script = [](int n, wire::BrokerId, const wire::ProduceRequest&) {
    return slow(n == 1 || n == 2 ? ErrorCode::out_of_order_sequence_number : ErrorCode::none);
  };
  ProducerParams params = three_batches(fake, true);
  params.records_max = 25;  // batch 0 alone first, then two more
  const ProducerRun run(fake, params);
  fake.sim.run_until(at_s(5));
  ASSERT_GE(fake.produced.size(), 5u);
  EXPECT_EQ(fake.produced[1].batches[0].base_sequence, 8);
  std::vector<const log::BatchData*> again;
  for (const auto& request : fake.produced) {
    for (const auto& batch : request.batches) {
      if (batch.producer_epoch == 1) again.push_back(&batch);
    }
  }
  ASSERT_GE(again.size(), 2u);
  EXPECT_EQ(again[0]->records.first, 8);
  EXPECT_EQ(again[0]->base_sequence, 0);
  EXPECT_EQ(seen.records(history::Outcome::acknowledged), 25);
  EXPECT_EQ(fake.order(0), (std::vector<std::int64_t>{0, 8, 16, 24}));
}

// Method: twelve refusals in a row; the k-th retry comes 100 ms x 2^k +- 20 % after the answer, at most 1 s.
TEST(ProducerRetry, BackoffGrowsToOneSecondWithJitterAndRepeats) {
  const auto waits = [](std::uint64_t seed) {
    FakeCluster fake(seed, 1, 1);
    std::vector<sim::SimTime> requested;
    fake.script = [&](int n, wire::BrokerId, const wire::ProduceRequest&) {
      requested.push_back(fake.sim.now());
      return Script{Script::Do::answer, {0}, n < 12 ? ErrorCode::not_enough_replicas : ErrorCode::none};
    };
    ProducerParams params = three_batches(fake, true);
    params.records_max = 1;
    const ProducerRun run(fake, params);
    fake.sim.run_until(at_s(30));
    std::vector<std::int64_t> result;
    const sim::Duration round_trip = fake.network.latency(fake.client_host, fake.brokers[0]->host) * 2;
    for (std::size_t i = 1; i < requested.size(); ++i)
      result.push_back((requested[i] - requested[i - 1] - round_trip).ns);
    return result;
  };
  const auto first = waits(1);
  ASSERT_EQ(first.size(), 12u);
  std::int64_t base = 100'000'000;
  for (const std::int64_t wait : first) {
    EXPECT_GE(wait, base * 8 / 10);
    EXPECT_LE(wait, std::min<std::int64_t>(base * 12 / 10, 1'000'000'000) + 10'000)
        << "plus card time of two messages";
    base = std::min<std::int64_t>(base * 2, 1'000'000'000);
  }
  EXPECT_EQ(first, waits(1));
  EXPECT_NE(first, waits(2));
}

// Method: the broker hears and never answers. The connection is given up after request.timeout.ms; the batch's time
// is over after delivery.timeout.ms, and as an attempt may have been stored the outcome is unknown (P06).
TEST(ProducerRetry, P06DeliveryTimeoutAfterASendIsUnknown) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  fake.script = [](int, wire::BrokerId, const wire::ProduceRequest&) {
    return Script{Script::Do::swallow, {0}, ErrorCode::none};
  };
  ProducerParams params = three_batches(fake, true);
  params.records_max = 1;
  const ProducerRun run(fake, params);
  fake.sim.run_until(at_s(130));
  ASSERT_EQ(seen.outcomes.size(), 1u);
  EXPECT_EQ(seen.outcomes[0].outcome, history::Outcome::unknown);
  EXPECT_EQ(seen.outcomes[0].at, at_s(1) + 120_s) << "from the opening of the batch";
  EXPECT_EQ(seen.outcomes[0].error, 7);
  EXPECT_EQ(seen.outcomes[0].attempts, 4) << "at 0, 30, 60 and 90 s and backoffs";
  EXPECT_EQ(seen.outcomes[0].first_sent, at_s(1) + 20_ms);
  EXPECT_EQ(fake.order(0).size(), 1u) << "it is in the log: visible later";
  ASSERT_GE(fake.produced.size(), 2u);
  EXPECT_GE(fake.produced[1].at, fake.produced[0].at + 30_s);
}

// Method: 19 proves that nothing was stored, whatever the number of attempts.
TEST(ProducerRetry, DeliveryTimeoutAfterCertainRefusalsIsFailed) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  fake.script = [](int, wire::BrokerId, const wire::ProduceRequest&) {
    return Script{Script::Do::answer, {0}, ErrorCode::not_enough_replicas};
  };
  ProducerParams params = three_batches(fake, true);
  params.records_max = 1;
  const ProducerRun run(fake, params);
  fake.sim.run_until(at_s(130));
  ASSERT_EQ(seen.outcomes.size(), 1u);
  EXPECT_EQ(seen.outcomes[0].outcome, history::Outcome::failed);
  EXPECT_EQ(seen.outcomes[0].at, at_s(121));
  EXPECT_TRUE(fake.order(0).empty());
}

// Method: no broker listens at all; batches never leave, so their failure is certain.
TEST(ProducerRetry, NeverSentIsFailed) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  ProducerParams params = three_batches(fake, true);
  params.records_max = 1;
  const ProducerRun run(fake, params);
  fake.sim.run_until({500'000'000});
  fake.network.host_down(fake.brokers[0]->host);
  fake.sim.run_until(at_s(130));
  ASSERT_EQ(seen.outcomes.size(), 1u);
  // The open connection took one request; the host's silence leaves its fate open to the client.
  EXPECT_EQ(seen.outcomes[0].outcome, history::Outcome::unknown);

  FakeCluster dark(1, 1, 1);
  Seen nothing;
  dark.history.attach(nothing);
  dark.network.unlisten(dark.brokers[0]->host, wire::kBrokerPort);
  ProducerParams blocked = three_batches(dark, true);
  blocked.records_max = 1;
  const ProducerRun waiting(dark, blocked);
  dark.sim.run_until(at_s(130));
  ASSERT_EQ(nothing.outcomes.size(), 1u);
  EXPECT_EQ(nothing.outcomes[0].outcome, history::Outcome::failed);
  EXPECT_EQ(nothing.outcomes[0].at, at_s(61)) << "send() waits max.block.ms for metadata";
  EXPECT_EQ(nothing.outcomes[0].attempts, 0);
}

// Method: after expiry with the sequence unresolved and nothing else in flight, the epoch is raised and the next batch
// starts at 0.
TEST(ProducerRetry, ExpiredSequenceIsResolvedByANewEpoch) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  fake.script = [](int n, wire::BrokerId, const wire::ProduceRequest&) {
    return n < 2 ? Script{Script::Do::drop, {0}, ErrorCode::none} : Script{};
  };
  ProducerParams params = three_batches(fake, true);
  params.config.delivery_timeout = 40_s;
  params.rate_per_second_milli = 20;  // one record every 50 s
  params.records_max = 2;
  const ProducerRun run(fake, params);
  fake.sim.run_until(at_s(100));
  ASSERT_EQ(seen.outcomes.size(), 2u);
  EXPECT_EQ(seen.outcomes[0].outcome, history::Outcome::unknown);
  EXPECT_EQ(seen.outcomes[0].at, at_s(41));
  EXPECT_EQ(seen.outcomes[1].outcome, history::Outcome::acknowledged);
  EXPECT_EQ(fake.produced.back().batches[0].producer_epoch, 1);
  EXPECT_EQ(fake.produced.back().batches[0].base_sequence, 0);
}

// Method: a batch of 8 is refused as too large, then its halves are accepted.
TEST(ProducerRetry, TooLargeIsSplitInHalves) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  fake.script = [](int n, wire::BrokerId, const wire::ProduceRequest&) {
    return Script{Script::Do::answer, {0}, n == 0 ? ErrorCode::message_too_large : ErrorCode::none};
  };
  ProducerParams params = three_batches(fake, true);
  params.records_max = 9;
  params.config.linger = 1_s;
  params.config.delivery_timeout = 60_s;
  const ProducerRun run(fake, params);
  fake.sim.run_until(at_s(5));
  EXPECT_EQ(seen.records(history::Outcome::acknowledged), 9);
  EXPECT_EQ(fake.order(0), (std::vector<std::int64_t>{0, 4, 8}));
  EXPECT_EQ(run.producer.accumulator().live(), 0u);
  EXPECT_EQ(run.producer.accumulator().memory_free(), (sim::Bytes{33'554'432}))
      << "memory was given back once";
}

}  // namespace
}  // namespace brokersim::kafka::client::test
