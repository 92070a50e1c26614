// Goal: what differs between 3.9, 4.0 and 4.1 in the controller is one named switch each, set by the version and
// overridable. Method: the rules made from each version, bare and with each switch the other way.
#include <gtest/gtest.h>

#include "models/kafka/controller/controller.h"

namespace brokersim::kafka::controller {
namespace {

constexpr Version kVersions[] = {Version::v3_9, Version::v4_0, Version::v4_1};

TEST(Versions, EachReleaseHasItsRules) {
  const bool detects_clean[] = {false, true, true};       // KAFKA-18106, 4.0
  const bool last_leader_lives[] = {false, false, true};  // KAFKA-19522, 4.1.0
  for (std::size_t i = 0; i < 3; ++i) {
    const ControllerRules rules = controller_rules(kVersions[i], {});
    EXPECT_EQ(rules.detect_clean_shutdown, detects_clean[i]);
    EXPECT_EQ(rules.election.last_known_leader_must_live, last_leader_lives[i]);
    EXPECT_TRUE(rules.isr_admits_only_active) << "KIP-841, 3.3";
    EXPECT_TRUE(rules.isr_checks_broker_epoch) << "KIP-903, 3.5";
    EXPECT_FALSE(rules.election.bump_leader_epoch_on_isr_shrink) << "KAFKA-15021, metadata version 3.6";
  }
}

TEST(Versions, EachSwitchOverridesTheVersion) {
  for (const Version version : kVersions) {
    for (const bool on : {false, true}) {
      BrokerConfig config;
      config.detect_clean_shutdown = on;
      config.last_known_leader_must_live = on;
      config.isr_admits_only_active = on;
      config.isr_checks_broker_epoch = on;
      config.leader_epoch_rises_on_isr_shrink = on;
      config.eligible_leader_replicas = on;
      const ControllerRules rules = controller_rules(version, config);
      EXPECT_EQ(rules.detect_clean_shutdown, on);
      EXPECT_EQ(rules.election.last_known_leader_must_live, on);
      EXPECT_EQ(rules.isr_admits_only_active, on);
      EXPECT_EQ(rules.isr_checks_broker_epoch, on);
      EXPECT_EQ(rules.election.bump_leader_epoch_on_isr_shrink, on);
      EXPECT_EQ(rules.election.eligible_leader_replicas, on);
    }
  }
}

}  // namespace
}  // namespace brokersim::kafka::controller
