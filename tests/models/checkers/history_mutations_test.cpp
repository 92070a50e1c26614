// Goal: no check is toothless. Method: clean histories, of runs and by hand, each broken in one small way; for every check
// of law_book.h at least five such edits, every one of which that very check must reject. A check that has none yet fails
// this test, for the list of checks is read from the code.
#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <set>

#include "sim/simulation.h"
#include "tests/models/checkers/history_tape.h"

namespace brokersim::checkers::test {
namespace {

constexpr std::size_t kAtLeast = 5;

Mutations all_mutations() {
  Mutations all;
  for (Mutations part :
       {replication_mutations(), client_mutations(), transaction_mutations(), group_mutations(),
        share_mutations(), liveness_mutations(), outbox_mutations(), invariant_mutations()})
    std::move(part.begin(), part.end(), std::back_inserter(all));
  return all;
}

std::string violated(const Findings& findings) {
  std::string text;
  for (const CheckResult& check : findings.checks) {
    if (check.verdict == Verdict::violated) text += "\n  " + check.id + ": " + check.detail;
  }
  return text;
}

// The twin of every mutation: the history as it was breaks nothing, and what is mutated is judged there.
TEST(HistoryMutations, CleanHistoriesAreSilent) {
  for (const Source source : kSources) {
    const Findings findings = judge(tape_of(source));
    EXPECT_EQ(violated(findings), "") << to_string(source);
    EXPECT_EQ(findings.losses.lost, 0) << to_string(source);
  }
}

// What the tape says is what the run's own checkers said: no kind of event is missing from the tape.
TEST(HistoryMutations, EveryKindOfEventIsOnTheTape) {
  history::History history;
  Recorder recorder;
  history.attach(recorder);
  const auto record = [&]<class... E>(std::type_identity<std::variant<E...>>) { (history.record(E{}), ...); };
  record(std::type_identity<Event>{});
  EXPECT_EQ(recorder.events.size(), std::variant_size_v<Event>);
  for (std::size_t i = 0; i < recorder.events.size(); ++i) EXPECT_EQ(recorder.events[i].index(), i);
}

TEST(HistoryMutations, EveryCheckHasAtLeastFive) {
  std::map<CheckId, std::set<std::string>> edits;
  for (const Mutation& mutation : all_mutations()) {
    EXPECT_TRUE(edits[mutation.law].insert(mutation.what).second) << "twice: " << mutation.what;
  }
  for (const CheckInfo& check : checks())
    EXPECT_GE(edits[check.check].size(), kAtLeast) << check.id << " has too few mutations";
}

TEST(HistoryMutations, EachIsRejectedByItsCheck) {
  std::map<Source, Findings> clean;
  for (const Source source : kSources) clean.emplace(source, judge(tape_of(source)));
  std::size_t rejected = 0;
  for (const Mutation& mutation : all_mutations()) {
    const CheckInfo& law = checks().at(static_cast<std::size_t>(mutation.law));
    const std::string name = law.id + " (" + to_string(mutation.source) + "): " + mutation.what;
    EXPECT_EQ(verdict(clean.at(mutation.source), mutation.law).verdict, Verdict::holds)
        << name << ": not judged on the clean history";
    Tape tape = tape_of(mutation.source);
    try {
      mutation.edit(tape);
      const Findings findings = judge(tape);
      const bool noticed = mutation.noticed ? mutation.noticed(findings)
                                            : verdict(findings, mutation.law).verdict == Verdict::violated;
      EXPECT_TRUE(noticed) << name << "\n  " << to_string(verdict(findings, mutation.law).verdict) << ": "
                           << verdict(findings, mutation.law).detail << "\n violated:" << violated(findings);
      rejected += noticed ? 1 : 0;
    } catch (const std::exception& error) {
      ADD_FAILURE() << name << ": " << error.what();
    }
  }
  RecordProperty("mutations_rejected", static_cast<int>(rejected));
}

}  // namespace
}  // namespace brokersim::checkers::test
