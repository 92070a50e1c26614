// Sorting up to 64 queue entries by (time, sequence).
//
// Why: the entries of an opened slot are in random order, and a branch that is taken at random costs more than the work
// it saves. So each entry's rank is counted without a branch: how many of the others come before it, four comparisons
// at a time where the processor has AVX2. Every variant gives the same order, which is total.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/event_queue.h"

namespace brokersim::sim {

/// Writes the `count` (at most 64) entries at `from` to `to` in order. The ranges do not overlap. Every time is in
/// [start, start + 2^57). The portable variant; choose_small_sort() gives the fastest that this processor has.
void sort_small_portable(const QueueEntry* from, std::size_t count, std::uint64_t start, QueueEntry* to);

/// For any times: by insertion.
inline void sort_by_insertion(const QueueEntry* from, std::size_t count, QueueEntry* to) {
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
