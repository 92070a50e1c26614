// Goal: a tape runs again bit for bit here; a run that is another one is told apart by verdict and first event.
// Method: tapes of a failing run, as they are and falsified: another rule, another past from a known event on.
#include "app/replay/replay.h"

#include <gtest/gtest.h>

#include "tests/search/samples.h"

namespace brokersim::replay {
namespace {

Tape noisy_tape() { return record(trial::noisy_text, "noisy.json", 5, {}); }

TEST(Tape, HoldsTheRunAndComesBackWhole) {
  const Tape tape = noisy_tape();
  ASSERT_TRUE(tape.valid);
  EXPECT_EQ(tape.failure.headline(), "S1");
  EXPECT_EQ(tape.fingerprint, trial::run_text(trial::noisy_text, "noisy.json", {}).fingerprint)
      << "recording changes nothing";
  EXPECT_EQ(tape.marks.checkpoints.size(), tape.events / tape.marks.checkpoint_every);
  EXPECT_EQ(tape.marks.bytes.size(), tape.events / tape.marks.every);
  EXPECT_FALSE(tape.decisions.empty());
  EXPECT_EQ(tape.faults.size(), 5u);
  EXPECT_EQ(tape.build.program.size(), 16u);
  std::string why;
  const auto back = from_text(to_text(tape), why);
  ASSERT_TRUE(back.has_value()) << why;
  EXPECT_EQ(back->marks, tape.marks);
  EXPECT_EQ(back->faults, tape.faults);
  EXPECT_EQ(back->decisions, tape.decisions);
  EXPECT_EQ(back->text, tape.text);
  EXPECT_EQ(to_text(*back), to_text(tape));
}

TEST(Tape, WhatIsNoneIsRefusedInWords) {
  std::string why;
  EXPECT_FALSE(from_text("{}", why).has_value());
  EXPECT_NE(why, "");
  EXPECT_FALSE(from_text("nonsense", why).has_value());
  std::string half = to_text(noisy_tape());
  EXPECT_FALSE(from_text(half.substr(0, half.size() / 2), why).has_value());
  auto json = *trial::parse(half);
  json["marks"]["bytes"] = "xyz";
  EXPECT_FALSE(from_text(json.dump(), why).has_value());
  json = *trial::parse(half);
  json["tape"] = 99;
  EXPECT_FALSE(from_text(json.dump(), why).has_value());
  EXPECT_NE(why.find("99"), std::string::npos) << why;
}

// An edited tape of this very program must not be reported as a bug of it. Method: every member changed or taken away.
TEST(Tape, WhatSomebodyHasEditedIsRefused) {
  const auto json = *trial::parse(to_text(noisy_tape()));
  std::size_t edits = 0;
  for (const auto& [key, value] : json.items()) {
    auto edited = json;
    edited[key] = value.is_string() ? trial::Json("0000000000000000") : trial::Json(-1);
    std::string why;
    EXPECT_FALSE(from_text(edited.dump(), why).has_value()) << key;
    EXPECT_NE(why, "") << key;
    edited = json;
    edited.erase(key);
    EXPECT_FALSE(from_text(edited.dump(), why).has_value()) << key;
    ++edits;
  }
  EXPECT_GE(edits, 16u);
  std::string why;
  EXPECT_TRUE(from_text(json.dump(), why).has_value()) << "spaces are free: " << why;
}

TEST(Replay, TheSameProgramComesToTheSameRun) {
  const Tape tape = noisy_tape();
  const Replay replayed = replay(tape);
  EXPECT_EQ(replayed.verdict, Verdict::identical);
  EXPECT_TRUE(replayed.same_program);
  EXPECT_FALSE(replayed.divergence.has_value());
  EXPECT_EQ(replayed.exit_code(), 0);
}

/// A tape as another program would have made it: its run was another one from event `from` on.
Tape of_another_program(std::uint64_t from) {
  Tape tape = noisy_tape();
  tape.build.program = "0123456789abcdef";
  tape.fingerprint ^= 1;
  for (std::size_t i = 0; i < tape.marks.bytes.size(); ++i) {
    if ((i + 1) * tape.marks.every >= from) tape.marks.bytes[i] ^= 0x5A;
  }
  for (std::size_t i = 0; i < tape.marks.checkpoints.size(); ++i) {
    if ((i + 1) * tape.marks.checkpoint_every >= from) tape.marks.checkpoints[i] ^= 1;
  }
  return tape;
}

TEST(Replay, AnotherBuildIsToldWhereItParts) {
  const Tape tape = of_another_program(10'007);
  const Replay replayed = replay(tape);
  EXPECT_EQ(replayed.verdict, Verdict::same);
  EXPECT_FALSE(replayed.same_program);
  ASSERT_TRUE(replayed.divergence.has_value());
  EXPECT_LE(replayed.divergence->first, 10'007u);
  EXPECT_GE(replayed.divergence->last, 10'007u);
  EXPECT_LT(replayed.divergence->last - replayed.divergence->first, tape.marks.every);
  EXPECT_NE(replayed.divergence->here, "");
  EXPECT_EQ(replayed.exit_code(), 0) << "the same failure";
  EXPECT_NE(render(tape, replayed).find("diverged at event 10007"), std::string::npos)
      << render(tape, replayed);
}

TEST(Replay, OtherFailuresAndNoneAreToldApart) {
  Tape tape = of_another_program(1);
  tape.failure.rules = {"S7"};
  EXPECT_EQ(replay(tape).verdict, Verdict::other_failure);
  EXPECT_EQ(replay(tape).exit_code(), 1);
  tape.text = trial::sound_text();  // as if the bug had been mended
  const Replay mended = replay(tape);
  EXPECT_EQ(mended.verdict, Verdict::passes);
  EXPECT_EQ(mended.exit_code(), 3);
  tape.text = "{}";
  EXPECT_EQ(replay(tape).verdict, Verdict::no_scenario);
  EXPECT_EQ(replay(tape).exit_code(), 2);
}

TEST(Replay, TheSameProgramWithAnotherRunIsOurBug) {
  Tape tape = of_another_program(500);
  tape.build.program = this_build().program;
  EXPECT_EQ(replay(tape).exit_code(), 70);
}

}  // namespace
}  // namespace brokersim::replay
