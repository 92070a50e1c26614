#include "models/devices/storage/flash_array.h"

#include <algorithm>

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
  // A stripe is one page of every die, in turn from a die that a hash of the stripe chooses.
  const std::uint64_t start = sim::mix64(number / dies * 0x9E3779B97F4A7C15ull + 0x51A7E5ull);
  return static_cast<std::size_t>((start % dies + number) % dies);
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
