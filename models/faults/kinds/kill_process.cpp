// SIGKILL now; restart_after later the program is started, if that death was the last.
//
// The restart belongs to the death: it does nothing if somebody else has started the program since, and while it cannot
// be done (the host is down) it is tried again, as a supervisor would.
#include "models/faults/kinds/death.h"
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

std::unique_ptr<Effect> fire(Reach&, const FaultConfig&, const Victims& victims, std::string&) {
  std::vector<Death> deaths;
  for (const Victim& victim : victims.list) {
    for (const std::string& program : victim.programs) {
      const std::uint64_t life = victim.host->incarnation(program);
      if (victim.host->kill(program)) deaths.push_back({victim.host, program, life});
    }
  }
  return std::make_unique<Deaths>(std::move(deaths));
}

}  // namespace

constinit const Kind kill_process{FaultKind::kill_process, "kill_process", "P1", Stays::restart_after, fire};

}  // namespace brokersim::faults::kinds
