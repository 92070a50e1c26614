// The pending-event set: an adaptive radix wheel with total order (time, sequence).
//
// Why: a binary heap of n events costs log n dependent cache misses for each event; here an event is moved two to four
// times in its life, each time as part of a sequential scan, whatever n is and however the times are spread.
//
// How: the first events are kept sorted in one array, the bottom; it holds every event before `bottom_end_`. All others
// lie unsorted in slots. The bits of a time are cut into groups, from high to low; a level owns one group and has a slot
// for each of its values. An event lies in the level of the highest bit in which its time differs from `current_` (the
// start of the slot opened last), in the slot that its own bits name. When the bottom is empty the lowest slot is opened:
// up to one chunk of events is sorted into the bottom; more are spread over a new level whose width is chosen from their
// number and their span, for the bits below an opened slot belong to nobody. When the bottom grows too long, its later
// part goes back into a new level in the same way.
//
// What is pushed into the bottom is sorted in from the nearer end; the entries that were popped left room at the front.
//
// Ties: every entry holds its sequence and every sort compares (time, sequence), so nothing depends on the stability of
// a step, and an entry may be pushed with an older sequence than others of its instant (a timer that is armed late).
//
// After the ladder queue (Tang, Goh, Thng 2005, ACM TOMACS 15(3)) and the radix heap (Ahuja et al. 1990, JACM 37(2)).
// Costs: push and pop amortised O(1); memory 16 bytes an entry in chunks of 1 KiB, recycled last in first out.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/check.h"

namespace brokersim::sim {

/// What the queue orders: an instant, and below it a sequence number with the slot of the event in the kernel's slab.
struct QueueEntry {
  static constexpr int kSlotBits = 24;      ///< At most 16,777,216 slots.
  static constexpr int kSequenceBits = 40;  ///< At most 1.1e12 schedule calls in a run.
  static constexpr std::uint32_t kSlots = 1u << kSlotBits;
  static constexpr std::uint64_t kSequences = std::uint64_t{1} << kSequenceBits;

  std::uint64_t time = 0;  ///< Nanoseconds since the start of the run, below 2^63.
  std::uint64_t key = 0;   ///< sequence << kSlotBits | slot

  [[nodiscard]] static QueueEntry make(std::uint64_t time, std::uint64_t sequence, std::uint32_t slot) {
    return {time, sequence << kSlotBits | slot};
  }
  [[nodiscard]] std::uint32_t slot() const { return static_cast<std::uint32_t>(key) & (kSlots - 1); }
  [[nodiscard]] std::uint64_t sequence() const { return key >> kSlotBits; }
  [[nodiscard]] bool before(const QueueEntry& other) const {
    return time != other.time ? time < other.time : key < other.key;
  }
};

/// Sorts up to 64 entries: sim/small_sort.h.
using SmallSort = void (*)(const QueueEntry* from, std::size_t count, std::uint64_t start, int width,
                           QueueEntry* to);
[[nodiscard]] SmallSort choose_small_sort();

/// `kChunkBytes`: 128 to 1024, a power of two. Only memory and speed depend on it, never the order.
template <std::size_t kChunkBytes>
class BasicEventQueue {
 public:
  /// `sort`: see sim/small_sort.h; only speed depends on it.
  explicit BasicEventQueue(SmallSort sort = choose_small_sort());
  ~BasicEventQueue();
  BasicEventQueue(const BasicEventQueue&) = delete;
  BasicEventQueue& operator=(const BasicEventQueue&) = delete;

  /// Adds an entry; its time is not before the floor.
  void push(QueueEntry entry) {
    if (push_easily(entry)) return;
    if (entry.time < bottom_end_) {
      insert_into_bottom(entry);
    } else {
      ++in_slots_;
      append(route_to(entry.time), entry);
    }
  }
  /// The part of push() that takes no call: false, and nothing is done, if the entry is to be sorted in or its slot has
  /// no chunk with room.
  [[nodiscard]] bool push_easily(QueueEntry entry) {
    SIM_DCHECK(entry.time >= floor_);
    if (entry.time < bottom_end_) return false;
    const Route& route = route_to(entry.time);
    Slot& slot = route.slots[(entry.time >> route.shift) & route.mask];
    const Slot place = slot;
    if (is_full(place)) [[unlikely]]
      return false;
    put(place, entry);
    slot = place + 1;
    ++in_slots_;
    return true;
  }
  /// With nothing sorted: sorts the next entries. False, and nothing changes that a caller sees, if none is due by
  /// `limit`; entries after it may become sorted too.
  bool refill(std::uint64_t limit);
  /// The first entry; something must be sorted.
  [[nodiscard]] const QueueEntry& front() const { return *begin_; }
  void pop_front() { ++begin_; }
  /// How many entries are already sorted, and the `i`-th of them: what will be needed next.
  [[nodiscard]] std::size_t sorted() const { return static_cast<std::size_t>(end_ - begin_); }
  [[nodiscard]] const QueueEntry& next(std::size_t i) const { return begin_[i]; }

  /// Entries that will probably be sorted together, in no order, and before which time they are.
  struct Ahead {
    const QueueEntry* first = nullptr;
    const QueueEntry* last = nullptr;  ///< Past the end.
    std::uint64_t before = 0;
  };
  /// After refill(): what will probably be sorted by the next refill (0) and the one after it (1), if it is known. For
  /// fetching ahead.
  [[nodiscard]] const Ahead& ahead(std::size_t refills) const { return ahead_[refills]; }

  /// Promises that no entry before `time` will be pushed: the time of the running event, or the end of a finished run.
  void set_floor(std::uint64_t time) { floor_ = time; }

  [[nodiscard]] std::size_t size() const { return sorted() + in_slots_; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  /// Bytes held for entries, free chunks included.
  [[nodiscard]] std::size_t memory() const;

  /// Drops every entry for which `stale(entry)` holds. The order of the others stays.
  template <class Stale>
  void drop_if(Stale stale) {
    take_all();
    std::erase_if(taken_, stale);
    put_back();
  }

 private:
  static constexpr std::size_t kPerChunk = kChunkBytes / sizeof(QueueEntry) - 1;
  static constexpr std::size_t kSpillAbove = 64;  ///< Longer than this the bottom gives its later part back,
  static constexpr std::size_t kSpillBusy = 32;   ///< than this already if sorting in one by one is dear:
  static constexpr std::size_t kBusy = 256;       ///< so many moves since it was filled.
  static constexpr std::size_t kSpillKeeps = 12;  ///< At most so many stay, unless they are of one instant.
  static constexpr std::size_t kPerSlot = 32;     ///< Events aimed at in a slot of a new level.
  static constexpr int kTimeBits = 63;
  static constexpr int kLevelBits = 8;   ///< At most so many bits in a level; the innermost may have more.
  static constexpr int kInnerBits = 11;  ///< At most so many bits in a level made for known events.
  static constexpr int kLevelSlots = 1 << kInnerBits;

  struct alignas(16) Chunk {
    Chunk* previous;     // the full one before it in this slot, or the next free one
    std::size_t before;  // entries in all chunks before it
    // The last entry ends where the chunk does, which is how a full one is told: also where pointers have 4 bytes.
    alignas(16) QueueEntry entries[kPerChunk];
  };
  static_assert(sizeof(Chunk) == kChunkBytes);

  struct Block {
    Chunk* chunks;
    std::size_t count;
  };

  /// A slot: where its next entry goes. Null if it is empty; a multiple of kChunkBytes if its last chunk is full.
  using Slot = QueueEntry*;

  struct Level {
    int shift = 0;
    int bits = 0;
    std::uint32_t words = 0;                    // which words of `used` are not zero
    std::uint64_t used[kLevelSlots / 64] = {};  // which slots are not empty
    Slot* slots = nullptr;
  };
  /// Where a time goes whose highest difference from current_ is a given bit.
  struct Route {
    Slot* slots = nullptr;
    std::uint16_t shift = 0;
    std::uint16_t level = 0;
    std::uint32_t mask = 0;
  };

  [[nodiscard]] const Route& route_to(std::uint64_t time) const {
    return route_[63 - std::countl_zero((time ^ current_) | 1)];
  }
  /// Of a slot's place: it is empty, or its last chunk is full.
  [[nodiscard]] static bool is_full(Slot place) {
    return (reinterpret_cast<std::uintptr_t>(place) & (kChunkBytes - 1)) == 0;
  }
  /// Word by word: what is read as a vector right after it was written as two words waits for both to reach the cache.
  static void put(QueueEntry* place, const QueueEntry& entry) {
    place->time = entry.time;
    place->key = entry.key;
  }
  void append(const Route& route, const QueueEntry& entry);
  void insert_into_bottom(QueueEntry entry);

  [[nodiscard]] static Chunk* chunk_of(const QueueEntry* last) {
    return reinterpret_cast<Chunk*>(reinterpret_cast<std::uintptr_t>(last) & ~(kChunkBytes - 1));
  }
  Slot open_chunk(std::size_t level, std::size_t index, Slot full);
  Chunk* allocate();
  void release(Chunk* chunk) {
    chunk->previous = free_;
    free_ = chunk;
  }
  void open_sorted(Chunk* only, const QueueEntry* end, std::uint64_t start, int shift);
  void spread(Chunk* last, const QueueEntry* end, std::uint64_t start, int shift, std::uint64_t limit);
  void look_ahead(const Level& level, std::uint64_t start);
  void open_instant(Chunk* last, const QueueEntry* end, int shift);
  void spill();
  void add_levels(int from, int below, int lowest_bits);
  void small_mode();
  void make_room();
  void reserve_bottom(std::size_t count);
  void take_all();
  void put_back();
  template <class Visit>
  static void for_each_chunk(Chunk* last, const QueueEntry* end, Visit visit);

  // The bottom: entries in [begin_, end_) of a buffer that ends at limit_.
  QueueEntry* begin_ = nullptr;
  QueueEntry* end_ = nullptr;
  QueueEntry* limit_ = nullptr;
  Ahead ahead_[2];
  std::uint64_t bottom_end_ = ~std::uint64_t{0};  ///< Everything before it is in the bottom.
  std::uint64_t current_ = 0;                     ///< Never after an entry of the slots.
  std::uint64_t floor_ = 0;
  std::size_t in_slots_ = 0;  ///< Entries that are not in the bottom.
  std::size_t moved_ =
      0;  ///< Places that entries were moved by, to sort others in, since the bottom was filled.
  int inner_shift_ = kTimeBits;  ///< Bits below it belong to no level: the bottom's slot.
  int depth_ = 0;                ///< Levels in use, outermost first.
  std::uint64_t levels_used_ = 0;
  Chunk* free_ = nullptr;
  SmallSort sort_;
  Route route_[64];
  Level levels_[64];
  std::vector<QueueEntry> buffer_;
  std::vector<QueueEntry> taken_;  ///< All entries, between take_all() and put_back(); empty otherwise.
  std::vector<Block> blocks_;
  std::size_t chunks_ = 0;
};

extern template class BasicEventQueue<1024>;
using EventQueue = BasicEventQueue<1024>;

}  // namespace brokersim::sim
