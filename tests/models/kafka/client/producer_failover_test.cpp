// Goal: producers find new leaders, survive silence and crashes, and block on memory as Little's law says.
#include <gtest/gtest.h>

#include "tests/models/kafka/client/fake_cluster.h"

namespace brokersim::kafka::client::test {
namespace {
using namespace sim::literals;
using wire::ErrorCode;
constexpr sim::SimTime at_s(std::int64_t s) { return {s * 1'000'000'000}; }

// Method: two brokers; at 2 s broker 0 stops listening and resets its connections, at 2.5 s broker 1 leads. The client
// learns by a refresh after the disconnect; nothing is lost or reordered.
TEST(ProducerFailover, DisconnectRefreshesMetadataAndGoesToTheNewLeader) {
  FakeCluster fake(1, 2, 1);
  Seen seen;
  fake.history.attach(seen);
  ProducerParams params = producer_params(fake);
  params.end = at_s(4);
  const ProducerRun run(fake, params);
  fake.sim.run_until(at_s(2));
  fake.network.unlisten(fake.brokers[0]->host, wire::kBrokerPort);
  fake.network.host_down(fake.brokers[0]->host);
  fake.network.host_up(fake.brokers[0]->host);  // knows no connection: answers with resets
  const int before = fake.metadata_requests;
  fake.sim.run_until(at_s(2) + 500_ms);
  EXPECT_GT(fake.metadata_requests, before);
  EXPECT_LT(fake.metadata_requests, before + 10) << "refreshes keep their backoff";
  fake.lead(0, 1);
  fake.sim.run_until(at_s(10));
  EXPECT_EQ(run.producer.leaders()[0].broker, 1);
  EXPECT_EQ(run.producer.leaders()[0].epoch, 1);
  EXPECT_EQ(seen.records(history::Outcome::acknowledged), 3'000);
  const auto order = fake.order(0);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  sim::SimTime first_after;
  for (const auto& outcome : seen.outcomes) {
    if (outcome.broker == 1 && first_after.ns == 0) first_after = outcome.at;
  }
  EXPECT_GE(first_after, at_s(2) + 500_ms);
  EXPECT_LE(first_after, at_s(2) + 2_s) << "one refresh backoff and a connection";
}

// Method: the leader's machine falls silent at 2 s and another leads from 2.5 s on. What is in flight waits for
// request.timeout.ms (30 s); only a refresh for another reason could move new batches, and with none due they
// wait for it too.
TEST(ProducerFailover, SilenceCostsTheRequestTimeout) {
  FakeCluster fake(1, 2, 1);
  Seen seen;
  fake.history.attach(seen);
  ProducerParams params = producer_params(fake);
  params.end = at_s(3);
  const ProducerRun run(fake, params);
  fake.sim.run_until(at_s(2));
  fake.brokers[0]->silent = true;
  fake.sim.run_until(at_s(2) + 500_ms);
  fake.lead(0, 1);
  fake.sim.run_until(at_s(60));
  EXPECT_EQ(seen.records(history::Outcome::acknowledged), 2'000);
  sim::SimTime first_after;
  for (const auto& outcome : seen.outcomes) {
    if (outcome.broker == 1 && first_after.ns == 0) first_after = outcome.at;
  }
  EXPECT_GE(first_after, at_s(32));
  EXPECT_LE(first_after, at_s(33));
}

// Method: the old leader answers NOT_LEADER and the partition has moved. KIP-951: with a newer leader known, the retry
// does not wait for its backoff, only for the refresh.
TEST(ProducerFailover, NewLeaderEpochSkipsTheRetryBackoff) {
  FakeCluster fake(1, 2, 1);
  Seen seen;
  fake.history.attach(seen);
  ProducerParams params = producer_params(fake);
  params.config.retry_backoff = 10_s;
  params.config.retry_backoff_max = 10_s;
  params.records_max = 1;
  const ProducerRun run(fake, params);
  fake.sim.run_until({900'000'000});
  fake.lead(0, 1);
  fake.sim.run_until(at_s(30));
  ASSERT_EQ(seen.outcomes.size(), 1u);
  EXPECT_EQ(seen.outcomes[0].broker, 1);
  EXPECT_EQ(seen.outcomes[0].attempts, 2);
  // The refresh waits for its own backoff since the first answer at about 0 s: 8 to 10 s, not 10 s after the error.
  EXPECT_LE(seen.outcomes[0].at, at_s(10) + 100_ms);
}

// Method: one partition, the broker serves one request at a time in 1 ms; send() as fast as possible. Law
// producer_buffer (published-tables.json): mean latency = buffer.memory / rate, here in batches, as each holds
// batch.size of the buffer.
TEST(ProducerMemory, SaturationFollowsLittlesLaw) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  fake.script = [](int, wire::BrokerId, const wire::ProduceRequest&) {
    return Script{Script::Do::answer, 1_ms, ErrorCode::none};
  };
  ProducerParams params = producer_params(fake);
  params.arrivals = Arrivals::saturate;
  params.send_cost = 1_us;
  params.config.batch_size = {8'192};
  params.config.buffer_memory = {1'048'576};
  params.config.max_in_flight = 1;
  params.end = at_s(3);
  const ProducerRun run(fake, params);
  fake.sim.run_until(at_s(10));
  // Steady part: outcomes of records meant for [1.5 s, 3 s).
  double waited_ns = 0;
  double records = 0;
  sim::SimTime from = at_s(10);
  sim::SimTime to;
  double batches = 0;
  for (const auto& outcome : seen.outcomes) {
    ASSERT_EQ(outcome.outcome, history::Outcome::acknowledged);
    if (outcome.intended_first < at_s(1) + 500_ms || outcome.at > at_s(3)) continue;
    const double mean_intended =
        static_cast<double>(outcome.intended_first.ns + outcome.intended_last.ns) / 2;
    waited_ns +=
        (static_cast<double>(outcome.at.ns) - mean_intended) * static_cast<double>(outcome.records.count);
    records += static_cast<double>(outcome.records.count);
    batches += 1;
    from = std::min(from, outcome.at);
    to = std::max(to, outcome.at);
  }
  const double seconds = (to - from).seconds();
  const double rate = (batches - 1) * 8'192 / seconds;  // buffer bytes set free per second
  const double latency = waited_ns / records / 1e9;
  EXPECT_GT(batches, 500);
  EXPECT_NEAR(latency / (1'048'576 / rate), 1.0, 0.02);
}

// Method: silence from 2 s on with a buffer of 1 s of data; send() throws after max.block.ms.
TEST(ProducerMemory, SendGivesUpAfterMaxBlock) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  ProducerParams params = producer_params(fake);
  params.config.batch_size = {1'024};
  params.config.buffer_memory = {10'240};
  params.config.max_block = 3_s;
  params.end = at_s(4);
  const ProducerRun run(fake, params);
  fake.sim.run_until(at_s(2));
  fake.brokers[0]->silent = true;
  fake.sim.run_until(at_s(20));
  EXPECT_EQ(run.producer.accumulator().memory_free(), (sim::Bytes{0}));
  std::vector<sim::SimTime> refused;
  for (const auto& outcome : seen.outcomes) {
    if (outcome.outcome == history::Outcome::failed) refused.push_back(outcome.at);
  }
  ASSERT_GE(refused.size(), 2u);
  EXPECT_EQ(refused[1] - refused[0], 3_s) << "one application thread: one record after the other";
  // Ten batches of 8 records are in the buffer; the 81st after the last answer blocks, at its own time.
  EXPECT_GT(refused[0], at_s(5));
  EXPECT_LT(refused[0], at_s(5) + 100_ms);
}

// Method: pause the client. Records meant meanwhile are sent when it goes on, each with its whole latency; only what
// was in a batch before a pause longer than delivery.timeout.ms expires: the record of 5 s, waiting for linger.
TEST(ProducerFailover, PausedApplicationCatchesUp) {
  for (const std::int64_t pause_s : {100, 200}) {
    FakeCluster fake(1, 1, 1);
    Seen seen;
    fake.history.attach(seen);
    ProducerParams params = producer_params(fake);
    params.rate_per_second_milli = 100'000;
    params.end = at_s(220);
    ProducerRun run(fake, params);
    fake.sim.run_until(at_s(5));
    run.process.pause();
    fake.sim.run_until(at_s(5 + pause_s));
    run.process.resume();
    fake.sim.run_until(at_s(400));
    EXPECT_EQ(seen.records(history::Outcome::failed), pause_s > 120 ? 1 : 0);
    EXPECT_EQ(seen.records(history::Outcome::acknowledged), 21'900 - (pause_s > 120 ? 1 : 0));
    sim::Duration longest;
    for (const auto& outcome : seen.outcomes)
      longest = std::max(longest, outcome.at - outcome.intended_first);
    EXPECT_GE(longest, 1_s * pause_s - 20_ms);
    EXPECT_LE(longest, 1_s * pause_s + 20_ms);
  }
}

// Method: kill the process and start a new life with the same ledger. Identities go on; what was meant in between was
// never sent.
TEST(ProducerFailover, NextLifeGoesOnWithTheIdentities) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  ProducerParams params = producer_params(fake);
  params.end = at_s(10);
  ProducerLedger ledger;
  {
    ProducerRun first(fake, params, &ledger);
    fake.sim.run_until(at_s(3));
    first.process.kill();
    fake.network.close_all_of(first.process, network::CloseReason::reset);
  }
  fake.sim.run_until(at_s(5));
  const std::int64_t sent_by_first = ledger.next_ordinal[0];
  EXPECT_GE(sent_by_first, 1'990);
  EXPECT_LE(sent_by_first, 2'001);
  ProducerRun second(fake, params, &ledger, 2);
  ASSERT_EQ(seen.restarted.size(), 1u);
  EXPECT_EQ(seen.restarted[0].at, at_s(5));
  fake.sim.run_until(at_s(20));
  std::int64_t next = 0;
  for (const auto& sent : seen.sent) {
    EXPECT_EQ(sent.records.first, next) << "dense ordinals over both lives";
    next = sent.records.first + sent.records.count;
  }
  EXPECT_EQ(next, sent_by_first + 5'000);
}

// Method: acks=0 is acknowledged when the socket has taken it; nobody answers.
TEST(ProducerFailover, AcksZeroIsAcknowledgedBySending) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  ProducerParams params = producer_params(fake);
  params.config.acks = Acks::none;
  params.end = at_s(3);
  const ProducerRun run(fake, params);
  fake.sim.run_until(at_s(5));
  EXPECT_EQ(seen.records(history::Outcome::acknowledged), 2'000);
  for (const auto& outcome : seen.outcomes) {
    EXPECT_EQ(outcome.at, outcome.first_sent);
    EXPECT_EQ(outcome.base_offset, -1);
  }
  EXPECT_EQ(fake.produced[0].batches[0].producer_id, -1) << "acks=0 turns idempotence off";
}

// Method: terminate in the middle of a batch: it is sent without waiting for linger, and nothing after it.
TEST(ProducerFailover, TerminateSendsWhatIsBuffered) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  ProducerParams params = producer_params(fake);
  params.config.linger = 10_s;
  params.config.delivery_timeout = 60_s;
  ProducerRun run(fake, params);
  fake.sim.run_until(at_s(1) + 50_ms);
  run.producer.terminate();
  fake.sim.run_until(at_s(30));
  ASSERT_EQ(seen.outcomes.size(), 1u);
  EXPECT_EQ(seen.outcomes[0].records.count, 51);
  EXPECT_EQ(seen.outcomes[0].first_sent, at_s(1) + 50_ms);
  EXPECT_EQ(fake.network.connections(), 0u);
}

}  // namespace
}  // namespace brokersim::kafka::client::test
