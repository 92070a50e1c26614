// Goal: what a coordinator writes bears its broker's wall clock, as a producer's batches bear theirs: retention and resets by time
// look at it. Method: one batch at 100 s by a true clock, one by a clock that is 2 s fast.
#include "models/kafka/broker/internal_log.h"

#include <gtest/gtest.h>

#include "models/devices/compute/clock.h"

namespace brokersim::kafka::broker {
namespace {

TEST(InternalLog, BatchesBearTheBrokersClock) {
  compute::Clock clock;
  wire::GroupRecordStore contents;
  BrokerParams params;
  params.id = 0;
  params.clock = &clock;
  params.contents = &contents;
  const sim::SimTime now{100'000'000'000};
  EXPECT_EQ(internal_batch(params, now, {0}, 1, 50).timestamp_ms(), 100'000);
  clock.step(now, 2'000'000'000);
  EXPECT_EQ(internal_batch(params, now, {0}, 1, 50).timestamp_ms(), 102'000);
}

}  // namespace
}  // namespace brokersim::kafka::broker
