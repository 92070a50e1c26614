// The rare steps of the event queue: opening slots, spreading, spilling. Included where the template is instantiated:
// event_queue.cpp for the kernel, and tests of other chunk sizes.
#pragma once

#include <algorithm>
#include <new>

#include "sim/event_queue.h"
#include "sim/slab.h"
#include "sim/small_sort.h"

namespace brokersim::sim {

template <std::size_t kChunkBytes>
BasicEventQueue<kChunkBytes>::BasicEventQueue(SmallSort sort) : sort_(sort) {
  reserve_bottom(4 * kSpillAbove);
}

template <std::size_t kChunkBytes>
BasicEventQueue<kChunkBytes>::~BasicEventQueue() {
  for (const Block& block : blocks_)
    detail::release_slab(block.chunks, block.count * kChunkBytes, kChunkBytes);
  for (Level& level : levels_) delete[] level.slots;
}

template <std::size_t kChunkBytes>
std::size_t BasicEventQueue<kChunkBytes>::memory() const {
  std::size_t bytes = chunks_ * kChunkBytes + (buffer_.capacity() + taken_.capacity()) * sizeof(QueueEntry);
  for (const Level& level : levels_) bytes += level.slots == nullptr ? 0 : kLevelSlots * sizeof(Slot);
  return bytes;
}

template <std::size_t kChunkBytes>
auto BasicEventQueue<kChunkBytes>::allocate() -> Chunk* {
  if (free_ == nullptr) {
    // Blocks double with the queue, from 64 KiB to a huge page.
    const std::size_t bytes = std::clamp(chunks_ * kChunkBytes, std::size_t{64} << 10, detail::kHugePage);
    const std::size_t count = detail::next_slab(bytes) / kChunkBytes;
    auto* block = static_cast<Chunk*>(detail::allocate_slab(count * kChunkBytes, kChunkBytes));
    blocks_.push_back({block, count});
    chunks_ += count;
    for (std::size_t i = count; i-- > 0;) release(block + i);
  }
  Chunk* chunk = free_;
  free_ = chunk->previous;
  return chunk;
}

template <std::size_t kChunkBytes>
auto BasicEventQueue<kChunkBytes>::open_chunk(std::size_t level, std::size_t index, Slot full) -> Slot {
  Chunk* chunk = allocate();
  if (full == nullptr) {
    chunk->previous = nullptr;
    chunk->before = 0;
    levels_[level].used[index / 64] |= std::uint64_t{1} << (index % 64);
    levels_[level].words |= 1u << (index / 64);
    levels_used_ |= std::uint64_t{1} << level;
  } else {
    chunk->previous = chunk_of(full - 1);
    chunk->before = chunk->previous->before + kPerChunk;
  }
  return chunk->entries;
}

template <std::size_t kChunkBytes>
void BasicEventQueue<kChunkBytes>::append(const Route& route, const QueueEntry& entry) {
  const std::size_t index = (entry.time >> route.shift) & route.mask;
  Slot place = route.slots[index];
  if (is_full(place)) [[unlikely]]
    place = open_chunk(route.level, index, place);
  *place = entry;
  route.slots[index] = place + 1;
}

template <std::size_t kChunkBytes>
void BasicEventQueue<kChunkBytes>::insert_into_bottom(QueueEntry entry) {
  // What is soon goes in from the front, where the events that have run left room: short delays are many.
  const QueueEntry* middle = begin_ + sorted() / 2;
  if (begin_ != buffer_.data() && begin_ != end_ && entry.before(*middle)) {
    QueueEntry* place = --begin_;
    for (; place[1].before(entry); ++place) put(place, place[1]);
    put(place, entry);
    moved_ += static_cast<std::size_t>(place - begin_);
  } else {
    if (end_ == limit_) [[unlikely]]
      make_room();
    QueueEntry* place = end_++;
    for (; place != begin_ && entry.before(place[-1]); --place) put(place, place[-1]);
    put(place, entry);
    moved_ += static_cast<std::size_t>(end_ - place);
  }
  if (sorted() > (moved_ > kBusy ? kSpillBusy : kSpillAbove)) [[unlikely]]
    spill();
}

/// Calls visit(first, end) for the entries of each chunk of a slot, the last chunk first, and recycles them.
template <std::size_t kChunkBytes>
template <class Visit>
void BasicEventQueue<kChunkBytes>::for_each_chunk(Chunk* last, const QueueEntry* end, Visit visit) {
  for (Chunk* chunk = last; chunk != nullptr;) {
    Chunk* previous = chunk->previous;
    visit(chunk, end);
    chunk = previous;
    if (chunk != nullptr) end = chunk->entries + kPerChunk;
  }
}

template <std::size_t kChunkBytes>
bool BasicEventQueue<kChunkBytes>::refill(std::uint64_t limit) {
  begin_ = end_ = buffer_.data();
  ahead_[0] = ahead_[1] = {};
  for (;;) {
    if (levels_used_ == 0) {
      small_mode();
      return false;
    }
    const int inner = 63 - std::countl_zero(levels_used_);
    Level& level = levels_[inner];
    const auto word = static_cast<std::size_t>(std::countr_zero(level.words));
    const std::size_t index = word * 64 + static_cast<std::size_t>(std::countr_zero(level.used[word]));
    const int above = level.shift + level.bits;
    const std::uint64_t start =
        (current_ >> above << above) | (static_cast<std::uint64_t>(index) << level.shift);
    if (start > limit) return false;

    const QueueEntry* end = level.slots[index];
    Chunk* last = chunk_of(end - 1);
    level.slots[index] = nullptr;
    level.used[word] &= level.used[word] - 1;
    if (level.used[word] == 0) {
      level.words &= level.words - 1;
      if (level.words == 0) levels_used_ &= ~(std::uint64_t{1} << inner);
    }
    depth_ = inner + 1;  // the levels below are empty: their bits are free
    if (last->previous == nullptr) [[likely]] {
      open_sorted(last, end, start, level.shift);
      look_ahead(level, start >> above << above);
      return true;
    }
    spread(last, end, start, level.shift, limit);
    if (begin_ != end_) return true;
  }
}

/// The next two slots of the level, which begins at `start`, as far as there are any.
template <std::size_t kChunkBytes>
void BasicEventQueue<kChunkBytes>::look_ahead(const Level& level, std::uint64_t start) {
  std::uint32_t words = level.words;
  if (words == 0) return;
  auto word = static_cast<std::size_t>(std::countr_zero(words));
  std::uint64_t used = level.used[word];
  for (Ahead& ahead : ahead_) {
    const std::size_t index = word * 64 + static_cast<std::size_t>(std::countr_zero(used));
    const QueueEntry* end = level.slots[index];
    ahead = {chunk_of(end - 1)->entries, end, start + ((index + 1) << level.shift)};
    used &= used - 1;
    if (used != 0) continue;
    words &= words - 1;
    if (words == 0) return;
    word = static_cast<std::size_t>(std::countr_zero(words));
    used = level.used[word];
  }
}

/// A slot of at most one chunk becomes the bottom.
template <std::size_t kChunkBytes>
void BasicEventQueue<kChunkBytes>::open_sorted(Chunk* only, const QueueEntry* end, std::uint64_t start,
                                               int shift) {
  const auto count = static_cast<std::size_t>(end - only->entries);
  sort_(only->entries, count, start, shift, end_);
  end_ += count;
  in_slots_ -= count;
  moved_ = 0;
  release(only);
  if (levels_used_ == 0) {
    small_mode();
    return;
  }
  current_ = start;
  inner_shift_ = shift;
  bottom_end_ = start + (std::uint64_t{1} << shift);
}

/// A slot of several chunks is spread over new levels between its own bits and those that separate its events.
template <std::size_t kChunkBytes>
void BasicEventQueue<kChunkBytes>::spread(Chunk* last, const QueueEntry* end, std::uint64_t start, int shift,
                                          std::uint64_t limit) {
  const std::size_t count = last->before + static_cast<std::size_t>(end - last->entries);
  const std::uint64_t first = last->entries[0].time;
  std::uint64_t differ = 0;
  for_each_chunk(last, end, [&](const Chunk* chunk, const QueueEntry* chunk_end) {
    for (const QueueEntry* e = chunk->entries; e != chunk_end; ++e) differ |= e->time ^ first;
  });
  const int span = 64 - std::countl_zero(differ);  // bits below which they differ
  const std::uint64_t common = span == 64 ? 0 : first >> span << span;
  if (common > limit) {
    // Nothing here is due: separate the slot's start from its events without passing the limit.
    current_ = start;
    add_levels(span, shift, kLevelBits);
  } else if (span == 0) {
    open_instant(last, end, shift);
    return;
  } else {
    current_ = common;
    const int bits =
        std::clamp(static_cast<int>(std::bit_width(count / kPerSlot)), 1, std::min(kInnerBits, span));
    add_levels(span - bits, shift, bits);
  }
  bottom_end_ = current_;
  // They differ below `span` only, so all of them take one route.
  const Route route = route_to(common);
  for_each_chunk(last, end, [&](Chunk* chunk, const QueueEntry* chunk_end) {
    for (const QueueEntry* e = chunk->entries; e != chunk_end; ++e) append(route, *e);
    release(chunk);
  });
}

/// Several chunks of one instant become the bottom, in the order of their sequence.
template <std::size_t kChunkBytes>
void BasicEventQueue<kChunkBytes>::open_instant(Chunk* last, const QueueEntry* end, int shift) {
  const std::size_t count = last->before + static_cast<std::size_t>(end - last->entries);
  reserve_bottom(count);
  QueueEntry* to = end_ = begin_ + count;
  for_each_chunk(last, end, [&](Chunk* chunk, const QueueEntry* chunk_end) {
    to = std::copy_backward(static_cast<const QueueEntry*>(chunk->entries), chunk_end, to);
    release(chunk);
  });
  const auto in_order = [](const QueueEntry& a, const QueueEntry& b) { return a.before(b); };
  if (!std::is_sorted(begin_, end_, in_order)) std::sort(begin_, end_, in_order);
  in_slots_ -= count;
  current_ = begin_->time;
  add_levels(0, shift, kLevelBits);
  bottom_end_ = current_ + 1;
}

/// The bottom is too long: its later part goes into new levels below the slot that it covers.
template <std::size_t kChunkBytes>
void BasicEventQueue<kChunkBytes>::spill() {
  std::uint64_t split = begin_[kSpillKeeps].time;
  if (split == floor_) {
    if (end_[-1].time == floor_)
      return;  // all of this instant: they are appended and popped at no extra cost
    split = std::upper_bound(begin_, end_, floor_, [](std::uint64_t t, const QueueEntry& e) {
              return t < e.time;
            })->time;
  }
  if (floor_ < current_) {
    // A step with a limit opened a slot after the floor, and then more came before it than the bottom should hold.
    take_all();
    put_back();
    return;
  }
  const int shift = 63 - std::countl_zero(split ^ floor_);
  add_levels(shift, inner_shift_, kLevelBits);
  current_ = floor_;
  bottom_end_ = ((floor_ >> shift) + 1) << shift;
  QueueEntry* keep = end_;
  while (keep != begin_ && keep[-1].time >= bottom_end_) --keep;
  for (const QueueEntry* e = keep; e != end_; ++e) append(route_to(e->time), *e);
  in_slots_ += static_cast<std::size_t>(end_ - keep);
  end_ = keep;
}

/// Gives the bits [from, below) to new levels: the innermost gets `lowest_bits` at most, the others 8.
template <std::size_t kChunkBytes>
void BasicEventQueue<kChunkBytes>::add_levels(int from, int below, int lowest_bits) {
  int cuts[kTimeBits + 2];
  int count = 0;
  cuts[count++] = from;
  for (int bits = lowest_bits, at = from; at < below; bits = kLevelBits) {
    at = std::min(at + bits, below);
    cuts[count++] = at;
  }
  for (int i = count - 1; i > 0; --i) {
    Level& level = levels_[depth_];
    level.shift = cuts[i - 1];
    level.bits = cuts[i] - cuts[i - 1];
    if (level.slots == nullptr) level.slots = new Slot[kLevelSlots]();
    const Route route{level.slots, static_cast<std::uint16_t>(level.shift),
                      static_cast<std::uint16_t>(depth_), (1u << level.bits) - 1};
    // The innermost also takes what does not differ in any of its bits: its first slot, not opened yet.
    std::fill(route_ + (i == 1 ? 0 : level.shift), route_ + cuts[i], route);
    ++depth_;
  }
  inner_shift_ = from;
}

/// No entry in the slots: the bottom takes everything until it is too long.
template <std::size_t kChunkBytes>
void BasicEventQueue<kChunkBytes>::small_mode() {
  bottom_end_ = ~std::uint64_t{0};
  current_ = 0;
  depth_ = 0;
  inner_shift_ = kTimeBits;
}

template <std::size_t kChunkBytes>
void BasicEventQueue<kChunkBytes>::make_room() {
  const std::size_t count = sorted();
  if (2 * count > buffer_.size()) {
    std::vector<QueueEntry> larger(2 * buffer_.size());
    std::copy(begin_, end_, larger.begin());
    buffer_ = std::move(larger);
  } else {
    std::copy(begin_, end_, buffer_.data());
  }
  begin_ = buffer_.data();
  end_ = begin_ + count;
  limit_ = buffer_.data() + buffer_.size();
}

/// Makes the (empty) bottom's buffer hold at least `count` entries and one more.
template <std::size_t kChunkBytes>
void BasicEventQueue<kChunkBytes>::reserve_bottom(std::size_t count) {
  if (buffer_.size() < count + kPerChunk + kSpillAbove) buffer_.resize(count + kPerChunk + kSpillAbove);
  begin_ = end_ = buffer_.data();
  limit_ = buffer_.data() + buffer_.size();
}

template <std::size_t kChunkBytes>
void BasicEventQueue<kChunkBytes>::take_all() {
  SIM_DCHECK(taken_.empty());
  taken_.assign(begin_, end_);
  for (Level& level : levels_) {
    for (std::size_t word = 0; word < kLevelSlots / 64; ++word) {
      for (; level.used[word] != 0; level.used[word] &= level.used[word] - 1) {
        const std::size_t index = word * 64 + static_cast<std::size_t>(std::countr_zero(level.used[word]));
        const QueueEntry* end = level.slots[index];
        level.slots[index] = nullptr;
        for_each_chunk(chunk_of(end - 1), end, [&](Chunk* chunk, const QueueEntry* chunk_end) {
          taken_.insert(taken_.end(), static_cast<const QueueEntry*>(chunk->entries), chunk_end);
          release(chunk);
        });
      }
    }
    level.words = 0;
  }
  levels_used_ = 0;
  in_slots_ = 0;
  begin_ = end_ = buffer_.data();
  small_mode();
}

template <std::size_t kChunkBytes>
void BasicEventQueue<kChunkBytes>::put_back() {
  for (const QueueEntry& entry : taken_) push(entry);
  taken_.clear();
}

}  // namespace brokersim::sim
