#include "sim/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "sim/check.h"
#include "sim/sampling.h"
#include "sim/tail_shares.h"

namespace brokersim::sim {
namespace {

/// The p at which P(X <= k) = target; the probability falls as p grows.
double solve_share(std::int64_t k, std::int64_t n, double target) {
  double low = 0.0;
  double high = 1.0;
  for (int i = 0; i < 80; ++i) {
    const double middle = (low + high) / 2.0;
    (detail::binomial_share(k, n, middle) > target ? low : high) = middle;
  }
  return (low + high) / 2.0;
}

/// The mean at which P(X <= k) = target.
double solve_mean(std::int64_t k, double target) {
  double low = 0.0;
  double high = 2.0 * static_cast<double>(k) + 200.0;  // target is at least 1e-16 or so
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2.0;
    (detail::poisson_share(k, middle) > target ? low : high) = middle;
  }
  return (low + high) / 2.0;
}

double arctangent(double x) {
  double scale = 1.0;
  for (int i = 0; i < 5; ++i, scale *= 2.0) x = x / (1.0 + std::sqrt(1.0 + x * x));  // halves the angle
  double sum = 0.0;
  double power = x;
  for (int i = 0; i < 12; ++i, power *= -x * x) sum += power / static_cast<double>(2 * i + 1);
  return scale * sum;
}

/// P(|T| <= t): Abramowitz and Stegun 26.7.3 (odd) and 26.7.4 (even degrees).
double student_within(double t, std::int64_t degrees) {
  constexpr double kPi = 3.14159265358979323846;
  const double nu = static_cast<double>(degrees);
  const double cosine2 = 1.0 / (1.0 + t * t / nu);
  const double sine = (t / std::sqrt(nu)) * std::sqrt(cosine2);
  const bool odd = degrees % 2 == 1;
  double term = odd ? std::sqrt(cosine2) : 1.0;
  double sum = degrees == 1 ? 0.0 : term;
  for (std::int64_t i = odd ? 3 : 2; i <= degrees - 2; i += 2) {
    term *= static_cast<double>(i - 1) / static_cast<double>(i) * cosine2;
    sum += term;
  }
  return odd ? 2.0 / kPi * (arctangent(t / std::sqrt(nu)) + sine * sum) : sine * sum;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

}  // namespace

double binomial_at_most(std::int64_t k, std::int64_t n, double p) {
  SIM_CHECK(n >= 0);
  SIM_CHECK(p >= 0.0);
  SIM_CHECK(p <= 1.0);
  return detail::binomial_share(k, n, p);
}

double poisson_at_most(std::int64_t k, double mean) {
  SIM_CHECK(mean >= 0.0);
  return detail::poisson_share(k, mean);
}

Interval clopper_pearson(std::int64_t hits, std::int64_t n, double confidence) {
  SIM_CHECK(hits >= 0);
  SIM_CHECK(hits <= n);
  SIM_CHECK(confidence > 0.0);
  SIM_CHECK(confidence < 1.0);
  if (n == 0) return {0.0, 1.0};
  const double alpha = 1.0 - confidence;
  return {hits == 0 ? 0.0 : solve_share(hits - 1, n, 1.0 - alpha / 2.0),
          hits == n ? 1.0 : solve_share(hits, n, alpha / 2.0)};
}

double share_at_most(std::int64_t hits, std::int64_t n, double confidence) {
  SIM_CHECK(hits >= 0);
  SIM_CHECK(hits <= n);
  SIM_CHECK(confidence > 0.0);
  SIM_CHECK(confidence < 1.0);
  return hits == n ? 1.0 : solve_share(hits, n, 1.0 - confidence);
}

double share_at_least(std::int64_t hits, std::int64_t n, double confidence) {
  return 1.0 - share_at_most(n - hits, n, confidence);
}

Interval garwood(std::int64_t count, double exposure, double confidence) {
  SIM_CHECK(count >= 0);
  SIM_CHECK(exposure > 0.0);
  SIM_CHECK(confidence > 0.0);
  SIM_CHECK(confidence < 1.0);
  const double alpha = 1.0 - confidence;
  return {count == 0 ? 0.0 : solve_mean(count - 1, 1.0 - alpha / 2.0) / exposure,
          solve_mean(count, alpha / 2.0) / exposure};
}

void Moments::add(double value) {
  min_ = count_ == 0 || value < min_ ? value : min_;
  max_ = count_ == 0 || value > max_ ? value : max_;
  ++count_;
  const double distance = value - mean_;
  mean_ += distance / static_cast<double>(count_);
  squares_ += distance * (value - mean_);
}

void Moments::merge(const Moments& other) {
  if (other.count_ == 0) return;
  if (count_ == 0) {
    *this = other;
    return;
  }
  const double here = static_cast<double>(count_);
  const double there = static_cast<double>(other.count_);
  const double distance = other.mean_ - mean_;
  count_ += other.count_;
  mean_ += distance * (there / (here + there));
  squares_ += other.squares_ + distance * distance * (here * there / (here + there));
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

double Moments::variance() const { return count_ < 2 ? 0.0 : squares_ / static_cast<double>(count_ - 1); }

Interval Moments::mean_interval(double confidence) const {
  if (count_ < 2) return {mean_, mean_};
  const double half = student_t(count_ - 1, confidence) * std::sqrt(variance() / static_cast<double>(count_));
  return {mean_ - half, mean_ + half};
}

Summary summarise(std::vector<double> values) {
  Summary summary;
  if (values.empty()) return summary;
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  summary.n = static_cast<std::int64_t>(n);
  summary.min = values.front();
  summary.max = values.back();
  summary.median = n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2.0;
  double sum = 0.0;
  for (const double value : values) sum += value;
  summary.mean = sum / static_cast<double>(n);
  double squares = 0.0;
  for (const double value : values) squares += (value - summary.mean) * (value - summary.mean);
  if (n > 1) summary.deviation = std::sqrt(squares / static_cast<double>(n - 1));
  return summary;
}

double student_t(std::int64_t degrees, double confidence) {
  SIM_CHECK(degrees >= 1);
  SIM_CHECK(confidence > 0.0);
  SIM_CHECK(confidence < 1.0);
  if (degrees > 2'000) {
    // Cornish and Fisher's expansion; the next term is below 1e-12 from here on, up to a confidence of 0.999, and below
    // 1e-8 always.
    const double z = normal_quantile(0.5 + confidence / 2.0);
    const double nu = static_cast<double>(degrees);
    const double z2 = z * z;
    return z * (1.0 + (z2 + 1.0) / (4.0 * nu) + ((5.0 * z2 + 16.0) * z2 + 3.0) / (96.0 * nu * nu) +
                (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / (384.0 * nu * nu * nu));
  }
  double low = 0.0;
  double high = 1.0;
  while (student_within(high, degrees) < confidence) low = std::exchange(high, 2.0 * high);
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2.0;
    (student_within(middle, degrees) < confidence ? low : high) = middle;
  }
  return (low + high) / 2.0;
}

Interval student_interval(const Summary& summary, double confidence) {
  if (summary.n < 2) return {summary.mean, summary.mean};
  const double half =
      student_t(summary.n - 1, confidence) * summary.deviation / std::sqrt(static_cast<double>(summary.n));
  return {summary.mean - half, summary.mean + half};
}

std::string share_text(std::int64_t hits, std::int64_t n, double confidence) {
  const Interval interval = clopper_pearson(hits, n, confidence);
  std::string text = std::to_string(hits) + " of " + std::to_string(n);
  if (n == 0) return text;
  if (hits == 0) return text + " (at most " + number(share_at_most(hits, n, confidence) * 100.0) + " %)";
  if (hits == n) return text + " (at least " + number(share_at_least(hits, n, confidence) * 100.0) + " %)";
  const double share = static_cast<double>(hits) / static_cast<double>(n);
  return text + " (" + number(share * 100.0) + " %, " + number(interval.low * 100.0) + " to " +
         number(interval.high * 100.0) + " %)";
}

}  // namespace brokersim::sim
