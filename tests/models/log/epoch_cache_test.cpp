// Goal: the leader-epoch cache answers and truncates by the rules of KIP-101 and KIP-279.
#include "models/log/epoch_cache.h"

#include <gtest/gtest.h>

#include "models/log/checkpoint.h"

namespace brokersim::log {
namespace {

EpochCache cache_of(std::vector<EpochEntry> entries) {
  EpochCache cache;
  for (const auto& entry : entries) cache.assign(entry.epoch, entry.start_offset);
  return cache;
}

// kafka-behaviour.md section 4.3, one line per rule.
TEST(EpochCache, EndOffsetFor) {
  const EpochCache cache = cache_of({{2, 0}, {4, 10}, {7, 20}});
  EXPECT_EQ(cache.end_offset_for(-1, 30), std::nullopt) << "undefined epoch";
  EXPECT_EQ(cache.end_offset_for(7, 30), (EpochEnd{7, 30})) << "latest: the log end";
  EXPECT_EQ(cache.end_offset_for(8, 30), std::nullopt) << "above the latest";
  EXPECT_EQ(cache.end_offset_for(1, 30), (EpochEnd{1, 0})) << "below the first: start of the first higher";
  EXPECT_EQ(cache.end_offset_for(4, 30), (EpochEnd{4, 20}));
  EXPECT_EQ(cache.end_offset_for(5, 30), (EpochEnd{4, 20})) << "greatest entry below";
  EXPECT_EQ(EpochCache{}.end_offset_for(3, 30), std::nullopt);
}

TEST(EpochCache, ANewEpochReplacesWhatItContradicts) {
  EpochCache cache = cache_of({{1, 0}, {2, 10}, {3, 20}});
  EXPECT_FALSE(cache.assign(3, 25)) << "known";
  EXPECT_TRUE(cache.assign(5, 10));
  EXPECT_EQ(cache.entries(), (std::vector<EpochEntry>{{1, 0}, {5, 10}}));
}

TEST(EpochCache, Truncation) {
  EpochCache cache = cache_of({{1, 0}, {2, 10}, {3, 20}});
  EXPECT_TRUE(cache.truncate_from_end(20));
  EXPECT_FALSE(cache.truncate_from_end(15));
  EXPECT_EQ(cache.latest_epoch(), 2);
  EXPECT_TRUE(cache.truncate_from_start(12));
  EXPECT_EQ(cache.entries(), (std::vector<EpochEntry>{{2, 12}}));
}

TEST(EpochCache, CheckpointTextRoundTripsAndATornFileIsRefused) {
  const EpochCache cache = cache_of({{1, 0}, {2, 10}});
  EXPECT_EQ(cache.text(), "0\n2\n1 0\n2 10\n");
  EXPECT_EQ(EpochCache::parse(cache.text())->entries(), cache.entries());
  for (std::size_t cut = 0; cut < cache.text().size(); ++cut) {
    EXPECT_FALSE(EpochCache::parse(cache.text().substr(0, cut)).has_value()) << "cut at " << cut;
  }
  EXPECT_FALSE(EpochCache::parse(std::string(13, '\0')).has_value()) << "zeros after a crash";
}

}  // namespace
}  // namespace brokersim::log
