// The directed pairs of hosts that a network fault with two sides is about.
#pragma once

#include <string>
#include <vector>

#include "models/faults/kind.h"
#include "models/faults/names.h"

namespace brokersim::faults::kinds {

struct HostPair {
  network::HostId from;
  network::HostId to;
};

inline void add_pairs(std::vector<HostPair>& pairs, const Victims& from, const Victims& to) {
  for (const Victim& a : from.list) {
    for (const Victim& b : to.list) {
      if (a.host != b.host) pairs.push_back({a.host->id(), b.host->id()});
    }
  }
}

/// As FaultConfig::shape says. Empty: nobody was found for the other side, or only the host itself. Completes `text`.
inline std::vector<HostPair> pairs_of(const Resolver& resolver, const FaultConfig& fault,
                                      const Victims& victims, std::string& text) {
  const Victims others = resolver.others(fault, victims);
  std::vector<HostPair> pairs;
  if (fault.shape != PartitionShape::one_way_in) add_pairs(pairs, victims, others);
  if (fault.shape != PartitionShape::one_way) add_pairs(pairs, others, victims);
  if (!pairs.empty()) text += std::string(arrow(fault.shape)) + others.text;
  return pairs;
}

}  // namespace brokersim::faults::kinds
