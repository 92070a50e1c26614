// What a fault does to one direction between two hosts, below TCP.
//
// TCP hides much of it: a lost or damaged segment comes again later, a duplicate only takes wire, a reordered one
// holds up what is behind it. So nothing here ever loses, doubles or swaps what a program hears.
#pragma once

#include <cstdint>

#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::network {

/// All of it applies to every segment from one host to another. Several on one pair add up; of limits the lowest counts.
struct Impairment {
  std::int32_t loss_ppm = 0;       ///< Segments lost or damaged, of a million. 0 to 1,000,000.
  std::int32_t duplicate_ppm = 0;  ///< Segments that come twice.
  std::int32_t reorder_ppm = 0;    ///< Segments that come `reorder_delay` late.
  sim::Duration reorder_delay = {1'000'000};
  sim::Duration delay;  ///< Added to the way.
  std::int32_t jitter_permille =
      0;  ///< Sigma of a lognormal factor (median 1) on `delay`. 0: constant. At most 2,000.
  sim::BytesPerSecond bandwidth = {0};  ///< Cap on the wire for this direction. 0: none.
  std::int32_t mtu = 0;  ///< Larger packets vanish without a word (black hole). 0: none. Else at least 68.

  bool operator==(const Impairment&) const = default;
};

struct ImpairmentId {
  std::uint32_t value = 0xFFFFFFFFu;
  [[nodiscard]] constexpr auto operator<=>(const ImpairmentId&) const = default;
};

/// What became of traffic under a fault. A chunk is a message, or what TCP's window lets pass of it at once.
struct Exposure {
  std::int64_t chunks = 0;      ///< That went while it was in force.
  std::int64_t lost = 0;        ///< Segments lost.
  std::int64_t duplicated = 0;  ///< Segments.
  std::int64_t delayed = 0;     ///< Chunks that came later for it.
  std::int64_t held = 0;        ///< Flows that it stopped, and SYNs that it swallowed.
  [[nodiscard]] std::int64_t effects() const { return lost + duplicated + delayed + held; }
};

}  // namespace brokersim::network
