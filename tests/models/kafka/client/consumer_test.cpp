// Goal: an assigned consumer reads every record once and in order, at the pace of its application, over errors,
// silence and leader changes.
#include <gtest/gtest.h>

#include "tests/models/kafka/client/fake_cluster.h"

namespace brokersim::kafka::client::test {
namespace {
using namespace sim::literals;
using wire::ErrorCode;
constexpr sim::SimTime at_s(std::int64_t s) { return {s * 1'000'000'000}; }

/// Puts `batches` batches of ten records into a partition's log.
void fill(FakeCluster& fake, int partition, int batches) {
  const auto p = static_cast<std::size_t>(partition);
  for (int i = 0; i < batches; ++i) {
    log::BatchData data;
    const auto first = fake.logs[p].empty() ? 0 : fake.store[fake.logs[p].back()].next_offset();
    data.records = {{0}, fake.partitions[p], first, 10};
    data.bytes = 1'151;
    data.first_time = {first * 1'000};
    data.last_time = {(first + 9) * 1'000};
    std::int64_t offset = 0;
    ASSERT_EQ(fake.append(data, offset), ErrorCode::none);
  }
}

/// Offsets in the order they were handed out are dense from `from`; returns the next one.
std::int64_t expect_dense(const Seen& seen, history::PartitionId partition, std::int64_t from) {
  for (const auto& event : seen.consumed) {
    if (event.records.partition != partition) continue;
    EXPECT_EQ(event.base_offset, from);
    EXPECT_EQ(event.records.first, from) << "in these logs ordinal and offset agree";
    from = event.base_offset + event.records.count;
  }
  return from;
}

// Method: 300 records in each of six partitions on three brokers, read from the earliest offset.
TEST(Consumer, ReadsEverythingOnceAndInOrder) {
  FakeCluster fake(1, 3, 6);
  for (int p = 0; p < 6; ++p) fill(fake, p, 30);
  Seen seen;
  fake.history.attach(seen);
  const ConsumerRun run(fake, consumer_params(fake));
  fake.sim.run_until(at_s(2));
  for (int p = 0; p < 6; ++p) {
    EXPECT_EQ(expect_dense(seen, {p}, 0), 300);
    EXPECT_EQ(run.consumer.position(static_cast<std::size_t>(p)), 300);
  }
  EXPECT_EQ(seen.answered.size(), 6u) << "only changes are recorded";
  EXPECT_LT(seen.consumed.back().at, at_s(1));
  const auto& piece = seen.consumed.front();
  EXPECT_EQ(piece.records.count, 10);
  EXPECT_EQ(piece.intended_last - piece.intended_first, 9_us);
}

// Method: an empty log; the broker holds each fetch for fetch.max.wait.ms, so there are about two per second.
TEST(Consumer, LongPollsWhenThereIsNothing) {
  FakeCluster fake(1, 1, 1);
  Seen seen;
  fake.history.attach(seen);
  const ConsumerRun run(fake, consumer_params(fake));
  fake.sim.run_until(at_s(10));
  EXPECT_EQ(fake.fetches, 20);
  ASSERT_EQ(seen.answered.size(), 1u);
  EXPECT_TRUE(seen.answered[0].ok);
}

TEST(Consumer, LatestStartsAtTheEnd) {
  FakeCluster fake(1, 1, 1);
  fill(fake, 0, 5);
  Seen seen;
  fake.history.attach(seen);
  ConsumerParams params = consumer_params(fake);
  params.config.auto_offset_reset = OffsetReset::latest;
  const ConsumerRun run(fake, params);
  fake.sim.run_until(at_s(1));
  EXPECT_EQ(run.consumer.position(0), 50);
  fill(fake, 0, 2);
  fake.sim.run_until(at_s(3));
  EXPECT_EQ(expect_dense(seen, {0}, 50), 70);
}

// Method: 1 ms per record and max.poll.records 25: polls hand out 25 records each 25 ms, batches of ten are split.
TEST(Consumer, ApplicationTimePacesThePolls) {
  FakeCluster fake(1, 1, 1);
  fill(fake, 0, 10);
  Seen seen;
  fake.history.attach(seen);
  ConsumerParams params = consumer_params(fake);
  params.process_cost = 1_ms;
  params.config.max_poll_records = 25;
  const ConsumerRun run(fake, params);
  fake.sim.run_until(at_s(1));
  EXPECT_EQ(expect_dense(seen, {0}, 0), 100);
  std::map<sim::SimTime, std::int64_t> polls;
  for (const auto& event : seen.consumed) polls[event.at] += event.records.count;
  ASSERT_EQ(polls.size(), 4u);
  const sim::SimTime first = polls.begin()->first;
  int n = 0;
  for (const auto& [at, records] : polls) {
    EXPECT_EQ(at, first + 25_ms * n++);
    EXPECT_EQ(records, 25);
  }
}

// Method: the second fetch is answered with OFFSET_OUT_OF_RANGE; earliest reads the log again, none stops.
TEST(Consumer, OutOfRangeResetsByPolicy) {
  FakeCluster fake(1, 1, 1);
  fill(fake, 0, 5);
  Seen seen;
  fake.history.attach(seen);
  fake.fetch_script = [](int n, wire::BrokerId) {
    return n == 1 ? ErrorCode::offset_out_of_range : ErrorCode::none;
  };
  const ConsumerRun run(fake, consumer_params(fake));
  fake.sim.run_until(at_s(2));
  EXPECT_EQ(seen.consumed.size(), 10u) << "read again from the earliest offset";
  EXPECT_EQ(run.consumer.position(0), 50);
  ASSERT_EQ(seen.answered.size(), 3u);
  EXPECT_FALSE(seen.answered[1].ok);
  EXPECT_TRUE(seen.answered[2].ok);

  FakeCluster strict(1, 1, 1);
  Seen nothing;
  strict.history.attach(nothing);
  ConsumerParams params = consumer_params(strict);
  params.config.auto_offset_reset = OffsetReset::none;
  const ConsumerRun stopped(strict, params);
  strict.sim.run_until(at_s(2));
  EXPECT_EQ(strict.fetches, 0) << "the application saw an exception";
}

// Goal: what an application does between two polls is not time in which the partition could not be read.
// Method: 5 s of processing for each batch of ten, and OFFSET_OUT_OF_RANGE for every other fetch: each failure is dated from
// its own request.
TEST(Consumer, ProcessingIsNoOutage) {
  FakeCluster fake(1, 1, 1);
  fill(fake, 0, 5);
  Seen seen;
  fake.history.attach(seen);
  fake.fetch_script = [](int n, wire::BrokerId) {
    return n % 2 == 1 ? ErrorCode::offset_out_of_range : ErrorCode::none;
  };
  ConsumerParams params = consumer_params(fake);
  params.process_cost = 500_ms;
  params.config.max_partition_fetch_bytes = sim::Bytes{1};
  const ConsumerRun run(fake, params);
  fake.sim.run_until(at_s(40));
  int failures = 0;
  for (const history::FetchAnswered& answer : seen.answered) {
    if (answer.ok) continue;
    ++failures;
    EXPECT_LE(answer.at - answer.since, 100_ms) << "a request, not the five seconds before it";
  }
  EXPECT_GE(failures, 3);
}

// Method: the old leader answers NOT_LEADER from 1 s on until 2 s, when another leads.
TEST(Consumer, NotLeaderRefreshesMetadataWithBackoff) {
  FakeCluster fake(1, 2, 1);
  fill(fake, 0, 5);
  Seen seen;
  fake.history.attach(seen);
  const ConsumerRun run(fake, consumer_params(fake));
  fake.sim.run_until(at_s(1));
  const int before = fake.fetches;
  fake.fetch_script = [&](int, wire::BrokerId broker) {
    return broker == 0 ? ErrorCode::not_leader_or_follower : ErrorCode::none;
  };
  fake.sim.run_until(at_s(2));
  EXPECT_LE(fake.fetches - before, 6) << "backoff between tries";
  EXPECT_GE(fake.fetches - before, 3);
  fake.lead(0, 1);
  fill(fake, 0, 5);
  fake.sim.run_until(at_s(4));
  EXPECT_EQ(expect_dense(seen, {0}, 0), 100);
  EXPECT_EQ(seen.answered.size(), 3u);
}

// Goal: KIP-320. A consumer asks every new leader once whether it has the position, and goes back to where the logs part.
// Method: 50 records are read in epoch 0; the leader of epoch 1 says that epoch 0 ended at 30, and has others from there.
TEST(Consumer, GoesBackToWhereTheNewLeadersLogParts) {
  FakeCluster fake(1, 2, 1);
  fill(fake, 0, 5);
  Seen seen;
  fake.history.attach(seen);
  const ConsumerRun run(fake, consumer_params(fake));
  fake.sim.run_until(at_s(1));
  ASSERT_EQ(run.consumer.position(0), 50);
  EXPECT_EQ(fake.epoch_questions, 0) << "nothing to ask while the leader stays";
  std::vector<wire::EpochQuestion> asked;
  fake.epoch_script = [&](const wire::EpochQuestion& question) {
    asked.push_back(question);
    return wire::EpochAnswer{question.partition, ErrorCode::none, 0, 30};
  };
  fake.logs[0].resize(3);  // batches of ten
  fake.lead(0, 1);
  fake.sim.run_until(at_s(2));
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].epoch, 0);
  EXPECT_EQ(asked[0].current_leader_epoch, 1);
  EXPECT_EQ(run.consumer.position(0), 30);
  fake.sim.run_until(at_s(9));
  EXPECT_EQ(asked.size(), 1u) << "one question for one leader";
}

// Method: the new leader knows nothing of the epoch: the reset policy decides (earliest here).
TEST(Consumer, AnUnknownEpochIsLeftToTheResetPolicy) {
  FakeCluster fake(1, 2, 1);
  fill(fake, 0, 5);
  ConsumerParams params = consumer_params(fake);
  params.config.auto_offset_reset = OffsetReset::earliest;
  const ConsumerRun run(fake, params);
  fake.sim.run_until(at_s(1));
  fake.epoch_script = [](const wire::EpochQuestion& question) {
    return wire::EpochAnswer{question.partition, ErrorCode::none, -1, -1};
  };
  fake.logs[0].clear();
  fake.lead(0, 1);
  fake.sim.run_until(at_s(2));
  EXPECT_EQ(run.consumer.position(0), 0);
}

// Method: the rule before 2.1: nobody asks.
TEST(Consumer, BeforeKip320NobodyAsks) {
  FakeCluster fake(1, 2, 1);
  fill(fake, 0, 5);
  ConsumerParams params = consumer_params(fake);
  params.validate_offsets = false;
  const ConsumerRun run(fake, params);
  fake.sim.run_until(at_s(1));
  fake.lead(0, 1);
  fake.sim.run_until(at_s(3));
  EXPECT_EQ(fake.epoch_questions, 0);
  EXPECT_EQ(run.consumer.position(0), 50);
}

// Method: the leader's machine falls silent at 1 s while it holds a fetch; another leads from 2 s. The client notices at
// request.timeout.ms after that fetch.
TEST(Consumer, SilenceCostsTheRequestTimeout) {
  FakeCluster fake(1, 2, 1);
  fill(fake, 0, 5);
  Seen seen;
  fake.history.attach(seen);
  const ConsumerRun run(fake, consumer_params(fake));
  fake.sim.run_until(at_s(1));
  fake.network.host_down(fake.brokers[0]->host);
  fake.sim.run_until(at_s(2));
  fake.lead(0, 1);
  fill(fake, 0, 5);
  fake.sim.run_until(at_s(29));
  EXPECT_EQ(run.consumer.position(0), 50);
  EXPECT_EQ(seen.answered.size(), 1u) << "the client does not know yet";
  fake.sim.run_until(at_s(33));
  ASSERT_EQ(seen.answered.size(), 3u);
  EXPECT_FALSE(seen.answered[1].ok);
  EXPECT_GE(seen.answered[1].at, at_s(30));
  EXPECT_LE(seen.answered[1].since, at_s(1)) << "the window begins with the request that nobody answered";
  EXPECT_GE(seen.answered[1].since, at_s(1) - 502_ms);
  EXPECT_EQ(expect_dense(seen, {0}, 0), 100);
}

TEST(Consumer, RunsRepeatExactly) {
  const auto fingerprint = [](std::uint64_t seed) {
    FakeCluster fake(seed, 3, 5);
    for (int p = 0; p < 5; ++p) fill(fake, p, 50);
    fake.fetch_script = [](int n, wire::BrokerId) {
      return n % 5 == 4 ? ErrorCode::not_leader_or_follower : ErrorCode::none;
    };
    ConsumerParams params = consumer_params(fake);
    params.process_cost = 10_us;
    const ConsumerRun run(fake, params);
    fake.sim.run_until(at_s(10));
    return fake.sim.fingerprint().value();
  };
  EXPECT_EQ(fingerprint(1), fingerprint(1));
  EXPECT_NE(fingerprint(1), fingerprint(2));
}

}  // namespace
}  // namespace brokersim::kafka::client::test
