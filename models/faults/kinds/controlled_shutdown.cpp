// SIGTERM now; restart_after is counted from the signal.
#include "models/faults/kinds/death.h"
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

std::unique_ptr<Effect> fire(Reach& reach, const FaultConfig&, const Victims& victims, std::string&) {
  std::vector<Death> deaths;
  for (const Victim& victim : victims.list) {
    for (const std::string& program : victim.programs) {
      const std::uint64_t life = victim.host->incarnation(program);
      std::uint64_t& asked = reach.holds.terminated[{victim.host->name(), program}];
      if (asked == life) continue;  // never ran, or is on its way out already
      if (!victim.host->terminate(program)) continue;
      asked = life;
      deaths.push_back({victim.host, program, life});
    }
  }
  return std::make_unique<Deaths>(std::move(deaths));
}

}  // namespace

constinit const Kind controlled_shutdown{FaultKind::controlled_shutdown, "controlled_shutdown", "P3",
                                         Stays::restart_after, fire};

}  // namespace brokersim::faults::kinds
