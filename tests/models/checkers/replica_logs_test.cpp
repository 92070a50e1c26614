#include "models/checkers/replica_logs.h"

#include <gtest/gtest.h>

#include <vector>

#include "sim/hash.h"

namespace brokersim::checkers {
namespace {

using LogRun = Run;  // testing::Test has a Run of its own

struct Cell {
  std::int32_t producer = -1;
  std::int64_t ordinal = 0;
  std::int32_t epoch = 0;
  bool operator==(const Cell&) const = default;
};

std::vector<Cell> cells(const ReplicaLogs& logs, std::size_t replica) {
  std::vector<Cell> all;
  logs.for_each(replica, 0, logs.end(replica), [&](const LogRun& run) {
    EXPECT_EQ(run.base, static_cast<std::int64_t>(all.size()));
    for (std::int64_t i = 0; i < run.count; ++i) all.push_back({run.producer, run.first + i, run.epoch});
  });
  return all;
}

// Goal: sharing never changes a replica's log. Method: 4,000 random appends, cuts and promotions on three
// replicas, against one plain vector per replica; agreement is compared cell by cell.
TEST(ReplicaLogs, SharedLogsEqualSeparateOnes) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    ReplicaLogs logs(3);
    std::vector<std::vector<Cell>> plain(3);
    std::int32_t epoch = 0;
    std::size_t leader = 0;
    std::int64_t ordinal = 0;
    for (std::uint64_t step = 0; step < 100; ++step) {
      const std::uint64_t dice = sim::mix64(seed * 10'007 + step);
      const std::size_t replica = dice % 3;
      switch (dice / 3 % 8) {
        case 0:
        case 1:
        case 2: {  // the leader writes
          logs.promote(leader);
          const auto count = static_cast<std::int64_t>(1 + dice / 24 % 4);
          const auto producer = static_cast<std::int32_t>(dice / 96 % 2);
          logs.append(leader, {logs.end(leader), count, ordinal, producer, epoch});
          for (std::int64_t i = 0; i < count; ++i) plain[leader].push_back({producer, ordinal + i, epoch});
          ordinal += count;
          break;
        }
        case 3:
        case 4:
        case 5: {  // a replica copies from the leader what follows its own end
          const auto from = logs.end(replica);
          if (replica == leader || from >= logs.end(leader)) break;
          std::vector<LogRun> runs;
          logs.for_each(leader, from, from + 3, [&](const LogRun& run) { runs.push_back(run); });
          for (const LogRun& run : runs) {
            logs.append(replica, run);
            for (std::int64_t i = 0; i < run.count; ++i)
              plain[replica].push_back({run.producer, run.first + i, run.epoch});
          }
          break;
        }
        case 6: {  // a replica cuts
          const auto keep = logs.end(replica) * static_cast<std::int64_t>(dice / 24 % 5) / 4;
          logs.cut(replica, keep);
          plain[replica].resize(std::min(plain[replica].size(), static_cast<std::size_t>(keep)));
          break;
        }
        default:
          leader = replica;
          ++epoch;
          logs.promote(leader);
      }
      for (std::size_t r = 0; r < 3; ++r) {
        ASSERT_EQ(cells(logs, r), plain[r]) << "seed " << seed << " step " << step << " replica " << r;
        logs.rematch(r);
        std::int64_t agreed = 0;
        std::vector<Cell> reference;
        logs.reference().for_each(0, logs.reference().end(), [&](const LogRun& run) {
          for (std::int64_t i = 0; i < run.count; ++i)
            reference.push_back({run.producer, run.first + i, run.epoch});
        });
        while (agreed < static_cast<std::int64_t>(std::min(reference.size(), plain[r].size())) &&
               reference[static_cast<std::size_t>(agreed)] == plain[r][static_cast<std::size_t>(agreed)]) {
          ++agreed;
        }
        ASSERT_EQ(logs.agreed(r), agreed);
      }
    }
  }
}

// Goal: memory is that of one log. Method: 1,000,000 records in 16,000 batches of one producer, and of two that
// alternate, on three replicas.
TEST(ReplicaLogs, OneProducerIsOneRunAndReplicasShare) {
  ReplicaLogs single(3);
  ReplicaLogs mixed(3);
  for (std::int64_t batch = 0; batch < 16'000; ++batch) {
    for (std::size_t r = 0; r < 3; ++r) {
      single.append(r, {batch * 64, 64, batch * 64, 0, 0});
      mixed.append(r, {batch * 64, 64, batch / 2 * 64, static_cast<std::int32_t>(batch % 2), 0});
    }
  }
  EXPECT_EQ(single.runs(), 1u);
  EXPECT_EQ(mixed.runs(), 16'000u);
  EXPECT_EQ(mixed.agreed(2), 1'024'000);
}

// Goal: what was committed keeps its name when nobody holds it any more.
TEST(ReplicaLogs, CommittedRecordsStayKnown) {
  ReplicaLogs logs(2);
  for (std::size_t r = 0; r < 2; ++r) logs.append(r, {0, 10, 0, 0, 0});
  logs.commit(8);
  logs.cut(0, 3);
  logs.cut(1, 2);
  EXPECT_EQ(logs.reference().end(), 8);
  EXPECT_EQ(logs.committed(), 8);
  EXPECT_TRUE(logs.holds(0, {0, 3, 0, 0, 0}));
  EXPECT_FALSE(logs.holds(0, {0, 4, 0, 0, 0}));
  logs.promote(0);
  EXPECT_EQ(logs.committed(), 3) << "the new leader's log is all there is";
}

TEST(ReplicaLogs, AHoleIsNotTheRecord) {
  ReplicaLogs logs(1);
  logs.append(0, {0, 10, 0, 0, 0});
  logs.punch(0, 4, 6);
  EXPECT_EQ(logs.end(0), 10);
  EXPECT_TRUE(logs.holds(0, {0, 4, 0, 0, 0}));
  EXPECT_FALSE(logs.holds(0, {3, 2, 3, 0, 0}));
  EXPECT_TRUE(logs.holds(0, {6, 4, 6, 0, 0}));
}

// Goal: a leader that ends below where everybody else's log begins (elected uncleanly after retention). Method: two logs
// of 100 records that begin at 80, the third has lost all but 50; it leads and writes 10 records.
TEST(ReplicaLogs, LeaderMayEndBelowTheOthersLogStarts) {
  ReplicaLogs logs(3);
  for (std::size_t i = 0; i < 3; ++i) logs.append(i, {0, 100, 0, 0, 1});
  logs.promote(0);
  logs.commit(100);
  for (std::size_t i = 0; i < 3; ++i) logs.set_start(i, 80);
  logs.cut(2, 50);
  EXPECT_EQ(logs.start(2), 50) << "a log cannot begin beyond its end";
  logs.promote(2);
  logs.append(2, {50, 10, 500, 0, 2});
  EXPECT_EQ(logs.committed(), 50);
  EXPECT_EQ(logs.end(0), 100);
  EXPECT_LE(logs.agreed(0), 50);
  std::vector<LogRun> held;
  logs.for_each(0, 0, 100, [&](const LogRun& run) { held.push_back(run); });
  ASSERT_EQ(held.size(), 1u);
  EXPECT_EQ(held.front(), (LogRun{80, 20, 80, 0, 1}));
}

// Goal: below what retention took by right nobody need agree any more; above it everybody must. Method: replica 1 holds
// other records at [10, 20) and the same ones behind; the committed log expires up to 15, then to 20.
TEST(ReplicaLogs, NothingNeedAgreeBelowWhatHasExpired) {
  ReplicaLogs logs(2);
  logs.append(0, {0, 10, 0, 0, 1});
  logs.append(1, {0, 10, 0, 0, 1});
  logs.append(1, {10, 10, 70, 1, 1});
  logs.promote(0);
  logs.append(0, {10, 10, 10, 0, 2});
  logs.append(0, {20, 10, 20, 0, 3});
  logs.append(1, {20, 10, 20, 0, 3});
  logs.commit(30);
  logs.rematch(1);
  EXPECT_EQ(logs.agreed(1), 10);
  logs.expire(15);
  EXPECT_EQ(logs.agreed(1), 15) << "offsets 15 to 19 are committed and differ";
  logs.expire(20);
  EXPECT_EQ(logs.agreed(1), 30);
}

}  // namespace
}  // namespace brokersim::checkers
