// The dies of an SSD as reads see them: each serves one page at a time, in order of arrival.
//
// Device-models.md 2.1. Consecutive pages lie on different dies, and stripes are scattered by a hash of their address.
// The dies are not equally popular (kSkewPercent, one constant for all drives): with even dies the model is up to 9.5 %
// too fast at middle queue depths; with this it is 6 % too fast for the worst of three drives.
// Cost: O(pages), at most the number of dies. Not modelled: planes, channels of their own, read disturb.
#pragma once

#include <cstdint>
#include <vector>

#include "models/devices/storage/config.h"
#include "sim/time.h"

namespace brokersim::storage {

class FlashArray {
 public:
  /// The most popular die gets 100 + kSkewPercent against 100 of the average, the least 100 - kSkewPercent.
  static constexpr std::int64_t kSkewPercent = 40;

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
