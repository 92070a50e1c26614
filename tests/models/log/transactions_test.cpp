// Goal: what a partition knows of transactions: what is open, the last stable offset, the index of aborted ones, verification.
// Method: batches and markers by hand, offsets written out (kafka-behaviour.md sections 4.6, 7.3 to 7.5).
#include <gtest/gtest.h>

#include "models/log/producer_state.h"

namespace brokersim::log {
namespace {

class Partition {
 public:
  ProducerState state;

  void data(std::int64_t producer, std::int64_t count, std::int16_t epoch = 0) {
    state.note({batch(producer, count, epoch, sequences_[producer]), next_, 0});
    sequences_[producer] += static_cast<std::int32_t>(count);
    next_ += count;
  }
  void marker(std::int64_t producer, BatchKind kind, std::int16_t epoch = 0, std::int32_t coordinator = 5) {
    state.note({marker_of(producer, kind, epoch, coordinator), next_, 0});
    ++next_;
  }
  static BatchData batch(std::int64_t producer, std::int64_t count, std::int16_t epoch, std::int32_t sequence) {
    BatchData data;
    data.kind = BatchKind::transactional;
    data.producer_id = producer;
    data.producer_epoch = epoch;
    data.base_sequence = sequence;
    data.records.count = count;
    return data;
  }
  static BatchData marker_of(std::int64_t producer, BatchKind kind, std::int16_t epoch, std::int32_t coordinator) {
    BatchData data;
    data.kind = kind;
    data.producer_id = producer;
    data.producer_epoch = epoch;
    data.coordinator_epoch = coordinator;
    data.records.count = 1;
    return data;
  }

 private:
  std::int64_t next_ = 0;
  std::map<std::int64_t, std::int32_t> sequences_;
};

TEST(Transactions, TheFirstOpenOffsetBoundsTheStableOnes) {
  Partition p;
  p.data(1, 10);                      // 0..9
  p.data(2, 5);                       // 10..14
  EXPECT_EQ(p.state.last_stable_offset(15), 0);
  p.marker(1, BatchKind::commit);     // 15
  EXPECT_EQ(p.state.last_stable_offset(15), 0) << "a marker at the high watermark may still vanish";
  EXPECT_EQ(p.state.last_stable_offset(16), 10) << "now the other one bounds it";
  p.marker(2, BatchKind::abort);      // 16
  EXPECT_EQ(p.state.last_stable_offset(17), 17);
  p.state.high_watermark_moved(17);
  EXPECT_TRUE(p.state.all_stable());
}

TEST(Transactions, AbortedOnesAreListedWithTheirRange) {
  Partition p;
  p.data(1, 10);                   // 0..9
  p.data(2, 5);                    // 10..14
  p.marker(2, BatchKind::abort);   // 15; 1 is still open
  p.data(1, 5);                    // 16..20
  p.marker(1, BatchKind::commit);  // 21
  p.data(3, 1);                    // 22
  p.marker(3, BatchKind::abort);   // 23
  const AbortedTransaction first{2, 10, 15, 0};
  const AbortedTransaction second{3, 22, 23, 24};
  EXPECT_EQ(p.state.aborted(), (std::vector{first, second}));
  EXPECT_EQ(p.state.aborted_within(0, 24), (std::vector{first, second}));
  EXPECT_EQ(p.state.aborted_within(0, 12), (std::vector{first}));
  EXPECT_EQ(p.state.aborted_within(16, 22), (std::vector<AbortedTransaction>{}));
  EXPECT_EQ(p.state.aborted_within(15, 23), (std::vector{first, second})) << "its marker alone is within";
}

TEST(Transactions, AMarkerOfNothingOpenChangesNothing) {
  Partition p;
  p.marker(1, BatchKind::abort);
  EXPECT_TRUE(p.state.all_stable());
  EXPECT_TRUE(p.state.aborted().empty());
}

TEST(Transactions, MarkersOfOldCoordinatorsAndOldEpochsAreRefused) {
  Partition p;
  p.data(1, 1, 3);
  p.marker(1, BatchKind::commit, 3, 5);
  EXPECT_EQ(p.state.check_marker(Partition::marker_of(1, BatchKind::commit, 3, 4)), MarkerCheck::coordinator_fenced);
  EXPECT_EQ(p.state.check_marker(Partition::marker_of(1, BatchKind::commit, 2, 6)), MarkerCheck::fenced);
  EXPECT_EQ(p.state.check_marker(Partition::marker_of(1, BatchKind::commit, 4, 5)), MarkerCheck::append);
}

// TV2: the marker brings the next epoch, so that nothing late of the old one is taken.
TEST(Transactions, ARaisedEpochFencesWhatComesLate) {
  Partition p;
  p.data(1, 4);
  p.marker(1, BatchKind::commit, 1);
  EXPECT_EQ(p.state.check(Partition::batch(1, 1, 0, 4)).check, SequenceCheck::fenced);
  EXPECT_EQ(p.state.check(Partition::batch(1, 1, 1, 0)).check, SequenceCheck::append);
  EXPECT_EQ(p.state.check(Partition::batch(1, 1, 1, 4)).check, SequenceCheck::out_of_order);
}

TEST(Transactions, APlainBatchIsRefusedWhileItsProducersTransactionIsOpen) {
  Partition p;
  p.data(1, 4);
  BatchData plain = Partition::batch(1, 1, 0, 4);
  plain.kind = BatchKind::plain;
  EXPECT_EQ(p.state.check(plain).check, SequenceCheck::bad_state);
}

// KIP-890: the first batch of a transaction needs the coordinator's word, and a marker takes that word back.
TEST(Transactions, VerificationIsVoidedByAMarker) {
  Partition p;
  const BatchData first = Partition::batch(1, 1, 0, 0);
  EXPECT_TRUE(p.state.needs_verification(first));
  EXPECT_FALSE(p.state.granted(first));
  const std::uint64_t guard = p.state.begin_verification(first);
  p.state.grant(first, guard);
  EXPECT_TRUE(p.state.granted(first));
  p.marker(1, BatchKind::abort);
  EXPECT_FALSE(p.state.granted(first));
  p.state.grant(first, guard);
  EXPECT_FALSE(p.state.granted(first)) << "an answer from before the marker";
  p.data(1, 1);
  EXPECT_FALSE(p.state.needs_verification(Partition::batch(1, 1, 0, 1))) << "it is open";
}

// KAFKA-14920: with no state, a later batch does not overtake an earlier one that is still being verified.
TEST(Transactions, ALaterFirstBatchIsOutOfOrder) {
  Partition p;
  static_cast<void>(p.state.begin_verification(Partition::batch(1, 5, 0, 0)));
  EXPECT_EQ(p.state.check(Partition::batch(1, 5, 0, 5)).check, SequenceCheck::out_of_order);
  EXPECT_EQ(p.state.check(Partition::batch(1, 5, 0, 0)).check, SequenceCheck::append);
}

}  // namespace
}  // namespace brokersim::log
