// How much can this cluster take? The highest rate of its producers that keeps a service level, and what limits it.
//
// The rates of all producers of the scenario are scaled together. At a rate the service level is kept if, in a run of the
// scenario at that rate: every latency given is within its bound, with enough samples for its quantile; nothing failed; at
// least 99 % of what was offered has been acknowledged at the pace at which it was offered, not counting that the last answers
// may take as long as the level allows; and no disk or card of a broker is given more than it does in the long run, however
// much page cache and burst credits take meanwhile. For each seed the rate is bracketed and bisected; the answer is the mean over seeds, with its interval.
// An overload of x % shows as a latency of x % of the load's duration: for a precision of 1 % under a bound of 20 ms, let
// the load last some seconds.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/capacity/slo.h"
#include "app/capacity/utilisation.h"
#include "app/scenario/scenario.h"
#include "sim/statistics.h"

namespace brokersim::capacity {

/// One run of a search.
struct Tried {
  std::uint64_t seed = 0;
  double rate = 0;  ///< Records per second of all producers.
  std::string why;  ///< What broke; "" it is sustained.
};

struct Request {
  std::vector<Slo> slos;               ///< All of them must hold. Not empty.
  std::vector<std::uint64_t> seeds;    ///< Not empty.
  double precision = 0.01;             ///< Width of a bracket, as a share.
  std::int64_t rate_max = 10'000'000;  ///< Records per second beyond which nobody looks.
  int jobs = 1;
  /// Told of every run, by one thread at a time. False: enough, answer with what there is.
  std::function<bool(const Tried&)> told;
};

/// Of one seed.
struct SeedAnswer {
  std::uint64_t seed = 0;
  std::optional<double> sustained;  ///< Records per second of all producers; nothing: none is sustained.
  std::optional<double>
      failed;       ///< The next higher rate that was tried and is not; nothing: even rate_max is.
  std::string why;  ///< What broke at `failed`: "latency.produce.p99_ms 31.2 above 20".
  int runs = 0;
};

struct Answer {
  std::string problem;   ///< Not empty: what makes the question unanswerable; the rest is void.
  bool misused = false;  ///< It is the scenario's: the question cannot be asked of it.
  bool bug = false;      ///< It is one of ours.
  bool stopped = false;  ///< Request::told wanted no more.
  std::vector<SeedAnswer> seeds;
  double rate = 0;  ///< Mean over seeds, records per second.
  /// 95 %, of that mean: from what is sustained to what is not, as each seed's answer is known to its bracket only.
  sim::Interval interval;
  double bytes_per_second = 0;                            ///< At that rate.
  std::vector<std::pair<std::string, double>> latencies;  ///< Of the first seed at its own: metric and value.
  Part limit;                                             ///< The bottleneck there.
  std::vector<Part> parts;                                ///< All parts, busiest first.
};

/// The rates of `scenario` with all producers that have one scaled so that they send `rate_milli` thousandths of a record per
/// second together; the others (closed loops, saturating ones) stay as they are.
[[nodiscard]] scenario::Scenario at_rate(const scenario::Scenario& scenario, std::int64_t rate_milli);

[[nodiscard]] Answer answer(const scenario::Scenario& scenario, const Request& request);

}  // namespace brokersim::capacity
