// Statistics of what a run shows over time: averages over time, batch means, how much of the start to leave out.
//
// Outputs only: no run reads them. Sources: Law, Simulation Modeling and Analysis (batch means); White, Cobb and
// Spratt 2000 (MSER-5: best of 44 warm-up rules in the review of Hoad, Robinson and Davies 2008); von Neumann 1941
// (independence of batches).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sim/statistics.h"
#include "sim/time.h"

namespace brokersim::sim {

/// The average of a value that changes in steps (a queue's length, bytes in a buffer), weighted by how long it lasted.
/// Exact: the integral is a whole number.
class TimeWeighted {
 public:
  /// The value from `at` on. Times do not fall; the first call begins the measurement.
  void set(SimTime at, std::int64_t value);
  void add(SimTime at, std::int64_t change) { set(at, value_ + change); }
  /// Ends at `at`: the last value counts up to there. More calls of set() may follow.
  void advance(SimTime at);
  /// Adds what another run or another component has measured: times add up.
  void merge(const TimeWeighted& other);

  [[nodiscard]] Duration measured() const { return measured_; }
  [[nodiscard]] double mean() const;                       ///< Over measured(). 0 if nothing was.
  [[nodiscard]] std::int64_t min() const { return min_; }  ///< Of values that lasted. 0 if none did.
  [[nodiscard]] std::int64_t max() const { return max_; }
  [[nodiscard]] std::int64_t value() const { return value_; }

 private:
  bool begun_ = false;
  SimTime since_;
  std::int64_t value_ = 0;
  __int128 integral_ = 0;
  Duration measured_;
  std::int64_t min_ = 0;
  std::int64_t max_ = 0;
};

/// What batch means say of a steady state.
struct SteadyState {
  double mean = 0;
  Interval interval;  ///< Student's, of the batch means.
  std::int64_t batches = 0;
  std::int64_t batch_size = 0;    ///< Observations per batch.
  std::int64_t observations = 0;  ///< In whole batches; those of an unfinished one are left out.
  double correlation = 0;         ///< Of neighbouring batch means (lag 1).
  /// Enough batches (20), and neighbours hardly correlated (below 0.2). If not, the interval is too narrow: run longer.
  bool trustworthy = false;
};

/// Batch means of correlated observations in one pass and constant memory: between 32 and 63 batches are kept; at 64,
/// pairs become one batch of twice the size.
class BatchMeans {
 public:
  static constexpr std::size_t kBatchesMax = 64;

  void add(double observation);
  /// Takes in the batches of another run of the same measure; the smaller batches are paired up until sizes agree.
  void merge(const BatchMeans& other);

  [[nodiscard]] std::int64_t observations() const { return observations_; }
  /// Pairs batches further, down to 20, while neighbours are correlated.
  [[nodiscard]] SteadyState result(double confidence = 0.95) const;

 private:
  void halve();

  std::vector<double> means_;  // of whole batches, in order
  std::int64_t size_ = 1;
  std::int64_t filled_ = 0;  // observations in the open batch
  double open_sum_ = 0;
  std::int64_t observations_ = 0;
};

/// How many observations at the start belong to the warm-up: MSER-5, the truncation that makes the standard error of
/// the rest's mean least, in batches of 5. Nothing if no more than half of the run would be left: it was too short.
/// At least 10 observations, else nothing.
[[nodiscard]] std::optional<std::size_t> warm_up(std::span<const double> observations);

/// Observation number `lag` after each other: correlation in [-1, 1]. 0 if there are too few or they are all equal.
[[nodiscard]] double autocorrelation(std::span<const double> values, std::size_t lag = 1);

/// Order statistics that enclose a quantile with the given confidence, whatever the distribution: indices from 0 into
/// the sorted values. Nothing if there are too few values for it (p99.9 needs some 4,000).
struct RankInterval {
  [[nodiscard]] bool operator==(const RankInterval&) const = default;
  std::size_t low = 0;
  std::size_t high = 0;
};
[[nodiscard]] std::optional<RankInterval> quantile_ranks(std::size_t n, double quantile,
                                                         double confidence = 0.95);

}  // namespace brokersim::sim
