// Random variates from addressed draws: one 64-bit word in, one value out.
//
// Why: the distributions of the standard library differ between libraries, and so does the last bit of a logarithm.
// Here the same word gives the same bits of value on every compiler and machine: + - * / sqrt, tables and the
// functions of sim/portable_math.h only.
// Use: `const Exponential gap(5e6);  ... after(whole_ns(gap.sample(stream.bits(k))))`. A sampler is a small value
// that knows its parameters and nothing of randomness; it can be shared, copied and made once. Where a method needs
// several uniform numbers (Zipf, Poisson), they are hashed out of the one word, so that one ordinal stays one draw.
// Tails are right to probabilities of 2^-64 (Normal: 9.1 deviations, Exponential: 45 means; 2^-53 for the upper tail of
// Poisson, Zipf and Empirical), which is why samplers take the whole word and not a double in [0, 1).
// Parameters outside their range are a sim::Bug: who reads scenario files checks them before.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "sim/time.h"

namespace brokersim::sim {

/// A multiple of 2^-53 in [0, 1).
[[nodiscard]] double unit_of(std::uint64_t bits);
/// In (0, 1): neither end, and down to 2^-65.
[[nodiscard]] double open_unit_of(std::uint64_t bits);
/// `ns` rounded to a whole nanosecond, halves up; at least 0, at most Duration::max().
[[nodiscard]] Duration whole_ns(double ns);

/// Uniform in [low, high), a multiple of (high - low) / 2^53 above low. low <= high, both finite.
class Uniform {
 public:
  Uniform(double low, double high);
  [[nodiscard]] double sample(std::uint64_t bits) const;

 private:
  double low_;
  double width_;
};

/// Exponential by inversion. mean > 0, finite.
class Exponential {
 public:
  explicit Exponential(double mean);
  [[nodiscard]] double sample(std::uint64_t bits) const;
  /// Of mean 1.
  [[nodiscard]] static double standard(std::uint64_t bits);

 private:
  double mean_;
};

/// Normal by inversion (Wichura 1988, algorithm AS 241: relative error about 1e-16). deviation >= 0, both finite.
class Normal {
 public:
  Normal(double mean, double deviation);
  [[nodiscard]] double sample(std::uint64_t bits) const;
  /// Of mean 0 and deviation 1. The top bit is the sign: bits and ~bits give opposite values.
  [[nodiscard]] static double standard(std::uint64_t bits);

 private:
  double mean_;
  double deviation_;
};

/// e^(ln median + sigma Z): median > 0, 0 <= sigma <= 20 (the deviation of the logarithm).
class LogNormal {
 public:
  LogNormal(double median, double sigma);
  /// From what a data sheet gives: a median and another quantile, as {0.99, 12e6} for "p99 is 12 ms". The
  /// probability in (0.5, 1), the value at least the median.
  [[nodiscard]] static LogNormal from_quantile(double median, std::pair<double, double> quantile);
  [[nodiscard]] double sample(std::uint64_t bits) const;
  [[nodiscard]] double median() const { return median_; }
  [[nodiscard]] double sigma() const { return sigma_; }
  /// median e^(sigma^2 / 2).
  [[nodiscard]] double mean() const;

 private:
  double median_;
  double sigma_;
};

/// scale E^(1/shape) for a standard exponential E. Both > 0; shape at least 0.05.
class Weibull {
 public:
  Weibull(double scale, double shape);
  [[nodiscard]] double sample(std::uint64_t bits) const;

 private:
  double scale_;
  double one_over_shape_;
};

/// Failures before the first success of trials that succeed with `probability` in (0, 1]: 0, 1, 2 ... by inversion,
/// capped at 2^62.
class Geometric {
 public:
  explicit Geometric(double probability);
  [[nodiscard]] std::int64_t sample(std::uint64_t bits) const;

 private:
  double minus_ln_failure_;  // 0 stands for certain success
};

/// Number of events of a Poisson process. 0 <= mean <= 10^9. Below 10 by inversion; above by Hoermann's transformed
/// rejection (PTRS, 1993), about 1.1 to 1.2 rounds.
class Poisson {
 public:
  explicit Poisson(double mean);
  [[nodiscard]] std::int64_t sample(std::uint64_t bits) const;

 private:
  [[nodiscard]] std::int64_t by_inversion(std::uint64_t bits) const;
  [[nodiscard]] std::int64_t by_rejection(std::uint64_t bits) const;

  double mean_;
  double at_zero_ = 0;  // e^-mean, for inversion
  double ln_mean_ = 0;
  double a_ = 0;  // of the rejection: its hat's shape
  double b_ = 0;
  double squeeze_ = 0;
  double ln_alpha_ = 0;
};

/// Ranks 1 ... n with probability proportional to rank^-skew, in constant time for any n: rejection-inversion
/// (Hoermann and Derflinger 1996), 1.1 rounds on average, no table. 1 <= n <= 2^40, 0 <= skew <= 20 (0: uniform).
class Zipf {
 public:
  Zipf(std::int64_t n, double skew);
  [[nodiscard]] std::int64_t sample(std::uint64_t bits) const;
  [[nodiscard]] std::int64_t n() const { return n_; }

 private:
  [[nodiscard]] double hat(double x) const;           // x^-skew
  [[nodiscard]] double area(double x) const;          // integral of the hat from 1 to x
  [[nodiscard]] double area_inverse(double y) const;  // the x up to which it is y

  std::int64_t n_;
  double skew_;
  double area_low_ = 0;
  double area_high_ = 0;
  double accept_ = 0;
};

/// Indices 0 ... n - 1 by weight, in constant time (Walker's alias method, built with integers: exact to 2^-40).
/// 1 to 2^24 weights, their sum positive and below 2^63.
class Weighted {
 public:
  explicit Weighted(const std::vector<std::uint64_t>& weights);
  [[nodiscard]] std::size_t sample(std::uint64_t bits) const;
  [[nodiscard]] std::size_t size() const { return columns_.size(); }

 private:
  struct Column {
    std::uint64_t keep = 0;   // the column's own index if the fraction is below this ...
    std::uint32_t other = 0;  // ... else this one
    bool always = false;      // the fraction 1 does not fit
  };
  std::vector<Column> columns_;
};

/// A measured distribution: straight lines between points (probability, value) of its distribution function. At
/// least two points; probabilities rise from 0 to 1, values do not fall. Equal values in a row are an atom. Costs a
/// binary search among the points.
class Empirical {
 public:
  struct Point {
    double probability;
    double value;
  };
  explicit Empirical(std::vector<Point> points);
  [[nodiscard]] double sample(std::uint64_t bits) const;
  /// The value at a probability in [0, 1].
  [[nodiscard]] double quantile(double probability) const;
  [[nodiscard]] double mean() const;

 private:
  std::vector<Point> points_;
};

/// The z with P(Z <= z) = p for a standard normal Z and p in (0, 1).
[[nodiscard]] double normal_quantile(double p);

}  // namespace brokersim::sim
