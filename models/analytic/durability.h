// How long copies of data last, in closed form: the oracles for what simulation estimates.
//
// Failures and repairs are exponential and independent here, which real ones are not (bursts, shared power): a closed
// form is a check of the arithmetic, not a forecast. Sources: Patterson, Gibson and Katz 1988 (mean time to data loss);
// Kleppmann 2017 and Cidon et al. 2013 (groups and copysets); the Backblaze durability calculation (shards).
#pragma once

#include <cstdint>
#include <vector>

namespace brokersim::analytic {

/// Hours of a year, leap years included.
inline constexpr double kHoursPerYear = 8'766.0;

/// Failures per hour of a device with this annual failure rate, a share in [0, 1): -ln(1 - AFR) / 8,766 h.
[[nodiscard]] double failure_rate_per_hour(double annual_failure_rate);

/// A birth-death chain on 0 ... n: `up[i]` is the rate from i to i + 1, `down[i]` that from i to i - 1 (down[0] is not
/// used). Rates are positive; any unit of time. Sums of positive terms only, so that a mean of 10^14 hours keeps its
/// digits.
/// Mean time from `start` until state up.size() is first reached.
[[nodiscard]] double mean_time_to_top(const std::vector<double>& up, const std::vector<double>& down,
                                      std::size_t start = 0);
/// Probability to reach state up.size() before 0, from 1.
[[nodiscard]] double reaches_top_before_zero(const std::vector<double>& up, const std::vector<double>& down);

/// Mean time to absorption of any Markov chain, by linear algebra (Eigen): rates[i][j] from transient state i to j; the
/// last column is absorption. From each transient state. For chains that are no birth-death chains, and to check those.
[[nodiscard]] std::vector<double> mean_times_to_absorption(const std::vector<std::vector<double>>& rates);

struct Replication {
  std::int32_t copies = 3;       ///< 1 or more.
  double failures_per_hour = 0;  ///< Of one copy. Positive.
  double repairs_per_hour = 0;   ///< Of one copy; all that are down are repaired at once. Positive.
};
/// Hours until every copy is down, from all up.
[[nodiscard]] double mean_time_to_data_loss(const Replication& replication);
/// P(every copy is down before all are up again | one is down): what rare-event estimators are tested against.
[[nodiscard]] double loss_before_recovery(const Replication& replication);
/// Share of years in which a group with that mean time to loss is lost: 1 - e^(-year / mean).
[[nodiscard]] double loss_per_year(double mean_hours);

/// C(n, k) as a double; 0 for k > n.
[[nodiscard]] double choose(std::int64_t n, std::int64_t k);

/// P(some group is lost) when exactly `down` of `nodes` are down for good and each of `groups` lies on `copies` random
/// nodes, independently.
[[nodiscard]] double loss_with_nodes_down(std::int64_t nodes, std::int64_t down, std::int32_t copies,
                                          double groups);
/// The same when each node is down with probability `p`, independently: the binomial sum.
[[nodiscard]] double loss_with_random_nodes_down(std::int64_t nodes, double p, std::int32_t copies,
                                                 double groups);
/// Number of copysets with scatter width `width` (Copyset replication): width / (copies - 1) * nodes / copies.
[[nodiscard]] double copysets(std::int64_t nodes, std::int32_t copies, std::int32_t width);

/// Erasure coding: an object of `shards`, lost when more than `parity` fail within one rebuild window of `rebuild_hours`
/// (Poisson). Loss per year: windows per year of 8,760 h times the probability of one. Nines are -log10 of it.
[[nodiscard]] double shard_loss_per_year(std::int32_t shards, std::int32_t parity, double annual_failure_rate,
                                         double rebuild_hours);
[[nodiscard]] double nines(double loss);

}  // namespace brokersim::analytic
