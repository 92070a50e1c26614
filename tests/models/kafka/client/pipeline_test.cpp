// Goal: a pipeline that is fenced while its commit is under way goes on at what its group has committed, asked for once the
// transaction before is over: nothing counts twice and nothing is left out, whatever the coordinators say in between.
// Method: one scripted broker that is leader and both coordinators; one partition in, one out. Times are those at which requests
// arrive there.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "models/kafka/client/pipeline.h"
#include "models/kafka/wire/transaction_messages.h"
#include "tests/models/kafka/client/fake_cluster.h"

namespace brokersim::kafka::client::test {
namespace {
using namespace sim::literals;
using wire::Api;
using wire::ErrorCode;
constexpr sim::SimTime at_s(std::int64_t s) { return {s * 1'000'000'000}; }
/// From a good OffsetFetch to the records: three hops of 60 us, and the bytes of two batches.
constexpr std::int64_t kOffsetsToRecords = 182'773;

/// Both coordinators: a group of one member, and one transactional id of version 2.
class Coordinators {
 public:
  explicit Coordinators(FakeCluster& fake) : fake_(fake) {
    fake.coordinator = [this](const wire::Message& request) { return answer(request); };
  }

  struct Asked {
    Api api = Api::metadata;
    sim::SimTime at;
  };
  std::vector<Asked> asked;
  std::int64_t committed = -1;  ///< Of partition 0.
  /// What is done with the `n`-th EndTxn (from 0), and answered: by default it commits and says so.
  struct End {
    ErrorCode error = ErrorCode::none;
    bool commits = true;
  };
  std::map<int, End> ends;
  /// Errors of the next OffsetFetch requests from now on, in order; then none.
  std::vector<ErrorCode> offset_errors;
  std::vector<ErrorCode> init_errors;
  std::vector<wire::PartitionId> assignment;
  int joins = 0;
  bool rebalancing = false;

  [[nodiscard]] std::vector<sim::SimTime> times(Api api) const {
    std::vector<sim::SimTime> found;
    for (const Asked& one : asked) {
      if (one.api == api) found.push_back(one.at);
    }
    return found;
  }
  /// The first request of this kind after `after`.
  [[nodiscard]] sim::SimTime next(Api api, sim::SimTime after) const {
    for (const Asked& one : asked) {
      if (one.api == api && one.at > after) return one.at;
    }
    return sim::SimTime::max();
  }

 private:
  static ErrorCode take(std::vector<ErrorCode>& errors) {
    if (errors.empty()) return ErrorCode::none;
    const ErrorCode first = errors.front();
    errors.erase(errors.begin());
    return first;
  }

  CoordinatorAnswer answer(const wire::Message& request) {
    asked.push_back({request.api, fake_.sim.now()});
    switch (request.api) {
      case Api::find_coordinator: {
        wire::FindCoordinatorResponse response;
        response.coordinator = fake_.endpoints().front();
        return coordinator_answer(std::move(response));
      }
      case Api::join_group: {
        rebalancing = false;
        wire::JoinGroupResponse response;
        response.generation = ++joins;
        response.protocol = "range";
        response.member = "m";
        response.leader = "someone else";
        return coordinator_answer(std::move(response));
      }
      case Api::sync_group: {
        wire::SyncGroupResponse response;
        response.partitions = assignment;
        return coordinator_answer(std::move(response));
      }
      case Api::heartbeat: {
        wire::GroupHeartbeatResponse response;
        if (rebalancing) response.error = ErrorCode::rebalance_in_progress;
        return coordinator_answer(std::move(response));
      }
      case Api::offset_fetch: {
        wire::OffsetFetchResponse response;
        EXPECT_TRUE(static_cast<const wire::OffsetFetchRequest&>(request).require_stable);
        response.error = take(offset_errors);
        if (response.error == ErrorCode::none)
          response.offsets.push_back({fake_.partitions[0], committed, 0});
        return coordinator_answer(std::move(response));
      }
      case Api::init_producer_id: {
        wire::InitProducerIdResponse response;
        response.error = take(init_errors);
        response.producer_id = 7'000;
        response.producer_epoch = ++epoch_;
        return coordinator_answer(std::move(response));
      }
      case Api::txn_offset_commit: {
        pending_ = static_cast<const wire::TxnOffsetCommitRequest&>(request).offsets.front().offset;
        return coordinator_answer(wire::TxnOffsetCommitResponse{});
      }
      case Api::end_txn: {
        const auto scripted = ends.find(ended_++);
        const End end = scripted == ends.end() ? End{} : scripted->second;
        if (end.commits) committed = pending_;
        wire::EndTxnResponse response;
        response.error = end.error;
        response.producer_id = 7'000;
        response.producer_epoch = ++epoch_;
        return coordinator_answer(std::move(response));
      }
      default: ADD_FAILURE() << "nobody asks that"; return coordinator_answer(wire::GroupHeartbeatResponse{});
    }
  }

  FakeCluster& fake_;
  std::int16_t epoch_ = -1;
  std::int64_t pending_ = -1;
  int ended_ = 0;
};

/// A pipeline from partition 0, which holds forty records in batches of ten, to partition 1; polls of ten.
class Clearing {
 public:
  explicit Clearing(OffsetReset reset = OffsetReset::earliest) : fake(1, 1, 2), group(fake) {
    fake.history.attach(seen);
    group.assignment = {fake.partitions[0]};
    source_ = fake.history.add_client({});
    for (int i = 0; i < 4; ++i) fill();
    PipelineParams params;
    params.producer = producer_params(fake);
    params.producer.start = {};
    params.producer.partitions = {fake.partitions[1]};
    params.producer.config.transactional_id = "clearing";
    params.consumer = consumer_params(fake);
    params.consumer.partitions = {fake.partitions[0]};
    params.consumer.topic = "orders";
    params.consumer.group = "clearing";
    params.consumer.config.auto_offset_reset = reset;
    params.consumer.config.enable_auto_commit = false;
    params.consumer.config.read_committed = true;
    params.consumer.config.max_poll_records = 10;
    process = std::make_unique<sim::Process>(fake.sim, "host/c/clearing");
    pipeline = std::make_unique<Pipeline>(*process,
                                          ClientSite{fake.network, fake.client_host, nullptr, "app", 1, {0}},
                                          params, fake.store, ledger, fake.history);
    pipeline->start();
  }
  ~Clearing() { process->kill(); }

  void fill() {
    log::BatchData data;
    const auto first = static_cast<std::int64_t>(fake.logs[0].size()) * 10;
    data.records = {source_, fake.partitions[0], first, 10};
    data.bytes = 1'151;
    std::int64_t offset = 0;
    ASSERT_EQ(fake.append(data, offset), ErrorCode::none);
  }
  /// How often a record was taken, by its offset.
  [[nodiscard]] std::map<std::int64_t, int> taken() const {
    std::map<std::int64_t, int> times;
    for (const history::Consumed& event : seen.consumed) {
      for (std::int64_t i = 0; i < event.records.count; ++i) ++times[event.base_offset + i];
    }
    return times;
  }
  [[nodiscard]] sim::SimTime taken_at(std::int64_t offset, int nth) const {
    for (const history::Consumed& event : seen.consumed) {
      if (event.base_offset <= offset && offset < event.base_offset + event.records.count && nth-- == 0)
        return event.at;
    }
    return sim::SimTime::max();
  }

  FakeCluster fake;
  Coordinators group;
  Seen seen;
  PipelineLedger ledger;
  std::unique_ptr<sim::Process> process;
  std::unique_ptr<Pipeline> pipeline;

 private:
  history::ClientId source_;
};

/// Every record of forty is taken `n` times if its offset is in [first, end), else once.
void expect_taken(const Clearing& run, std::int64_t first, std::int64_t end, int n) {
  const std::map<std::int64_t, int> taken = run.taken();
  ASSERT_EQ(taken.size(), 40u);
  for (const auto& [offset, times] : taken)
    EXPECT_EQ(times, offset >= first && offset < end ? n : 1) << "offset " << offset;
}

TEST(PipelineFenced, ACommitThatHeldIsNotMadeAgain) {
  Clearing run;
  run.group.ends[1] = {ErrorCode::producer_fenced, /*commits=*/true};
  run.fake.sim.run_until(at_s(5));
  expect_taken(run, 0, 0, 1);
  EXPECT_EQ(run.group.committed, 40);
  // EndTxn is refused -> init() -> committed() -> fetch: hops of 60 us each; the rest is bytes on the line.
  const sim::SimTime fenced = run.group.times(Api::end_txn).at(1);
  const sim::SimTime init = run.group.next(Api::init_producer_id, fenced);
  const sim::SimTime offsets = run.group.next(Api::offset_fetch, fenced);
  EXPECT_EQ((init - fenced).ns, 120'238);
  EXPECT_EQ((offsets - init).ns, 120'258) << "asked for when init() is through, not before";
  EXPECT_EQ((run.taken_at(20, 0) - offsets).ns, kOffsetsToRecords) << "the answer, and one fetch";
}

TEST(PipelineFenced, AnAbortedTransactionIsMadeAgain) {
  Clearing run;
  run.group.ends[1] = {ErrorCode::producer_fenced, /*commits=*/false};
  run.fake.sim.run_until(at_s(5));
  expect_taken(run, 10, 20, 2);
  EXPECT_EQ(run.group.committed, 40);
}

// Method: the first transaction of all is fenced and aborted, so nothing is committed; auto.offset.reset is latest, and more records
// have come meanwhile. A reset would leave out what was taken.
TEST(PipelineFenced, WithNothingCommittedItGoesBackToWhereTheRoundBegan) {
  Clearing run(OffsetReset::latest);
  run.fake.sim.run_until(at_s(1));
  EXPECT_TRUE(run.taken().empty()) << "latest: what was there before is not read";
  run.group.ends[0] = {ErrorCode::producer_fenced, /*commits=*/false};
  run.fill();
  run.fake.sim.run_until(at_s(5));
  const std::map<std::int64_t, int> taken = run.taken();
  ASSERT_EQ(taken.size(), 10u);
  EXPECT_EQ(taken.begin()->first, 40);
  for (const auto& [offset, times] : taken) EXPECT_EQ(times, 2) << "offset " << offset;
  EXPECT_EQ(run.group.committed, 50);
}

// Method: two answers of UNSTABLE_OFFSET_COMMIT: the member asks again after its backoff of 100 and then 200 ms, give or take 20 %,
// and takes nothing before.
TEST(PipelineFenced, UnstableOffsetsAreWaitedFor) {
  Clearing run;
  run.group.ends[1] = {ErrorCode::producer_fenced, /*commits=*/true};
  run.fake.sim.run_until(at_s(0) + 1_ms);  // the first OffsetFetch, of the join, is through
  ASSERT_EQ(run.group.times(Api::offset_fetch).size(), 1u);
  run.group.offset_errors = {ErrorCode::unstable_offset_commit, ErrorCode::unstable_offset_commit};
  run.fake.sim.run_until(at_s(5));
  expect_taken(run, 0, 0, 1);
  const std::vector<sim::SimTime> asked = run.group.times(Api::offset_fetch);
  ASSERT_EQ(asked.size(), 4u);
  EXPECT_NEAR(static_cast<double>((asked[2] - asked[1]).ns), 100e6, 20.3e6);
  EXPECT_NEAR(static_cast<double>((asked[3] - asked[2]).ns), 200e6, 40.3e6);
  EXPECT_EQ((run.taken_at(20, 0) - asked[3]).ns, kOffsetsToRecords);
}

// Method: the coordinator has moved when offsets are asked for.
TEST(PipelineFenced, AnotherCoordinatorIsFound) {
  Clearing run;
  run.group.ends[1] = {ErrorCode::producer_fenced, /*commits=*/true};
  run.fake.sim.run_until(at_s(0) + 1_ms);
  run.group.offset_errors = {ErrorCode::not_coordinator};
  run.fake.sim.run_until(at_s(5));
  expect_taken(run, 0, 0, 1);
  const std::vector<sim::SimTime> asked = run.group.times(Api::offset_fetch);
  ASSERT_EQ(asked.size(), 3u);
  const sim::SimTime found = run.group.next(Api::find_coordinator, asked[1]);
  EXPECT_LT(found, asked[2]) << "asked again of the one that was found";
  EXPECT_EQ(run.group.committed, 40);
}

// Method: somebody else has the partition before its offset is known; later it comes back. What it waited for is forgotten.
TEST(PipelineFenced, APartitionThatGoesMeanwhileIsLeftAlone) {
  Clearing run;
  run.group.ends[1] = {ErrorCode::producer_fenced, /*commits=*/true};
  run.fake.sim.run_until(at_s(0) + 1_ms);
  run.group.offset_errors.assign(20, ErrorCode::unstable_offset_commit);
  run.fake.sim.run_until(at_s(1));
  EXPECT_EQ(run.taken().size(), 20u);
  run.group.assignment.clear();
  run.group.rebalancing = true;
  run.fake.sim.run_until(at_s(5));  // a heartbeat says so within 3 s
  EXPECT_EQ(run.group.joins, 2);
  const auto asked = run.group.times(Api::offset_fetch).size();
  run.group.committed = 30;  // by the other one
  run.group.offset_errors.clear();
  run.fake.sim.run_until(at_s(6));
  EXPECT_EQ(run.group.times(Api::offset_fetch).size(), asked) << "no partition, no question";
  EXPECT_EQ(run.taken().size(), 20u);
  run.group.assignment = {run.fake.partitions[0]};
  run.group.rebalancing = true;
  run.fake.sim.run_until(at_s(10));
  EXPECT_EQ(run.taken().size(), 30u);
  EXPECT_EQ(run.taken_at(20, 0), sim::SimTime::max()) << "those are the other one's";
  EXPECT_LT(run.taken_at(30, 0), at_s(10));
  EXPECT_EQ(run.group.committed, 40);
}

// Method: init() itself is fenced once; the application opens yet another producer.
TEST(PipelineFenced, InitIsAskedUntilItIsThrough) {
  Clearing run;
  run.group.ends[1] = {ErrorCode::producer_fenced, /*commits=*/true};
  run.fake.sim.run_until(at_s(0) + 1_ms);
  run.group.init_errors = {ErrorCode::producer_fenced};
  run.fake.sim.run_until(at_s(5));
  expect_taken(run, 0, 0, 1);
  EXPECT_EQ(run.group.times(Api::init_producer_id).size(), 3u);
  EXPECT_EQ(run.group.committed, 40);
}

}  // namespace
}  // namespace brokersim::kafka::client::test
