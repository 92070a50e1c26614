// Intervals around what several seeds showed. Outputs only: no run reads them.
//
// Why: "0 of 100 runs lost data" is not "never". A share is printed with its exact (Clopper-Pearson) interval,
// a mean with its Student interval. Everything here uses + - * / and sqrt only, so that a table is the same
// from every compiler.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace brokersim::sim {

struct Interval {
  double low = 0;
  double high = 0;
};

/// Exact two-sided interval of a binomial share after `hits` of `n`, by Clopper and Pearson (1934): each end leaves
/// (1 - confidence) / 2 outside. With no hits the lower end is 0, with all hits the upper one 1; `n` = 0 gives [0, 1].
/// 0 <= hits <= n, confidence in (0, 1). Some milliseconds at most, whatever `n`.
[[nodiscard]] Interval clopper_pearson(std::int64_t hits, std::int64_t n, double confidence = 0.95);

/// One-sided: the share is at most this with that confidence. For 0 of n it is 1 - (1 - confidence)^(1/n), the "rule of
/// three": about 3 / n at 95 %. n = 0 gives 1.
[[nodiscard]] double share_at_most(std::int64_t hits, std::int64_t n, double confidence = 0.95);
/// One-sided: at least this. n = 0 gives 0.
[[nodiscard]] double share_at_least(std::int64_t hits, std::int64_t n, double confidence = 0.95);

/// Exact two-sided interval of a Poisson rate after `count` events in `exposure` (any unit, positive), by Garwood (1936):
/// events per unit of exposure. For 0 events the lower end is 0.
[[nodiscard]] Interval garwood(std::int64_t count, double exposure, double confidence = 0.95);

/// P(X <= k) for X binomial of n trials with probability p.
[[nodiscard]] double binomial_at_most(std::int64_t k, std::int64_t n, double p);
/// P(X <= k) for X Poisson of that mean.
[[nodiscard]] double poisson_at_most(std::int64_t k, double mean);

/// What is known of a list of numbers, one per seed.
struct Summary {
  std::int64_t n = 0;
  double mean = 0;
  double deviation = 0;  ///< Sample standard deviation (n - 1). 0 if n < 2.
  double min = 0;
  double max = 0;
  double median = 0;
};
[[nodiscard]] Summary summarise(std::vector<double> values);

/// Count, mean, variance and range of numbers that are not kept. Merges across clients, windows and runs; the result
/// depends on the order of merging by rounding only (Chan, Golub and LeVeque 1979).
class Moments {
 public:
  void add(double value);
  void merge(const Moments& other);

  [[nodiscard]] std::int64_t count() const { return count_; }
  [[nodiscard]] double mean() const { return mean_; }  ///< 0 if empty.
  [[nodiscard]] double min() const { return min_; }    ///< 0 if empty.
  [[nodiscard]] double max() const { return max_; }    ///< 0 if empty.
  [[nodiscard]] double variance() const;               ///< Of the sample (n - 1). 0 below two values.
  /// Two-sided Student interval of the mean of independent values. Below two values it is [mean, mean].
  [[nodiscard]] Interval mean_interval(double confidence = 0.95) const;

 private:
  std::int64_t count_ = 0;
  double mean_ = 0;
  double squares_ = 0;  // sum of squared distances from the mean
  double min_ = 0;
  double max_ = 0;
};

/// Two-sided Student interval of the mean. With fewer than two values it is the value itself.
[[nodiscard]] Interval student_interval(const Summary& summary, double confidence = 0.95);

/// The t with P(|T| <= t) = confidence for `degrees` >= 1 degrees of freedom. As exact as 1 - confidence is in a double:
/// close to 1 its rounding is the larger part (1e-6 of t for one degree and a confidence of 1 - 1e-10).
[[nodiscard]] double student_t(std::int64_t degrees, double confidence);

/// "0 of 100 (at most 2.95 %)", "3 of 100 (3 %, 0.62 to 8.52 %)". For people.
[[nodiscard]] std::string share_text(std::int64_t hits, std::int64_t n, double confidence = 0.95);

}  // namespace brokersim::sim
