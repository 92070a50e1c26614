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
constexpr int kWidestFor32 = 31;  // comparisons are signed
constexpr int kWidestFor64 = 63;
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

/// How many of all `count` keys are below each of the `kVectors * lanes` keys from `first` on; added to `sum`, too.
template <std::size_t kVectors, class Vector, class Lane>
[[gnu::always_inline]] inline void count_ranks(const Lane* keys, std::size_t count, std::size_t first,
                                               Lane* ranks, Vector& sum) {
  constexpr std::size_t kLanes = sizeof(Vector) / sizeof(Lane);
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
  for (std::size_t v = 0; v < kVectors; ++v) {
    *reinterpret_cast<Vector*>(ranks + first + v * kLanes) = before[v];
    sum += before[v];
  }
}

/// The ranks of `count` keys, none negative, and their sum. `Lane`: int32_t or int64_t; `kBytes`: of a vector register.
template <class Lane, std::size_t kBytes>
[[gnu::always_inline]] inline std::size_t rank(Lane* keys, std::size_t count, Lane* ranks) {
  using Vector [[gnu::vector_size(kBytes)]] = Lane;
  constexpr std::size_t kLanes = kBytes / sizeof(Lane);
  // Keys past the last one are below all others, which are not compared with them: of rank 0.
  const std::size_t vectors = (count + kLanes - 1) / kLanes;
  std::fill(keys + count, keys + vectors * kLanes, Lane{-1});
  Vector sum{};
  std::size_t done = 0;
  for (; done + kBlock <= vectors; done += kBlock)
    count_ranks<kBlock>(keys, count, done * kLanes, ranks, sum);
  switch (vectors - done) {
    case 1: count_ranks<1>(keys, count, done * kLanes, ranks, sum); break;
    case 2: count_ranks<2>(keys, count, done * kLanes, ranks, sum); break;
    case 3: count_ranks<3>(keys, count, done * kLanes, ranks, sum); break;
    default: break;
  }
  Lane all = 0;
  for (std::size_t lane = 0; lane < kLanes; ++lane) all += sum[lane];
  return static_cast<std::size_t>(all);
}

/// By time, then by place.
template <class Lane, std::size_t kBytes>
[[gnu::always_inline]] inline void sort_by_place(const QueueEntry* from, std::size_t count,
                                                 std::uint64_t start, QueueEntry* to) {
  alignas(64) Lane keys[kMax];
  alignas(64) Lane ranks[kMax];
  for (std::size_t i = 0; i < count; ++i)
    keys[i] = static_cast<Lane>((from[i].time - start) << kPlaceBits | i);
  static_cast<void>(rank<Lane, kBytes>(keys, count, ranks));
  for (std::size_t i = 0; i < count; ++i) to[ranks[i]] = from[i];
}

/// Two entries or more are of one instant.
template <std::size_t kBytes>
[[gnu::always_inline]] inline void sort_instants(const QueueEntry* from, std::size_t count,
                                                 std::uint64_t start, int width, QueueEntry* to) {
  if (width + kPlaceBits <= kWidestFor32) {
    sort_by_place<std::int32_t, kBytes>(from, count, start, to);
  } else if (width + kPlaceBits <= kWidestFor64) {
    sort_by_place<std::int64_t, kBytes>(from, count, start, to);
  } else {
    return sort_by_insertion(from, count, to);
  }
  order_instants(to, count);
}

/// False, and nothing of use is in `to`, if two entries are of one instant.
template <class Lane, std::size_t kBytes>
[[gnu::always_inline]] inline bool sort_by_time(const QueueEntry* from, std::size_t count,
                                                std::uint64_t start, QueueEntry* to) {
  alignas(64) Lane keys[kMax];
  alignas(64) Lane ranks[kMax];
  for (std::size_t i = 0; i < count; ++i) keys[i] = static_cast<Lane>(from[i].time - start);
  const std::size_t sum = rank<Lane, kBytes>(keys, count, ranks);
  for (std::size_t i = 0; i < count; ++i) to[ranks[i]] = from[i];
  // Different times have all ranks from 0 on. Each pair of equal ones takes one from the sum.
  return sum == count * (count - 1) / 2;
}

#if BROKERSIM_HAS_AVX2_VARIANT
[[gnu::noinline]] __attribute__((target("avx2"))) void sort_instants_avx2(const QueueEntry* from,
                                                                          std::size_t count,
                                                                          std::uint64_t start, int width,
                                                                          QueueEntry* to) {
  sort_instants<32>(from, count, start, width, to);
}

__attribute__((target("avx2"))) void sort_small_avx2(const QueueEntry* from, std::size_t count,
                                                     std::uint64_t start, int width, QueueEntry* to) {
  const bool sorted = width <= kWidestFor32 ? sort_by_time<std::int32_t, 32>(from, count, start, to)
                                            : sort_by_time<std::int64_t, 32>(from, count, start, to);
  if (!sorted) [[unlikely]]
    sort_instants_avx2(from, count, start, width, to);
}
#endif

}  // namespace

void sort_small_portable(const QueueEntry* from, std::size_t count, std::uint64_t start, int width,
                         QueueEntry* to) {
  const bool sorted = width <= kWidestFor32 ? sort_by_time<std::int32_t, 16>(from, count, start, to)
                                            : sort_by_time<std::int64_t, 16>(from, count, start, to);
  if (!sorted) [[unlikely]]
    sort_instants<16>(from, count, start, width, to);
}

SmallSort choose_small_sort() {
#if BROKERSIM_HAS_AVX2_VARIANT
  if (__builtin_cpu_supports("avx2")) return &sort_small_avx2;
#endif
  return &sort_small_portable;
}

}  // namespace brokersim::sim
