// Goal: every variant of the small sort gives the order (time, sequence), for every count and width, also where entries
// share an instant and come in any order of their sequences. Method: random entries beside std::sort.
#include "sim/small_sort.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/sim/reference_queue.h"

namespace brokersim::sim {
namespace {

/// `distinct`: how many different times there are at most; 0: as many as there are entries.
std::vector<QueueEntry> entries(Choices& choices, std::size_t count, std::uint64_t start, int width,
                                std::uint64_t distinct) {
  std::vector<std::uint64_t> times;
  const std::uint64_t span = std::uint64_t{1} << width;
  for (std::uint64_t i = 0; i < distinct; ++i) times.push_back(start + choices.below(span));
  std::vector<std::uint64_t> sequences(count);
  for (std::size_t i = 0; i < count; ++i) sequences[i] = i + 1;
  for (std::size_t i = count; i > 1; --i) std::swap(sequences[i - 1], sequences[choices.below(i)]);
  std::vector<QueueEntry> result;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t time = distinct == 0 ? start + choices.below(span) : times[choices.below(distinct)];
    result.push_back(QueueEntry::make(time, sequences[i], static_cast<std::uint32_t>(choices.below(1'000))));
  }
  return result;
}

TEST(SmallSort, EveryVariantGivesTheOrderForEveryCountAndWidth) {
  const SmallSort variants[] = {&sort_small_portable, choose_small_sort()};
  Choices choices(1);
  std::uint64_t sorted = 0;
  for (int width = 0; width <= 62; ++width) {
    for (std::size_t count = 1; count <= 64; ++count) {
      for (const std::uint64_t distinct : {0u, 1u, 2u, 40u}) {
        const std::uint64_t start =
            choices.below(3) << (width < 60 ? width : 60) & ((std::uint64_t{1} << 62) - 1);
        const std::vector<QueueEntry> from = entries(choices, count, start, width, distinct);
        std::vector<QueueEntry> wanted = from;
        std::sort(wanted.begin(), wanted.end(),
                  [](const QueueEntry& a, const QueueEntry& b) { return a.before(b); });
        for (const SmallSort sort : variants) {
          std::vector<QueueEntry> to(count + 1, QueueEntry{7, 7});
          sort(from.data(), count, start, width, to.data());
          for (std::size_t i = 0; i < count; ++i) {
            ASSERT_EQ(to[i].time, wanted[i].time) << count << " entries, width " << width << ", place " << i;
            ASSERT_EQ(to[i].key, wanted[i].key) << count << " entries, width " << width << ", place " << i;
          }
          ASSERT_EQ(to[count].key, 7u) << "nothing is written past the end";
          ++sorted;
        }
      }
    }
  }
  EXPECT_EQ(sorted, 63u * 64 * 4 * 2);
}

}  // namespace
}  // namespace brokersim::sim
