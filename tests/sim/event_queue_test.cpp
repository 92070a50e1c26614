// Goal: the event queue hands out entries in exactly the order (time, sequence), whatever the spread, the population,
// the chunk size and the slices in which it is drained. Method: random operations beside a std::set.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/event_queue_impl.h"
#include "tests/sim/reference_queue.h"

namespace brokersim::sim {

template class BasicEventQueue<128>;
template class BasicEventQueue<256>;
template class BasicEventQueue<512>;

namespace {

/// One random life of a queue: bursts of pushes, drains with pushes between the pops (as handlers do), drains up to a
/// limit, entries with an older sequence than others, entries dropped by a predicate. Returns the number of operations.
template <class Queue>
std::uint64_t compare_with_reference(std::uint64_t seed) {
  Choices choices(seed);
  Queue queue;
  ReferenceQueue reference;
  const std::uint64_t spread = choices.below(kDelayKinds);
  std::uint64_t now = 0;
  std::uint64_t sequence = 1'000'000;
  std::uint64_t older = 0;  // sequences taken long ago, given to entries pushed now
  std::uint64_t operations = 0;
  const auto push = [&] {
    const std::uint64_t kind = choices.one_in(3) ? choices.below(kDelayKinds) : spread;
    const std::uint64_t number = choices.one_in(20) && older < 999'999 ? older++ : sequence++;
    const auto slot = static_cast<std::uint32_t>(choices.below(1'000));
    const QueueEntry entry = QueueEntry::make(now + delay_of_kind(kind, choices), number, slot);
    queue.push(entry);
    reference.push(entry);
    ++operations;
  };
  for (int phase = 0; phase < 30; ++phase) {
    const std::uint64_t burst = choices.one_in(5) ? choices.below(5'000) : choices.below(300);
    for (std::uint64_t i = 0; i < burst; ++i) push();
    const std::uint64_t drain = choices.one_in(5) ? choices.below(6'000) : choices.below(400);
    const std::uint64_t limit =
        choices.one_in(3) ? now + delay_of_kind(choices.below(kDelayKinds), choices) : ~std::uint64_t{0} >> 1;
    for (std::uint64_t i = 0; i < drain; ++i) {
      const bool sorted = queue.sorted() != 0 || queue.refill(limit);
      const bool due = sorted && queue.front().time <= limit;
      if (due != reference.due(limit)) {
        ADD_FAILURE() << "seed " << seed << ": one has an entry due by " << limit << ", the other not";
        return operations;
      }
      if (!due) {
        if (limit < ~std::uint64_t{0} >> 1 && choices.one_in(2)) {
          now = std::max(now, limit);
          queue.set_floor(now);
        }
        break;
      }
      const QueueEntry got = queue.front();
      const QueueEntry wanted = reference.front();
      if (got.time != wanted.time || got.key != wanted.key) {
        ADD_FAILURE() << "seed " << seed << ": " << got.time << '/' << got.sequence() << " instead of "
                      << wanted.time << '/' << wanted.sequence();
        return operations;
      }
      now = got.time;
      if (!choices.one_in(8)) queue.set_floor(now);
      queue.pop_front();
      reference.pop_front();
      ++operations;
      std::uint64_t more = choices.below(4) < 3 ? choices.below(3) : 0;
      if (choices.one_in(100)) more = choices.below(200);
      for (std::uint64_t j = 0; j < more; ++j) push();
    }
    if (choices.one_in(10)) {
      const std::uint64_t bit = std::uint64_t{1} << (QueueEntry::kSlotBits + choices.below(3));
      const auto stale = [bit](const QueueEntry& entry) { return (entry.key & bit) != 0; };
      queue.drop_if(stale);
      reference.drop_if(stale);
    }
    EXPECT_EQ(queue.size(), reference.size()) << "seed " << seed;
  }
  return operations;
}

TEST(EventQueue, OrderEqualsAReferenceForEverySpreadAndChunkSize) {
  std::uint64_t operations = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    operations += compare_with_reference<BasicEventQueue<1024>>(seed);
    operations += compare_with_reference<BasicEventQueue<512>>(seed + 1'000);
    operations += compare_with_reference<BasicEventQueue<256>>(seed + 2'000);
    operations += compare_with_reference<BasicEventQueue<128>>(seed + 3'000);
    if (HasFailure()) break;
  }
  EXPECT_GT(operations, 4'000'000u);
}

// Goal: what is pushed just after the front, as the short delays of a broker are, keeps the order at every place of the
// bottom, from its front and from its back. Method: a slot of 60 entries is opened; at each pop a few entries are pushed
// near the front, some of the same instant, some with an older sequence; beside a std::set.
TEST(EventQueue, ShortDelaysGoInFromTheFrontInOrder) {
  std::uint64_t pushed = 0;
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    Choices choices(seed);
    EventQueue queue;
    ReferenceQueue reference;
    std::uint64_t sequence = 1'000;
    std::uint64_t older = 0;
    const auto push = [&](std::uint64_t time) {
      const std::uint64_t number = choices.one_in(10) ? older++ : sequence++;
      const QueueEntry entry = QueueEntry::make(time, number, static_cast<std::uint32_t>(number));
      queue.push(entry);
      reference.push(entry);
      ++pushed;
    };
    for (int i = 0; i < 120; ++i) push(choices.below(10'000));
    for (int pops = 0; reference.size() > 0; ++pops) {
      ASSERT_TRUE(queue.sorted() != 0 || queue.refill(~std::uint64_t{0} >> 1)) << "seed " << seed;
      const QueueEntry got = queue.front();
      ASSERT_EQ(got.time, reference.front().time) << "seed " << seed << ", pop " << pops;
      ASSERT_EQ(got.key, reference.front().key) << "seed " << seed << ", pop " << pops;
      queue.set_floor(got.time);
      queue.pop_front();
      reference.pop_front();
      if (pops > 400) continue;
      for (std::uint64_t i = choices.below(4); i > 0; --i)
        push(got.time + choices.below(choices.one_in(4) ? 9'000 : 60));
    }
    EXPECT_EQ(queue.size(), 0u);
  }
  EXPECT_GT(pushed, 1'000'000u);
}

// Goal: no population and no spread makes an operation dear. Method: up to 100,000 entries go up and down; the bottom
// must give its later part back, or this test takes minutes (it takes well under a second).
TEST(EventQueue, GrowingAndShrinkingStaysCheap) {
  EventQueue queue;
  Choices choices(1);
  std::uint64_t now = 0;
  std::uint64_t sequence = 0;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 100'000; ++i)
      queue.push(QueueEntry::make(now + choices.below(50'000), sequence++, 1));
    while (!queue.empty()) {
      if (queue.sorted() == 0) {
        ASSERT_TRUE(queue.refill(~std::uint64_t{0} >> 1));
      }
      ASSERT_GE(queue.front().time, now);
      now = queue.front().time;
      queue.set_floor(now);
      queue.pop_front();
    }
  }
  EXPECT_LT(queue.memory(), 8u << 20) << "chunks are recycled: 100,000 entries are 1.6 MB";
}

}  // namespace
}  // namespace brokersim::sim
