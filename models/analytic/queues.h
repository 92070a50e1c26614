// Queues in closed form: what a simulated thread pool, disk or card must do when its assumptions are those of theory.
//
// Poisson arrivals, first come, first served, no bound, in equilibrium. Rates per second and times in seconds (or any
// other unit of time, as long as it is one). A utilisation of 1 or more has no equilibrium: a sim::Bug.
// Sources: Kleinrock 1975 (M/M/c, Pollaczek and Khinchine); Erlang 1917; Reiser and Lavenberg 1980 (mean value analysis);
// Nelson and Tantawi 1988 and Flatto and Hahn 1984 (fork-join). None of it is read by a run: an independent second opinion.
#pragma once

#include <cstdint>
#include <vector>

namespace brokersim::analytic {

/// Means in equilibrium.
struct Queue {
  double utilisation = 0;  ///< Of each server.
  double wait = 0;         ///< Before service.
  double response = 0;     ///< Wait and service.
  double waiting = 0;      ///< Number of jobs that wait (Little: arrivals x wait).
  double present = 0;      ///< Number of jobs in all.
};

/// Probability that an arrival waits, with `servers` and `offered` = arrivals x mean service erlangs (Erlang C). By the
/// recursion of Erlang B, which is stable for thousands of servers. 0 <= offered < servers.
[[nodiscard]] double erlang_c(std::int32_t servers, double offered);
/// Probability that all servers are busy when nobody may wait (Erlang B). offered may be anything from 0.
[[nodiscard]] double erlang_b(std::int32_t servers, double offered);

[[nodiscard]] Queue mmc(std::int32_t servers, double arrivals, double service_mean);
/// M/M/c: P(wait > t) = C e^-(c - a) t / s, and the quantile of the response for c = 1: -ln(1 - q) x mean response.
[[nodiscard]] double mmc_wait_above(std::int32_t servers, double arrivals, double service_mean, double t);
[[nodiscard]] double mm1_response_quantile(double arrivals, double service_mean, double q);

/// One server, any service with this mean and squared coefficient of variation (variance over mean squared): 0 is M/D/1,
/// 1 is M/M/1, e^(sigma^2) - 1 is lognormal.
[[nodiscard]] Queue mg1(double arrivals, double service_mean, double squared_cv);
[[nodiscard]] double lognormal_squared_cv(double sigma);

/// A token bucket (credits, gp2, CPU bursts): fills at `rate`, holds `burst`. Any unit of tokens.
struct Bucket {
  double rate = 0;
  double burst = 0;
};
/// How long a full bucket feeds a `demand` above its rate; infinite for a demand not above it.
[[nodiscard]] double burst_time(const Bucket& bucket, double demand);
/// When the last of `amount`, asked for at once of a full bucket, is granted.
[[nodiscard]] double drain_time(const Bucket& bucket, double amount);
/// The longest that a flow waits which never exceeds `flow.burst + flow.rate t` (network calculus): flow.rate must not be
/// above the bucket's.
[[nodiscard]] double delay_bound(const Bucket& bucket, const Bucket& flow);

// --- Closed networks --------------------------------------------------------------------------------------------------

/// A station of a closed network with one class of customers; exponential service.
struct Station {
  double visits = 1;         ///< Per cycle of a customer.
  double service_mean = 0;   ///< Per visit.
  std::int32_t servers = 1;  ///< 0: as many as there are customers (a delay: think time, propagation).
};
struct ClosedNetwork {
  double throughput = 0;            ///< Cycles per unit of time, of all customers.
  double cycle = 0;                 ///< Mean time of one cycle.
  std::vector<double> response;     ///< Per cycle, at each station: visits x mean response.
  std::vector<double> present;      ///< Mean customers at each station.
  std::vector<double> utilisation;  ///< Of each server; of a delay station: mean customers.
};
/// Exact mean value analysis, stations with several servers by their marginal probabilities. customers >= 1.
[[nodiscard]] ClosedNetwork mean_value_analysis(const std::vector<Station>& stations, std::int32_t customers);

// --- Waiting for several ----------------------------------------------------------------------------------------------

/// Mean time until `needed` of `copies` have answered, each after an exponential time of mean `mean`, independently: an
/// order statistic, mean x sum of 1/(copies - i) for i < needed. What a quorum of acknowledgements waits for without queues.
[[nodiscard]] double quorum_mean(std::int32_t copies, std::int32_t needed, double mean);
/// P(not answered by t) of the same.
[[nodiscard]] double quorum_above(std::int32_t copies, std::int32_t needed, double mean, double t);
/// Mean response of a fork-join queue: each arrival becomes a job at each of `branches` M/M/1 queues and waits for all.
/// Exact for 2 (Flatto and Hahn: (12 - rho)/8 x M/M/1), within 5 % for up to 32 (Nelson and Tantawi).
[[nodiscard]] double fork_join_response(std::int32_t branches, double arrivals, double service_mean);

}  // namespace brokersim::analytic
