// A path that is bad but not gone: loss, duplicates, reordering, delay, a cap, a black hole for large packets.
//
// All of it happens below TCP: programs hear everything once and in order, later. Faults on one pair add up.
#include "models/faults/kinds/kinds.h"
#include "models/faults/kinds/pairs.h"

namespace brokersim::faults::kinds {

namespace {

network::Impairment impairment(const FaultConfig& fault) {
  const auto ppm = [&fault](const char* name) { return static_cast<std::int32_t>(fault.number_or(name, 0)); };
  network::Impairment what;
  what.loss_ppm = std::min(1'000'000, ppm("loss_ppm") + ppm("corrupt_ppm"));
  what.duplicate_ppm = ppm("duplicate_ppm");
  what.reorder_ppm = ppm("reorder_ppm");
  what.reorder_delay = {fault.number_or("reorder_delay", what.reorder_delay.ns)};
  what.delay = {fault.number_or("delay", 0)};
  what.jitter_permille = ppm("jitter_permille");
  what.bandwidth = {fault.number_or("bandwidth", 0)};
  what.mtu = ppm("mtu");
  return what;
}

class Impaired final : public Effect {
 public:
  Impaired(network::Network& network, const std::vector<HostPair>& pairs, const network::Impairment& what)
      : network_(network) {
    for (const HostPair& pair : pairs) ids_.push_back(network_.impair(pair.from, pair.to, what));
  }

  [[nodiscard]] bool holding() const override { return true; }
  [[nodiscard]] bool had_effect() const override { return count() > 0; }
  [[nodiscard]] std::int64_t count() const override {
    std::int64_t sum = 0;
    for (const network::ImpairmentId id : ids_) sum += network_.exposure(id).effects();
    return sum;
  }
  [[nodiscard]] bool release() override {
    for (const network::ImpairmentId id : ids_) network_.lift(id);
    return true;
  }

 private:
  network::Network& network_;
  std::vector<network::ImpairmentId> ids_;
};

std::unique_ptr<Effect> fire(Reach& reach, const FaultConfig& fault, const Victims& victims,
                             std::string& text) {
  const std::vector<HostPair> pairs = pairs_of(reach.resolver, fault, victims, text);
  if (pairs.empty()) return nullptr;
  return std::make_unique<Impaired>(reach.network, pairs, impairment(fault));
}

}  // namespace

constinit const Kind packet_loss{FaultKind::packet_loss, "packet_loss", "N5", Stays::lasts, fire};
constinit const Kind network_delay{FaultKind::network_delay, "network_delay", "N6 N12 N14", Stays::lasts,
                                   fire};
constinit const Kind bandwidth_cap{FaultKind::bandwidth_cap, "bandwidth_cap", "N8 N14", Stays::lasts, fire};
constinit const Kind mtu_black_hole{FaultKind::mtu_black_hole, "mtu_black_hole", "N10", Stays::lasts, fire};

}  // namespace brokersim::faults::kinds
