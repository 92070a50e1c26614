// What happens to connections and cards: resets, forgotten state, refusals, a slow card.
//
//   reset_connections   Both sides of every open connection between the sides hear a reset now: the outcome of what was
//                       under way is unknown to both.
//   forget_connections  A middlebox forgets them: half open on both sides, until somebody times out.
//   refuse_connections  New connections to the hosts are refused, or their SYNs vanish; established ones go on.
//   slow_nic            The card runs at a share of its rate; of several such faults the slowest counts.
#include "models/faults/kinds/kinds.h"
#include "models/faults/kinds/pairs.h"

namespace brokersim::faults::kinds {

namespace {

class Moment final : public Effect {
 public:
  explicit Moment(std::int64_t count) : count_(count) {}
  [[nodiscard]] bool holding() const override { return false; }
  [[nodiscard]] bool had_effect() const override { return count_ > 0; }
  [[nodiscard]] std::int64_t count() const override { return count_; }
  [[nodiscard]] bool release() override { return true; }

 private:
  std::int64_t count_;
};

std::unique_ptr<Effect> fire_on_connections(Reach& reach, const FaultConfig& fault, const Victims& victims,
                                            std::string& text) {
  const std::vector<HostPair> pairs = pairs_of(reach.resolver, fault, victims, text);
  if (pairs.empty()) return nullptr;
  std::int64_t count = 0;
  for (const HostPair& pair : pairs) {
    if (pair.to < pair.from) continue;  // both directions are in the list
    count += fault.kind == FaultKind::reset_connections
                 ? reach.network.reset_connections(pair.from, pair.to)
                 : reach.network.forget_connections(pair.from, pair.to);
  }
  return std::make_unique<Moment>(count);
}

class Refusal final : public Effect {
 public:
  Refusal(network::Network& network, const Victims& victims, bool refuse)
      : network_(network), refuse_(refuse) {
    for (const Victim& victim : victims.list) {
      hosts_.push_back(victim.host->id());
      network_.stop_accepting(hosts_.back(), refuse_);
    }
    before_ = turned_away();
  }
  [[nodiscard]] bool holding() const override { return true; }
  [[nodiscard]] bool had_effect() const override { return count() > 0; }
  [[nodiscard]] std::int64_t count() const override { return (released_ ? after_ : turned_away()) - before_; }
  [[nodiscard]] bool release() override {
    after_ = turned_away();
    released_ = true;
    for (const network::HostId host : hosts_) network_.allow_accepting(host, refuse_);
    return true;
  }

 private:
  [[nodiscard]] std::int64_t turned_away() const {
    std::int64_t sum = 0;
    for (const network::HostId host : hosts_) sum += network_.turned_away(host);
    return sum;
  }

  network::Network& network_;
  std::vector<network::HostId> hosts_;
  bool refuse_;
  bool released_ = false;
  std::int64_t before_ = 0;
  std::int64_t after_ = 0;
};

std::unique_ptr<Effect> fire_refusal(Reach& reach, const FaultConfig& fault, const Victims& victims,
                                     std::string&) {
  return std::make_unique<Refusal>(reach.network, victims, fault.text("how") == "refuse");
}

class SlowCard final : public Effect {
 public:
  SlowCard(network::Network& network, const Victims& victims, std::int32_t percent)
      : network_(network), percent_(percent) {
    for (const Victim& victim : victims.list) {
      hosts_.push_back(victim.host->id());
      network_.slow_card(hosts_.back(), percent_);
    }
    before_ = messages();
  }
  [[nodiscard]] bool holding() const override { return true; }
  [[nodiscard]] bool had_effect() const override { return count() > 0; }
  /// Messages that the cards moved meanwhile.
  [[nodiscard]] std::int64_t count() const override { return (released_ ? after_ : messages()) - before_; }
  [[nodiscard]] bool release() override {
    after_ = messages();
    released_ = true;
    for (const network::HostId host : hosts_) network_.restore_card(host, percent_);
    return true;
  }

 private:
  [[nodiscard]] std::int64_t messages() const {
    std::int64_t sum = 0;
    for (const network::HostId host : hosts_) {
      sum += network_.traffic(host).messages_in + network_.traffic(host).messages_out;
    }
    return sum;
  }

  network::Network& network_;
  std::vector<network::HostId> hosts_;
  std::int32_t percent_;
  bool released_ = false;
  std::int64_t before_ = 0;
  std::int64_t after_ = 0;
};

std::unique_ptr<Effect> fire_slow_nic(Reach& reach, const FaultConfig& fault, const Victims& victims,
                                      std::string&) {
  return std::make_unique<SlowCard>(reach.network, victims,
                                    static_cast<std::int32_t>(fault.number("percent")));
}

}  // namespace

constinit const Kind reset_connections{FaultKind::reset_connections, "reset_connections", "N9", Stays::moment,
                                       fire_on_connections};
constinit const Kind forget_connections{FaultKind::forget_connections, "forget_connections", "N9",
                                        Stays::moment, fire_on_connections};
constinit const Kind refuse_connections{FaultKind::refuse_connections, "refuse_connections", "N9 P10",
                                        Stays::lasts, fire_refusal};
constinit const Kind slow_nic{FaultKind::slow_nic, "slow_nic", "N8", Stays::lasts, fire_slow_nic};

}  // namespace brokersim::faults::kinds
