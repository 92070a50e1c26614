// Goal: S27, S28, S29 and L8 see what they should, and nothing else. Method: histories of a few events by hand, each broken
// in one way; offsets written out.
#include "models/checkers/transaction_laws.h"

#include <gtest/gtest.h>

#include "models/checkers/run_observer.h"

namespace brokersim::checkers {
namespace {

using history::TransactionMark;

sim::SimTime at(std::int64_t seconds) { return {seconds * 1'000'000'000}; }

/// The partition of __consumer_offsets.
constexpr int kOffsets = 2;

/// One broker, two partitions and that of a coordinator, a transactional producer and a read_committed reader.
class Story {
 public:
  Story() : observer_(make()) {
    for (const history::PartitionId p : partitions_) {
      history_.record(history::PartitionChanged{at(0), p, 0, 0, 0, {0}, {}});
      history_.record(history::RoleChanged{at(0), 0, p, 0, 0, 0});
    }
  }

  /// Appends and commits `count` records of the producer; the next of its ordinals in that partition.
  void data(int partition, std::int64_t count, std::int16_t epoch = 0, sim::SimTime when = at(1)) {
    const history::RecordRange r{bank_, partitions_[partition], ordinals_[partition], count};
    ordinals_[partition] += count;
    history_.record(history::Sent{when, r});
    append(partition, r, TransactionMark::data, epoch, when);
  }
  /// The group coordinator appends `count` offsets that the producer commits in its transaction.
  void offsets(std::int64_t count, std::int16_t epoch = 0, sim::SimTime when = at(1)) {
    const history::RecordRange r{broker_, partitions_[kOffsets], markers_[kOffsets], count};
    markers_[kOffsets] += count;
    append(kOffsets, r, TransactionMark::data, epoch, when);
  }
  void marker(int partition, TransactionMark mark, std::int16_t epoch = 0, sim::SimTime when = at(2)) {
    append(partition, {broker_, partitions_[partition], markers_[partition]++, 1}, mark, epoch, when);
  }
  void joined(std::int64_t number, int partition, std::int64_t ordinal, std::int64_t amount = 0) {
    history_.record(history::TransactionJoined{
        at(1), bank_, number, {bank_, partitions_[partition], ordinal, 1}, {}, amount});
  }
  void ended(std::int64_t number, history::TransactionOutcome outcome) {
    history_.record(history::TransactionEnded{at(3), bank_, number, outcome, at(1), 2});
  }
  void read(int partition, std::int64_t offset, std::int64_t ordinal) {
    history::Consumed event;
    event.at = at(4);
    event.consumer = reader_;
    event.records = {bank_, partitions_[partition], ordinal, 1};
    event.base_offset = offset;
    history_.record(event);
  }
  void given(std::int16_t epoch) { history_.record(history::ProducerEpochGiven{at(2), 0, 7, epoch, false}); }

  /// The controller committed another state of the partition, which its replica has not heard of.
  void stands(int partition, std::int32_t leader, std::vector<history::BrokerId> isr,
              std::int32_t epoch = 1) {
    history_.record(
        history::PartitionChanged{at(2), partitions_[partition], leader, epoch, 1, std::move(isr), {}});
  }
  void deposed(int partition) { stands(partition, 1, {1}); }

  Findings finish(sim::SimTime now = at(10)) { return observer_.finish(now, {0, 0, 0}); }
  static Verdict of(const Findings& findings, const std::string& id) {
    for (const CheckResult& check : findings.checks) {
      if (check.id == id) return check.verdict;
    }
    return Verdict::not_applicable;
  }

 private:
  history::History& make() {
    for (int p = 0; p < 3; ++p) {
      history::PartitionInfo info;
      info.topic = p == kOffsets ? "__consumer_offsets" : "transfers";
      info.partition = p == kOffsets ? 0 : p;
      info.internal = p == kOffsets;
      info.replicas = {0};
      partitions_.push_back(history_.add_partition(info));
    }
    history::ClientInfo bank;
    bank.name = "bank-0";
    bank.workload = "bank";
    bank.transactional = true;
    bank.transaction_timeout = {20'000'000'000};
    bank_ = history_.add_client(bank);
    history::ClientInfo reader;
    reader.name = "reader-0";
    reader.workload = "reader";
    reader.producer = false;
    reader.read_committed = true;
    reader_ = history_.add_client(reader);
    history::ClientInfo broker;
    broker.name = "group-coordinator-0";
    broker.internal = true;
    broker_ = history_.add_client(broker);
    return history_;
  }
  void append(int partition, const history::RecordRange& r, TransactionMark mark, std::int16_t epoch,
              sim::SimTime when) {
    std::int64_t& end = ends_[partition];
    history_.record(history::Appended{when, 0, history::AppendRole::leader, r, end, 0, mark, epoch, 7});
    end += r.count;
    history_.record(history::HighWatermark{when, 0, partitions_[partition], end, true});
  }

  history::History history_;
  std::vector<history::PartitionId> partitions_;
  history::ClientId bank_;
  history::ClientId reader_;
  history::ClientId broker_;
  std::int64_t ordinals_[3] = {0, 0, 0};
  std::int64_t markers_[3] = {0, 0, 0};
  std::int64_t ends_[3] = {0, 0, 0};
  RunObserver observer_;
};

/// A transfer of 5 from partition 0 to partition 1.
void transfer(Story& s) {
  s.joined(0, 0, 0, -5);
  s.joined(0, 1, 0, 5);
  s.data(0, 1);
  s.data(1, 1);
}

TEST(TransactionLaws, AWholeTransferIsWhole) {
  Story s;
  transfer(s);
  s.marker(0, TransactionMark::commit);
  s.marker(1, TransactionMark::commit);
  s.ended(0, history::TransactionOutcome::committed);
  s.read(0, 0, 0);
  s.read(1, 0, 0);
  const Findings found = s.finish();
  for (const char* id : {"S22", "S26", "S27", "S28", "S29", "L8"})
    EXPECT_EQ(Story::of(found, id), Verdict::holds) << id;
  ASSERT_EQ(found.transactions.workloads.size(), 1u);
  const TransactionFindings& bank = found.transactions.workloads.front();
  EXPECT_EQ(bank.committed, 1);
  EXPECT_EQ(bank.records_committed, 2);
  EXPECT_EQ(bank.balance, 0);
  EXPECT_EQ(bank.read_balance, 0);
}

TEST(TransactionLaws, HalfATransferIsTorn) {
  Story s;
  transfer(s);
  s.marker(0, TransactionMark::commit);
  s.marker(1, TransactionMark::abort);
  const Findings found = s.finish();
  EXPECT_EQ(Story::of(found, "S28"), Verdict::violated);
  EXPECT_EQ(found.transactions.workloads.front().torn, 1);
  EXPECT_EQ(found.transactions.workloads.front().balance, -5);
}

TEST(TransactionLaws, CommittedMustCountAndAbortedMustNot) {
  Story lost;
  transfer(lost);
  lost.marker(0, TransactionMark::abort);
  lost.marker(1, TransactionMark::abort);
  lost.ended(0, history::TransactionOutcome::committed);
  EXPECT_EQ(Story::of(lost.finish(), "S28"), Verdict::violated);

  Story shown;
  transfer(shown);
  shown.marker(0, TransactionMark::commit);
  shown.marker(1, TransactionMark::commit);
  shown.ended(0, history::TransactionOutcome::aborted);
  EXPECT_EQ(Story::of(shown.finish(), "S28"), Verdict::violated);

  Story unknown;
  transfer(unknown);
  unknown.marker(0, TransactionMark::commit);
  unknown.marker(1, TransactionMark::commit);
  unknown.ended(0, history::TransactionOutcome::unknown);
  EXPECT_EQ(Story::of(unknown.finish(), "S28"), Verdict::holds) << "either is right";
}

TEST(TransactionLaws, ReadersSeeNothingOpenAndNothingAborted) {
  Story open;
  transfer(open);
  open.read(0, 0, 0);
  EXPECT_EQ(Story::of(open.finish(), "S27"), Verdict::violated);

  Story aborted;
  transfer(aborted);
  aborted.marker(0, TransactionMark::abort);
  aborted.marker(1, TransactionMark::abort);
  aborted.read(0, 0, 0);
  EXPECT_EQ(Story::of(aborted.finish(), "S27"), Verdict::violated);
}

TEST(TransactionLaws, MarkersAndAbortedRecordsAreNoGap) {
  Story s;
  s.data(0, 1);                          // 0
  s.marker(0, TransactionMark::commit);  // 1
  s.data(0, 1);                          // 2
  s.marker(0, TransactionMark::abort);   // 3
  s.data(0, 1);                          // 4
  s.marker(0, TransactionMark::commit);  // 5
  s.read(0, 0, 0);
  s.read(0, 4, 2);
  EXPECT_EQ(Story::of(s.finish(), "S26"), Verdict::holds);

  Story gap;
  gap.data(0, 1);                          // 0
  gap.marker(0, TransactionMark::commit);  // 1
  gap.data(0, 2);                          // 2, 3
  gap.marker(0, TransactionMark::commit);  // 4
  gap.read(0, 0, 0);
  gap.read(0, 3, 2);
  EXPECT_EQ(Story::of(gap.finish(), "S26"), Verdict::violated) << "offset 2 counts and was passed over";
}

TEST(TransactionLaws, AnOldEpochWritesNothingOnceANewOneIsGiven) {
  Story s;
  s.data(0, 1, 3);
  s.marker(0, TransactionMark::abort, 4);
  s.given(5);
  EXPECT_EQ(Story::of(s.finish(), "S29"), Verdict::holds);

  Story zombie;
  zombie.given(5);
  zombie.data(1, 1, 3);
  EXPECT_EQ(Story::of(zombie.finish(), "S29"), Verdict::violated);
}

// A leader that was replaced and does not know it appends what nobody will ever commit.
TEST(TransactionLaws, WhatADeposedLeaderAppendsIsNoBreach) {
  Story s;
  s.given(5);
  s.deposed(1);
  s.data(1, 1, 3);
  EXPECT_EQ(Story::of(s.finish(), "S29"), Verdict::holds);
}

// Nobody can end a transaction in a partition without a leader, or with fewer in sync than acks=all asks for.
TEST(TransactionLaws, WhatNobodyCanEndDoesNotHang) {
  for (const bool led : {false, true}) {
    Story s;
    transfer(s);
    for (const int partition : {0, 1})
      s.stands(partition, led ? 0 : -1,
               led ? std::vector<history::BrokerId>{} : std::vector<history::BrokerId>{0});
    const Findings found = s.finish(at(52));
    EXPECT_EQ(Story::of(found, "L8"), Verdict::not_applicable) << (led ? "no replica in sync" : "no leader");
    EXPECT_EQ(found.transactions.hanging, 2) << "counted all the same";
  }
}

TEST(TransactionLaws, WhatStaysOpenHangs) {
  Story soon;
  transfer(soon);
  EXPECT_EQ(Story::of(soon.finish(at(40)), "L8"), Verdict::holds)
      << "20 s and 30 s have not passed since 1 s";
  Story late;
  transfer(late);
  const Findings found = late.finish(at(52));
  EXPECT_EQ(Story::of(found, "L8"), Verdict::violated);
  EXPECT_EQ(found.transactions.hanging, 2);
  EXPECT_EQ(found.transactions.hanging_longest, sim::Duration{51'000'000'000});
}

// A transaction's time is its own: one that begins at 45 s is not old at 60 s, though the producer's first began at 1 s.
TEST(TransactionLaws, ALongLifeIsNoLongTransaction) {
  Story s;
  for (int n = 0; n < 10; ++n) {
    s.data(0, 1, 0, at(1 + 5 * n));
    if (n < 9) s.marker(0, TransactionMark::commit, 0, at(3 + 5 * n));
  }
  EXPECT_EQ(Story::of(s.finish(at(60)), "L8"), Verdict::holds) << "46 s and 20 s and 30 s are not over";
}

// The next one cannot begin before every marker of the one before is written: so the first hangs long before its time is over.
TEST(TransactionLaws, TheNextOneProvesThatOneHangs) {
  Story late;
  transfer(late);
  late.marker(0, TransactionMark::commit, 0, at(2));
  late.data(0, 1, 0, at(4));
  late.marker(0, TransactionMark::commit, 0, at(5));
  const Findings found = late.finish(at(35));
  EXPECT_EQ(Story::of(found, "L8"), Verdict::violated) << "4 s and 30 s; its own time is over at 51 s";
  EXPECT_EQ(found.transactions.hanging, 1);
  Story soon;
  transfer(soon);
  soon.marker(0, TransactionMark::commit, 0, at(2));
  soon.data(0, 1, 0, at(4));
  EXPECT_EQ(Story::of(soon.finish(at(33)), "L8"), Verdict::holds) << "a marker may be on its way";
}

// Coordinators' logs are logs: offsets that nobody ends stay pending for ever. The client's own timeout holds there, too.
TEST(TransactionLaws, OffsetsWithoutAMarkerHang) {
  Story s;
  s.data(0, 1);
  s.offsets(1);
  s.marker(0, TransactionMark::commit);
  EXPECT_EQ(Story::of(s.finish(at(52)), "L8"), Verdict::violated) << "1 s, 20 s and 30 s are over";
  Story whole;
  whole.data(0, 1);
  whole.offsets(1);
  whole.marker(0, TransactionMark::commit);
  whole.marker(kOffsets, TransactionMark::commit);
  EXPECT_EQ(Story::of(whole.finish(at(52)), "L8"), Verdict::holds);
  Story alone;  // nothing but offsets: the longest timeout of all clients counts
  alone.offsets(1);
  EXPECT_EQ(Story::of(alone.finish(at(50)), "L8"), Verdict::holds);
  Story hangs;
  hangs.offsets(1);
  EXPECT_EQ(Story::of(hangs.finish(at(52)), "L8"), Verdict::violated);
}

}  // namespace
}  // namespace brokersim::checkers
