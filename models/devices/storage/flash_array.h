// The dies of an SSD as reads see them: each serves one page at a time, in order of arrival.
//
// Device-models.md 2.1. Consecutive pages lie on different dies, and stripes are scattered by a hash of their address.
// All dies are equally popular. A drive whose placement is uneven is slower at middle queue depths (rows SSD-1 to
// SSD-3 of docs/validation-devices.md: up to 9 % too fast); a skew fitted to that would be a constant of those rows, and
// would cost drives that need all their dies their highest rate.
// Cost: O(pages), at most the number of dies. Not modelled: planes, channels of their own, read disturb.
#pragma once

#include <cstdint>
#include <vector>

#include "models/devices/storage/config.h"
#include "sim/time.h"

namespace brokersim::storage {

class FlashArray {
 public:
  explicit FlashArray(const FlashConfig& config);

  struct Delivery {
    sim::SimTime first;  ///< The first page has left its die.
    sim::SimTime last;   ///< The last has.
  };
  /// Reads [position, position + length), which reaches the dies at `at`; each page takes `page_time`, the first one
  /// `extra` more.
  Delivery read(std::int64_t position, std::int64_t length, sim::SimTime at, sim::Duration page_time,
                sim::Duration extra);

  void reset();

 private:
  [[nodiscard]] std::size_t die_of(std::int64_t page) const;

  std::int64_t page_;
  std::vector<sim::SimTime> free_;
};

}  // namespace brokersim::storage
