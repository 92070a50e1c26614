// SIGSTOP; SIGCONT after `lasts`. A process that dies meanwhile is not paused in its next life.
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

class Paused final : public Effect {
 public:
  Paused(Holds& holds, std::vector<Pause> pauses, bool effect)
      : holds_(holds), pauses_(std::move(pauses)), effect_(effect) {}

  [[nodiscard]] bool holding() const override { return !pauses_.empty(); }
  [[nodiscard]] bool had_effect() const override { return effect_; }
  [[nodiscard]] bool release() override {
    for (const Pause& pause : pauses_) holds_.pauses.release(pause);
    return true;
  }

 private:
  Holds& holds_;
  std::vector<Pause> pauses_;
  bool effect_;
};

std::unique_ptr<Effect> fire(Reach& reach, const FaultConfig&, const Victims& victims, std::string&) {
  std::vector<Pause> pauses;
  bool effect = false;
  for (const Victim& victim : victims.list) {
    for (const std::string& program : victim.programs) {
      Pause pause;
      bool changed = false;
      if (!reach.holds.pauses.hold(*victim.host, program, pause, changed)) continue;
      effect |= changed;
      pauses.push_back(std::move(pause));
    }
  }
  return std::make_unique<Paused>(reach.holds, std::move(pauses), effect);
}

}  // namespace

constinit const Kind pause_process{FaultKind::pause_process, "pause_process", "P4", Stays::lasts, fire};

}  // namespace brokersim::faults::kinds
