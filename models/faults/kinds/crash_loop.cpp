// A process that dies again and again: killed, started after `restart_after`, killed after `up_for`, `times` deaths in all.
//
// Built of SIGKILLs and restarts as kill_process makes them; whoever else starts or stops the program meanwhile is counted
// with. Exposure: how many lives it has ended.
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

/// As a service manager: tries again while the program cannot be started.
constexpr sim::Duration kRestartRetry = {100'000'000};

class CrashLoop final : public Effect {
 public:
  CrashLoop(sim::Component& component, const FaultConfig& fault, const Victims& victims)
      : component_(component),
        down_for_{fault.number("down_for")},
        up_for_{fault.number("up_for")},
        times_(fault.number("times")) {
    for (const Victim& victim : victims.list) {
      for (const std::string& program : victim.programs) victims_.push_back({victim.host, program, 0});
    }
    for (std::size_t i = 0; i < victims_.size(); ++i) kill(i);
  }

  [[nodiscard]] bool holding() const override { return false; }  // it ends by itself
  [[nodiscard]] bool had_effect() const override { return deaths_ > 0; }
  [[nodiscard]] std::int64_t count() const override { return deaths_; }
  [[nodiscard]] bool release() override { return true; }

 private:
  struct Looping {
    host::Host* host;
    std::string program;
    std::int64_t times;
  };

  void kill(std::uint64_t index) {
    Looping& one = victims_[index];
    if (one.host->kill(one.program)) ++deaths_;
    ++one.times;
    component_.after(down_for_, "fault.crash_loop", sim::bind<&CrashLoop::start>(this, index));
  }
  void start(std::uint64_t index) {
    Looping& one = victims_[index];
    if (!one.host->is_running(one.program) && !one.host->start(one.program)) {
      component_.after(kRestartRetry, "fault.crash_loop", sim::bind<&CrashLoop::start>(this, index));
      return;
    }
    if (one.times < times_)
      component_.after(up_for_, "fault.crash_loop", sim::bind<&CrashLoop::kill>(this, index));
  }

  sim::Component& component_;
  sim::Duration down_for_;
  sim::Duration up_for_;
  std::int64_t times_;
  std::vector<Looping> victims_;
  std::int64_t deaths_ = 0;
};

std::unique_ptr<Effect> fire(Reach& reach, const FaultConfig& fault, const Victims& victims, std::string&) {
  return std::make_unique<CrashLoop>(reach.component, fault, victims);
}

}  // namespace

constinit const Kind crash_loop{FaultKind::crash_loop, "crash_loop", "P6", Stays::moment, fire};

}  // namespace brokersim::faults::kinds
