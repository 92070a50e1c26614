// Goal: the quota of replication measures as Kafka's SimpleRate over 11 samples of 1 s does (KIP-73). Method: records at
// given times; the edges are computed by hand.
#include "models/kafka/replication/replication_quota.h"

#include <gtest/gtest.h>

namespace brokersim::kafka::replication {
namespace {
using namespace sim::literals;
using sim::SimTime;

SimTime at(sim::Duration since) { return SimTime{} + since; }

TEST(ReplicationQuota, WithoutALimitNothingIsEverTooMuch) {
  ReplicationQuota quota(kUnthrottled);
  EXPECT_FALSE(quota.limited());
  quota.record(at(0_s), std::int64_t{1} << 40);
  EXPECT_FALSE(quota.exceeded(at(0_s)));
}

// The window is never shorter than one sample, so a burst of a second's worth passes at once, and one byte more does not.
TEST(ReplicationQuota, TheFirstSecondAllowsOneSecondsWorth) {
  ReplicationQuota quota(1'000);
  EXPECT_FALSE(quota.exceeded(at(0_s)));
  quota.record(at(0_s), 1'000);
  EXPECT_FALSE(quota.exceeded(at(0_s))) << "exactly the rate is not above it";
  quota.record(at(10_ms), 1);
  EXPECT_TRUE(quota.exceeded(at(10_ms)));
  EXPECT_TRUE(quota.exceeded(at(1_s)));
  EXPECT_FALSE(quota.exceeded(at(1'001_ms))) << "1,001 bytes in 1.001 s";
}

// 10,000 bytes at once are worked off at 1,000 a second.
TEST(ReplicationQuota, ABurstHoldsBackUntilTheRateIsDownAgain) {
  ReplicationQuota quota(1'000);
  quota.record(at(0_s), 10'000);
  EXPECT_TRUE(quota.exceeded(at(9'999_ms)));
  EXPECT_FALSE(quota.exceeded(at(10_s)));
}

// After 11 s the sample is forgotten, whatever it held.
TEST(ReplicationQuota, AfterElevenSecondsASampleIsForgotten) {
  ReplicationQuota quota(1'000);
  quota.record(at(0_s), 50'000);
  EXPECT_TRUE(quota.exceeded(at(10'999_ms)));
  EXPECT_FALSE(quota.exceeded(at(11_s)));
}

TEST(ReplicationQuota, ARateOfZeroLetsNothingThroughAfterTheFirstByte) {
  ReplicationQuota quota(0);
  EXPECT_FALSE(quota.exceeded(at(0_s)));
  quota.record(at(0_s), 1);
  EXPECT_TRUE(quota.exceeded(at(10_s)));
}

}  // namespace
}  // namespace brokersim::kafka::replication
