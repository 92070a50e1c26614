#include "sim/series.h"

#include <algorithm>
#include <cmath>

#include "sim/check.h"

namespace brokersim::sim {
namespace {

constexpr std::size_t kBatchesMin = 20;
constexpr double kCorrelationMax = 0.2;

std::vector<double> paired(const std::vector<double>& means) {
  std::vector<double> pairs;
  for (std::size_t i = 1; i < means.size(); i += 2) pairs.push_back((means[i - 1] + means[i]) / 2.0);
  return pairs;
}

}  // namespace

void TimeWeighted::set(SimTime at, std::int64_t value) {
  if (begun_) {
    advance(at);
  } else {
    begun_ = true;
    since_ = at;
  }
  value_ = value;
}

void TimeWeighted::advance(SimTime at) {
  SIM_CHECK(begun_, "a measurement ends before it has begun");
  SIM_CHECK(at >= since_);
  const Duration lasted = at - since_;
  since_ = at;
  if (lasted.ns == 0) return;
  const bool first = measured_.ns == 0;
  min_ = first ? value_ : std::min(min_, value_);
  max_ = first ? value_ : std::max(max_, value_);
  integral_ += static_cast<__int128>(value_) * lasted.ns;
  measured_ += lasted;
}

void TimeWeighted::merge(const TimeWeighted& other) {
  if (other.measured_.ns == 0) return;
  const bool first = measured_.ns == 0;
  min_ = first ? other.min_ : std::min(min_, other.min_);
  max_ = first ? other.max_ : std::max(max_, other.max_);
  integral_ += other.integral_;
  measured_ += other.measured_;
}

double TimeWeighted::mean() const {
  if (measured_.ns == 0) return 0.0;
  // Whole part and rest apart, so that a large integral keeps its digits.
  const __int128 whole = integral_ / measured_.ns;
  const __int128 rest = integral_ % measured_.ns;
  return static_cast<double>(static_cast<std::int64_t>(whole)) +
         static_cast<double>(static_cast<std::int64_t>(rest)) / static_cast<double>(measured_.ns);
}

void BatchMeans::add(double observation) {
  ++observations_;
  open_sum_ += observation;
  if (++filled_ < size_) return;
  means_.push_back(open_sum_ / static_cast<double>(size_));
  open_sum_ = 0.0;
  filled_ = 0;
  if (means_.size() == kBatchesMax) halve();
}

void BatchMeans::halve() {
  // An odd batch at the end is left to the open one.
  if (means_.size() % 2 == 1) {
    open_sum_ += means_.back() * static_cast<double>(size_);
    filled_ += size_;
  }
  means_ = paired(means_);
  size_ *= 2;
}

void BatchMeans::merge(const BatchMeans& other) {
  BatchMeans there = other;
  while (there.size_ < size_) there.halve();
  while (size_ < there.size_) halve();
  means_.insert(means_.end(), there.means_.begin(), there.means_.end());
  observations_ +=
      there.observations_ - there.filled_;  // the other's open batch is lost: it is not of one run
  while (means_.size() >= kBatchesMax) halve();
}

SteadyState BatchMeans::result(double confidence) const {
  std::vector<double> means = means_;
  std::int64_t size = size_;
  while (means.size() >= 2 * kBatchesMin && autocorrelation(means) >= kCorrelationMax) {
    means = paired(means);
    size *= 2;
  }
  Moments moments;
  for (const double mean : means) moments.add(mean);
  SteadyState state;
  state.batches = moments.count();
  state.batch_size = size;
  state.observations = state.batches * size;
  state.mean = moments.mean();
  state.interval = moments.mean_interval(confidence);
  state.correlation = autocorrelation(means);
  state.trustworthy = means.size() >= kBatchesMin && state.correlation < kCorrelationMax;
  return state;
}

std::optional<std::size_t> warm_up(std::span<const double> observations) {
  constexpr std::size_t kBatch = 5;
  const std::size_t n = observations.size() / kBatch;
  if (n < 2) return std::nullopt;
  std::vector<double> means;
  for (std::size_t j = 0; j < n; ++j) {
    double sum = 0.0;
    for (std::size_t i = 0; i < kBatch; ++i) sum += observations[j * kBatch + i];
    means.push_back(sum / static_cast<double>(kBatch));
  }
  // From the end to the start: the rest's mean and squared distances grow by one batch at a time.
  double mean = 0.0;
  double squares = 0.0;
  std::vector<double> error(n);
  for (std::size_t d = n; d-- > 0;) {
    const double kept = static_cast<double>(n - d);
    const double distance = means[d] - mean;
    mean += distance / kept;
    squares += distance * (means[d] - mean);
    error[d] = squares / (kept * kept);
  }
  std::size_t best = 0;
  for (std::size_t d = 1; d <= n / 2; ++d) {
    if (error[d] < error[best]) best = d;
  }
  if (best >= n / 2) return std::nullopt;
  return best * kBatch;
}

double autocorrelation(std::span<const double> values, std::size_t lag) {
  if (values.size() < lag + 2) return 0.0;
  double mean = 0.0;
  for (const double value : values) mean += value;
  mean /= static_cast<double>(values.size());
  double together = 0.0;
  double squares = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    squares += (values[i] - mean) * (values[i] - mean);
    if (i >= lag) together += (values[i] - mean) * (values[i - lag] - mean);
  }
  return squares == 0.0 ? 0.0 : together / squares;
}

std::optional<RankInterval> quantile_ranks(std::size_t n, double quantile, double confidence) {
  SIM_CHECK(quantile > 0.0);
  SIM_CHECK(quantile < 1.0);
  SIM_CHECK(confidence > 0.0);
  SIM_CHECK(confidence < 1.0);
  // The value of rank j + 1 is above the quantile if at most j values are below it: Binomial(n, quantile).
  const double outside = (1.0 - confidence) / 2.0;
  const auto count = static_cast<std::int64_t>(n);
  std::int64_t low = -1;  // the greatest number of values below with probability at most `outside`
  std::int64_t high = count;
  for (std::int64_t step = 1; step > 0;) {
    // Doubling, then halving steps: the distribution function is monotone.
    if (low + step < count && binomial_at_most(low + step, count, quantile) <= outside) {
      low += step;
      step *= 2;
    } else {
      step /= 2;
    }
  }
  for (std::int64_t step = 1; step > 0;) {
    if (high - step >= 0 && binomial_at_most(high - step, count, quantile) >= 1.0 - outside) {
      high -= step;
      step *= 2;
    } else {
      step /= 2;
    }
  }
  if (low < 0 || high >= count) return std::nullopt;
  return RankInterval{static_cast<std::size_t>(low), static_cast<std::size_t>(high)};
}

}  // namespace brokersim::sim
