#include "sim/sampling.h"

#include <cmath>
#include <limits>

#include "sim/check.h"
#include "sim/hash.h"
#include "sim/portable_math.h"

namespace brokersim::sim {
namespace {

bool finite(double x) { return x - x == 0.0; }

/// The n-th word hashed out of one; n from 1.
std::uint64_t further(std::uint64_t bits, std::uint64_t n) { return mix64(bits + n * 0x9E3779B97F4A7C15ull); }

/// a[0] + x (a[1] + x (a[2] + ...)).
template <std::size_t N>
double horner(const double (&a)[N], double x) {
  double sum = a[N - 1];
  for (std::size_t i = N - 1; i-- > 0;) sum = sum * x + a[i];
  return sum;
}

/// AS 241 for the tail: z > 0 with P(Z > z) = p, 0 < p <= 0.075.
double normal_tail(double p) {
  constexpr double c[] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                          3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                          2.27238449892691845833e-2, 7.74545014278341407640e-4};
  constexpr double d[] = {1.0,
                          2.05319162663775882187e0,
                          1.67638483018380384940e0,
                          6.89767334985100004550e-1,
                          1.48103976427480074590e-1,
                          1.51986665636164571966e-2,
                          5.47593808499534494600e-4,
                          1.05075007164441684324e-9};
  constexpr double e[] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                          2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                          2.71155556874348757815e-5, 2.01033439929228813265e-7};
  constexpr double f[] = {1.0,
                          5.99832206555887937690e-1,
                          1.36929880922735805310e-1,
                          1.48753612908506148525e-2,
                          7.86869131145613259100e-4,
                          1.84631831751005468180e-5,
                          1.42151175831644588870e-7,
                          2.04426310338993978564e-15};
  const double r = std::sqrt(-portable_ln(p));
  if (r <= 5.0) return horner(c, r - 1.6) / horner(d, r - 1.6);
  return horner(e, r - 5.0) / horner(f, r - 5.0);
}

/// AS 241 for the middle: z with P(Z <= z) = 0.5 + q, |q| <= 0.425.
double normal_middle(double q) {
  constexpr double a[] = {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                          1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                          3.3430575583588128105e4, 2.5090809287301226727e3};
  constexpr double b[] = {1.0,
                          4.2313330701600911252e1,
                          6.8718700749205790830e2,
                          5.3941960214247511077e3,
                          2.1213794301586595867e4,
                          3.9307895800092710610e4,
                          2.8729085735721942674e4,
                          5.2264952788528545610e3};
  const double r = 0.180625 - q * q;
  return q * horner(a, r) / horner(b, r);
}

/// ln k! for k >= 0: a table, then Stirling's series (error below 1e-13 of it from 10 on).
double ln_factorial(double k) {
  static constexpr double kSmall[] = {1.0, 1.0, 2.0, 6.0, 24.0, 120.0, 720.0, 5'040.0, 40'320.0, 362'880.0};
  if (k < 10.0) return portable_ln(kSmall[static_cast<std::size_t>(k)]);
  constexpr double kHalfLn2Pi = 0.91893853320467274178;
  const double x = k + 1.0;
  const double inverse2 = 1.0 / (x * x);
  const double series =
      (1.0 / 12.0 - inverse2 * (1.0 / 360.0 - inverse2 * (1.0 / 1'260.0 - inverse2 * (1.0 / 1'680.0)))) / x;
  return (x - 0.5) * portable_ln(x) - x + kHalfLn2Pi + series;
}

}  // namespace

double unit_of(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

double open_unit_of(std::uint64_t bits) {
  // (bits + 1/2) / 2^64; rounding to 53 bits would make the greatest of them 1.
  const double u = (static_cast<double>(bits) + 0.5) * 0x1p-64;
  return u < 1.0 ? u : 1.0 - 0x1p-53;
}

Duration whole_ns(double ns) {
  if (!(ns > 0.0)) return {0};
  if (ns >= 9.2233720368547748e18) return Duration::max();
  return {static_cast<std::int64_t>(ns + 0.5)};
}

double normal_quantile(double p) {
  SIM_CHECK(p > 0.0);
  SIM_CHECK(p < 1.0);
  if (p < 0.075) return -normal_tail(p);
  if (p > 0.925) return normal_tail(1.0 - p);
  return normal_middle(p - 0.5);
}

Uniform::Uniform(double low, double high) : low_(low), width_(high - low) {
  SIM_CHECK(finite(low));
  SIM_CHECK(finite(width_));
  SIM_CHECK(width_ >= 0.0);
}
double Uniform::sample(std::uint64_t bits) const {
  const double value = low_ + width_ * unit_of(bits);
  // Rounding may reach the end where the range is narrow beside its place.
  return width_ == 0.0 || value < low_ + width_ ? value : low_;
}

Exponential::Exponential(double mean) : mean_(mean) {
  SIM_CHECK(mean > 0.0);
  SIM_CHECK(finite(mean));
}
double Exponential::standard(std::uint64_t bits) { return -portable_ln(open_unit_of(bits)); }
double Exponential::sample(std::uint64_t bits) const { return mean_ * standard(bits); }

Normal::Normal(double mean, double deviation) : mean_(mean), deviation_(deviation) {
  SIM_CHECK(finite(mean));
  SIM_CHECK(finite(deviation));
  SIM_CHECK(deviation >= 0.0);
}
double Normal::standard(std::uint64_t bits) {
  // The top bit is the sign, the other 63 are the tail's probability: (m + 1/2) / 2^64 in (0, 1/2).
  const bool negative = bits >> 63 != 0;
  const std::uint64_t m = (negative ? ~bits : bits) & 0x7FFF'FFFF'FFFF'FFFFull;
  const double tail = (static_cast<double>(m) + 0.5) * 0x1p-64;
  const double z = tail < 0.075 ? normal_tail(tail) : normal_middle(0.5 - tail);
  return negative ? -z : z;
}
double Normal::sample(std::uint64_t bits) const { return mean_ + deviation_ * standard(bits); }

LogNormal::LogNormal(double median, double sigma) : median_(median), sigma_(sigma) {
  SIM_CHECK(median > 0.0);
  SIM_CHECK(finite(median));
  SIM_CHECK(sigma >= 0.0);
  SIM_CHECK(sigma <= 20.0);
}
LogNormal LogNormal::from_quantile(double median, std::pair<double, double> quantile) {
  const auto [probability, value] = quantile;
  SIM_CHECK(probability > 0.5);
  SIM_CHECK(probability < 1.0);
  SIM_CHECK(median > 0.0);
  SIM_CHECK(value >= median);
  return {median, portable_ln(value / median) / normal_quantile(probability)};
}
double LogNormal::sample(std::uint64_t bits) const {
  return median_ * portable_exp(sigma_ * Normal::standard(bits));
}
double LogNormal::mean() const { return median_ * portable_exp(sigma_ * sigma_ / 2.0); }

Weibull::Weibull(double scale, double shape) : scale_(scale), one_over_shape_(1.0 / shape) {
  SIM_CHECK(scale > 0.0);
  SIM_CHECK(finite(scale));
  SIM_CHECK(shape >= 0.05);
  SIM_CHECK(finite(shape));
}
double Weibull::sample(std::uint64_t bits) const {
  return scale_ * portable_exp(portable_ln(Exponential::standard(bits)) * one_over_shape_);
}

Geometric::Geometric(double probability)
    : minus_ln_failure_(probability < 1.0 ? -portable_log1p(-probability) : 0.0) {
  SIM_CHECK(probability > 0.0);
  SIM_CHECK(probability <= 1.0);
}
std::int64_t Geometric::sample(std::uint64_t bits) const {
  if (minus_ln_failure_ == 0.0) return 0;
  const double failures = Exponential::standard(bits) / minus_ln_failure_;
  return failures < 0x1p62 ? static_cast<std::int64_t>(failures) : std::int64_t{1} << 62;
}

Poisson::Poisson(double mean) : mean_(mean) {
  SIM_CHECK(mean >= 0.0);
  SIM_CHECK(mean <= 1e9);
  if (mean < 10.0) {
    at_zero_ = portable_exp(-mean);
    return;
  }
  ln_mean_ = portable_ln(mean);
  b_ = 0.931 + 2.53 * std::sqrt(mean);
  a_ = -0.059 + 0.02483 * b_;
  squeeze_ = 0.9277 - 3.6224 / (b_ - 2.0);
  ln_alpha_ = portable_ln(1.1239 + 1.1328 / (b_ - 3.4));
}
std::int64_t Poisson::sample(std::uint64_t bits) const {
  return mean_ < 10.0 ? by_inversion(bits) : by_rejection(bits);
}
std::int64_t Poisson::by_inversion(std::uint64_t bits) const {
  // From the upper end for u near 1, the sum would be lost in its rounding: 200 is far beyond 2^-64 for means below 10.
  double u = open_unit_of(bits);
  double p = at_zero_;
  std::int64_t k = 0;
  while (u > p && k < 200) {
    u -= p;
    ++k;
    p *= mean_ / static_cast<double>(k);
  }
  return k;
}
std::int64_t Poisson::by_rejection(std::uint64_t bits) const {
  for (std::uint64_t round = 1;; round += 2) {
    const double u = open_unit_of(further(bits, round)) - 0.5;
    const double v = open_unit_of(further(bits, round + 1));
    const double edge = 0.5 - (u < 0.0 ? -u : u);
    if (edge <= 0.0) continue;
    const double x = (2.0 * a_ / edge + b_) * u + mean_ + 0.43;
    if (x < 0.0) continue;
    const auto whole = static_cast<std::int64_t>(x);
    if (edge >= 0.07 && v <= squeeze_) return whole;
    if (edge < 0.013 && v > edge) continue;
    const double k = static_cast<double>(whole);
    const double left = portable_ln(v) + ln_alpha_ - portable_ln(a_ / (edge * edge) + b_);
    if (left <= k * ln_mean_ - mean_ - ln_factorial(k)) return whole;
  }
}

Zipf::Zipf(std::int64_t n, double skew) : n_(n), skew_(skew) {
  SIM_CHECK(n >= 1);
  SIM_CHECK(n <= std::int64_t{1} << 40);
  SIM_CHECK(skew >= 0.0);
  SIM_CHECK(skew <= 20.0);
  // Rank 1 takes the whole of its step, so that the hat over the others is the integral alone.
  area_low_ = area(1.5) - 1.0;
  area_high_ = area(static_cast<double>(n) + 0.5);
  accept_ = 2.0 - area_inverse(area(2.5) - hat(2.0));
}
double Zipf::hat(double x) const { return portable_exp(-skew_ * portable_ln(x)); }
double Zipf::area(double x) const {
  // (x^(1 - s) - 1) / (1 - s), which is ln x for s = 1.
  const double ln_x = portable_ln(x);
  const double t = (1.0 - skew_) * ln_x;
  const double ratio = -1e-8 < t && t < 1e-8 ? 1.0 + t / 2.0 : portable_expm1(t) / t;
  return ratio * ln_x;
}
double Zipf::area_inverse(double y) const {
  double t = y * (1.0 - skew_);
  if (t < -1.0 + 0x1p-53) t = -1.0 + 0x1p-53;  // rounding may pass the area's limit
  const double ratio = -1e-8 < t && t < 1e-8 ? 1.0 - t / 2.0 : portable_log1p(t) / t;
  return portable_exp(ratio * y);
}
std::int64_t Zipf::sample(std::uint64_t bits) const {
  for (std::uint64_t round = 1;; ++round) {
    const double u = area_high_ + open_unit_of(further(bits, round)) * (area_low_ - area_high_);
    const double x = area_inverse(u);
    double k = static_cast<double>(static_cast<std::int64_t>(x + 0.5));
    if (k < 1.0) k = 1.0;
    if (k > static_cast<double>(n_)) k = static_cast<double>(n_);
    if (k - x <= accept_ || u >= area(k + 0.5) - hat(k)) return static_cast<std::int64_t>(k);
  }
}

Weighted::Weighted(const std::vector<std::uint64_t>& weights) {
  using Wide = unsigned __int128;
  SIM_CHECK(!weights.empty());
  SIM_CHECK(weights.size() <= std::size_t{1} << 24);
  std::uint64_t total = 0;
  for (const std::uint64_t weight : weights) {
    SIM_CHECK(weight < std::uint64_t{1} << 63);
    total += weight;
    SIM_CHECK(total < std::uint64_t{1} << 63, "the sum of the weights is too large");
  }
  SIM_CHECK(total > 0);
  const auto n = static_cast<std::uint64_t>(weights.size());
  // Vose's construction in whole numbers: a column is worth `total`, a weight n times itself.
  std::vector<Wide> rest(weights.size());
  std::vector<std::uint32_t> small, large;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    rest[i] = static_cast<Wide>(weights[i]) * n;
    (rest[i] < total ? small : large).push_back(static_cast<std::uint32_t>(i));
  }
  columns_.resize(weights.size());
  while (!small.empty()) {
    const std::uint32_t i = small.back();
    small.pop_back();
    const std::uint32_t giver = large.back();  // the rests add up to total per open column, so there is one
    columns_[i] = {static_cast<std::uint64_t>((rest[i] << 64) / total), giver, false};
    rest[giver] -= total - rest[i];
    if (rest[giver] < total) {
      large.pop_back();
      small.push_back(giver);
    }
  }
  for (const std::uint32_t i : large) columns_[i] = {0, i, true};
}
std::size_t Weighted::sample(std::uint64_t bits) const {
  const unsigned __int128 product = static_cast<unsigned __int128>(bits) * columns_.size();
  const auto index = static_cast<std::size_t>(product >> 64);
  const Column& column = columns_[index];
  return column.always || static_cast<std::uint64_t>(product) < column.keep ? index : column.other;
}

Empirical::Empirical(std::vector<Point> points) : points_(std::move(points)) {
  SIM_CHECK(points_.size() >= 2);
  SIM_CHECK(points_.front().probability == 0.0);
  SIM_CHECK(points_.back().probability == 1.0);
  for (std::size_t i = 0; i < points_.size(); ++i) {
    SIM_CHECK(finite(points_[i].value));
    if (i == 0) continue;
    SIM_CHECK(points_[i - 1].probability < points_[i].probability);
    SIM_CHECK(points_[i - 1].value <= points_[i].value);
  }
}
double Empirical::quantile(double probability) const {
  SIM_CHECK(probability >= 0.0);
  SIM_CHECK(probability <= 1.0);
  std::size_t low = 0;
  std::size_t high = points_.size() - 1;
  while (high - low > 1) {
    const std::size_t middle = low + (high - low) / 2;
    (points_[middle].probability <= probability ? low : high) = middle;
  }
  const Point& a = points_[low];
  const Point& b = points_[high];
  return a.value + (b.value - a.value) * ((probability - a.probability) / (b.probability - a.probability));
}
double Empirical::sample(std::uint64_t bits) const { return quantile(open_unit_of(bits)); }
double Empirical::mean() const {
  double sum = 0.0;
  for (std::size_t i = 1; i < points_.size(); ++i) {
    sum += (points_[i].probability - points_[i - 1].probability) * (points_[i].value + points_[i - 1].value) /
           2.0;
  }
  return sum;
}

}  // namespace brokersim::sim
