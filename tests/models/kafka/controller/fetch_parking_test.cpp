// Goal: K07, who is told what when. A broker holds a record before it is committed; when does it learn of the commit?
// Method: the decision on one fetch, at each state of the log (kafka-behaviour.md section 5.1, KIP-1166).
#include "models/kafka/controller/fetch_parking.h"

#include <gtest/gtest.h>

namespace brokersim::kafka::controller {
namespace {

constexpr bool kBefore41 = false;
constexpr bool kFrom41 = true;

TEST(FetchParking, RecordsAreAnsweredAtOnce) {
  for (const bool wakes : {kBefore41, kFrom41}) {
    EXPECT_EQ(answer_fetch({10, -1}, {11, 10}, wakes), FetchAnswer::reply) << "not committed yet, but there";
    EXPECT_EQ(answer_fetch({0, 0}, {11, 11}, wakes), FetchAnswer::reply);
  }
}

TEST(FetchParking, ACommitAloneWakesNobodyBefore41) {
  // The fetcher holds everything up to 11 and knows 10 to be committed; then 11 commits.
  EXPECT_EQ(answer_fetch({11, -1}, {11, 10}, kBefore41), FetchAnswer::park);
  EXPECT_EQ(answer_fetch({11, -1}, {11, 11}, kBefore41), FetchAnswer::park) << "up to 500 ms late";
  EXPECT_EQ(answer_fetch({11, -1}, {12, 11}, kBefore41), FetchAnswer::reply) << "or with the next append";
}

TEST(FetchParking, ACommitIsAnAnswerFrom41) {
  EXPECT_EQ(answer_fetch({11, 10}, {11, 10}, kFrom41), FetchAnswer::park);
  EXPECT_EQ(answer_fetch({11, 10}, {11, 11}, kFrom41), FetchAnswer::reply);
  EXPECT_EQ(answer_fetch({11, 11}, {11, 11}, kFrom41), FetchAnswer::park);
  EXPECT_EQ(answer_fetch({11, -1}, {11, 11}, kFrom41), FetchAnswer::park)
      << "an old broker does not say what it knows";
}

TEST(FetchParking, AFetcherAheadOfTheLogIsTold) {
  EXPECT_EQ(answer_fetch({12, -1}, {11, 11}, kFrom41), FetchAnswer::out_of_range);
}

// A record that came after a power loss is not the one that was lost, even at the same offset (KIP-595).
TEST(FetchParking, AFetcherWithAnotherPastIsTold) {
  EXPECT_EQ(answer_fetch({11, 11, 1}, {11, 11, 2}, kFrom41), FetchAnswer::out_of_range);
  EXPECT_EQ(answer_fetch({11, 11, 1}, {20, 20, 2}, kFrom41), FetchAnswer::out_of_range);
  EXPECT_EQ(answer_fetch({11, 11, 2}, {20, 20, 2}, kFrom41), FetchAnswer::reply);
  EXPECT_EQ(answer_fetch({0, 0, -1}, {20, 20, -1}, kFrom41), FetchAnswer::reply) << "from the beginning";
}

}  // namespace
}  // namespace brokersim::kafka::controller
