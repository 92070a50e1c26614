// Transfer times of fluid network models, as SimGrid has them: a check of formulas, no target for our connections.
//
// CM02 (Casanova and Marchal 2002): latency, then the least of the bandwidth and what a window of `gamma` bytes allows
// per round trip. LV08 (Velho and Legrand 2009): measured correction factors 13.01 (latency), 0.97 (bandwidth) and 20,537
// (bytes that a round trip weighs), and 5 % of the link for the acknowledgements of the other direction.
#pragma once

#include <cstdint>

namespace brokersim::analytic {

/// Bytes, bytes per second and seconds; all positive.
struct FluidLink {
  double bytes_per_second = 0;
  double latency_seconds = 0;
};

/// Seconds for one flow alone, by CM02. `gamma_bytes` is the largest TCP window.
[[nodiscard]] double transfer_cm02(double bytes, const FluidLink& link, double gamma_bytes);
/// Seconds for one flow alone, by LV08 with cross traffic.
[[nodiscard]] double transfer_lv08(double bytes, const FluidLink& link, double gamma_bytes = 4'194'304);

}  // namespace brokersim::analytic
