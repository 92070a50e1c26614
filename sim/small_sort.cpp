#include "sim/small_sort.h"

#include <utility>

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define BROKERSIM_HAS_AVX2_VARIANT 1
#include <immintrin.h>
#else
#define BROKERSIM_HAS_AVX2_VARIANT 0
#endif

namespace brokersim::sim {

namespace {

constexpr std::size_t kMax = 64;

/// Time after the start, then the place in `from`: no two are equal, so ranks are a permutation.
std::uint64_t key_of(const QueueEntry& entry, std::uint64_t start, std::size_t i) {
  return (entry.time - start) << 6 | i;
}

/// Entries of one instant are in the order of `from` so far: put them in that of their sequence.
void order_instants(QueueEntry* to, std::size_t count) {
  for (std::size_t i = 1; i < count; ++i) {
    if (to[i].time != to[i - 1].time) [[likely]]
      continue;
    for (std::size_t j = i; j > 0 && to[j].before(to[j - 1]); --j) std::swap(to[j], to[j - 1]);
  }
}

#if BROKERSIM_HAS_AVX2_VARIANT
__attribute__((target("avx2"))) void sort_small_avx2(const QueueEntry* from, std::size_t count,
                                                     std::uint64_t start, QueueEntry* to) {
  alignas(32) std::uint64_t keys[kMax];
  std::size_t padded = (count + 3) & ~std::size_t{3};
  for (std::size_t i = 0; i < count; ++i) keys[i] = key_of(from[i], start, i);
  for (std::size_t i = count; i < padded; ++i) keys[i] = ~std::uint64_t{0} >> 1;
  for (std::size_t i = 0; i < count; ++i) {
    const __m256i key = _mm256_set1_epi64x(static_cast<long long>(keys[i]));
    __m256i before = _mm256_setzero_si256();
    for (std::size_t j = 0; j < padded; j += 4) {
      const __m256i others = _mm256_load_si256(reinterpret_cast<const __m256i*>(keys + j));
      before = _mm256_sub_epi64(before, _mm256_cmpgt_epi64(key, others));
    }
    const __m128i half = _mm_add_epi64(_mm256_castsi256_si128(before), _mm256_extracti128_si256(before, 1));
    const auto rank = static_cast<std::size_t>(_mm_cvtsi128_si64(half) + _mm_extract_epi64(half, 1));
    to[rank] = from[i];
  }
  order_instants(to, count);
}
#endif

}  // namespace

void sort_small_portable(const QueueEntry* from, std::size_t count, std::uint64_t start, QueueEntry* to) {
  std::uint64_t keys[kMax];
  std::uint8_t ranks[kMax] = {};
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t key = keys[i] = key_of(from[i], start, i);
    unsigned rank = 0;
    for (std::size_t j = 0; j < i; ++j) {
      const unsigned before = keys[j] < key ? 1 : 0;
      rank += before;
      ranks[j] = static_cast<std::uint8_t>(ranks[j] + 1 - before);
    }
    ranks[i] = static_cast<std::uint8_t>(rank);
  }
  for (std::size_t i = 0; i < count; ++i) to[ranks[i]] = from[i];
  order_instants(to, count);
}

SmallSort choose_small_sort() {
#if BROKERSIM_HAS_AVX2_VARIANT
  if (__builtin_cpu_supports("avx2")) return &sort_small_avx2;
#endif
  return &sort_small_portable;
}

}  // namespace brokersim::sim
