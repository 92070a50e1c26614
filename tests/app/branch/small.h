// A small run whose future depends on draws: three brokers, Poisson arrivals, one random broker killed at 6 of 12 s.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "app/branch/driver.h"
#include "app/branch/request.h"

namespace brokersim::branch {

inline constexpr const char* small_text = R"({
  "title": "Small", "why": "For tests of branches.", "seed": 5, "duration": "12 s",
  "hosts": [{"name": "b", "count": 3, "zones": ["a", "b", "c"], "boot_time": "1 s"}],
  "systems": {"kafka": {"kind": "kafka", "brokers_on": "b", "controllers": {"count": 1},
    "topics": [{"name": "orders", "assignment": [[0, 1, 2], [1, 2, 0]]}]}},
  "workloads": [{"name": "checkout", "kind": "kafka_producer", "topic": "orders", "rate": "400 /s",
    "arrivals": "poisson", "config": {"acks": 1, "enable.idempotence": false}}],
  "faults": [{"at": "6 s", "kind": "power_loss", "target": {"random_broker": true}, "restart_after": "1 s"}]
})";

inline Request small_request() {
  Request request;
  request.scenario = {"small.json", small_text};
  request.at = {sim::SimTime{5'000'000'000}};
  request.metrics = {{"records.lost_acknowledged", ""}, {"records.sent", "checkout"}};
  return request;
}

/// The program, which serves as worker: the test stands in BUILD/tests, the program in BUILD.
inline std::vector<std::string> worker_command() {
  const auto program =
      std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "brokersim";
  EXPECT_TRUE(std::filesystem::exists(program)) << program << " is not built";
  return {program.string(), "branch-worker"};
}

struct Driven {
  std::vector<Outcome> outcomes;
  DriveEnd end;
};

inline Driven driven(const Request& request) {
  Driven all;
  const PlanResult made = make_plan(request);
  EXPECT_TRUE(made.plan.has_value()) << scenario::render(made.diagnostics);
  if (!made.plan) return all;
  all.end = drive(
      worker_command(), request, *made.plan, [&](const Outcome& o) { all.outcomes.push_back(o); },
      [] { return false; });
  return all;
}

}  // namespace brokersim::branch
