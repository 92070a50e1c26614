// Results made from a hand-written history, for the tests of app/results.
#pragma once

#include <string>

#include "app/results/run_result.h"
#include "tests/models/checkers/synthetic.h"

namespace brokersim::results::test {

/// A leader with acks=1 loses power at 30 s; 20 of 120 records are gone, and 91 wait for 9 s.
inline checkers::Findings lossy_findings() {
  using history::BrokerEvent;
  checkers::test::Synthetic s({.topic = "orders", .replicas = {1, 2, 3}, .min_insync_replicas = 2},
                              /*acks=*/1);
  s.elect(1, 1, {1, 2, 3});
  s.ms(10'000);
  s.sent(0, 100);
  for (const std::int32_t broker : {1, 2, 3}) s.append(broker, 0, 0, 100, 1, broker == 1);
  s.high_watermark(1, 100, true);
  s.ack(0, 100, 1, 0, 1);
  s.consume(0, 0, 100);
  s.ms(29'999);
  s.sent(100, 20);
  s.append(1, 100, 100, 20, 1, true);
  s.ack(100, 20, 1, 100, 1);
  s.ms(30'000);
  s.history.record(history::FaultFired{s.at, 0, "power_loss", "broker 1 (leader of orders/0)", true, false});
  s.broker(1, BrokerEvent::power_lost);
  s.storage_lost(1, 100, 100, 20, history::LostState::dirty);
  s.sent(120, 91);
  s.ms(38'900);
  s.elect(2, 2, {2, 3}, {2, 3});
  s.ms(39'000);
  s.append(2, 100, 120, 91, 2, true);
  s.append(3, 100, 120, 91, 2, false);
  s.high_watermark(2, 191, true);
  s.outcome(120, 91, history::Outcome::acknowledged, 2, 100, 9'000, 1);
  s.ms(60'000);
  s.history.record(history::FaultFired{s.at, 0, "power_loss", "broker 1 (leader of orders/0)", true, true});
  s.broker(1, BrokerEvent::process_started);
  s.truncate(1, 100, 120, history::TruncateReason::recovery);
  s.recovered(1, 100);
  s.role(1, 2, 2);
  s.append(1, 100, 120, 91, 2, false);
  s.leader(2, 2, {2, 3, 1});
  s.ms(90'000);
  return s.finish(2);
}

inline scenario::Scenario scenario_of(std::vector<scenario::Expectation> expect) {
  scenario::Scenario scenario;
  scenario.file = "scenarios/incidents/leader power loss.json";
  scenario.config.title = "Leader loses power";
  scenario.expect = std::move(expect);
  return scenario;
}

inline scenario::Expectation metric(std::string name, scenario::Comparison comparison, double limit,
                                    std::string of = "") {
  return {.name = name,
          .of = of,
          .comparison = comparison,
          .limit = limit,
          .text = name + (of.empty() ? "" : " of " + of)};
}

inline RunFacts facts_of(std::uint64_t seed = 42) {
  return {.seed = seed,
          .fingerprint = 0xABCDull,
          .events = 12'345,
          .ended_at = {90'000'000'000},
          .wall_seconds = 0.25};
}

}  // namespace brokersim::results::test
