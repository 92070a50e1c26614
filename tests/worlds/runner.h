// Runs one world and says what is wrong with it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/worlds/coverage.h"
#include "tests/worlds/generator.h"

namespace brokersim::worlds {

struct Outcome {
  /// One line each, "S5 at 12.5 s: ..." the first being the most important. Empty: all is well.
  std::vector<std::string> failures;
  /// What a failure is known by while a world is made smaller: "S5", "bug", "liveness".
  std::vector<std::string> kinds;
  std::uint64_t fingerprint = 0;
  std::uint64_t events = 0;
  bool orphaned = false;   ///< KAFKA-19522 left a partition without a leader; liveness was not judged.
  bool in_budget = false;  ///< The fault budget held on every partition, all the time.
  std::int64_t acknowledged_all = 0;
  std::int64_t lost_all = 0;
  std::int64_t transactions = 0;  ///< Of which clients were told that they are committed.
  std::array<std::int64_t, kStates> seen{};     ///< As Coverage has it.
  std::map<std::string, int> effective_faults;  ///< By kind.
};

/// `trace`: print the story of this partition, "" of all; nothing without.
[[nodiscard]] Outcome run(const Plan& plan, const std::optional<std::string>& trace = std::nullopt);

/// The plan without what the failure `kind` does not need: faults first, then clients and topics. `runs` is how often it
/// was tried.
[[nodiscard]] Plan shrink(Plan plan, const std::string& kind, int& runs);

}  // namespace brokersim::worlds
