#include "models/analytic/markov.h"

#include <cmath>

#include <Eigen/Dense>

#include "sim/check.h"

namespace brokersim::analytic {
namespace {

/// The generator: rates, and minus their sum on the diagonal.
Eigen::MatrixXd generator(const Rates& rates) {
  const auto n = static_cast<Eigen::Index>(rates.size());
  SIM_CHECK(n > 0);
  Eigen::MatrixXd q = Eigen::MatrixXd::Zero(n, n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const std::vector<double>& row = rates[static_cast<std::size_t>(i)];
    SIM_CHECK(row.size() == rates.size(), "a chain's rates are a square");
    for (Eigen::Index j = 0; j < n; ++j) {
      if (i == j) continue;
      SIM_CHECK(row[static_cast<std::size_t>(j)] >= 0);
      q(i, j) = row[static_cast<std::size_t>(j)];
      q(i, i) -= q(i, j);
    }
  }
  return q;
}

}  // namespace

std::vector<double> steady_state(const Rates& rates) {
  Eigen::MatrixXd equations = generator(rates).transpose();
  const Eigen::Index n = equations.rows();
  equations.row(n - 1).setOnes();  // one of the balances follows from the others; the shares add up to 1
  Eigen::VectorXd right = Eigen::VectorXd::Zero(n);
  right(n - 1) = 1;
  const Eigen::FullPivLU<Eigen::MatrixXd> solver(equations);
  SIM_CHECK(solver.isInvertible(), "a chain that falls apart has no single equilibrium");
  const Eigen::VectorXd shares = solver.solve(right);
  return {shares.data(), shares.data() + n};
}

std::vector<double> state_at(const Rates& rates, const std::vector<double>& start, double t) {
  const Eigen::MatrixXd q = generator(rates);
  SIM_CHECK(start.size() == rates.size());
  SIM_CHECK(t >= 0);
  const double fastest = -q.diagonal().minCoeff();
  const double jumps = fastest * t;
  SIM_CHECK(jumps <= 1e6, "too many jumps for uniformisation");
  if (jumps == 0) return start;
  const Eigen::MatrixXd step = Eigen::MatrixXd::Identity(q.rows(), q.cols()) + q / fastest;
  Eigen::RowVectorXd state = Eigen::Map<const Eigen::RowVectorXd>(start.data(), q.rows());
  Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(q.rows());
  double covered = 0;
  // Poisson weights by their logarithms: e^-jumps alone would underflow.
  for (std::int64_t k = 0; covered < 1 - 1e-12; ++k) {
    const auto kd = static_cast<double>(k);
    const double weight = std::exp(kd * std::log(jumps) - jumps - std::lgamma(kd + 1));
    sum += weight * state;
    covered += weight;
    state *= step;
    if (kd > jumps && weight < 1e-18) break;
  }
  return {sum.data(), sum.data() + q.rows()};
}

Rates replica_chain(std::int32_t copies, double failure, double repair, bool loss_is_final) {
  SIM_CHECK(copies >= 1);
  const auto n = static_cast<std::size_t>(copies);
  Rates rates(n + 1, std::vector<double>(n + 1, 0));
  for (std::size_t down = 0; down <= n; ++down) {
    if (down < n) rates[down][down + 1] = static_cast<double>(n - down) * failure;
    if (down > 0 && !(loss_is_final && down == n)) rates[down][down - 1] = static_cast<double>(down) * repair;
  }
  return rates;
}

double availability(std::int32_t copies, std::int32_t needed, double failure, double repair) {
  SIM_CHECK(needed >= 0);
  SIM_CHECK(needed <= copies);
  const std::vector<double> shares = steady_state(replica_chain(copies, failure, repair, false));
  double up = 0;
  for (std::int32_t down = 0; down <= copies - needed; ++down) up += shares[static_cast<std::size_t>(down)];
  return up;
}

double loss_by(std::int32_t copies, double failure, double repair, double t) {
  std::vector<double> start(static_cast<std::size_t>(copies) + 1, 0);
  start[0] = 1;
  return state_at(replica_chain(copies, failure, repair, true), start, t).back();
}

}  // namespace brokersim::analytic
