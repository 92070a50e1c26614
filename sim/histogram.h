// A histogram of durations with a bounded relative error, for measures only: nothing in it steers a run.
//
// Why: quantiles over fifty million records must neither keep the records nor average averages. Buckets are
// log-linear: 128 of equal width in every octave, so a bucket is at most 1/128 of its value wide and the value
// reported for it (its middle) is off by at most 1/256. Values below 128 ns are exact. Memory is 1 KiB per
// octave between the smallest and the largest value seen: about 20 KiB from 1 us to 1 s. Histograms of
// several clients, windows or runs merge by addition.
#pragma once

#include <cstdint>
#include <vector>

namespace brokersim::sim {

class Histogram {
 public:
  /// Counts `value` (ns, or any unit) `count` times. Negative values count as 0. At most 2^63 - 1 values in all.
  void add(std::int64_t value, std::int64_t count = 1);

  /// Counts `count` values spaced evenly from `first` to `last`, both included; descending is allowed. Costs one
  /// step per bucket touched or per value, whichever is less: a batch sent at an even rate is one call.
  void add_ramp(std::int64_t first, std::int64_t last, std::int64_t count);

  void merge(const Histogram& other);

  [[nodiscard]] std::int64_t count() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// Exact. 0 if empty.
  [[nodiscard]] std::int64_t min() const { return count_ == 0 ? 0 : min_; }
  /// Exact. 0 if empty.
  [[nodiscard]] std::int64_t max() const { return count_ == 0 ? 0 : max_; }
  /// Exact up to the rounding of a double; a ramp counts with its own mean. 0 if empty.
  [[nodiscard]] double mean() const;

  /// The value of nearest rank ceil(q * count), within 1/256 of it and never outside [min, max]. `q` in
  /// [0, 1], meant as the decimal number it was written as: 0.07 of 100 values is the 7th. quantile(0) is the minimum,
  /// quantile(1) the maximum. 0 if empty.
  [[nodiscard]] std::int64_t quantile(double q) const;

 private:
  /// Counters for buckets low .. high.
  void make_room(std::int32_t low, std::int32_t high);
  void count_bucket(std::int32_t bucket, std::int64_t count);
  void ramp_by_value(std::int64_t low, std::int64_t span, std::int64_t steps);
  void ramp_by_bucket(std::int64_t low, std::int64_t high, std::int64_t count);

  std::vector<std::int64_t> counts_;  ///< Of buckets first_ .. first_ + size - 1.
  std::int32_t first_ = 0;
  std::int64_t count_ = 0;
  std::int64_t min_ = 0;
  std::int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace brokersim::sim
