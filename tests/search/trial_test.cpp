// Goal: searches rest on runs whose outcomes are whole, in order, and the same wherever they are made.
// Method: pieces that end out of order, die or are too many; outcomes there and back; runs cut short at the same event.
#include <gtest/gtest.h>

#include <csignal>

#include "app/trial/ordered.h"
#include "app/trial/trial.h"
#include "tests/search/samples.h"

namespace brokersim::trial {
namespace {

TEST(OrderedWork, IsToldInOrderWhateverEndsFirst) {
  std::vector<std::string> told;
  OrderedWork work;
  work.count = 20;
  work.jobs = 4;
  work.work = [](std::size_t i) {
    if (i % 4 == 0) static_cast<void>(run_text(noisy_text, "noisy.json", {}));  // the first of four ends last
    return std::to_string(i * i);
  };
  work.done = [&](const Piece& piece) {
    EXPECT_EQ(piece.index, told.size());
    told.push_back(piece.payload);
    return true;
  };
  EXPECT_EQ(run_in_order(work), 20u);
  ASSERT_EQ(told.size(), 20u);
  EXPECT_EQ(told[19], "361");
}

TEST(OrderedWork, EndsWhenToldAndADeathCostsNobodyElse) {
  std::vector<std::string> died;
  OrderedWork work;
  work.count = 10;
  work.jobs = 3;
  work.work = [](std::size_t i) {
    if (i == 2) ::raise(SIGKILL);
    return std::string("alive");
  };
  work.done = [&](const Piece& piece) {
    died.push_back(piece.died);
    return piece.index < 4;
  };
  EXPECT_EQ(run_in_order(work), 5u) << "0 to 4, and the fifth said that it is enough";
  ASSERT_EQ(died.size(), 5u);
  EXPECT_NE(died[2].find("signal 9"), std::string::npos);
  for (const std::size_t i : {0u, 1u, 3u, 4u}) EXPECT_EQ(died[i], "");
}

TEST(Trial, AFailureIsNamedByItsRulesMostTellingFirst) {
  const Outcome outcome = run_text(noisy_text, "noisy.json", {});
  ASSERT_TRUE(outcome.ran()) << outcome.problem;
  EXPECT_EQ(outcome.failure.headline(), "S1");
  EXPECT_TRUE(outcome.failure.breaks("S23"));
  EXPECT_TRUE(outcome.failure.breaks("lost"));
  EXPECT_FALSE(outcome.failure.breaks("expect: records.reordered equals 0"));
  EXPECT_NE(outcome.story.find("Broker 0 acknowledged"), std::string::npos) << outcome.story;
  ASSERT_EQ(outcome.faults.size(), 5u);
  EXPECT_EQ(outcome.faults[2].name, "cut");
  EXPECT_TRUE(run_text(sound_text(), "sound.json", {}).failure.rules.empty());
}

TEST(Trial, CrossesTheProcessBorderWhole) {
  Outcome outcome = run_text(noisy_text, "noisy.json", {});
  outcome.cells = {3, 1, 400, 17};
  const auto back = decode(encode(outcome));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->failure, outcome.failure);
  EXPECT_EQ(back->fingerprint, outcome.fingerprint);
  EXPECT_EQ(back->faults, outcome.faults);
  EXPECT_EQ(back->story, outcome.story);
  EXPECT_EQ(back->cells, outcome.cells);
  EXPECT_FALSE(decode("[1, 2]").has_value());
  EXPECT_FALSE(decode("nonsense").has_value());
}

TEST(Trial, TheLimitOfEventsCutsAtTheSameEventEveryTime) {
  const Outcome whole = run_text(noisy_text, "noisy.json", {});
  const Outcome cut = run_text(noisy_text, "noisy.json", {.events = whole.events / 2});
  EXPECT_TRUE(cut.cut_short);
  EXPECT_TRUE(cut.failure.rules.empty()) << "what was not run to its end is not judged";
  EXPECT_GT(cut.events, whole.events / 2);
  EXPECT_LT(cut.events, whole.events);
  EXPECT_EQ(run_text(noisy_text, "noisy.json", {.events = whole.events / 2}).events, cut.events);
  const Outcome enough = run_text(noisy_text, "noisy.json", {.events = whole.events});
  EXPECT_EQ(enough.fingerprint, whole.fingerprint) << "looking at the limit changes nothing";
}

TEST(Json, IsWrittenForPeopleAndReadBackTheSame) {
  const Json json = *parse(noisy_text);
  const std::string text = pretty(json);
  EXPECT_EQ(*parse(text), json);
  EXPECT_EQ(text.find("  \"title\""), 2u) << text;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = text.find('\n', from);
    EXPECT_LE(end - from, 140u) << text.substr(from, end - from);
    from = end + 1;
  }
  Json changed = json;
  EXPECT_TRUE(apply_override(changed, "/workloads/1/config/acks=1"));
  EXPECT_EQ(changed["workloads"][1]["config"]["acks"], 1);
  EXPECT_TRUE(apply_override(changed, "/duration=10 s"));
  EXPECT_EQ(changed["duration"], "10 s");
  EXPECT_FALSE(apply_override(changed, "/duration/x=1"));
}

}  // namespace
}  // namespace brokersim::trial
