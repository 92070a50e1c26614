// Goal: closed forms of queues and chains give the numbers of independent computations, and agree with each other.
#include "models/analytic/queues.h"

#include <gtest/gtest.h>

#include <cmath>

#include "models/analytic/durability.h"
#include "models/analytic/markov.h"
#include "sim/check.h"

namespace brokersim::analytic {
namespace {

// Method: Erlang's own tables as any telephone handbook prints them (Erlang B 2 servers 1 erlang = 1/5; Erlang C 1/3).
TEST(Queues, ErlangTables) {
  EXPECT_NEAR(erlang_b(2, 1), 0.2, 1e-15);
  EXPECT_NEAR(erlang_c(2, 1), 1.0 / 3, 1e-15);
  EXPECT_NEAR(erlang_b(10, 5), 0.0183846, 5e-8) << "handbook: 0.018385";
  EXPECT_NEAR(erlang_c(10, 5), 0.0361054, 5e-8);
  EXPECT_NEAR(erlang_b(1'000, 990), 0.0189657764308146, 1e-14) << "many servers, by the sum with 60 digits";
  EXPECT_THROW(static_cast<void>(erlang_c(2, 2)), sim::Bug);
}

TEST(Queues, OneServerIsPollaczekAndKhinchine) {
  const Queue mm1 = mmc(1, 70, 0.01);
  EXPECT_NEAR(mm1.response, 1.0 / 30, 1e-15);
  EXPECT_NEAR(mm1.present, 0.7 / 0.3, 1e-12);
  const Queue same = mg1(70, 0.01, 1);
  EXPECT_NEAR(same.wait, mm1.wait, 1e-15);
  EXPECT_NEAR(mg1(70, 0.01, 0).wait, mm1.wait / 2, 1e-15) << "M/D/1 waits half as long";
  EXPECT_NEAR(lognormal_squared_cv(1), std::exp(1.0) - 1, 1e-14);
  EXPECT_NEAR(mm1_response_quantile(70, 0.01, 0.99), std::log(100.0) / 30, 1e-12);
  EXPECT_NEAR(mmc_wait_above(1, 70, 0.01, 0), 0.7, 1e-12) << "who arrives waits with the utilisation";
}

TEST(Queues, TokenBuckets) {
  EXPECT_NEAR(burst_time({300, 5.4e6}, 3'000), 2'000, 1e-9) << "gp2 of 100 GiB: 2,000 s of 3,000 IOPS (AWS)";
  EXPECT_TRUE(std::isinf(burst_time({300, 5.4e6}, 300)));
  EXPECT_NEAR(drain_time({100, 50}, 250), 2, 1e-12);
  EXPECT_NEAR(drain_time({100, 50}, 50), 0, 1e-12);
  EXPECT_NEAR(delay_bound({100, 0}, {80, 20}), 0.2, 1e-12);
  EXPECT_THROW(static_cast<void>(delay_bound({100, 0}, {120, 20})), sim::Bug);
}

// Method: the machine repairman (one station, think time) in closed form: P(idle) from the birth-death chain.
TEST(ClosedNetworks, MachineRepairman) {
  const double think = 3;
  const double service = 1;
  for (const std::int32_t servers : {1, 2, 4}) {
    const std::int32_t customers = 6;
    double weight = 1;
    double total = 0;
    double busy = 0;
    for (std::int32_t k = 0; k <= customers; ++k) {
      total += weight;
      busy += weight * std::min(k, servers);
      weight *= (customers - k) * service / think / std::min(k + 1, servers);
    }
    const double throughput = busy / total / service;
    const ClosedNetwork made = mean_value_analysis({{1, think, 0}, {1, service, servers}}, customers);
    EXPECT_NEAR(made.throughput / throughput, 1, 1e-12) << servers;
    EXPECT_NEAR(made.present[0] + made.present[1], customers, 1e-9) << "nobody is lost";
    EXPECT_NEAR(made.utilisation[1], throughput * service / servers, 1e-12);
  }
}

// Method: the balanced network of K stations has the throughput N / (N + K - 1) / s.
TEST(ClosedNetworks, BalancedNetwork) {
  for (const std::int32_t n : {1, 5, 40}) {
    const ClosedNetwork made = mean_value_analysis({{1, 2, 1}, {2, 1, 1}, {1, 2, 1}}, n);
    EXPECT_NEAR(made.throughput, n / (n + 2.0) / 2, 1e-12);
  }
}

TEST(ForkJoin, Quorums) {
  EXPECT_NEAR(quorum_mean(3, 3, 1), 1 + 1.0 / 2 + 1.0 / 3, 1e-15);
  EXPECT_NEAR(quorum_mean(3, 1, 1), 1.0 / 3, 1e-15);
  EXPECT_NEAR(quorum_above(3, 3, 1, 1), 1 - std::pow(1 - std::exp(-1.0), 3), 1e-14);
  double mean = 0;  // of the tail, by the trapezium rule
  for (int i = 0; i < 40'000; ++i) {
    const double t = i * 1e-3;
    mean += 0.5e-3 * (quorum_above(5, 3, 2, t) + quorum_above(5, 3, 2, t + 1e-3));
  }
  EXPECT_NEAR(mean, quorum_mean(5, 3, 2), 1e-6);
  EXPECT_NEAR(fork_join_response(2, 0.5, 1), (12 - 0.5) / 8 * 2, 1e-12);
  EXPECT_NEAR(fork_join_response(4, 1e-9, 1), quorum_mean(4, 4, 1), 1e-6) << "no load: the slowest of four";
}

// Method: SciPy 1.10's linalg.expm and a least-squares null space, for three copies that fail 0.3 times as fast as they
// are repaired.
TEST(Markov, AsSciPy) {
  const std::vector<double> shares = steady_state(replica_chain(3, 0.3, 1, false));
  const double expected[] = {0.45516614, 0.40964952, 0.12289486, 0.01228949};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(shares[i], expected[i], 5e-9) << i;
  EXPECT_NEAR(availability(3, 2, 0.3, 1), 0.45516614 + 0.40964952, 1e-8);
  EXPECT_NEAR(loss_by(3, 0.3, 1, 0.5), 0.0019325383161963277, 1e-12);
  EXPECT_NEAR(loss_by(3, 0.3, 1, 5), 0.12382556469331302, 1e-12);
  EXPECT_NEAR(loss_by(3, 0.3, 1, 50), 0.8000785563837636, 1e-11);
}

// Method: independent copies are up with probability mu / (lambda + mu) each, a binomial; rare losses come at the rate of
// the mean time to data loss.
TEST(Markov, AgreesWithBinomialAndMeanTimeToLoss) {
  const double up = 1 / 1.3;
  EXPECT_NEAR(availability(3, 2, 0.3, 1), up * up * up + 3 * up * up * (1 - up), 1e-12);
  const Replication copies{.copies = 3, .failures_per_hour = 1e-3, .repairs_per_hour = 0.1};
  const double mean = mean_time_to_data_loss(copies);
  EXPECT_NEAR(loss_by(3, 1e-3, 0.1, 1e4) / (1e4 / mean), 1, 0.02);
}

TEST(Markov, RefusesNonsense) {
  EXPECT_THROW(static_cast<void>(steady_state({{0, 0}, {0, 0}})), sim::Bug) << "two states, no way between";
  EXPECT_THROW(static_cast<void>(steady_state({{0, 1}})), sim::Bug);
}

}  // namespace
}  // namespace brokersim::analytic
