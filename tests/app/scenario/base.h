// A small sound scenario, changed by overrides: what most tests of the loader start from.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "app/scenario/scenario.h"

namespace brokersim::scenario {

inline constexpr const char* base_text = R"({
  "duration": "60 s",
  "hosts": [{"name": "b", "count": 3, "zones": ["a", "b", "c"]}],
  "systems": {
    "kafka": {
      "kind": "kafka", "brokers_on": "b",
      "topics": [{"name": "orders", "partitions": 6, "replication_factor": 3}]
    }
  },
  "workloads": [{"name": "checkout", "kind": "kafka_producer", "topic": "orders", "rate": "1000 /s"}]
})";

using Overrides = std::vector<std::string>;

inline LoadResult load_base(const Overrides& overrides = {}) {
  return load_text(base_text, "base.json", overrides);
}

/// The base scenario so changed, which must be sound.
inline Scenario sound(const Overrides& overrides = {}) {
  LoadResult result = load_base(overrides);
  EXPECT_TRUE(result.scenario.has_value()) << render(result.diagnostics);
  return result.scenario.value_or(Scenario{});
}

inline kafka::ClusterConfig cluster(const Overrides& overrides = {}) {
  const Scenario scenario = sound(overrides);
  return scenario.config.clusters.empty() ? kafka::ClusterConfig{} : scenario.config.clusters.front();
}

inline world::ProducerWorkload producer(const Overrides& overrides = {}) {
  const Scenario scenario = sound(overrides);
  return scenario.config.producers.empty() ? world::ProducerWorkload{} : scenario.config.producers.front();
}

/// The base scenario so changed must have exactly this one error (warnings aside), at this pointer.
inline Diagnostic only_error(const Overrides& overrides, const std::string& code,
                             const std::string& pointer) {
  const LoadResult result = load_base(overrides);
  std::vector<Diagnostic> errors;
  for (const Diagnostic& d : result.diagnostics) {
    if (d.severity == Severity::error) errors.push_back(d);
  }
  EXPECT_FALSE(result.scenario.has_value());
  EXPECT_EQ(errors.size(), 1u) << render(result.diagnostics);
  if (errors.empty()) return {};
  EXPECT_EQ(errors.front().code, "scenario/" + code) << render(result.diagnostics);
  EXPECT_EQ(errors.front().pointer, pointer);
  return errors.front();
}

/// Codes of all diagnostics, in order.
inline std::vector<std::string> codes(const LoadResult& result) {
  std::vector<std::string> out;
  for (const Diagnostic& d : result.diagnostics) out.push_back(d.code);
  return out;
}

}  // namespace brokersim::scenario
