#include "models/analytic/queues.h"

#include <cmath>
#include <limits>

#include "sim/check.h"

namespace brokersim::analytic {

double erlang_b(std::int32_t servers, double offered) {
  SIM_CHECK(servers >= 1);
  SIM_CHECK(offered >= 0);
  double blocked = 1;
  for (std::int32_t n = 1; n <= servers; ++n) blocked = offered * blocked / (n + offered * blocked);
  return blocked;
}

double erlang_c(std::int32_t servers, double offered) {
  SIM_CHECK(offered < servers, "more work than the servers can do has no equilibrium");
  const double b = erlang_b(servers, offered);
  return servers * b / (servers - offered * (1 - b));
}

Queue mmc(std::int32_t servers, double arrivals, double service_mean) {
  SIM_CHECK(arrivals >= 0);
  SIM_CHECK(service_mean > 0);
  const double offered = arrivals * service_mean;
  Queue queue;
  queue.utilisation = offered / servers;
  queue.wait = erlang_c(servers, offered) * service_mean / (servers - offered);
  queue.response = queue.wait + service_mean;
  queue.waiting = arrivals * queue.wait;
  queue.present = arrivals * queue.response;
  return queue;
}

double mmc_wait_above(std::int32_t servers, double arrivals, double service_mean, double t) {
  const double offered = arrivals * service_mean;
  return erlang_c(servers, offered) * std::exp(-(servers - offered) * t / service_mean);
}

double mm1_response_quantile(double arrivals, double service_mean, double q) {
  SIM_CHECK(q >= 0);
  SIM_CHECK(q < 1);
  return -std::log1p(-q) * mmc(1, arrivals, service_mean).response;
}

Queue mg1(double arrivals, double service_mean, double squared_cv) {
  SIM_CHECK(arrivals >= 0);
  SIM_CHECK(service_mean > 0);
  SIM_CHECK(squared_cv >= 0);
  Queue queue;
  queue.utilisation = arrivals * service_mean;
  SIM_CHECK(queue.utilisation < 1, "more work than the server can do has no equilibrium");
  queue.wait = queue.utilisation * service_mean * (1 + squared_cv) / (2 * (1 - queue.utilisation));
  queue.response = queue.wait + service_mean;
  queue.waiting = arrivals * queue.wait;
  queue.present = arrivals * queue.response;
  return queue;
}

double lognormal_squared_cv(double sigma) { return std::expm1(sigma * sigma); }

double burst_time(const Bucket& bucket, double demand) {
  SIM_CHECK(bucket.rate >= 0);
  SIM_CHECK(bucket.burst >= 0);
  if (demand <= bucket.rate) return std::numeric_limits<double>::infinity();
  return bucket.burst / (demand - bucket.rate);
}

double drain_time(const Bucket& bucket, double amount) {
  if (amount <= bucket.burst) return 0;
  SIM_CHECK(bucket.rate > 0);
  return (amount - bucket.burst) / bucket.rate;
}

double delay_bound(const Bucket& bucket, const Bucket& flow) {
  SIM_CHECK(flow.rate <= bucket.rate, "a flow above the bucket's rate waits ever longer");
  return drain_time(bucket, flow.burst);
}

namespace {

/// Marginal probabilities of 0 ... servers - 1 customers at a station with several servers, for the present population.
struct Marginals {
  std::vector<double> below;
};

}  // namespace

ClosedNetwork mean_value_analysis(const std::vector<Station>& stations, std::int32_t customers) {
  SIM_CHECK(customers >= 1);
  SIM_CHECK(!stations.empty());
  const std::size_t count = stations.size();
  ClosedNetwork now;
  now.present.assign(count, 0);
  now.response.assign(count, 0);
  std::vector<Marginals> marginals(count);
  for (std::size_t i = 0; i < count; ++i) {
    SIM_CHECK(stations[i].servers >= 0);
    SIM_CHECK(stations[i].service_mean >= 0);
    marginals[i].below.assign(static_cast<std::size_t>(stations[i].servers), 0);
    if (stations[i].servers > 0) marginals[i].below[0] = 1;
  }
  for (std::int32_t n = 1; n <= customers; ++n) {
    now.cycle = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const Station& its = stations[i];
      double response = its.service_mean;
      if (its.servers > 0) {
        double idle = 0;  // servers that an arrival finds free beyond its own, weighted
        for (std::int32_t k = 0; k + 1 < its.servers; ++k)
          idle += (its.servers - 1 - k) * marginals[i].below[static_cast<std::size_t>(k)];
        response = its.service_mean / its.servers * (1 + now.present[i] + idle);
      }
      now.response[i] = its.visits * response;
      now.cycle += now.response[i];
    }
    now.throughput = n / now.cycle;
    for (std::size_t i = 0; i < count; ++i) {
      const Station& its = stations[i];
      now.present[i] = now.throughput * now.response[i];
      if (its.servers == 0) continue;
      const double offered = now.throughput * its.visits * its.service_mean;
      std::vector<double>& below = marginals[i].below;
      double busy = 0;  // servers at work if none of these states were left out
      for (std::int32_t k = its.servers - 1; k >= 1; --k) {
        below[static_cast<std::size_t>(k)] = offered / k * below[static_cast<std::size_t>(k - 1)];
        busy += (its.servers - k) * below[static_cast<std::size_t>(k)];
      }
      below[0] = 1 - (offered + busy) / its.servers;
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    const double offered = now.throughput * stations[i].visits * stations[i].service_mean;
    now.utilisation.push_back(stations[i].servers == 0 ? offered : offered / stations[i].servers);
  }
  return now;
}

double quorum_mean(std::int32_t copies, std::int32_t needed, double mean) {
  SIM_CHECK(needed >= 1);
  SIM_CHECK(needed <= copies);
  double sum = 0;
  for (std::int32_t i = 0; i < needed; ++i) sum += 1.0 / (copies - i);
  return mean * sum;
}

double quorum_above(std::int32_t copies, std::int32_t needed, double mean, double t) {
  SIM_CHECK(needed >= 1);
  SIM_CHECK(needed <= copies);
  const double answered = -std::expm1(-t / mean);
  double sum = 0;
  double ways = 1;  // C(copies, k)
  for (std::int32_t k = 0; k < needed; ++k) {
    sum += ways * std::pow(answered, k) * std::pow(1 - answered, copies - k);
    ways = ways * (copies - k) / (k + 1);
  }
  return sum;
}

double fork_join_response(std::int32_t branches, double arrivals, double service_mean) {
  SIM_CHECK(branches >= 1);
  const Queue one = mmc(1, arrivals, service_mean);
  if (branches == 1) return one.response;
  const double two = (12 - one.utilisation) / 8 * one.response;
  if (branches == 2) return two;
  double harmonic = 0;
  for (std::int32_t i = 1; i <= branches; ++i) harmonic += 1.0 / i;
  const double share = harmonic / 1.5;
  return (share + 4.0 / 11.0 * (1 - share) * one.utilisation) * two;
}

}  // namespace brokersim::analytic
