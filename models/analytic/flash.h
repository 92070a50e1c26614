// Write amplification of greedy garbage collection under uniform random writes, in closed form.
//
// Sources: Xiang and Kurkoski 2012 (greedy, by Lambert's W); Agarwal and Marrow 2010 (an approximation). Blocks of many
// pages; no hot and cold data: real workloads are kinder. What the disk model uses is a rounded table of this.
#pragma once

namespace brokersim::analytic {

/// Lambert's W on its principal branch: w e^w = x, for x >= -1/e. Near -1/e exact to about 8 digits.
[[nodiscard]] double lambert_w(double x);

/// Pages written per page asked for, when `spare` is the ratio of extra to usable space (0.07 for 7 %). Positive.
[[nodiscard]] double write_amplification_greedy(double spare);
/// (1 + spare) / (2 spare).
[[nodiscard]] double write_amplification_approximation(double spare);

}  // namespace brokersim::analytic
