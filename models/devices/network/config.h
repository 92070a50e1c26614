// What a user says of network cards and of the distance between machines.
#pragma once

#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::network {

/// One network card, full duplex.
struct NicConfig {
  sim::BytesPerSecond bandwidth = {1'050'000'000};  ///< Each direction, on the wire. Positive.
};

/// One-way delays beside serialisation. Same-host traffic uses `loopback`.
struct LatencyConfig {
  sim::Duration loopback = {10'000};
  sim::Duration same_zone = {60'000};    ///< One way between hosts of a zone (switch and stack included).
  sim::Duration cross_zone = {350'000};  ///< One way between zones of a region.
};

}  // namespace brokersim::network
