// Goal: acks=0 acknowledges what the socket takes, and a socket takes 128 KiB beyond what the other side has got.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "sim/recorder.h"
#include "tests/models/kafka/client/fake_cluster.h"

namespace brokersim::kafka::client::test {
namespace {
using namespace sim::literals;
constexpr sim::SimTime at_s(std::int64_t s) { return {s * 1'000'000'000}; }
constexpr std::int64_t kSendBuffer = 131'072;

/// 1 MB/s in batches of at most 16 KiB.
ProducerParams acks_zero(FakeCluster& fake) {
  ProducerParams params = producer_params(fake);
  params.config.acks = Acks::none;
  params.record_size = {1'000};
  params.end = at_s(5);
  return params;
}

std::int64_t stored(const FakeCluster& fake) {
  std::int64_t records = 0;
  for (const log::BatchId id : fake.logs[0]) records += fake.store[id].data.records.count;
  return records;
}

struct Result {
  std::int64_t acknowledged = 0;
  std::int64_t unknown_or_failed = 0;
  std::int64_t stored = 0;
  std::int64_t acknowledged_before_timeout = 0;  // in [2 s, 31.9 s)
  sim::SimTime first_on_next_leader = sim::SimTime::max();
  std::int64_t duplicates = 0;
  std::string fingerprint;
};

/// The leader falls silent at 2 s in the manner of `silence`, broker 1 leads from 2.5 s on; `later` comes at 40 s.
template <class Silence, class Later>
Result lose_leader(Silence silence, Later later) {
  FakeCluster fake(1, 2, 1);
  Seen seen;
  fake.history.attach(seen);
  const ProducerRun run(fake, acks_zero(fake));
  fake.sim.run_until(at_s(2));
  silence(fake);
  fake.sim.run_until(at_s(2) + 500_ms);
  fake.lead(0, 1);
  fake.sim.run_until(at_s(40));
  later(fake);
  fake.sim.run_until(at_s(100));
  Result result;
  result.acknowledged = seen.records(history::Outcome::acknowledged);
  result.unknown_or_failed = seen.records(history::Outcome::unknown) + seen.records(history::Outcome::failed);
  result.stored = stored(fake);
  for (const auto& outcome : seen.outcomes) {
    if (outcome.at >= at_s(2) && outcome.at < at_s(31) + 900_ms)
      result.acknowledged_before_timeout += outcome.records.count;
  }
  std::set<std::int64_t> firsts;  // retried requests may overtake each other: acks=0 is not idempotent
  for (const auto& produce : fake.produced) {
    if (produce.broker == 1) result.first_on_next_leader = std::min(result.first_on_next_leader, produce.at);
    for (const auto& batch : produce.batches) {
      if (!firsts.insert(batch.records.first).second) result.duplicates += batch.records.count;
    }
  }
  result.fingerprint = std::to_string(fake.sim.fingerprint().value());
  return result;
}

// Method: power loss at 1 MB/s. The socket takes at most 128 KiB more, five requests wait for request.timeout.ms (30 s)
// after the first of them was sent (2.0 to 2.2 s), then they and all that has come since go to the next leader.
TEST(ProducerSendBuffer, SilentHostCostsOneSendBuffer) {
  const auto run = [] {
    return lose_leader([](FakeCluster& fake) { fake.network.host_down(fake.brokers[0]->host); },
                       [](FakeCluster&) {});
  };
  const Result result = run();
  EXPECT_EQ(result.acknowledged, 4'000) << "1,000 per second from 1 s to 5 s, as far as the producer knows";
  EXPECT_EQ(result.unknown_or_failed, 0);
  const std::int64_t lost = result.acknowledged - result.stored;
  EXPECT_GT(lost, 50) << "acks=0 promises nothing";
  EXPECT_LE(lost * 1'000, kSendBuffer);
  EXPECT_EQ(lost, result.acknowledged_before_timeout)
      << "what was acknowledged in the silence, and nothing else";
  EXPECT_GE(result.first_on_next_leader, at_s(32));
  EXPECT_LE(result.first_on_next_leader, at_s(32) + 500_ms);
  EXPECT_EQ(result.duplicates, 0);
  EXPECT_EQ(run().fingerprint, result.fingerprint);
}

// Method: a cut instead, healed at 40 s, long after the client has closed. What the socket had taken comes then; what
// it had not was never in it, so nothing comes twice. The old leader has stepped down and stores none of it.
TEST(ProducerSendBuffer, WhatTheSocketNeverTookDoesNotComeTwice) {
  const Result result =
      lose_leader([](FakeCluster& fake) { fake.network.cut(fake.client_host, fake.brokers[0]->host); },
                  [](FakeCluster& fake) {
                    const std::size_t before = fake.produced.size();
                    fake.network.heal(fake.client_host, fake.brokers[0]->host);
                    fake.sim.run_until(at_s(99));
                    std::int64_t late = 0;
                    for (std::size_t i = before; i < fake.produced.size(); ++i) {
                      EXPECT_EQ(fake.produced[i].broker, 0);
                      for (const auto& batch : fake.produced[i].batches) late += batch.records.count;
                    }
                    EXPECT_GT(late, 50);
                    EXPECT_LE(late * 1'000, kSendBuffer);
                  });
  EXPECT_EQ(result.acknowledged, 4'000);
  EXPECT_LE((result.acknowledged - result.stored) * 1'000, kSendBuffer);
  EXPECT_EQ(result.duplicates, 0);
}

// Method: the path is cut from 2 s to 4.5 s. The socket fills, nothing is lost, and the latency shows the wait: the
// retransmission at 2 s + 3.0 s (TCP: 0.2, 0.6, 1.4, 3.0 s) finds the path whole.
TEST(ProducerSendBuffer, ShortSilenceOnlyDelays) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  const ProducerRun run(fake, acks_zero(fake));
  fake.sim.run_until(at_s(2));
  fake.network.cut(fake.client_host, fake.brokers[0]->host);
  fake.sim.run_until(at_s(4) + 500_ms);
  std::int64_t in_silence = 0;
  for (const auto& outcome : seen.outcomes) in_silence += outcome.at > at_s(2) ? outcome.records.count : 0;
  EXPECT_GT(in_silence, 50);
  EXPECT_LE(in_silence * 1'000, kSendBuffer);
  fake.network.heal(fake.client_host, fake.brokers[0]->host);
  fake.sim.run_until(at_s(60));
  EXPECT_EQ(seen.records(history::Outcome::acknowledged), 4'000);
  EXPECT_EQ(stored(fake), 4'000);
  const auto order = fake.order(0);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  sim::Duration longest;
  for (const auto& outcome : seen.outcomes) longest = std::max(longest, outcome.at - outcome.intended_first);
  EXPECT_GT(longest, 2'500_ms);
  EXPECT_LT(longest, 3'500_ms);
}

// Method: requests wait for a full socket when the leader's kernel comes back and resets: lost requests, not
// acknowledged ones; all but a send buffer reaches the next leader.
TEST(ProducerSendBuffer, ResetBeforeTheSocketTookItIsALoss) {
  FakeCluster fake(1, 2, 1);
  Seen seen;
  fake.history.attach(seen);
  const ProducerRun run(fake, acks_zero(fake));
  fake.sim.run_until(at_s(2));
  fake.network.host_down(fake.brokers[0]->host);
  fake.lead(0, 1);
  fake.sim.run_until(at_s(4));
  const std::int64_t before = seen.records(history::Outcome::acknowledged);
  EXPECT_LE((before - 1'000) * 1'000, kSendBuffer + 10'000) << "full since about 2.1 s";
  fake.network.host_up(fake.brokers[0]->host);
  fake.sim.run_until(at_s(60));
  EXPECT_EQ(seen.records(history::Outcome::acknowledged), 4'000);
  EXPECT_LE((4'000 - stored(fake)) * 1'000, kSendBuffer);
  std::int64_t retried = 0;
  for (const auto& outcome : seen.outcomes) retried += outcome.attempts > 1 ? outcome.records.count : 0;
  EXPECT_GT(retried, 0);
}

// Method: a request larger than the buffer (one batch of 256 KiB) on a healthy path is done when the other side
// has it but for 128 KiB; the socket is looked at a few times, not the 10 ms of a stuck one.
TEST(ProducerSendBuffer, LargeRequestWaitsForTheOtherSide) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  ProducerParams params = acks_zero(fake);
  params.rate_per_second_milli = 100'000'000;
  params.config.batch_size = {262'144};
  params.config.linger = 50_ms;
  params.end = at_s(2);
  const ProducerRun run(fake, params);
  fake.sim.run_until(at_s(10));
  EXPECT_EQ(seen.records(history::Outcome::acknowledged), 100'000);
  std::int64_t largest = 0;
  for (const auto& produce : fake.produced) {
    std::int64_t bytes = 0;
    for (const auto& batch : produce.batches) bytes += batch.bytes;
    largest = std::max(largest, bytes);
  }
  EXPECT_GT(largest, kSendBuffer);
  sim::Duration longest;
  for (const auto& outcome : seen.outcomes) longest = std::max(longest, outcome.at - outcome.first_sent);
  EXPECT_GT(longest, 100_us);
  EXPECT_LT(longest, 2_ms);
}

// Method: a socket that never fills costs one event per request, as it always did: counted by their labels.
TEST(ProducerSendBuffer, HealthyPathHasNoFurtherEvents) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  const ProducerRun run(fake, acks_zero(fake));
  sim::Recorder recorder(0, 1'000'000);
  fake.sim.record(&recorder);
  fake.sim.run_until(at_s(10));
  std::size_t written = 0;
  std::size_t looks = 0;
  for (const auto& event : recorder.events()) {
    written += event.kind == "producer.written" ? 1u : 0u;
    looks += event.kind == "client.send_buffer" ? 1u : 0u;
  }
  EXPECT_EQ(seen.records(history::Outcome::acknowledged), 4'000);
  EXPECT_EQ(written, fake.produced.size());
  EXPECT_EQ(looks, 0u);
}

}  // namespace
}  // namespace brokersim::kafka::client::test
