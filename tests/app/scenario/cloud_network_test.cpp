// What EC2 adds to a card, and what security costs a connection: from the scenario's words to the models' numbers.
#include <gtest/gtest.h>

#include <string>

#include "app/scenario/scenario.h"

namespace brokersim::scenario {
namespace {

world::Config config_of(const std::string& hardware, const std::string& cluster = "",
                        const std::string& producer = "") {
  const std::string text =
      R"({"title": "t", "duration": "1 s", "hosts": [{"name": "b", "hardware": )" + hardware +
      R"(}], "systems": {"kafka": {"kind": "kafka", "brokers_on": "b", "controllers": {"count": 1},
      "config": {)" +
      cluster +
      R"(}, "topics": [{"name": "t", "partitions": 1, "replication_factor": 1}]}},
      "workloads": [{"name": "p", "kind": "kafka_producer", "topic": "t", "rate": "1 /s", "record_size": "1 KiB", "config": {)" +
      producer + "}}]}";
  const LoadResult loaded = load_text(text, "t.json", {});
  EXPECT_TRUE(loaded.scenario.has_value());
  for (const auto& problem : loaded.diagnostics) ADD_FAILURE() << problem.message;
  return loaded.scenario->config;
}

const network::NicConfig& nic_of(const world::Config& config) {
  for (const auto& host : config.hosts) {
    if (host.name == "b-0") return host.hardware.nic;
  }
  ADD_FAILURE() << "no b-0";
  return config.hosts.front().hardware.nic;
}

// Goal: an i3en.2xlarge has 8.4 Gb/s, 25 for five minutes, 5 for one connection; a rate by hand is a card of that rate.
TEST(CloudNetwork, PresetsHaveFlowLimitAndBursts) {
  const world::Config preset = config_of(R"("i3en.2xlarge")");
  EXPECT_EQ(nic_of(preset).bandwidth.n, 1'050'000'000);
  EXPECT_EQ(nic_of(preset).flow_limit.n, 625'000'000);
  EXPECT_EQ(nic_of(preset).burst.n, 3'125'000'000);
  EXPECT_EQ(nic_of(preset).burst_bucket.n, (3'125'000'000 - 1'050'000'000) * 300ll);
  const world::Config by_hand = config_of(R"({"preset": "i3en.2xlarge", "nic": {"bandwidth": "1 Gb/s"}})");
  EXPECT_EQ(nic_of(by_hand).bandwidth.n, 125'000'000);
  EXPECT_EQ(nic_of(by_hand).burst.n, 0);
  EXPECT_EQ(nic_of(by_hand).flow_limit.n, 625'000'000);
}

// Goal: round trips before the first request, by protocol and mechanism (device-models.md 4.3), whatever order they are given.
TEST(Security, RoundTripsFollowProtocolAndMechanism) {
  const struct {
    const char* properties;
    int trips;
  } cases[] = {{"", 0},
               {R"("security.protocol": "SSL")", 1},
               {R"("security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN")", 3},
               {R"("sasl.mechanism": "SCRAM-SHA-512", "security.protocol": "SASL_SSL")", 5},
               {R"("security.protocol": "SASL_SSL")", 6}};
  for (const auto& each : cases) {
    const world::Config config = config_of(R"("i3en.2xlarge")", "", each.properties);
    ASSERT_EQ(config.producers.size(), 1u);
    EXPECT_EQ(config.producers.front().config.security.handshake_trips(), each.trips) << each.properties;
  }
}

}  // namespace
}  // namespace brokersim::scenario
