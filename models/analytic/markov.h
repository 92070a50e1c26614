// Markov chains in continuous time: availability in the long run, and what has happened by a given time (Eigen).
//
// A chain is its rates: rates[i][j] from state i to j per unit of time, the diagonal not used. Failures and repairs are
// exponential: see durability.h for what that leaves out. Sources: Stewart 1994; Jensen 1953 (uniformisation).
#pragma once

#include <cstdint>
#include <vector>

namespace brokersim::analytic {

using Rates = std::vector<std::vector<double>>;

/// Share of time in each state in the long run. The chain must be irreducible.
[[nodiscard]] std::vector<double> steady_state(const Rates& rates);

/// Probability of each state at time `t`, from `start`, by uniformisation: the terms left out add up to less than 1e-12.
/// rates may have absorbing states. The largest total rate out of a state times `t` at most 1e6.
[[nodiscard]] std::vector<double> state_at(const Rates& rates, const std::vector<double>& start, double t);

/// Copies that fail at `failure` each and are repaired at `repair` each, all at once: state i has i down, 0 ... copies.
/// With `loss_is_final`, all down is absorbing.
[[nodiscard]] Rates replica_chain(std::int32_t copies, double failure, double repair, bool loss_is_final);

/// Share of time with at least `needed` of `copies` up (min.insync.replicas of a partition): independent copies.
[[nodiscard]] double availability(std::int32_t copies, std::int32_t needed, double failure, double repair);
/// P(all copies were down at once before `t` | all up at 0).
[[nodiscard]] double loss_by(std::int32_t copies, double failure, double repair, double t);

}  // namespace brokersim::analytic
