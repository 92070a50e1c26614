// The whole machine stands still for a while: a virtual machine that is stunned, migrated or snapshotted.
//
// Unlike pause_process its kernel answers nobody either: no acknowledgement, no new connection. Afterwards everything goes
// on where it was; its wall clock has stood still as well and is behind by the length of the freeze, if the hypervisor
// does not set it (`clock_stops`). I/O that the drives already had goes on.
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

class Frozen final : public Effect {
 public:
  Frozen(Reach& reach, const Victims& victims, bool clock_stops)
      : reach_(reach), clock_stops_(clock_stops), since_(reach.component.now()) {
    for (const Victim& victim : victims.list) {
      if (victim.host->power() != host::Power::on) continue;
      hosts_.push_back(victim.host);
      for (const std::string& program : victim.host->names()) {
        Pause pause;
        bool changed = false;
        if (reach_.holds.pauses.hold(*victim.host, program, pause, changed))
          pauses_.push_back(std::move(pause));
      }
    }
    cut(true);
  }

  [[nodiscard]] bool holding() const override { return !hosts_.empty(); }
  [[nodiscard]] bool had_effect() const override { return !hosts_.empty(); }
  [[nodiscard]] bool release() override {
    cut(false);
    for (const Pause& pause : pauses_) reach_.holds.pauses.release(pause);
    if (!clock_stops_) return true;
    const sim::SimTime now = reach_.component.now();
    for (host::Host* host : hosts_) host->clock().step(now, -(now - since_).ns);
    return true;
  }

 private:
  void cut(bool off) {
    for (host::Host* host : hosts_) {
      for (std::uint32_t i = 0; i < reach_.network.hosts(); ++i) {
        const network::HostId other{i};
        if (other == host->id()) continue;
        for (const auto& [from, to] : {std::pair(host->id(), other), std::pair(other, host->id())}) {
          if (off) {
            reach_.network.cut(from, to);
          } else {
            reach_.network.heal(from, to);
          }
        }
      }
    }
  }

  Reach& reach_;
  bool clock_stops_;
  sim::SimTime since_;
  std::vector<host::Host*> hosts_;
  std::vector<Pause> pauses_;
};

std::unique_ptr<Effect> fire(Reach& reach, const FaultConfig& fault, const Victims& victims, std::string&) {
  return std::make_unique<Frozen>(reach, victims, fault.number("clock_stops") != 0);
}

}  // namespace

constinit const Kind frozen_host{FaultKind::frozen_host, "frozen_host", "P4", Stays::lasts, fire};

}  // namespace brokersim::faults::kinds
