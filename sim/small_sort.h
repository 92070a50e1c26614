// Sorting up to one chunk of queue entries by (time, sequence).
#pragma once

#include <cstddef>

#include "sim/event_queue.h"

namespace brokersim::sim {

/// Writes the `count` entries at `from` to `to` in order. The ranges do not overlap.
inline void sort_small(const QueueEntry* from, std::size_t count, QueueEntry* to) {
  for (std::size_t i = 0; i < count; ++i) {
    const QueueEntry entry = from[i];
    QueueEntry* place = to + i;
    while (place != to && entry.before(place[-1])) {
      *place = place[-1];
      --place;
    }
    *place = entry;
  }
}

}  // namespace brokersim::sim
