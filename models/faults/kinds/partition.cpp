// Directed pairs of hosts are cut; a host is never cut from itself. Cuts of several faults nest.
//
// `port`: all of it, or only connections to brokers (9092) or to controllers (9093). `then`: what was held comes at
// TCP's next retransmission, or at once, as from a queue that stood still (a clog).
// flapping_link is the same with a rhythm: down, up, down ...
#include "models/faults/kinds/cuts.h"
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

/// The ports of scenario files, as models/kafka/wire has them.
network::Port port_of(const FaultConfig& fault) {
  const auto found = fault.texts.find("port");
  if (found == fault.texts.end() || found->second == "all") return {};
  return {static_cast<std::uint16_t>(found->second == "brokers" ? 9'092 : 9'093)};
}

bool at_once(const FaultConfig& fault) {
  const auto found = fault.texts.find("then");
  return found != fault.texts.end() && found->second == "at_once";
}

class Partition final : public Effect {
 public:
  Partition(network::Network& network, std::vector<HostPair> pairs, const FaultConfig& fault)
      : cuts_(network, std::move(pairs), port_of(fault), at_once(fault)), effect_(cuts_.cut()) {}

  [[nodiscard]] bool holding() const override { return true; }
  [[nodiscard]] bool had_effect() const override { return effect_; }
  [[nodiscard]] std::int64_t count() const override { return cuts_.held(); }
  [[nodiscard]] bool release() override {
    cuts_.heal();
    return true;
  }

 private:
  Cuts cuts_;
  bool effect_;
};

class Flapping final : public Effect {
 public:
  Flapping(Reach& reach, std::vector<HostPair> pairs, const FaultConfig& fault)
      : component_(reach.component),
        cuts_(reach.network, std::move(pairs), {}, false),
        down_({fault.number("down")}),
        up_({fault.number("up")}) {
    toggle();
  }

  [[nodiscard]] bool holding() const override { return true; }
  [[nodiscard]] bool had_effect() const override { return effect_; }
  [[nodiscard]] std::int64_t count() const override { return cuts_.held(); }
  [[nodiscard]] bool release() override {
    component_.cancel(next_);
    if (cuts_.is_cut()) cuts_.heal();
    return true;
  }

 private:
  void toggle() {
    if (cuts_.is_cut()) {
      cuts_.heal();
    } else {
      effect_ |= cuts_.cut();
    }
    next_ = component_.after(cuts_.is_cut() ? down_ : up_, "fault.flap", sim::bind<&Flapping::toggle>(this));
  }

  sim::Component& component_;
  Cuts cuts_;
  sim::Duration down_;
  sim::Duration up_;
  sim::EventHandle next_;
  bool effect_ = false;
};

std::unique_ptr<Effect> fire_partition(Reach& reach, const FaultConfig& fault, const Victims& victims,
                                       std::string& text) {
  std::vector<HostPair> pairs = pairs_of(reach.resolver, fault, victims, text);
  if (pairs.empty()) return nullptr;
  return std::make_unique<Partition>(reach.network, std::move(pairs), fault);
}

std::unique_ptr<Effect> fire_flapping(Reach& reach, const FaultConfig& fault, const Victims& victims,
                                      std::string& text) {
  std::vector<HostPair> pairs = pairs_of(reach.resolver, fault, victims, text);
  if (pairs.empty()) return nullptr;
  return std::make_unique<Flapping>(reach, std::move(pairs), fault);
}

std::unique_ptr<Effect> fire_nic_down(Reach& reach, const FaultConfig& fault, const Victims& victims,
                                      std::string& text) {
  FaultConfig everybody = fault;
  everybody.others.clear();
  everybody.shape = PartitionShape::full;
  std::vector<HostPair> pairs = pairs_of(reach.resolver, everybody, victims, text);
  // Nor do the hosts reach each other: each has a card that is down.
  for (const Victim& a : victims.list) {
    for (const Victim& b : victims.list) {
      if (a.host != b.host) pairs.push_back({a.host->id(), b.host->id()});
    }
  }
  if (pairs.empty()) return nullptr;
  return std::make_unique<Partition>(reach.network, std::move(pairs), everybody);
}

}  // namespace

constinit const Kind partition{FaultKind::partition, "partition", "N1 N2 N3 N4 N7 N14", Stays::lasts,
                               fire_partition};
constinit const Kind flapping_link{FaultKind::flapping_link, "flapping_link", "N10", Stays::lasts,
                                   fire_flapping};
constinit const Kind nic_down{FaultKind::nic_down, "nic_down", "N1", Stays::lasts, fire_nic_down};

}  // namespace brokersim::faults::kinds
