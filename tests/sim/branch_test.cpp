// Goal: from Simulation::branch(id) on every draw depends on id as well, and nothing else changes.
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "sim/component.h"

namespace brokersim::sim {
namespace {
using namespace literals;

/// Draws one word per millisecond, by the number of the event.
struct Dice {
  Component& owner;
  Stream stream;
  std::vector<std::uint64_t> seen = {};

  void start() { owner.after(1_ms, "dice", bind<&Dice::roll>(this)); }
  void roll() {
    seen.push_back(stream.bits(seen.size()));
    if (seen.size() < 10) start();
  }
};

struct Outcome {
  std::vector<std::uint64_t> draws;
  std::vector<std::uint64_t> late;  // of a stream made after the branch
  std::uint64_t fingerprint = 0;
};

/// Ten events; after the fifth the ids in turn.
Outcome run_with(std::uint64_t seed, const std::vector<std::uint64_t>& ids) {
  Simulation sim(seed);
  Component c(sim, "host/a");
  Dice dice{c, c.stream("dice")};
  dice.start();
  sim.run_until(SimTime{} + 5_ms);
  for (const std::uint64_t id : ids) sim.branch(id);
  sim.run_to_end();
  Outcome outcome;
  const Stream late = c.stream("late").child(3);
  for (std::uint64_t i = 0; i < 10; ++i) outcome.late.push_back(late.bits(i));
  outcome.draws = dice.seen;
  outcome.fingerprint = sim.fingerprint().value();
  return outcome;
}

// Goal: what is drawn again for the past is the common past's, on branches of branches too; at an instant of branching
// it is the past's still. Method: two branches of one run, at 5 and 8 ms.
TEST(Branch, DrawsOfThePastStayWhatTheyWere) {
  Simulation sim(7);
  Component c(sim, "host/a");
  const Stream stream = c.stream("arrivals");
  std::vector<std::uint64_t> trunk, first, second;
  for (std::uint64_t i = 0; i < 10; ++i) trunk.push_back(stream.bits(i));
  sim.run_until(SimTime{} + 5_ms);
  sim.branch(3);
  for (std::uint64_t i = 0; i < 10; ++i) first.push_back(stream.bits(i));
  sim.run_until(SimTime{} + 8_ms);
  sim.branch(4);
  for (std::uint64_t i = 0; i < 10; ++i) second.push_back(stream.bits(i));
  for (std::uint64_t i = 0; i < 10; ++i) {
    EXPECT_EQ(stream.bits_of_past(i, SimTime{}), trunk[i]);
    EXPECT_EQ(stream.bits_of_past(i, SimTime{} + 5_ms), trunk[i]) << "the instant itself is past";
    EXPECT_EQ(stream.bits_of_past(i, SimTime{} + 5_ms + 1_ns), first[i]);
    EXPECT_EQ(stream.bits_of_past(i, SimTime{} + 8_ms), first[i]);
    EXPECT_EQ(stream.bits_of_past(i, SimTime{} + 8_ms + 1_ns), second[i]);
    EXPECT_NE(first[i], trunk[i]);
    EXPECT_NE(second[i], first[i]);
  }
}

TEST(Branch, ZeroChangesNothing) {
  const Outcome plain = run_with(7, {});
  const Outcome zero = run_with(7, {0});
  EXPECT_EQ(plain.draws, zero.draws);
  EXPECT_EQ(plain.late, zero.late);
  EXPECT_EQ(plain.fingerprint, zero.fingerprint);
}

// Method: the same past, then 200 ids; every later draw of old and new streams is compared pairwise.
TEST(Branch, ChangesEveryLaterDrawAndNoEarlierOne) {
  const Outcome plain = run_with(7, {});
  std::set<std::uint64_t> words(plain.draws.begin(), plain.draws.end());
  words.insert(plain.late.begin(), plain.late.end());
  std::set<std::uint64_t> fingerprints{plain.fingerprint};
  for (std::uint64_t id = 1; id <= 200; ++id) {
    const Outcome other = run_with(7, {id});
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(other.draws[i], plain.draws[i]);
    words.insert(other.draws.begin() + 5, other.draws.end());
    words.insert(other.late.begin(), other.late.end());
    fingerprints.insert(other.fingerprint);
  }
  EXPECT_EQ(words.size(), 20u + 200u * 15u) << "no word twice among the trunk and 200 branches";
  EXPECT_EQ(fingerprints.size(), 201u);
}

TEST(Branch, SameIdSameFuture) {
  EXPECT_EQ(run_with(7, {3}).draws, run_with(7, {3}).draws);
  EXPECT_EQ(run_with(7, {3}).fingerprint, run_with(7, {3}).fingerprint);
  EXPECT_NE(run_with(8, {3}).draws, run_with(7, {3}).draws) << "the seed still counts";
}

// Goal: multi-level splitting: a branch of a branch is its own future, and order of the ids counts.
TEST(Branch, BranchesNest) {
  std::set<std::vector<std::uint64_t>> futures;
  futures.insert(run_with(7, {1}).draws);
  futures.insert(run_with(7, {2}).draws);
  futures.insert(run_with(7, {1, 2}).draws);
  futures.insert(run_with(7, {2, 1}).draws);
  futures.insert(run_with(7, {1, 1}).draws);
  EXPECT_EQ(futures.size(), 5u);
  EXPECT_EQ(run_with(7, {1, 0}).fingerprint, run_with(7, {1}).fingerprint);
}

// Goal: the fingerprint records a branch even if nothing is drawn after it.
TEST(Branch, IsInTheFingerprintByItself) {
  Simulation one(1);
  Simulation two(1);
  two.branch(9);
  EXPECT_NE(one.fingerprint().value(), two.fingerprint().value());
  EXPECT_EQ(one.fingerprint().parts().time, two.fingerprint().parts().time);
  EXPECT_NE(one.fingerprint().parts().draws, two.fingerprint().parts().draws);
}

}  // namespace
}  // namespace brokersim::sim
