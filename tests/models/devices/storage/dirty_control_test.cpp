// The control law by itself: values against the kernel's formulas worked by hand.
#include <gtest/gtest.h>

#include "models/devices/storage/dirty_control.h"

namespace brokersim::storage {
namespace {

using namespace sim::literals;

/// 32 GB dirtyable: background 3.2, freerun 4.8, set point 5.6, limit 6.4 GB.
DirtyThresholds thresholds() { return dirty_thresholds(32'000'000'000, PageCacheConfig{}); }

/// A device of 150 MB/s that holds all dirty bytes.
DirtyDevice device(std::int64_t dirty) {
  DirtyDevice result;
  result.dirty = dirty;
  result.bandwidth = result.bandwidth_slow = result.rate_limit = result.balanced = 150'000'000;
  return result;
}

// Goal: the four levels of 3.3.
TEST(DirtyControl, Thresholds) {
  const DirtyThresholds at = thresholds();
  EXPECT_EQ(at.background, 3'200'000'000);
  EXPECT_EQ(at.freerun, 4'800'000'000);
  EXPECT_EQ(at.set_point, 5'600'000'000);
  EXPECT_EQ(at.limit, 6'400'000'000);
}

// Goal: pos = (1 + ((setpoint - dirty) / (limit - setpoint))^3) x (x - dirty) / (x - setpoint), x = setpoint + 8 W; in
// 1,024ths. Method: by hand at five levels.
TEST(DirtyControl, PositionFollowsTheCubicAndTheDevice) {
  const auto position = [](std::int64_t dirty) {
    return position_ratio(thresholds(), dirty, device(dirty), 1'024);
  };
  EXPECT_EQ(position(5'600'000'000), 1'024) << "set point";
  EXPECT_EQ(position(4'800'000'000), 3'413) << "freerun: 2 x (1.2 + 0.8) / 1.2";
  EXPECT_EQ(position(5'200'000'000), 1'536) << "1.125 x 1.6 / 1.2";
  EXPECT_EQ(position(6'000'000'000), 597) << "0.875 x 0.8 / 1.2";
  EXPECT_EQ(position(6'400'000'000), 0) << "limit";
}

// Goal: a device that shares the host with a faster one is held to its part of the limit. Method: an eighth of the limit,
// all of the dirty bytes: the position is a quarter at the set point.
TEST(DirtyControl, ASlowDeviceIsHeldToItsShare) {
  const std::int64_t alone = position_ratio(thresholds(), 5'600'000'000, device(5'600'000'000), 1'024);
  const std::int64_t eighth = position_ratio(thresholds(), 5'600'000'000, device(5'600'000'000), 128);
  EXPECT_EQ(alone, 1'024);
  EXPECT_EQ(eighth, 1'024 / 4);
}

// Goal: an almost idle device is given up to eight times as much, so that it does not run dry.
TEST(DirtyControl, AnIdleDeviceIsFavoured) {
  const std::int64_t position = position_ratio(thresholds(), 5'600'000'000, device(10'000'000), 512);
  EXPECT_GT(position, 8 * 1'024);
}

// Goal: a writer that writes twice within an instant sleeps for both, one after the other, and not for the first one twice.
// Method: 15 MB and 7.5 MB at the set point, where a writer gets the device's 150 MB/s.
TEST(DirtyControl, WritesOfOneInstantSleepInTurn) {
  const DirtyDevice at_point = device(5'600'000'000);
  DirtyWriter writer;
  writer.dirtied = 15'000'000;
  writer.paused_until = sim::SimTime{} + 1_s;
  EXPECT_EQ(pause_of(writer, at_point, 1'024, sim::SimTime{} + 1_s), 100_ms);
  writer.dirtied = 7'500'000;
  EXPECT_EQ(pause_of(writer, at_point, 1'024, sim::SimTime{} + 1_s), 150_ms) << "100 ms and 50 ms";
  EXPECT_EQ(writer.paused_until, sim::SimTime{} + 1'150_ms);
}

// Goal: the estimate has moved 63 % of a step after about 4.1 s. Method: 300 MB/s from the first guess of 100 MiB/s.
TEST(DirtyControl, BandwidthIsSmoothedOverFourSeconds) {
  DirtyDevice state;
  sim::SimTime now{1'000'000'000};
  restart_sample(state, now);
  for (int i = 0; i < 20; ++i) {
    now = now + 200_ms;
    state.written += 60'000'000;
    sample_bandwidth(state, now);
  }
  const double moved = static_cast<double>(state.bandwidth - DirtyDevice::kFirstGuess) /
                       static_cast<double>(300'000'000 - DirtyDevice::kFirstGuess);
  EXPECT_NEAR(moved, 0.632, 0.01);
  EXPECT_LT(state.bandwidth_slow, state.bandwidth);
}

// Goal: the writer's rate falls to what the device takes, an eighth of the gap at a time, and not below. Method: one writer
// that is given 600 MB/s far above the set point of a device of 150 MB/s; small differences are not pursued.
TEST(DirtyControl, RateLimitConvergesToTheDevice) {
  DirtyDevice state = device(6'200'000'000);
  state.rate_limit = 600'000'000;
  sim::SimTime now{1'000'000'000};
  for (int i = 0; i < 100; ++i) {
    restart_sample(state, now);
    now = now + 200_ms;
    const std::int64_t position = position_ratio(thresholds(), 6'200'000'000, state, 1'024);
    state.dirtied += state.rate_limit * position / 1'024 / 5;
    sample_rate_limit(state, thresholds(), 6'200'000'000, position, now);
  }
  EXPECT_NEAR(static_cast<double>(state.rate_limit), 150e6, 18e6);
}

// Goal: pauses are at most 200 ms and carry over what is too short. Method: writers at 150 MB/s.
TEST(DirtyControl, PausesAreBetweenTenAndTwoHundredMilliseconds) {
  const DirtyDevice state = device(5'600'000'000);
  const sim::SimTime now{10'000'000'000};
  DirtyWriter small;
  small.paused_until = now;
  small.dirtied = 15'000;  // 0.1 ms
  EXPECT_EQ(pause_of(small, state, 1'024, now), 0_ns);
  EXPECT_EQ(small.paused_until, now + sim::Duration{100'000}) << "owed next time";
  DirtyWriter large;
  large.paused_until = now;
  large.dirtied = 15'000'000;
  EXPECT_EQ(pause_of(large, state, 1'024, now), 100_ms);
  large.dirtied = 150'000'000;
  large.paused_until = now;
  EXPECT_EQ(pause_of(large, state, 1'024, now), 200_ms);
  DirtyWriter stopped;
  stopped.dirtied = 1;
  EXPECT_EQ(pause_of(stopped, state, 0, now), 200_ms) << "at the limit";
  DirtyWriter thinker;
  thinker.dirtied = 15'000'000;
  thinker.paused_until = now - 90_ms;
  EXPECT_EQ(pause_of(thinker, state, 1'024, now), 10_ms) << "the time since its last pause counts";
}

}  // namespace
}  // namespace brokersim::storage
