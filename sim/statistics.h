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

/// Exact two-sided interval of a binomial share after `hits` of `n`, by Clopper and Pearson (1934). With no
/// hits the lower end is 0 and the upper end the one-sided bound 1 - (1 - confidence)^(1/n), about 3 / n at
/// 95 %; with all hits likewise at 1. `n` = 0 gives [0, 1]. 0 <= hits <= n, confidence in (0, 1).
[[nodiscard]] Interval clopper_pearson(std::int64_t hits, std::int64_t n, double confidence = 0.95);

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

/// Two-sided Student interval of the mean. With fewer than two values it is the value itself.
[[nodiscard]] Interval student_interval(const Summary& summary, double confidence = 0.95);

/// The t with P(|T| <= t) = confidence for `degrees` >= 1 degrees of freedom.
[[nodiscard]] double student_t(std::int64_t degrees, double confidence);

/// "0 of 100 (at most 2.95 %)", "3 of 100 (3 %, 0.62 to 8.52 %)". For people.
[[nodiscard]] std::string share_text(std::int64_t hits, std::int64_t n, double confidence = 0.95);

}  // namespace brokersim::sim
