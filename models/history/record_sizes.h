// Sizes of records that are not all equal.
//
// Why: batches fill, limits refuse and segments roll by bytes; a mean hides the record that is larger than max.request.size.
// Model: independent draws from one distribution, rounded to whole bytes and brought into [min, max] (what lies outside is set
// to the bound, as an application that cuts or pads does). Not modelled: sizes that depend on the key or on time.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "sim/sampling.h"

namespace brokersim::history {

enum class SizeKind : std::uint8_t {
  uniform,      ///< Every size from `min` to `max` alike.
  exponential,  ///< Of mean `scale`.
  lognormal,    ///< Of median `scale`; `shape` is the deviation of the logarithm.
  pareto,       ///< P(size > s) = (scale / s)^shape.
  empirical,    ///< One of `values`, by weight.
};

struct SizePlan {
  SizeKind kind = SizeKind::uniform;
  std::int64_t min = 1;                                        ///< Bytes, 1 or more.
  std::int64_t max = 1;                                        ///< Bytes, not below min.
  double scale = 0;                                            ///< Bytes, positive.
  double shape = 0;                                            ///< lognormal: 0 to 20; pareto: 0.05 or more.
  std::vector<std::pair<std::int64_t, std::uint64_t>> values;  ///< Bytes and weight.
  [[nodiscard]] bool operator==(const SizePlan&) const = default;
};

class SizeLaw {
 public:
  explicit SizeLaw(SizePlan plan);
  [[nodiscard]] std::int64_t sample(std::uint64_t bits) const;
  /// To a few parts in ten thousand: the average of 65,536 quantiles, the rare sizes in their place.
  [[nodiscard]] double mean() const { return mean_; }
  [[nodiscard]] const SizePlan& plan() const { return plan_; }

 private:
  SizePlan plan_;
  std::vector<sim::Weighted> weighted_;  // empirical
  double mean_ = 0;
};

}  // namespace brokersim::history
