// Goal: what cannot be together is refused where it stands: groups of two kinds under one id, coordinators of groups that nobody
// is in, transactions that a release does not have. Method: small scenarios, each wrong in one place; where the error points.
#include <gtest/gtest.h>

#include "app/scenario/kafka_properties.h"
#include "tests/app/scenario/base.h"

namespace brokersim::scenario {
namespace {

const std::string share = R"({"name": "parcels", "kind": "kafka_share_consumer", "topic": "orders"})";

std::string consumer(const std::string& group, const std::string& protocol) {
  return R"({"name": "billing-)" + protocol +
         R"(", "kind": "kafka_consumer", "topic": "orders", "group": ")" + group +
         R"(", "config": {"group.protocol": ")" + protocol + R"("}})";
}
std::string pipeline(const std::string& group) {
  return R"({"name": "mill", "kind": "kafka_pipeline", "from": "orders", "topic": "orders", "group": ")" +
         group + R"("})";
}
Overrides workloads(const std::string& one, const std::string& other) {
  return {"/workloads=[" + one + ", " + other + "]"};
}

TEST(Groups, AShareGroupsIdIsNobodyElses) {
  for (const std::string& other : {consumer("parcels", "classic"), consumer("parcels", "consumer")}) {
    only_error(workloads(share, other), "group-kind", "/workloads/1/group");
    // The share group has its name by default: the error stands at its workload's place for one.
    const LoadResult turned = load_base(workloads(other, share));
    EXPECT_FALSE(turned.scenario.has_value());
    EXPECT_EQ(codes(turned), std::vector<std::string>{"scenario/group-kind"});
  }
  only_error(workloads(share, pipeline("parcels")), "group-kind", "/workloads/1/group");
}

// KIP-848 lets members of both protocols meet in one group; here each would be refused at run time.
TEST(Groups, OneProtocolAGroup) {
  const Diagnostic error = only_error(workloads(consumer("g", "classic"), consumer("g", "consumer")),
                                      "group-kind", "/workloads/1/group");
  EXPECT_NE(error.hint.find("not modelled"), std::string::npos);
  EXPECT_TRUE(load_base(workloads(consumer("g", "classic"), consumer("h", "consumer"))).scenario.has_value());
  EXPECT_TRUE(load_base(workloads(consumer("g", "classic"), pipeline("g"))).scenario.has_value());
}

TEST(Groups, ACoordinatorIsOfSomebody) {
  const std::string fault =
      R"(/faults=[{"at": "10 s", "kind": "kill_process", "target": {"coordinator_of": ")";
  Overrides known = workloads(consumer("billing", "classic"), share);
  known.push_back(fault + "billing\"}}]");
  EXPECT_TRUE(load_base(known).scenario.has_value()) << render(load_base(known).diagnostics);
  Overrides unknown = workloads(consumer("billing", "classic"), share);
  unknown.push_back(fault + "biling\"}}]");
  const Diagnostic error = only_error(unknown, "no-coordinator", "/faults/0/target/coordinator_of");
  EXPECT_NE(error.hint.find("billing"), std::string::npos);
}

TEST(Groups, ATransactionsCoordinatorIsOfSomebody) {
  const std::string bank =
      R"({"name": "bank", "kind": "kafka_transactions", "topic": "orders", "rate": "1 /s", "count": 2})";
  const auto with = [&](const std::string& id) {
    Overrides all = workloads(bank, share);
    all.push_back(
        R"(/faults=[{"at": "10 s", "kind": "kill_process", "target": {"transaction_coordinator_of": ")" + id +
        "\"}}]");
    return all;
  };
  EXPECT_TRUE(load_base(with("bank-1")).scenario.has_value());
  only_error(with("bank"), "no-coordinator", "/faults/0/target/transaction_coordinator_of");
}

TEST(Groups, TransactionsThatAReleaseDoesNotHave) {
  only_error({"/systems/kafka/version=\"3.9\"", "/systems/kafka/rules={\"transaction_version\": 2}"},
             "config", "/systems/kafka/rules/transaction_version");
  EXPECT_TRUE(
      load_base({"/systems/kafka/version=\"4.0\"", "/systems/kafka/rules={\"transaction_version\": 2}"})
          .scenario);
}

// KafkaProducer.configureDeliveryTimeout holds for transactional producers, too.
TEST(Groups, ATransactionalProducersDeliveryTimeout) {
  const std::string bank =
      R"({"name": "bank", "kind": "kafka_transactions", "topic": "orders", "rate": "1 /s", "config": {"delivery.timeout.ms": 100}})";
  only_error(workloads(bank, share), "config", "/workloads/0/config/delivery.timeout.ms");
}

TEST(Groups, WhatAPipelineIgnoresIsSaid) {
  const std::string both =
      R"({"name": "mill", "kind": "kafka_pipeline", "from": "orders", "topic": "orders", "count": 2,
          "guarantee": "exactly_once", "config": {"transactional.id": "mill"},
          "consumer": {"config": {"enable.auto.commit": true}}})";
  const LoadResult loaded = load_base(workloads(both, share));
  ASSERT_TRUE(loaded.scenario.has_value()) << render(loaded.diagnostics);
  EXPECT_EQ(codes(loaded),
            (std::vector<std::string>{"scenario/no-effect", "scenario/shared-transactional-id"}));
}

// KIP-1106: a duration of ISO 8601, from 4.0 on.
TEST(Groups, ResetsByDuration) {
  const Property* property = find_property(PropertyScope::consumer, "share.auto.offset.reset");
  ASSERT_NE(property, nullptr);
  const auto parsed = [&](const std::string& text, kafka::Version version = kafka::Version::v4_1) {
    const auto value = parse_property(*property, text, version);
    const auto* good = std::get_if<PropertyValue>(&value);
    return good == nullptr ? std::int64_t{-1} : good->integer;
  };
  constexpr std::int64_t second = 1'000'000'000;
  EXPECT_EQ(parsed("by_duration:PT1H"), 3'600 * second);
  EXPECT_EQ(parsed("by_duration:P1DT2H3M4.5S"), (86'400 + 7'200 + 180 + 4) * second + second / 2);
  EXPECT_EQ(parsed("by_duration:PT0.000000001S"), 1);
  EXPECT_EQ(parsed("by_duration:pt30s"), 30 * second);
  for (const char* wrong :
       {"by_duration:", "by_duration:P", "by_duration:PT", "by_duration:1H", "by_duration:P1H",
        "by_duration:PT1S1M", "by_duration:PT1.5H", "by_duration:-PT1H", "by_duration:P1000000D"})
    EXPECT_EQ(parsed(wrong), -1) << wrong;
  EXPECT_EQ(parsed("by_duration:PT1H", kafka::Version::v3_9), -1);
  const Scenario scenario =
      sound({"/workloads/1={\"name\": \"parcels\", \"kind\": \"kafka_share_consumer\", \"topic\": "
             "\"orders\", \"config\": "
             "{\"share.auto.offset.reset\": \"by_duration:PT20S\"}}"});
  ASSERT_EQ(scenario.config.clusters.at(0).share_groups.size(), 1u);
  EXPECT_EQ(scenario.config.clusters[0].share_groups[0].auto_offset_reset, kafka::OffsetReset::by_duration);
  EXPECT_EQ(scenario.config.clusters[0].share_groups[0].auto_offset_reset_ago, sim::Duration{20 * second});
}

}  // namespace
}  // namespace brokersim::scenario
