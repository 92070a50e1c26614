// Processor time that goes elsewhere: everything slower, somebody else's threads, cores taken offline.
//
// Exposure: how many pieces of work the host's processors were given meanwhile. slow_cpu had an effect if there was any,
// the others if one of them got less than a whole core.
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

enum class Loss : std::uint8_t { speed, neighbours, cores };

class LostTime final : public Effect {
 public:
  LostTime(Holds& holds, const Victims& victims, Loss loss, std::int32_t amount)
      : holds_(holds), loss_(loss), amount_(amount) {
    for (const Victim& victim : victims.list) hosts_.push_back(victim.host);
    for (host::Host* host : hosts_) {
      switch (loss_) {
        case Loss::speed: holds_.cpus.slow(*host, amount_); break;
        case Loss::neighbours: holds_.cpus.add_neighbours(*host, amount_); break;
        case Loss::cores: holds_.cpus.add_lost_cores(*host, amount_); break;
      }
    }
    begun_before_ = begun();
    contended_before_ = contended();
  }

  [[nodiscard]] bool holding() const override { return true; }
  [[nodiscard]] bool had_effect() const override {
    return loss_ == Loss::speed ? count() > 0 : contended() > contended_before_;
  }
  [[nodiscard]] std::int64_t count() const override { return begun() - begun_before_; }
  [[nodiscard]] bool release() override {
    for (host::Host* host : hosts_) {
      switch (loss_) {
        case Loss::speed: holds_.cpus.release_slow(*host, amount_); break;
        case Loss::neighbours: holds_.cpus.add_neighbours(*host, -amount_); break;
        case Loss::cores: holds_.cpus.add_lost_cores(*host, -amount_); break;
      }
    }
    return true;
  }

 private:
  [[nodiscard]] std::int64_t begun() const {
    std::uint64_t sum = 0;
    for (host::Host* host : hosts_) sum += host->cpu().begun();
    return static_cast<std::int64_t>(sum);
  }
  [[nodiscard]] std::int64_t contended() const {
    std::uint64_t sum = 0;
    for (host::Host* host : hosts_) sum += host->cpu().contended();
    return static_cast<std::int64_t>(sum);
  }

  Holds& holds_;
  std::vector<host::Host*> hosts_;
  Loss loss_;
  std::int32_t amount_;
  std::int64_t begun_before_ = 0;
  std::int64_t contended_before_ = 0;
};

std::unique_ptr<Effect> slow(Reach& reach, const FaultConfig& fault, const Victims& victims, std::string&) {
  return std::make_unique<LostTime>(reach.holds, victims, Loss::speed, fault.factor_percent);
}

std::unique_ptr<Effect> neighbour(Reach& reach, const FaultConfig& fault, const Victims& victims,
                                  std::string&) {
  return std::make_unique<LostTime>(reach.holds, victims, Loss::neighbours,
                                    static_cast<std::int32_t>(fault.number("threads")));
}

std::unique_ptr<Effect> lose_cores(Reach& reach, const FaultConfig& fault, const Victims& victims,
                                   std::string&) {
  return std::make_unique<LostTime>(reach.holds, victims, Loss::cores,
                                    static_cast<std::int32_t>(fault.number("cores")));
}

}  // namespace

constinit const Kind slow_cpu{FaultKind::slow_cpu, "slow_cpu", "P7", Stays::lasts, slow};
constinit const Kind noisy_neighbour{FaultKind::noisy_neighbour, "noisy_neighbour", "P7", Stays::lasts,
                                     neighbour};
constinit const Kind lost_cores{FaultKind::lost_cores, "lost_cores", "P7", Stays::lasts, lose_cores};

}  // namespace brokersim::faults::kinds
