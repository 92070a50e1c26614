// What the worlds of the family `shares` hold beside producers: members of a share group (KIP-932), some of which die, stand still
// or are cut off, and poison among the records.
//
// Why: that a share group passes over no record and gives out nothing twice that is settled (G3, G4) is a claim about every
// schedule of faults. Every safeguard can be switched off, and then some world must show it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/worlds/choices.h"
#include "tests/worlds/generator.h"

namespace brokersim::worlds {

/// Planted bugs of share groups, by the name that `--plant` takes.
[[nodiscard]] const std::vector<std::string>& share_safeguards();

class Shares {
 public:
  Shares(Plan& plan, std::uint64_t number);

  /// For the object "config" of the cluster, with a comma in front.
  [[nodiscard]] std::string config() const { return config_; }
  void add_members(const std::string& topic);
  /// Members that die, stand still or are cut off, and share coordinators that die.
  void add_faults(std::uint64_t calm_start_ms, std::uint64_t phase_ms);

 private:
  void fault(const std::string& kind, std::uint64_t at, const std::string& rest);

  Plan& plan_;
  Choices choices_;
  std::string config_;
};

}  // namespace brokersim::worlds
