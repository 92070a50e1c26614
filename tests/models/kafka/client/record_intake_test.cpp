// Goal: records join batches at the exact times and sizes that the client's rules give, whatever the steps.
#include <gtest/gtest.h>

#include "models/kafka/client/record_intake.h"
#include "models/log/batch.h"
#include "sim/component.h"

namespace brokersim::kafka::client {
namespace {
using namespace sim::literals;

struct Draws {
  sim::Simulation sim{1};
  sim::Component component{sim, "pure"};
  [[nodiscard]] sim::Stream stream() const { return component.stream("draws"); }
};

ProducerParams params_at(std::int64_t rate_milli) {
  ProducerParams params;
  params.rate_per_second_milli = rate_milli;
  params.record_size = {100};
  params.start = {1'000};
  params.partitions = {{0}};
  return params;
}

// Method: walk the intake in small steps and in one jump; batches, ordinals and times must be equal, and sizes exact.
TEST(RecordIntake, StepsDoNotMatter) {
  const auto walk = [](sim::Duration step) {
    const Draws draws;
    ProducerParams params = params_at(100'000'000);
    params.partitions = {{0}, {1}, {2}};
    params.config.batch_size = {2'000};
    params.end = params.start + 5_ms;
    ProducerLedger ledger;
    Accumulator accumulator(3, params.config.buffer_memory, params.config.batch_size);
    RecordIntake intake(params, ledger, accumulator, draws.stream(), draws.component.stream("sticky"), {});
    intake.set_available({true, true, true});
    for (sim::SimTime t; t < params.end + step; t += step) intake.advance(t);
    EXPECT_TRUE(intake.finished());
    std::vector<std::int64_t> shape;
    for (const Slot slot : intake.closed()) {
      const Batch& batch = accumulator[slot];
      EXPECT_EQ(batch.bytes, log::batch_bytes(batch.count, 100, batch.intended_first, batch.intended_last));
      EXPECT_LE(batch.bytes, 2'000);
      for (const std::int64_t part : {std::int64_t{batch.partition}, batch.first, batch.count,
                                      batch.intended_first.ns, batch.intended_last.ns, batch.created.ns}) {
        shape.push_back(part);
      }
    }
    return shape;
  };
  const auto whole = walk(20_ms);
  EXPECT_GT(whole.size(), 6u * 20);
  EXPECT_EQ(walk(7_us), whole);
  EXPECT_EQ(walk(1_us), whole);
}

// Method: nothing between the times that next_time() names matters: following them gives every batch its exact moment.
TEST(RecordIntake, NextTimeIsWhenABatchFills) {
  const Draws draws;
  ProducerParams params = params_at(1'000'000);
  params.config.batch_size = {1'024};  // 8 records
  params.config.buffer_memory = {2'048};
  ProducerLedger ledger;
  Accumulator accumulator(1, params.config.buffer_memory, params.config.batch_size);
  RecordIntake intake(params, ledger, accumulator, draws.stream(), draws.stream(), {});
  EXPECT_EQ(intake.next_time(5_ms), params.start) << "blocked by metadata from the first record on";
  intake.advance(params.start);
  EXPECT_TRUE(intake.blocked());
  EXPECT_FALSE(intake.exhausted());
  intake.set_available({true});
  intake.unblock(params.start);
  EXPECT_EQ(accumulator.queued(0), 1);
  EXPECT_EQ(intake.next_time(5_ms), params.start + 8_ms) << "the ninth record finds no room";
  intake.advance(params.start + 8_ms);
  EXPECT_EQ(accumulator.queued(0), 2);
  EXPECT_EQ(intake.next_time(5_ms), params.start + 16_ms);
  intake.advance(params.start + 20_ms);
  EXPECT_TRUE(intake.exhausted());
  EXPECT_EQ(intake.blocked_since(), params.start + 16_ms);
  EXPECT_EQ(intake.next_time(5_ms), sim::SimTime::max());
  accumulator.release(accumulator.pop(0));
  intake.unblock(params.start + 20_ms);
  EXPECT_FALSE(intake.blocked());
  const Batch& batch = accumulator[accumulator.tail(0)];
  EXPECT_EQ(batch.count, 5) << "records 16 to 20: the thread has caught up";
  EXPECT_EQ(batch.intended_first, params.start + 16_ms);
  EXPECT_EQ(batch.created, params.start + 20_ms);
  EXPECT_EQ(ledger.next_record, 21);
}

// Method: as StepsDoNotMatter for random and for saturated arrivals, where a thread's delay shifts all that follows; a
// batch is taken from the pool's front every 300 us, so that memory blocks now and then.
TEST(RecordIntake, StepsDoNotMatterWhenMemoryBlocks) {
  for (const Arrivals arrivals : {Arrivals::poisson, Arrivals::saturate}) {
    const auto walk = [arrivals](sim::Duration step) {
      const Draws draws;
      ProducerParams params = params_at(100'000'000);
      params.arrivals = arrivals;
      params.send_cost = {9'000};
      params.partitions = {{0}, {1}};
      params.config.batch_size = {2'000};
      params.config.buffer_memory = {8'000};
      params.end = params.start + 10_ms;
      ProducerLedger ledger;
      Accumulator accumulator(2, params.config.buffer_memory, params.config.batch_size);
      RecordIntake intake(params, ledger, accumulator, draws.stream(), draws.component.stream("sticky"), {});
      intake.set_available({true, true});
      std::vector<std::int64_t> shape;
      const auto note = [&] {
        for (const Slot slot : intake.closed()) {
          const Batch& batch = accumulator[slot];
          for (const std::int64_t part :
               {std::int64_t{batch.partition}, batch.first, batch.count, batch.intended_first.ns,
                batch.intended_last.ns, batch.created.ns}) {
            shape.push_back(part);
          }
        }
        intake.closed().clear();
      };
      for (sim::SimTime t; t < params.end + 5_ms; t += step) {
        intake.advance(t);
        note();
        if (t.ns % 300'000 != 0) continue;
        const Slot oldest = accumulator.oldest();
        if (oldest == kNoSlot || !accumulator[oldest].closed) continue;
        accumulator.remove(oldest);
        accumulator.release(oldest);
        intake.unblock(t);
        note();
      }
      return shape;
    };
    const auto whole = walk(300_us);
    EXPECT_GT(whole.size(), 6u * 10);
    EXPECT_EQ(walk(10_us), whole);
    EXPECT_EQ(walk(1_us), whole);
  }
}

}  // namespace
}  // namespace brokersim::kafka::client
