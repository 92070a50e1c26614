// Goal: a clock's error is exact, whatever it drifts, steps and slews, and however often it is looked at.
#include <gtest/gtest.h>

#include "models/devices/compute/clock.h"

namespace brokersim::compute {
namespace {
using namespace sim::literals;

sim::SimTime at(sim::Duration since_start) { return sim::SimTime{} + since_start; }

TEST(Clock, DriftStepAndSlewAddUp) {
  Clock clock;
  EXPECT_EQ(clock.read(at(10_s)), 0);
  clock.set_drift(at(10_s), 50'000);  // 50 ppm
  EXPECT_EQ(clock.read(at(110_s)), 5'000'000) << "50 us a second";
  clock.step(at(110_s), -1'000'000'000);
  clock.set_drift(at(110_s), 0);
  EXPECT_EQ(clock.read(at(120_s)), -995'000'000);
  clock.slew(at(120_s), 500'000);  // 500 ppm: 1,990 s for 995 ms
  EXPECT_EQ(clock.read(at(1'120_s)), -495'000'000);
  EXPECT_EQ(clock.read(at(2'110_s)), 0);
  EXPECT_EQ(clock.read(at(9'000_s)), 0) << "a slew ends when the error is gone";
  EXPECT_EQ(clock.reads(), 6u);
}

// Method: one clock is looked at every 7 ns for 10 us, the other once.
TEST(Clock, LookingChangesNothing) {
  Clock often;
  Clock once;
  for (Clock* clock : {&often, &once}) {
    clock->step(at(0_s), -3);
    clock->set_drift(at(0_s), -12'345'678);
    clock->slew(at(0_s), 999);
  }
  for (std::int64_t ns = 7; ns < 10'000; ns += 7) static_cast<void>(often.error(sim::SimTime{ns}));
  EXPECT_EQ(often.read(sim::SimTime{10'000}), once.read(sim::SimTime{10'000}));
  EXPECT_EQ(often.reads(), 1u);
}

}  // namespace
}  // namespace brokersim::compute
