#include "sim/small_sort.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define BROKERSIM_HAS_AVX2_VARIANT 1
#else
#define BROKERSIM_HAS_AVX2_VARIANT 0
#endif

namespace brokersim::sim {

namespace {

constexpr std::size_t kMax = 64;
constexpr int kPlaceBits = 6;
constexpr int kWidestFor32 = 31 - kPlaceBits;  // comparisons are signed
constexpr int kWidestFor64 = 63 - kPlaceBits;
constexpr std::size_t kBlock = 4;  // vectors of ranks that are kept in registers

/// For any times.
void sort_by_insertion(const QueueEntry* from, std::size_t count, QueueEntry* to) {
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

/// Entries of one instant are in the order of `from` so far: put them in that of their sequence.
void order_instants(QueueEntry* to, std::size_t count) {
  for (std::size_t i = 1; i < count; ++i) {
    for (std::size_t j = i; j > 0 && to[j].before(to[j - 1]); --j) std::swap(to[j], to[j - 1]);
  }
}

/// Whether two neighbours are of one instant; without a branch for each.
[[gnu::always_inline]] inline bool any_instant_twice(const QueueEntry* sorted, std::size_t count) {
  std::uint64_t twice = 0;
  for (std::size_t i = 1; i < count; ++i) twice |= sorted[i].time == sorted[i - 1].time ? 1 : 0;
  return twice != 0;
}

/// Ranks of the `kVectors * lanes` keys from `first` on, among all `count` keys.
template <std::size_t kVectors, class Lane, std::size_t kBytes>
[[gnu::always_inline]] inline void count_ranks(const Lane* keys, std::size_t count, std::size_t first,
                                               Lane* ranks) {
  using Vector [[gnu::vector_size(kBytes)]] = Lane;
  constexpr std::size_t kLanes = kBytes / sizeof(Lane);
  Vector mine[kVectors];
  Vector before[kVectors];
  for (std::size_t v = 0; v < kVectors; ++v) {
    mine[v] = *reinterpret_cast<const Vector*>(keys + first + v * kLanes);
    before[v] = Vector{};
  }
  for (std::size_t j = 0; j < count; ++j) {
    const Vector other = keys[j] - Vector{};
    for (std::size_t v = 0; v < kVectors; ++v) before[v] -= mine[v] > other;
  }
  for (std::size_t v = 0; v < kVectors; ++v)
    *reinterpret_cast<Vector*>(ranks + first + v * kLanes) = before[v];
}

/// `Lane`: int32_t or int64_t, wide enough for keys; `kBytes`: of a vector register.
template <class Lane, std::size_t kBytes>
[[gnu::always_inline]] inline void sort_by_ranks(const QueueEntry* from, std::size_t count,
                                                 std::uint64_t start, QueueEntry* to) {
  using Bits = std::make_unsigned_t<Lane>;
  constexpr std::size_t kLanes = kBytes / sizeof(Lane);
  alignas(64) Lane keys[kMax];
  alignas(64) Lane ranks[kMax];
  for (std::size_t i = 0; i < count; ++i)
    keys[i] =
        static_cast<Lane>((static_cast<Bits>(from[i].time - start) << kPlaceBits) + static_cast<Bits>(i));
  // Keys past the last one are compared with others, never others with them: their ranks mean nothing.
  const std::size_t vectors = (count + kLanes - 1) / kLanes;
  std::fill(keys + count, keys + vectors * kLanes, Lane{0});
  std::size_t done = 0;
  for (; done + kBlock <= vectors; done += kBlock)
    count_ranks<kBlock, Lane, kBytes>(keys, count, done * kLanes, ranks);
  switch (vectors - done) {
    case 1: count_ranks<1, Lane, kBytes>(keys, count, done * kLanes, ranks); break;
    case 2: count_ranks<2, Lane, kBytes>(keys, count, done * kLanes, ranks); break;
    case 3: count_ranks<3, Lane, kBytes>(keys, count, done * kLanes, ranks); break;
    default: break;
  }
  for (std::size_t i = 0; i < count; ++i) to[ranks[i]] = from[i];
}

#if BROKERSIM_HAS_AVX2_VARIANT
__attribute__((target("avx2"))) void sort_small_avx2(const QueueEntry* from, std::size_t count,
                                                     std::uint64_t start, int width, QueueEntry* to) {
  if (width <= kWidestFor32) [[likely]] {
    sort_by_ranks<std::int32_t, 32>(from, count, start, to);
  } else if (width <= kWidestFor64) {
    sort_by_ranks<std::int64_t, 32>(from, count, start, to);
  } else {
    return sort_by_insertion(from, count, to);
  }
  if (any_instant_twice(to, count)) [[unlikely]]
    order_instants(to, count);
}
#endif

}  // namespace

void sort_small_portable(const QueueEntry* from, std::size_t count, std::uint64_t start, int width,
                         QueueEntry* to) {
  if (width <= kWidestFor32) [[likely]] {
    sort_by_ranks<std::int32_t, 16>(from, count, start, to);
  } else if (width <= kWidestFor64) {
    sort_by_ranks<std::int64_t, 16>(from, count, start, to);
  } else {
    return sort_by_insertion(from, count, to);
  }
  if (any_instant_twice(to, count)) [[unlikely]]
    order_instants(to, count);
}

SmallSort choose_small_sort() {
#if BROKERSIM_HAS_AVX2_VARIANT
  if (__builtin_cpu_supports("avx2")) return &sort_small_avx2;
#endif
  return &sort_small_portable;
}

}  // namespace brokersim::sim
