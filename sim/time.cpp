#include "sim/time.h"

namespace brokersim::sim {

std::string to_string(Duration d) {
  const bool negative = d.ns < 0;
  const auto magnitude = negative ? 0 - static_cast<std::uint64_t>(d.ns) : static_cast<std::uint64_t>(d.ns);
  const std::uint64_t micros = magnitude / 1'000;
  std::string fraction = std::to_string(micros % 1'000'000);
  fraction.insert(0, 6 - fraction.size(), '0');
  while (fraction.size() > 3 && fraction.back() == '0') fraction.pop_back();
  return (negative ? "-" : "") + std::to_string(micros / 1'000'000) + "." + fraction + " s";
}

std::string to_string(SimTime t) { return to_string(Duration{t.ns}); }

}  // namespace brokersim::sim
