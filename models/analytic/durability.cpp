#include "models/analytic/durability.h"

#include <cmath>

#include <Eigen/Dense>

#include "sim/check.h"

namespace brokersim::analytic {
namespace {

struct Chain {
  std::vector<double> up;
  std::vector<double> down;
};

/// States: copies that are down.
Chain chain_of(const Replication& replication) {
  SIM_CHECK(replication.copies >= 1);
  SIM_CHECK(replication.failures_per_hour > 0.0);
  SIM_CHECK(replication.repairs_per_hour > 0.0);
  Chain chain;
  for (std::int32_t i = 0; i < replication.copies; ++i) {
    chain.up.push_back((replication.copies - i) * replication.failures_per_hour);
    chain.down.push_back(i * replication.repairs_per_hour);
  }
  return chain;
}

double log_choose(double n, double k) {
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
}

}  // namespace

double failure_rate_per_hour(double annual_failure_rate) {
  SIM_CHECK(annual_failure_rate >= 0.0);
  SIM_CHECK(annual_failure_rate < 1.0);
  return -std::log1p(-annual_failure_rate) / kHoursPerYear;
}

double mean_time_to_top(const std::vector<double>& up, const std::vector<double>& down, std::size_t start) {
  SIM_CHECK(!up.empty());
  SIM_CHECK(down.size() == up.size());
  SIM_CHECK(start < up.size());
  // step: mean time from i to i + 1 = (1 + down[i] * the step before) / up[i].
  double step = 0.0;
  double total = 0.0;
  for (std::size_t i = 0; i < up.size(); ++i) {
    SIM_CHECK(up[i] > 0.0);
    step = (1.0 + (i == 0 ? 0.0 : down[i] * step)) / up[i];
    if (i >= start) total += step;
  }
  return total;
}

double reaches_top_before_zero(const std::vector<double>& up, const std::vector<double>& down) {
  SIM_CHECK(up.size() >= 2);
  SIM_CHECK(down.size() == up.size());
  double sum = 1.0;
  double product = 1.0;
  for (std::size_t i = 1; i < up.size(); ++i) {
    SIM_CHECK(up[i] > 0.0);
    product *= down[i] / up[i];
    sum += product;
  }
  return 1.0 / sum;
}

std::vector<double> mean_times_to_absorption(const std::vector<std::vector<double>>& rates) {
  const auto n = static_cast<Eigen::Index>(rates.size());
  SIM_CHECK(n >= 1);
  // (D - Q) t = 1, each row divided by its total rate: the matrix of the embedded chain, well scaled.
  Eigen::MatrixXd matrix = Eigen::MatrixXd::Identity(n, n);
  Eigen::VectorXd right(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const auto& row = rates[static_cast<std::size_t>(i)];
    SIM_CHECK(row.size() == rates.size() + 1);
    double total = 0.0;
    for (std::size_t j = 0; j < row.size(); ++j) {
      SIM_CHECK(row[j] >= 0.0);
      if (j != static_cast<std::size_t>(i)) total += row[j];
    }
    SIM_CHECK(total > 0.0, "a state is never left");
    for (Eigen::Index j = 0; j < n; ++j) {
      if (j != i) matrix(i, j) = -row[static_cast<std::size_t>(j)] / total;
    }
    right(i) = 1.0 / total;
  }
  const Eigen::VectorXd times = matrix.fullPivLu().solve(right);
  return {times.data(), times.data() + times.size()};
}

double mean_time_to_data_loss(const Replication& replication) {
  const Chain chain = chain_of(replication);
  return mean_time_to_top(chain.up, chain.down);
}

double loss_before_recovery(const Replication& replication) {
  if (replication.copies == 1) return 1.0;
  const Chain chain = chain_of(replication);
  return reaches_top_before_zero(chain.up, chain.down);
}

double loss_per_year(double mean_hours) {
  SIM_CHECK(mean_hours > 0.0);
  return -std::expm1(-kHoursPerYear / mean_hours);
}

double choose(std::int64_t n, std::int64_t k) {
  SIM_CHECK(n >= 0);
  SIM_CHECK(k >= 0);
  if (k > n) return 0.0;
  double product = 1.0;
  const std::int64_t terms = k < n - k ? k : n - k;
  for (std::int64_t i = 0; i < terms; ++i) product *= static_cast<double>(n - i) / static_cast<double>(i + 1);
  return product;
}

double loss_with_nodes_down(std::int64_t nodes, std::int64_t down, std::int32_t copies, double groups) {
  SIM_CHECK(copies >= 1);
  SIM_CHECK(copies <= nodes);
  SIM_CHECK(down <= nodes);
  SIM_CHECK(groups >= 0.0);
  const double one = choose(down, copies) / choose(nodes, copies);
  return one >= 1.0 ? (groups > 0.0 ? 1.0 : 0.0) : -std::expm1(groups * std::log1p(-one));
}

double loss_with_random_nodes_down(std::int64_t nodes, double p, std::int32_t copies, double groups) {
  SIM_CHECK(p > 0.0);
  SIM_CHECK(p < 1.0);
  double sum = 0.0;
  for (std::int64_t down = copies; down <= nodes; ++down) {
    const double n = static_cast<double>(nodes);
    const double k = static_cast<double>(down);
    const double weight = std::exp(log_choose(n, k) + k * std::log(p) + (n - k) * std::log1p(-p));
    sum += weight * loss_with_nodes_down(nodes, down, copies, groups);
    if (k > 10.0 && k > 2.0 * n * p && weight < 1e-20) break;
  }
  return sum;
}

double copysets(std::int64_t nodes, std::int32_t copies, std::int32_t width) {
  SIM_CHECK(copies >= 2);
  SIM_CHECK(width >= 1);
  return static_cast<double>(width) / (copies - 1) * static_cast<double>(nodes) / copies;
}

double shard_loss_per_year(std::int32_t shards, std::int32_t parity, double annual_failure_rate,
                           double rebuild_hours) {
  SIM_CHECK(parity >= 0);
  SIM_CHECK(shards > parity);
  SIM_CHECK(rebuild_hours > 0.0);
  constexpr double kHours = 8'760.0;  // of the published calculation
  const double mean = shards * annual_failure_rate * rebuild_hours / kHours;
  // The tail from parity + 1 on, term by term: one less the rest would lose all digits.
  double term = std::exp(-mean);
  double tail = 0.0;
  for (std::int32_t k = 1; k <= shards; ++k) {
    term *= mean / k;
    if (k > parity) tail += term;
  }
  return tail * kHours / rebuild_hours;
}

double nines(double loss) {
  SIM_CHECK(loss > 0.0);
  return -std::log10(loss);
}

}  // namespace brokersim::analytic
