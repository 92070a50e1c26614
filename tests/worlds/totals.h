// Sums over many worlds: how many, which faults took effect, which states were reached, what failed.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/worlds/runner.h"

namespace brokersim::worlds {

/// From so many worlds on, a state that nobody has reached is a failure of the generator.
inline constexpr std::int64_t kWorldsToBeWarm = 15'000;

struct Totals {
  std::int64_t worlds = 0;
  std::int64_t in_budget = 0;
  std::int64_t orphaned = 0;          ///< Left without a leader by KAFKA-19522, before 4.1.
  std::int64_t acknowledged_all = 0;  ///< Records, with acks=all.
  std::int64_t lost_all = 0;          ///< Of these, all in worlds beyond the budget unless S1 says otherwise.
  std::int64_t lost_in_budget = 0;    ///< Of these, in worlds that stayed within it.
  std::int64_t transactions = 0;      ///< Committed, as their clients were told.
  std::uint64_t events = 0;
  std::array<std::int64_t, kStates> times{};
  std::array<std::int64_t, kStates> in_worlds{};
  std::map<std::string, std::int64_t> faults;  ///< With effect, by kind.
  std::map<std::string, int> failures;         ///< Worlds by their first failure.

  void add(const Outcome& outcome);
  /// Names of states that no world reached, of those that the family can reach.
  [[nodiscard]] std::vector<std::string> cold(Family family) const;
  /// A few lines for people; with `table` the states as rows of a Markdown table.
  [[nodiscard]] std::string text(Family family, bool table) const;
};

}  // namespace brokersim::worlds
