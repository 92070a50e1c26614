// Goal: KIP-227 on both sides: a request lists what changed, a session is made, continued, refused and thrown out as in
// FetchSessionHandler and FetchSessionCache. Method: a handler and a cache talk to each other without a network.
#include <gtest/gtest.h>

#include "models/kafka/broker/fetch_sessions.h"
#include "models/kafka/wire/fetch_session_handler.h"

namespace brokersim::kafka::broker {
namespace {

using wire::ErrorCode;

wire::FetchPart part(std::int32_t n, std::int64_t offset) {
  wire::FetchPart p;
  p.partition = {n};
  p.fetch_offset = offset;
  return p;
}
sim::SimTime at_s(std::int64_t s) { return sim::SimTime{s * 1'000'000'000}; }

struct Pair {
  explicit Pair(std::int32_t slots = 10) : cache(slots) {}
  FetchSessions cache;
  wire::FetchSessionHandler client;
  std::size_t listed = 0;
  std::size_t forgotten = 0;
  std::uint32_t slot = 0;

  ErrorCode round(sim::SimTime now = {}, wire::BrokerId replica = 1) {
    wire::FetchRequest request;
    request.replica = replica;
    client.fill(request);
    listed = request.parts.size();
    forgotten = request.forgotten.size();
    wire::FetchResponse response;
    response.error = cache.begin(request, now, slot);
    if (response.error == ErrorCode::none) {
      response.session_id = cache[slot].id;
      cache.end(slot);
    }
    client.answered(response);
    return response.error;
  }
};

TEST(FetchSessions, OnlyTheFirstRequestListsEverything) {
  Pair p;
  for (std::int32_t n = 0; n < 5; ++n) p.client.want(part(n, 0));
  EXPECT_EQ(p.round(), ErrorCode::none);
  EXPECT_EQ(p.listed, 5u);
  EXPECT_EQ(p.round(), ErrorCode::none);
  EXPECT_EQ(p.listed, 0u);
  p.client.want(part(3, 7));
  p.client.want(part(4, 0));
  p.client.forget({1});
  EXPECT_EQ(p.round(), ErrorCode::none);
  EXPECT_EQ(p.listed, 1u) << "the same again is no change";
  EXPECT_EQ(p.forgotten, 1u);
  EXPECT_EQ(p.cache[p.slot].by_partition.size(), 4u);
  EXPECT_EQ(p.cache.cached(), 1u);
}

TEST(FetchSessions, ALostAnswerMeansAFullRequestAndANewSession) {
  Pair p;
  p.client.want(part(0, 0));
  (void)p.round();
  const std::int32_t first = p.cache[p.slot].id;
  p.client.lost();
  EXPECT_EQ(p.round(), ErrorCode::none);
  EXPECT_EQ(p.listed, 1u);
  EXPECT_NE(p.cache[p.slot].id, first);
  EXPECT_EQ(p.cache.cached(), 1u) << "the full request closes the session that it names";
}

TEST(FetchSessions, WrongEpochAndUnknownIdAreRefused) {
  Pair p;
  p.client.want(part(0, 0));
  (void)p.round();
  wire::FetchRequest request;
  request.session_id = p.cache[p.slot].id;
  request.session_epoch = 5;
  std::uint32_t slot = 0;
  EXPECT_EQ(p.cache.begin(request, {}, slot), ErrorCode::invalid_fetch_session_epoch);
  request.session_id = 99;
  EXPECT_EQ(p.cache.begin(request, {}, slot), ErrorCode::fetch_session_id_not_found);
  wire::FetchResponse refused;
  refused.error = ErrorCode::fetch_session_id_not_found;
  EXPECT_FALSE(p.client.answered(refused));
  EXPECT_EQ(p.round(), ErrorCode::none);
  EXPECT_EQ(p.listed, 1u) << "everything, after a refusal";
}

TEST(FetchSessions, WithoutASlotEveryRequestIsFull) {
  Pair p(0);
  p.client.want(part(0, 0));
  (void)p.round();
  (void)p.round();
  EXPECT_EQ(p.listed, 1u);
  EXPECT_EQ(p.cache.cached(), 0u);
}

TEST(FetchSessions, AFullCacheGivesWayToFollowersAndToTheLongUnused) {
  FetchSessions cache(1);
  const auto ask = [&](Pair& p, sim::SimTime now, wire::BrokerId replica) {
    std::swap(p.cache, cache);
    (void)p.round(now, replica);
    std::swap(p.cache, cache);
  };
  Pair consumer;
  Pair follower;
  Pair late;
  for (Pair* p : {&consumer, &follower, &late}) p->client.want(part(0, 0));
  ask(consumer, at_s(0), -1);
  ask(follower, at_s(60), 1);
  ask(follower, at_s(61), 1);
  EXPECT_EQ(follower.listed, 1u) << "the consumer's session is not 2 min old: the follower goes without";
  ask(consumer, at_s(100), -1);
  EXPECT_EQ(consumer.listed, 0u);
  ask(follower, at_s(121), 1);
  ask(follower, at_s(122), 1);
  EXPECT_EQ(follower.listed, 0u) << "it is now, and a follower counts for more";
  ask(late, at_s(200), -1);
  ask(late, at_s(201), -1);
  EXPECT_EQ(late.listed, 1u) << "a consumer does not displace a follower";
  ask(late, at_s(243), -1);
  ask(late, at_s(244), -1);
  EXPECT_EQ(late.listed, 0u) << "unless that was not used for 2 min";
}

TEST(FetchSessions, QuietPartitionsAreNotLookedAt) {
  FetchSession session;
  session.put(part(0, 0));
  session.put(part(1, 0));
  ASSERT_EQ(session.dirty.size(), 2u);
  for (auto& p : session.parts) p.dirty = false;
  session.dirty.clear();
  session.touch(1);
  session.touch(1);
  EXPECT_EQ(session.dirty, std::vector<std::uint32_t>{1});
  session.drop({1});
  EXPECT_TRUE(session.dirty.empty());
  session.put(part(2, 0));
  EXPECT_EQ(session.parts.size(), 2u) << "the place is used again";
}

}  // namespace
}  // namespace brokersim::kafka::broker
