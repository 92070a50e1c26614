// Faults and targets in words: for results, history and messages.
#pragma once

#include <string>
#include <string_view>

#include "models/faults/config.h"

namespace brokersim::faults {

/// As in scenario files: "kill_process".
[[nodiscard]] std::string_view to_string(FaultKind kind);

/// The selector as it was asked for, before anybody is found: "leader of orders/0", "host b-0", "zone a".
[[nodiscard]] std::string describe(const Target& target);

/// Which way nothing passes, between the texts of side one and side two: " <-> ", " -> ", " <- ".
[[nodiscard]] std::string_view arrow(PartitionShape shape);

/// Both sides of a partition, or the targets: "leader of orders/0 <-> everybody else", "host b-0, host b-1".
[[nodiscard]] std::string describe(const FaultConfig& fault);

}  // namespace brokersim::faults
