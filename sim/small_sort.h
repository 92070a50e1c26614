// Sorting up to 64 queue entries by (time, sequence).
//
// Why: the entries of an opened slot are in random order, and a branch that is taken at random costs more than the work
// it saves. So each entry's rank is counted without a branch: how many of the others come before it. The ranks of a
// block of entries stand side by side in vector registers, and every entry's key is compared with all of them at once.
// A key is the time after the start of the slot; 32 bits are enough where a slot is at most 2^31 ns wide, as in a busy
// simulation, and then twice as many fit in a register. Two entries of one instant have one rank, which the sum of all
// ranks shows; then the entry's place is put below the time, and a second pass gives every entry a rank of its own.
// Every variant gives the same order, which is total.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/event_queue.h"

namespace brokersim::sim {

/// Writes the `count` (at most 64) entries at `from` to `to` in order. The ranges do not overlap. Every time is in
/// [start, start + 2^width). The portable variant; choose_small_sort() gives the fastest that this processor has.
void sort_small_portable(const QueueEntry* from, std::size_t count, std::uint64_t start, int width,
                         QueueEntry* to);

}  // namespace brokersim::sim
