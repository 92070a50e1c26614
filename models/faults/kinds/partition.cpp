// Directed pairs of hosts are cut; a host is never cut from itself. Cuts of several faults nest.
#include "models/faults/kinds/kinds.h"
#include "models/faults/names.h"

namespace brokersim::faults::kinds {

namespace {

struct HostPair {
  network::HostId from;
  network::HostId to;
};

class Cuts final : public Effect {
 public:
  Cuts(network::Network& network, std::vector<HostPair> pairs) : network_(network), pairs_(std::move(pairs)) {
    for (const HostPair& pair : pairs_) {
      effect_ |= !network_.is_cut(pair.from, pair.to);
      network_.cut(pair.from, pair.to);
    }
  }

  [[nodiscard]] bool holding() const override { return true; }
  [[nodiscard]] bool had_effect() const override { return effect_; }
  [[nodiscard]] bool release() override {
    for (const HostPair& pair : pairs_) network_.heal(pair.from, pair.to);
    return true;
  }

 private:
  network::Network& network_;
  std::vector<HostPair> pairs_;
  bool effect_ = false;
};

void add(std::vector<HostPair>& pairs, const Victims& from, const Victims& to) {
  for (const Victim& a : from.list) {
    for (const Victim& b : to.list) {
      if (a.host != b.host) pairs.push_back({a.host->id(), b.host->id()});
    }
  }
}

std::unique_ptr<Effect> fire(Reach& reach, const FaultConfig& fault, const Victims& victims,
                             std::string& text) {
  const Victims others = reach.resolver.others(fault, victims);
  std::vector<HostPair> pairs;
  if (fault.shape != PartitionShape::one_way_in) add(pairs, victims, others);
  if (fault.shape != PartitionShape::one_way) add(pairs, others, victims);
  if (pairs.empty()) return nullptr;
  text += std::string(arrow(fault.shape)) + others.text;
  return std::make_unique<Cuts>(reach.network, std::move(pairs));
}

}  // namespace

constinit const Kind partition{FaultKind::partition, "partition", "N1 N2 N3 N4", Stays::lasts, fire};

}  // namespace brokersim::faults::kinds
