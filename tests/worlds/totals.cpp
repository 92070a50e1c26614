#include "tests/worlds/totals.h"

#include <sstream>

namespace brokersim::worlds {
namespace {

/// States that a family must reach. The first is there for all but two of them: unclean elections are off in it, and
/// without one a log cannot have an epoch of its own above another that it shares only in part (it would have left the ISR
/// before), so one round always finds where two logs part.
bool expected(Family family, State state) {
  switch (state) {
    case State::elected_unclean: return family == Family::outside || family == Family::broken_disks;
    case State::truncated_twice_in_a_row: return family == Family::outside;
    default: return family == Family::inside;
  }
}

}  // namespace

void Totals::add(const Outcome& outcome) {
  ++worlds;
  events += outcome.events;
  if (outcome.orphaned) ++orphaned;
  if (outcome.in_budget) {
    ++in_budget;
    lost_in_budget += outcome.lost_all;
  }
  acknowledged_all += outcome.acknowledged_all;
  lost_all += outcome.lost_all;
  transactions += outcome.transactions;
  for (std::size_t i = 0; i < kStates; ++i) {
    times[i] += outcome.seen[i];
    if (outcome.seen[i] > 0) ++in_worlds[i];
  }
  for (const auto& [kind, count] : outcome.effective_faults) faults[kind] += count;
  if (!outcome.kinds.empty()) ++failures[outcome.kinds.front()];
}

std::vector<std::string> Totals::cold(Family family) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kStates; ++i) {
    if (in_worlds[i] == 0 && expected(family, static_cast<State>(i))) names.emplace_back(states()[i].first);
  }
  return names;
}

std::string Totals::text(Family family, bool table) const {
  std::ostringstream out;
  if (table) {
    out << "| state | meaning | worlds | times |\n|---|---|---|---|\n";
    for (std::size_t i = 0; i < kStates; ++i) {
      out << "| `" << states()[i].first << "` | " << states()[i].second << " | " << in_worlds[i] << " | "
          << times[i] << " |\n";
    }
    out << "\n";
  }
  out << to_string(family) << ": " << worlds << " worlds, " << events << " events; " << in_budget
      << " worlds within the fault budget; with acks=all " << acknowledged_all << " records acknowledged, "
      << lost_all << " lost, " << lost_in_budget << " of them within the budget";
  if (transactions > 0) out << "; " << transactions << " transactions committed";
  out << "\nfaults with effect:";
  for (const auto& [kind, count] : faults) out << " " << kind << " " << count;
  if (orphaned > 0)
    out << "\nliveness not judged: " << orphaned << " worlds (KAFKA-19522, before 4.1: no leader is found)";
  out << "\nfailed:";
  for (const auto& [kind, count] : failures) out << " " << kind << " " << count;
  if (failures.empty()) out << " none";
  out << "\ncold states:";
  const std::vector<std::string> unseen = cold(family);
  for (const std::string& name : unseen) out << " " << name;
  if (unseen.empty()) out << " none";
  out << "\n";
  return out.str();
}

}  // namespace brokersim::worlds
