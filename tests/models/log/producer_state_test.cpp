// Goal: idempotent sequence checks follow kafka-behaviour.md section 3.1.
#include "models/log/producer_state.h"

#include <gtest/gtest.h>

namespace brokersim::log {
namespace {

BatchData batch(std::int16_t epoch, std::int32_t sequence, std::int64_t count) {
  BatchData data;
  data.producer_id = 9;
  data.producer_epoch = epoch;
  data.base_sequence = sequence;
  data.records.count = count;
  return data;
}

TEST(ProducerState, AcceptsTheNextAndRefusesGaps) {
  ProducerState state;
  EXPECT_EQ(state.check(batch(0, 5, 1)).check, SequenceCheck::append) << "no state: any first sequence";
  state.note({batch(0, 0, 10), 100, 0});
  EXPECT_EQ(state.check(batch(0, 10, 1)).check, SequenceCheck::append);
  EXPECT_EQ(state.check(batch(0, 11, 1)).check, SequenceCheck::out_of_order);
  EXPECT_EQ(state.check(batch(1, 0, 1)).check, SequenceCheck::append) << "a new epoch starts at 0";
  EXPECT_EQ(state.check(batch(1, 10, 1)).check, SequenceCheck::out_of_order);
}

TEST(ProducerState, OldEpochIsFenced) {
  ProducerState state;
  state.note({batch(3, 0, 1), 0, 0});
  EXPECT_EQ(state.check(batch(2, 1, 1)).check, SequenceCheck::fenced);
}

// Five batches are remembered: the sixth newest is no duplicate any more but out of order.
TEST(ProducerState, FiveBatchesAreRemembered) {
  ProducerState state;
  for (std::int32_t i = 0; i < 6; ++i) state.note({batch(0, i * 10, 10), i * 10, 0});
  EXPECT_EQ(state.check(batch(0, 0, 10)).check, SequenceCheck::out_of_order);
  const SequenceVerdict verdict = state.check(batch(0, 10, 10));
  EXPECT_EQ(verdict.check, SequenceCheck::duplicate);
  EXPECT_EQ(verdict.duplicate_base_offset, 10);
  EXPECT_EQ(state.check(batch(0, 10, 9)).check, SequenceCheck::out_of_order)
      << "same start, other end: no duplicate";
}

// A snapshot file holds one batch of each producer: after it was loaded an older one is no duplicate any more.
TEST(ProducerState, ASnapshotRemembersTheLastBatchOnly) {
  ProducerState state;
  for (std::int32_t i = 0; i < 3; ++i) state.note({batch(0, i * 10, 10), i * 10, 0});
  state.keep_latest();
  EXPECT_EQ(state.check(batch(0, 20, 10)).check, SequenceCheck::duplicate);
  EXPECT_EQ(state.check(batch(0, 10, 10)).check, SequenceCheck::out_of_order);
  EXPECT_EQ(state.check(batch(0, 30, 10)).check, SequenceCheck::append);
}

TEST(ProducerState, SequencesWrapAfterTheHighestInt) {
  ProducerState state;
  state.note({batch(0, 0x7FFFFFFF, 1), 0, 0});
  EXPECT_EQ(state.check(batch(0, 0, 1)).check, SequenceCheck::append);
}

TEST(ProducerState, WithoutProducerIdNothingIsChecked) {
  ProducerState state;
  BatchData data = batch(0, 7, 1);
  data.producer_id = -1;
  state.note({data, 0, 0});
  EXPECT_EQ(state.producers(), 0u);
  EXPECT_EQ(state.check(data).check, SequenceCheck::append);
}

}  // namespace
}  // namespace brokersim::log
