// Goal: closed forms give the published values, and agree with an independent way to the same number.
#include <gtest/gtest.h>

#include <cmath>

#include "models/analytic/durability.h"
#include "models/analytic/flash.h"
#include "models/analytic/fluid.h"
#include "sim/check.h"
#include "sim/random.h"
#include "sim/sampling.h"
#include "sim/statistics.h"

namespace brokersim::analytic {
namespace {

Replication replicas(std::int32_t copies, double afr, double repair_hours) {
  return {.copies = copies,
          .failures_per_hour = failure_rate_per_hour(afr),
          .repairs_per_hour = 1.0 / repair_hours};
}

void expect_relative(double seen, double expected, double tolerance, const char* what) {
  EXPECT_NEAR(seen / expected, 1.0, tolerance) << what;
}

// Rows DUR-1 and DUR-2, and the rest of their table.
TEST(Durability, MeanTimeToDataLossAsTables) {
  const auto years = [](const Replication& r) { return mean_time_to_data_loss(r) / kHoursPerYear; };
  expect_relative(years(replicas(3, 0.015, 24)), 1.29e10, 0.01, "DUR-1");
  expect_relative(loss_per_year(mean_time_to_data_loss(replicas(3, 0.015, 24))), 7.8e-11, 0.01,
                  "DUR-1, per year");
  expect_relative(years(replicas(2, 0.015, 24)), 8.0e5, 0.01, "DUR-2");
  expect_relative(loss_per_year(mean_time_to_data_loss(replicas(2, 0.015, 24))), 1.25e-6, 0.01,
                  "DUR-2, per year");
  expect_relative(years(replicas(2, 0.0057, 24)), 5.59e6, 0.01, "0.57 %");
  expect_relative(years(replicas(3, 0.0057, 24)), 2.38e11, 0.01, "0.57 %, three");
  expect_relative(years(replicas(3, 0.015, 1)), 7.42e12, 0.01, "one hour");
  expect_relative(years(replicas(3, 0.015, 168)), 2.63e8, 0.01, "a week");
  expect_relative(years(replicas(2, 0.04, 24)), 1.10e5, 0.01, "4 %");
  expect_relative(years(replicas(1, 0.015, 24)), 1.0 / -std::log1p(-0.015), 1e-12, "one copy");
}

// Method: the same chain as a linear system. Moderate rates, as the system loses digits where the recursion does not.
TEST(Durability, RecursionAndLinearAlgebraAgree) {
  const std::vector<double> up{3, 2, 1, 0.5};
  const std::vector<double> down{0, 4, 8, 12};
  std::vector<std::vector<double>> rates(4, std::vector<double>(5));
  for (std::size_t i = 0; i < 4; ++i) {
    rates[i][i + 1] = up[i];
    if (i > 0) rates[i][i - 1] = down[i];
  }
  const std::vector<double> times = mean_times_to_absorption(rates);
  for (std::size_t start = 0; start < 4; ++start) {
    expect_relative(mean_time_to_top(up, down, start), times[start], 1e-12, "start");
  }
  EXPECT_THROW((void)mean_times_to_absorption({{0, 0}}), sim::Bug) << "never left";
  EXPECT_THROW((void)mean_time_to_top({}, {}), sim::Bug);
}

// Row RARE-1, and the formula of its source.
TEST(Durability, LossBeforeRecovery) {
  const std::vector<std::pair<double, double>> rows{
      {1e-2, 9.949259e-5}, {1e-3, 9.994993e-7}, {1e-4, 9.999500e-9}};
  for (const auto& [ratio, expected] : rows) {
    const double seen =
        loss_before_recovery({.copies = 3, .failures_per_hour = ratio, .repairs_per_hour = 1});
    expect_relative(seen, expected, 1e-6, "RARE-1");
    const double p12 = 2 * ratio / (2 * ratio + 1);
    const double p23 = ratio / (ratio + 2);
    expect_relative(seen, p12 * p23 / (1 - p12 * (1 - p23)), 1e-12, "by first steps");
  }
}

// The same probability by simulation, where it is not rare: 200,000 cycles, within their exact interval.
TEST(Durability, LossBeforeRecoveryAgreesWithSimulation) {
  const double ratio = 0.3;
  const double expected =
      loss_before_recovery({.copies = 3, .failures_per_hour = ratio, .repairs_per_hour = 1});
  std::uint64_t draw = 0;
  std::int64_t lost = 0;
  constexpr std::int64_t cycles = 200'000;
  for (std::int64_t cycle = 0; cycle < cycles; ++cycle) {
    int down = 1;
    while (down > 0 && down < 3) {
      const double fails = (3 - down) * ratio;
      down += sim::unit_of(sim::keyed_bits(11, 0, draw++)) < fails / (fails + down) ? 1 : -1;
    }
    lost += down == 3 ? 1 : 0;
  }
  const sim::Interval interval = sim::clopper_pearson(lost, cycles, 0.999);
  EXPECT_LE(interval.low, expected);
  EXPECT_GE(interval.high, expected);
}

// Rows DUR-3 to DUR-5.
TEST(Durability, GroupsCopysetsAndShards) {
  EXPECT_NEAR(100 * loss_with_random_nodes_down(8'000, 0.001, 3, 8'000 * 256.0), 0.204, 0.0005)
      << "DUR-3, Kleppmann";
  EXPECT_NEAR(loss_with_nodes_down(5'000, 50, 3, 5'000 * 8'000.0 / 3), 0.99999, 1e-5) << "DUR-4, random";
  EXPECT_NEAR(loss_with_nodes_down(5'000, 50, 3, copysets(5'000, 3, 2)), 0.00157, 5e-6) << "DUR-4, copysets";
  EXPECT_NEAR(nines(shard_loss_per_year(20, 3, 0.0041, 156)), 10.97, 0.005) << "DUR-5, Backblaze 17+3";
  EXPECT_EQ(choose(5, 2), 10.0);
  EXPECT_EQ(choose(2, 5), 0.0);
  expect_relative(choose(5'000, 3), 5'000.0 * 4'999 * 4'998 / 6, 1e-14, "large");
  EXPECT_EQ(loss_with_nodes_down(10, 2, 3, 1e9), 0.0) << "fewer down than copies";
  EXPECT_EQ(loss_with_nodes_down(10, 10, 3, 1), 1.0);
}

// Rows NET-1 and NET-2.
TEST(Fluid, AsPublished) {
  EXPECT_NEAR(transfer_lv08(100e3, {.bytes_per_second = 125e3, .latency_seconds = 0.01}), 0.996079, 5e-7);
  const auto cm02 = [](double latency) { return transfer_cm02(10e9, {10e9, latency}, 4'194'304); };
  EXPECT_NEAR(cm02(1e-5), 1.00001, 1e-9);
  EXPECT_NEAR(cm02(1e-3), 4.77, 0.005);
  EXPECT_NEAR(cm02(0.1), 476.94, 0.005);
  EXPECT_THROW((void)transfer_cm02(1, {0, 1}, 1), sim::Bug);
}

// Row SSD-6.
TEST(Flash, WriteAmplificationAsPublished) {
  const std::vector<std::pair<double, double>> rows{{0.07, 7.82}, {0.1, 5.68}, {0.2, 3.19},
                                                    {0.28, 2.48}, {0.3, 2.36}, {0.5, 1.72}};
  for (const auto& [spare, expected] : rows)
    EXPECT_NEAR(write_amplification_greedy(spare), expected, 0.0051) << spare;
  EXPECT_NEAR(write_amplification_approximation(0.07), 7.64, 0.005);
  EXPECT_NEAR(write_amplification_approximation(0.3), 2.17, 0.005);
}

TEST(Flash, LambertWIsItsOwnInverse) {
  for (const double w : {-0.999, -0.9, -0.5, -1e-6, 0.0, 0.3, 1.0, 5.0, 20.0}) {
    EXPECT_NEAR(lambert_w(w * std::exp(w)), w, 1e-9 * (1 + std::abs(w))) << w;
  }
  EXPECT_NEAR(lambert_w(1), 0.56714329040978387, 1e-15);
  EXPECT_NEAR(lambert_w(-0.36787944117144233), -1.0, 1e-7);
  EXPECT_THROW((void)lambert_w(-0.4), sim::Bug);
}

}  // namespace
}  // namespace brokersim::analytic
