#include "models/devices/storage/flash_array.h"

#include <algorithm>
#include <cmath>

#include "sim/check.h"
#include "sim/hash.h"

namespace brokersim::storage {

FlashArray::FlashArray(const FlashConfig& config) : page_(config.page.n) {
  SIM_CHECK(config.dies >= 1);
  SIM_CHECK(config.dies <= 1'024);
  SIM_CHECK(page_ > 0);
  free_.resize(static_cast<std::size_t>(config.dies));
}

std::size_t FlashArray::die_of(std::int64_t page) const {
  const auto dies = static_cast<std::uint64_t>(free_.size());
  const auto number = static_cast<std::uint64_t>(page);
  // Pages of a stripe are evenly spaced on a circle that starts at a hash of the stripe.
  const std::uint64_t start = sim::mix64(number / dies * 0x9E3779B97F4A7C15ull + 0x51A7E5ull) >> 11;
  double u =
      static_cast<double>(start) * 0x1.0p-53 + static_cast<double>(number % dies) / static_cast<double>(dies);
  if (u >= 1.0) u -= 1.0;
  // The density of dies along the circle is 1 - s + 2 s x; its distribution inverted is one square root.
  constexpr double s = static_cast<double>(kSkewPercent) / 100.0;
  const double x = (std::sqrt((1.0 - s) * (1.0 - s) + 4.0 * s * u) - (1.0 - s)) / (2.0 * s);
  return std::min(static_cast<std::size_t>(x * static_cast<double>(dies)), free_.size() - 1);
}

FlashArray::Delivery FlashArray::read(std::int64_t position, std::int64_t length, sim::SimTime at,
                                      sim::Duration page_time, sim::Duration extra) {
  const std::int64_t first = position / page_;
  const std::int64_t last = (position + length - 1) / page_;
  // Beyond one round every die has work already; the port is the limit by far.
  const std::int64_t count =
      std::min<std::int64_t>(last - first + 1, static_cast<std::int64_t>(free_.size()));
  Delivery delivery{{INT64_MAX}, at};
  for (std::int64_t i = 0; i < count; ++i) {
    sim::SimTime& free = free_[die_of(first + i)];
    free = std::max(free, at) + page_time + (i == 0 ? extra : sim::Duration{});
    delivery.first = std::min(delivery.first, free);
    delivery.last = std::max(delivery.last, free);
  }
  return delivery;
}

void FlashArray::reset() { std::fill(free_.begin(), free_.end(), sim::SimTime{}); }

}  // namespace brokersim::storage
