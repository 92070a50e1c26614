// Wall clocks that are wrong: set by a step, drifting, or jumping to and fro.
//
// After `lasts` a time daemon sets the clock right at once (`correction`: step) or slews it at 500 ppm. Exposure: how
// often software has read the clock meanwhile; without a reader there is no effect. A drift also makes the timers of the host's
// programs fast or slow (sim::Process::set_timer_drift); a step or a strobe does not touch them, they are monotonic.
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

/// Linux's adjtime slews at most this fast.
constexpr std::int64_t kSlewPpb = 500'000;

class WrongClock : public Effect {
 public:
  WrongClock(Reach& reach, const FaultConfig& fault, const Victims& victims)
      : component_(reach.component), slew_(fault.text("correction") == "slew") {
    for (const Victim& victim : victims.list) hosts_.push_back(victim.host);
    before_ = reads();
  }

  [[nodiscard]] bool holding() const final { return true; }
  [[nodiscard]] bool had_effect() const final { return count() > 0; }
  [[nodiscard]] std::int64_t count() const final { return reads() - before_; }
  [[nodiscard]] bool release() override {
    for (host::Host* host : hosts_) {
      if (slew_) {
        host->clock().slew(component_.now(), kSlewPpb);
      } else {
        host->clock().step(component_.now(), -host->clock().error(component_.now()));
      }
    }
    return true;
  }

 protected:
  void step(std::int64_t ns) {
    for (host::Host* host : hosts_) host->clock().step(component_.now(), ns);
  }

  sim::Component& component_;
  std::vector<host::Host*> hosts_;

 private:
  [[nodiscard]] std::int64_t reads() const {
    std::uint64_t sum = 0;
    for (host::Host* host : hosts_) sum += host->clock().reads();
    return static_cast<std::int64_t>(sum);
  }

  bool slew_;
  std::int64_t before_ = 0;
};

std::int64_t offset(const FaultConfig& fault) {
  return fault.text("direction") == "back" ? -fault.number("offset") : fault.number("offset");
}

class Step final : public WrongClock {
 public:
  Step(Reach& reach, const FaultConfig& fault, const Victims& victims) : WrongClock(reach, fault, victims) {
    step(offset(fault));
  }
};

class Drift final : public WrongClock {
 public:
  Drift(Reach& reach, const FaultConfig& fault, const Victims& victims) : WrongClock(reach, fault, victims) {
    const std::int64_t sign = fault.text("direction") == "back" ? -1 : 1;
    for (host::Host* host : hosts_) {
      before_.push_back(host->clock().drift());
      set(*host, sign * fault.number("ppm") * 1'000);
    }
  }
  [[nodiscard]] bool release() override {
    for (std::size_t i = 0; i < hosts_.size(); ++i) set(*hosts_[i], before_[i]);
    return WrongClock::release();
  }

 private:
  /// One oscillator drives the wall clock and the timers.
  void set(host::Host& host, std::int64_t ppb) {
    host.clock().set_drift(component_.now(), ppb);
    host.set_timer_drift(ppb);
  }

  std::vector<std::int64_t> before_;
};

/// Forward at once, back after a period, forward again.
class Strobe final : public WrongClock {
 public:
  Strobe(Reach& reach, const FaultConfig& fault, const Victims& victims)
      : WrongClock(reach, fault, victims), next_(offset(fault)), period_{fault.number("period")} {
    jump();
  }
  [[nodiscard]] bool release() override {
    component_.cancel(event_);
    return WrongClock::release();
  }

 private:
  void jump() {
    step(next_);
    next_ = -next_;
    event_ = component_.after(period_, "fault.clock_strobe", sim::bind<&Strobe::jump>(this));
  }

  std::int64_t next_;
  sim::Duration period_;
  sim::EventHandle event_;
};

template <class What>
std::unique_ptr<Effect> fire(Reach& reach, const FaultConfig& fault, const Victims& victims, std::string&) {
  return std::make_unique<What>(reach, fault, victims);
}

}  // namespace

constinit const Kind clock_step{FaultKind::clock_step, "clock_step", "T1", Stays::lasts, fire<Step>};
constinit const Kind clock_drift{FaultKind::clock_drift, "clock_drift", "T2", Stays::lasts, fire<Drift>};
constinit const Kind clock_strobe{FaultKind::clock_strobe, "clock_strobe", "T3", Stays::lasts, fire<Strobe>};

}  // namespace brokersim::faults::kinds
