// Mains gone, or the kernel stopped with the drives powered throughout; restart_after later the host boots.
//
// Faults that keep a host down nest: it gets its mains back when the last of them lets go.
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

class Darkness final : public Effect {
 public:
  Darkness(Holds& holds, std::vector<host::Host*> hosts, bool effect)
      : holds_(holds), hosts_(std::move(hosts)), effect_(effect) {}

  [[nodiscard]] bool holding() const override { return !hosts_.empty(); }
  [[nodiscard]] bool had_effect() const override { return effect_; }
  [[nodiscard]] bool release() override {
    for (host::Host* host : hosts_) static_cast<void>(holds_.hosts.release(*host));
    return true;
  }

 private:
  Holds& holds_;
  std::vector<host::Host*> hosts_;
  bool effect_;
};

std::unique_ptr<Effect> lose_power(Reach& reach, const FaultConfig&, const Victims& victims, std::string&) {
  std::vector<host::Host*> dark;
  bool effect = false;
  for (const Victim& victim : victims.list) {
    effect |= victim.host->power_off();
    reach.holds.hosts.hold(*victim.host);  // a host that is off already can be without mains
    dark.push_back(victim.host);
  }
  return std::make_unique<Darkness>(reach.holds, std::move(dark), effect);
}

std::unique_ptr<Effect> panic(Reach& reach, const FaultConfig&, const Victims& victims, std::string&) {
  std::vector<host::Host*> dark;
  for (const Victim& victim : victims.list) {
    if (!victim.host->kernel_panic()) continue;
    reach.holds.hosts.hold(*victim.host);
    dark.push_back(victim.host);
  }
  const bool effect = !dark.empty();
  return std::make_unique<Darkness>(reach.holds, std::move(dark), effect);
}

}  // namespace

constinit const Kind power_loss{FaultKind::power_loss, "power_loss", "P2", Stays::restart_after, lose_power};
constinit const Kind kernel_panic{FaultKind::kernel_panic, "kernel_panic", "P2", Stays::restart_after, panic};

}  // namespace brokersim::faults::kinds
