#include "sim/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "sim/check.h"

namespace brokersim::sim {
namespace {

constexpr std::int32_t kBits = 7;
constexpr std::int32_t kPerOctave = 1 << kBits;
constexpr std::int64_t kCountMax = std::numeric_limits<std::int64_t>::max();

/// Buckets 0..127 hold one value each; from there every octave has 128.
std::int32_t bucket_of(std::int64_t value) {
  if (value < kPerOctave) return static_cast<std::int32_t>(value);
  const auto octave =
      static_cast<std::int32_t>(std::bit_width(static_cast<std::uint64_t>(value))) - 1 - kBits;
  return octave * kPerOctave + static_cast<std::int32_t>(value >> octave);
}

/// Smallest value of a bucket.
std::int64_t lower_edge(std::int32_t bucket) {
  if (bucket < 2 * kPerOctave) return bucket;
  const std::int32_t octave = bucket / kPerOctave - 1;
  return static_cast<std::int64_t>(bucket - octave * kPerOctave) << octave;
}

std::int64_t width(std::int32_t bucket) {
  return bucket < 2 * kPerOctave ? 1 : std::int64_t{1} << (bucket / kPerOctave - 1);
}

}  // namespace

void Histogram::make_room(std::int32_t low, std::int32_t high) {
  const std::int32_t start = low / kPerOctave * kPerOctave;
  if (counts_.empty()) first_ = start;
  if (start < first_) {
    counts_.insert(counts_.begin(), static_cast<std::size_t>(first_ - start), 0);
    first_ = start;
  }
  const auto last = static_cast<std::size_t>(high - first_);
  if (last >= counts_.size()) counts_.resize((last / kPerOctave + 1) * kPerOctave);
}

void Histogram::count_bucket(std::int32_t bucket, std::int64_t count) {
  make_room(bucket, bucket);
  counts_[static_cast<std::size_t>(bucket - first_)] += count;
}

void Histogram::add(std::int64_t value, std::int64_t count) {
  SIM_CHECK(count >= 0);
  SIM_CHECK(count <= kCountMax - count_, "a histogram of more than 2^63 values");
  if (count == 0) return;
  value = std::max<std::int64_t>(value, 0);
  count_bucket(bucket_of(value), count);
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = count_ == 0 ? value : std::max(max_, value);
  count_ += count;
  sum_ += static_cast<double>(value) * static_cast<double>(count);
}

void Histogram::add_ramp(std::int64_t first, std::int64_t last, std::int64_t count) {
  SIM_CHECK(count >= 0);
  SIM_CHECK(count <= kCountMax - count_, "a histogram of more than 2^63 values");
  const std::int64_t low = std::max<std::int64_t>(std::min(first, last), 0);
  const std::int64_t high = std::max<std::int64_t>(std::max(first, last), 0);
  if (count <= 1 || low == high) return add(low == high ? low : std::max<std::int64_t>(first, 0), count);

  // Value i is low + (high - low) * i / (count - 1), rounded down: bucket edges are whole numbers.
  const std::int64_t steps = count - 1;
  const std::int64_t span = high - low;
  if (count <= 2 * (bucket_of(high) - bucket_of(low)) + 2) {
    ramp_by_value(low, span, steps);
  } else {
    ramp_by_bucket(low, high, count);
  }
  min_ = count_ == 0 ? low : std::min(min_, low);
  max_ = count_ == 0 ? high : std::max(max_, high);
  count_ += count;
  sum_ += (static_cast<double>(low) + static_cast<double>(high)) / 2.0 * static_cast<double>(count);
}

/// Few values over many buckets: step through the values, carrying the remainder.
void Histogram::ramp_by_value(std::int64_t low, std::int64_t span, std::int64_t steps) {
  const std::int64_t whole = span / steps;
  const std::int64_t part = span % steps;
  std::int64_t value = low;
  std::int64_t carry = 0;
  make_room(bucket_of(low), bucket_of(low + span));
  std::int64_t* const counts = counts_.data();
  for (std::int64_t i = 0; i <= steps; ++i) {
    ++counts[bucket_of(value) - first_];
    value += whole;
    carry += part;
    const std::int64_t over = carry >= steps ? 1 : 0;
    carry -= over * steps;
    value += over;
  }
}

/// Many values over few buckets: how many lie below an edge is an exact division.
void Histogram::ramp_by_bucket(std::int64_t low, std::int64_t high, std::int64_t count) {
  const auto steps = static_cast<__int128>(count - 1);
  const auto span = static_cast<__int128>(high - low);
  std::int64_t below = 0;
  for (std::int32_t bucket = bucket_of(low); below < count; ++bucket) {
    const auto edge = static_cast<__int128>(lower_edge(bucket)) + width(bucket);
    std::int64_t next = count;
    if (edge <= high) next = static_cast<std::int64_t>(((edge - low) * steps + span - 1) / span);
    if (next > below) count_bucket(bucket, next - below);
    below = next;
  }
}

void Histogram::merge(const Histogram& other) {
  if (other.count_ == 0) return;
  SIM_CHECK(other.count_ <= kCountMax - count_, "a histogram of more than 2^63 values");
  for (std::size_t i = 0; i < other.counts_.size(); ++i) {
    if (other.counts_[i] != 0) count_bucket(other.first_ + static_cast<std::int32_t>(i), other.counts_[i]);
  }
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = count_ == 0 ? other.max_ : std::max(max_, other.max_);
  count_ += other.count_;
  sum_ += other.sum_;
}

double Histogram::mean() const { return count_ == 0 ? 0.0 : sum_ / static_cast<double>(count_); }

std::int64_t Histogram::quantile(double q) const {
  SIM_CHECK(q >= 0.0);
  SIM_CHECK(q <= 1.0);
  if (count_ == 0) return 0;
  // 0.07 * 100 is 7.000000000000001: a product that is whole but for the rounding of `q` and its own counts as whole.
  const double exact = q * static_cast<double>(count_);
  const double near = std::floor(exact + 0.5);
  const double rank_exact = std::abs(exact - near) <= exact * 0x1p-51 ? near : std::ceil(exact);
  if (rank_exact <= 1.0) return min_;
  if (rank_exact >= static_cast<double>(count_)) return max_;
  const auto rank = static_cast<std::int64_t>(rank_exact);
  std::int64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen < rank) continue;
    const std::int32_t bucket = first_ + static_cast<std::int32_t>(i);
    return std::clamp(lower_edge(bucket) + (width(bucket) - 1) / 2, min_, max_);
  }
  return max_;
}

}  // namespace brokersim::sim
