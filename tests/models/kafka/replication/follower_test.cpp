// Goal: divergence is found and cut as KIP-101, KIP-279 and KIP-595 say; properties over random epoch histories.
#include "models/kafka/replication/follower.h"

#include <gtest/gtest.h>

#include "sim/component.h"
#include "sim/simulation.h"

namespace brokersim::kafka::replication {
namespace {

log::EpochCache cache_of(std::vector<log::EpochEntry> entries) {
  log::EpochCache cache;
  for (const auto& entry : entries) cache.assign(entry.epoch, entry.start_offset);
  return cache;
}
using Verdict = DivergenceCheck::Verdict;

// T03, KIP-279: A has e1:0..14, e3:15; B has e1:0..9, e2:10..19. The kip101 rule would keep B's 10..14.
TEST(Truncation, FastDoubleFailoverConverges) {
  const log::EpochCache a = cache_of({{1, 0}, {3, 15}});
  const log::EpochCache b = cache_of({{1, 0}, {2, 10}});
  const DivergenceCheck check = check_divergence(a, 0, 16, 20, 2);
  ASSERT_EQ(check.verdict, Verdict::diverging);
  EXPECT_EQ(check.end, (log::EpochEnd{1, 15}));
  const Truncation cut = truncate_to(b, 20, check.end);
  EXPECT_EQ(cut.to_offset, 10);
  EXPECT_TRUE(cut.settled);
}

TEST(Truncation, FollowerWithoutThatEpochGoesDownStepByStep) {
  const log::EpochCache own = cache_of({{1, 0}, {4, 5}});
  const Truncation cut = truncate_to(own, 20, {3, 12});
  EXPECT_EQ(cut.to_offset, 5);
  EXPECT_FALSE(cut.settled);
}

TEST(DivergenceCheck, ConsistentAndOutOfRange) {
  const log::EpochCache leader = cache_of({{1, 0}, {3, 15}});
  EXPECT_EQ(check_divergence(leader, 0, 20, 20, 3).verdict, Verdict::consistent);
  EXPECT_EQ(check_divergence(leader, 0, 20, 15, 1).verdict, Verdict::consistent);
  EXPECT_EQ(check_divergence(leader, 0, 20, 17, 5).verdict, Verdict::out_of_range) << "an epoch above ours";
  EXPECT_EQ(check_divergence(leader, 0, 20, 25, -1).verdict, Verdict::out_of_range);
  EXPECT_EQ(check_divergence(leader, 10, 20, 5, -1).verdict, Verdict::out_of_range);
}

/// A log as its epochs, one per offset; the cache that belongs to it.
struct History {
  std::vector<std::int32_t> epochs;
  [[nodiscard]] log::EpochCache cache() const {
    log::EpochCache c;
    for (std::size_t i = 0; i < epochs.size(); ++i) c.assign(epochs[i], static_cast<std::int64_t>(i));
    return c;
  }
};

// Property: two logs that share a prefix and then went their own ways (no epoch on both sides after the fork) agree
// after at most as many rounds as there are epochs, never losing a record of the shared prefix.
TEST(Truncation, ConvergesToTheSharedPrefix) {
  sim::Simulation sim(11);
  sim::Component component(sim, "test");
  const sim::Stream random = component.stream("histories");
  std::uint64_t ordinal = 0;
  const auto below = [&](std::uint64_t n) { return random.below(ordinal++, n); };
  for (int world = 0; world < 20'000; ++world) {
    History leader;
    std::int32_t epoch = 0;
    const std::size_t shared = below(12);
    for (std::size_t i = 0; i < shared; ++i) {
      epoch += static_cast<std::int32_t>(below(2));
      leader.epochs.push_back(epoch);
    }
    History follower = leader;
    // Own epochs are disjoint: even ones on the leader, odd ones on the follower.
    std::int32_t own = epoch + 2 - epoch % 2;
    for (std::size_t i = below(10); i > 0; --i)
      leader.epochs.push_back(own += 2 * static_cast<std::int32_t>(below(2)));
    own = epoch + 1 + epoch % 2 + (epoch % 2 == 0 ? 0 : 1);
    if (own % 2 == 0) ++own;
    for (std::size_t i = below(10); i > 0; --i)
      follower.epochs.push_back(own += 2 * static_cast<std::int32_t>(below(2)));
    const log::EpochCache leader_cache = leader.cache();
    int rounds = 0;
    for (; rounds < 40; ++rounds) {
      const auto end = static_cast<std::int64_t>(follower.epochs.size());
      const std::int32_t last = follower.epochs.empty() ? -1 : follower.epochs.back();
      const auto check =
          check_divergence(leader_cache, 0, static_cast<std::int64_t>(leader.epochs.size()), end, last);
      if (check.verdict == Verdict::consistent) break;
      const std::int64_t to =
          check.verdict == Verdict::diverging
              ? truncate_to(follower.cache(), end, check.end).to_offset
              : std::min<std::int64_t>(end, static_cast<std::int64_t>(leader.epochs.size()));
      if (check.verdict == Verdict::out_of_range && to == end) {
        // An epoch the leader never had above its latest: only possible when the follower led later; then the fork
        // is resolved by the newer leader, not here.
        break;
      }
      ASSERT_GE(to, static_cast<std::int64_t>(shared)) << "a shared record was cut in world " << world;
      follower.epochs.resize(static_cast<std::size_t>(to));
    }
    ASSERT_LT(rounds, 40) << "world " << world << " does not settle";
  }
}

// Goal: what KIP-279 mended. Method: the logs of T03: the follower has epoch 2 from 10 to 20, the leader went from epoch 1
// (0 to 15) to epoch 3.
TEST(Truncation, Kip101KeepsAnEpochThatTheLeaderNeverHad) {
  log::EpochCache leader;
  leader.assign(1, 0);
  leader.assign(3, 15);
  log::EpochCache follower;
  follower.assign(1, 0);
  follower.assign(2, 10);
  const auto answer = leader.end_offset_for(2, 16);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(truncate_to_kip101(20, 10, answer->end_offset), 15) << "10 to 14 of epoch 2 stay: divergence";
  EXPECT_EQ(truncate_to(follower, 20, *answer).to_offset, 10);
  EXPECT_EQ(truncate_to_kip101(20, 10, -1), 10) << "a leader that does not know: to the high watermark";
}

}  // namespace
}  // namespace brokersim::kafka::replication
