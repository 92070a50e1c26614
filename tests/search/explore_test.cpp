// Goal: a search finds what is there, tells it once, and comes to the same findings however it is run.
// Method: searches over a small cluster with and without a planted bug: with other numbers of processes, interrupted
// at several places and resumed, with half a line at the end of its book; scenarios by the hundred, all legal.
#include "app/explore/exploration.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "app/cli/cli.h"
#include "app/cli/commands.h"
#include "app/explore/coverage.h"
#include "app/replay/replay.h"
#include "app/scenario/scenario.h"

namespace brokersim::explore {
namespace {

namespace fs = std::filesystem;

constexpr const char* spec_text = R"({
  "title": "Small", "seed": 3,
  "scenario": {"duration": "16 s",
    "hosts": [{"name": "b", "count": 3, "zones": ["a", "b", "c"], "boot_time": "500 ms"}],
    "systems": {"kafka": {"kind": "kafka", "brokers_on": "b", "controllers": {"count": 1},
      "config": {"broker.session.timeout.ms": 2000, "broker.heartbeat.interval.ms": 500, "replica.lag.time.max.ms": 3000},
      "topics": [{"name": "orders", "assignment": [[0, 1, 2]], "config": {"min.insync.replicas": 2}}]}},
    "workloads": [{"name": "checkout", "kind": "kafka_producer", "topic": "orders", "rate": "50 /s"}]},
  "faults": {"kinds": ["kill_process", "partition", "pause_process", "network_delay"], "count": [1, 4],
             "between": ["2 s", "10 s"], "lasts": ["200 ms", "4 s"]},
  "knobs": {"/workloads/0/config": [{"linger.ms": 20}, {"acks": "all", "enable.idempotence": false}],
            "/systems/kafka/config/num.replica.fetchers": [2, null]}
})";
const std::vector<std::string> bug{"/systems/kafka/rules/planted=[\"ack_before_replication\"]"};

class Searches : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/brokersim-explore-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    std::ofstream(folder_ / "spec.json") << spec_text;
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  [[nodiscard]] Spec spec(const std::vector<std::string>& overrides) const {
    SpecResult loaded = load_spec((folder_ / "spec.json").string(), overrides, std::nullopt);
    EXPECT_TRUE(loaded.spec.has_value()) << scenario::render(loaded.diagnostics);
    return loaded.spec.value_or(Spec{});
  }

  End search(const std::string& out, std::uint64_t runs, int jobs,
             const std::vector<std::string>& overrides = bug, const std::function<bool()>& stop = {}) {
    const Spec all = spec(overrides);
    Store store;
    EXPECT_EQ(store.open((folder_ / out).string(), header_of(all, "test")), "");
    Options options;
    options.runs_max = runs;
    options.jobs = jobs;
    Watching watching;
    watching.stop = stop;
    return explore(all, store, options, watching);
  }

  static std::vector<std::string> signatures(const End& end) {
    std::vector<std::string> all;
    for (const Finding& finding : end.findings)
      all.push_back(finding.folder + " " + finding.signature() + " " + std::to_string(finding.trial) + " " +
                    std::to_string(finding.seen));
    return all;
  }

  fs::path folder_;
};

TEST_F(Searches, EveryTrialIsAScenario) {
  const Spec all = spec({});
  std::vector<Genes> corpus;
  for (std::uint64_t n = 0; n < 300; ++n) {
    Choices choose(7, n);
    corpus.push_back(n < 150 ? fresh(all, choose)
                             : mutated(all, corpus[n - 150], corpus[(n * 7) % 150], choose));
    Choices again(7, n);
    const Genes twin =
        n < 150 ? fresh(all, again) : mutated(all, corpus[n - 150], corpus[(n * 7) % 150], again);
    EXPECT_EQ(twin, corpus.back());
    const scenario::LoadResult loaded =
        scenario::load_text(document_of(all, corpus.back()).dump(), "trial.json");
    ASSERT_TRUE(loaded.scenario.has_value())
        << scenario::render(loaded.diagnostics) << document_of(all, corpus.back()).dump(2);
    EXPECT_LE(corpus.back().faults.size(), 4u);
  }
}

// The searches that are shipped, with workloads and coordinators that knobs leave out.
TEST(ShippedSearches, EveryTrialIsAScenario) {
  for (const char* file : {"searches/first.json", "searches/museum.json"}) {
    const SpecResult loaded = load_spec(file, {}, std::nullopt);
    ASSERT_TRUE(loaded.spec.has_value()) << scenario::render(loaded.diagnostics);
    std::vector<Genes> corpus;
    for (std::uint64_t n = 0; n < 300; ++n) {
      Choices choose(7, n);
      corpus.push_back(n < 200 ? fresh(*loaded.spec, choose)
                               : mutated(*loaded.spec, corpus[n - 200], corpus[(n * 7) % 200], choose));
      const std::string text = document_of(*loaded.spec, corpus.back()).dump();
      const scenario::LoadResult trial = scenario::load_text(text, "trial.json");
      ASSERT_TRUE(trial.scenario.has_value()) << file << "\n" << scenario::render(trial.diagnostics) << text;
    }
  }
}

// What is left out of a list of more than ten is what the knobs name: 2 and 10 of 12.
TEST_F(Searches, KnobsLeaveOutWhatTheyName) {
  Spec all = spec({});
  Json& workloads = all.base["workloads"];
  const Json first = workloads[0];
  for (int n = 1; n < 12; ++n) {
    workloads.push_back(first);
    workloads.back()["name"] = "checkout-" + std::to_string(n);
  }
  all.knobs = {{"/workloads/10", {Json(nullptr)}}, {"/workloads/2", {Json(nullptr)}}};
  Genes genes;
  genes.knobs = {1, 1};
  genes.faults = Json::array(
      {{{"name", "f0"}, {"at", "3 s"}, {"kind", "kill_process"}, {"target", {{"workload", "checkout-10"}}}},
       {{"name", "f1"}, {"at", "3 s"}, {"kind", "kill_process"}, {"target", {{"workload", "checkout-11"}}}},
       {{"name", "f2"},
        {"at", "3 s"},
        {"kind", "kill_process"},
        {"target", {{"leader_of", "__transaction_state/0"}}}}});
  const Json document = document_of(all, genes);
  std::string names;
  for (const Json& one : document["workloads"]) names += one["name"].get<std::string>().substr(8) + " ";
  EXPECT_EQ(names, " -1 -3 -4 -5 -6 -7 -8 -9 -11 ");
  ASSERT_EQ(document["faults"].size(), 1u) << "who is not there cannot be hit";
  EXPECT_EQ(document["faults"][0]["name"], "f1");
}

// Faults of one target keep their distance, and those for which no time is left are not made.
TEST_F(Searches, WhatAFaultLeavesBehindStaysForAWhile) {
  Spec all = spec({});
  all.stable_ns = 1'500'000'000;
  all.patterns = false;
  all.kinds = {"pause_process"};
  all.count_min = all.count_max = 12;
  std::size_t pairs = 0;
  for (std::uint64_t n = 0; n < 100; ++n) {
    Choices choose(5, n);
    const Genes genes = fresh(all, choose);
    EXPECT_LE(genes.faults.size(), 12u);
    for (const Json& a : genes.faults) {
      for (const Json& b : genes.faults) {
        const std::int64_t from = *trial::duration_of(a, "at");
        const std::int64_t next = *trial::duration_of(b, "at");
        EXPECT_LE(next, all.to_ns);
        if (a["name"] == b["name"] || a["target"] != b["target"] || next < from) continue;
        ++pairs;
        EXPECT_GE(next, from + *trial::duration_of(a, "lasts") + all.stable_ns);
      }
    }
  }
  EXPECT_GT(pairs, 50u);
}

// What can make no trial is refused before any is made, with its place.
TEST_F(Searches, WhatCannotBeTriedIsRefusedUpFront) {
  struct Case {
    const char* patch;
    const char* place;
    const char* said;
  };
  const std::vector<Case> cases{
      {R"({"faults": {"lasts": ["0 s", "0 s"]}})", "/faults/lasts/0", "lasts no time"},
      {R"({"knobs": {"/workloads/0/config/acks": [1, "banana"]}})", "/knobs/~1workloads~10~1config~1acks/1",
       "banana"},
      {R"({"knobs": {"/workloads/9/config/acks": [1]}})", "/knobs", "leads nowhere"},
      {R"({"knobs": {"/duration": ["5 parsecs"]}})", "/knobs/~1duration/0", "5 parsecs"},
  };
  for (const Case& one : cases) {
    Json changed = *trial::parse(spec_text);
    changed["scenario"]["workloads"][0]["config"] = Json::object();
    changed["knobs"] = Json::object();
    changed.merge_patch(Json::parse(one.patch));
    std::ofstream(folder_ / "spec.json") << changed.dump();
    const SpecResult loaded = load_spec((folder_ / "spec.json").string(), {}, std::nullopt);
    EXPECT_FALSE(loaded.spec.has_value()) << one.patch;
    const std::string told = scenario::render(loaded.diagnostics);
    EXPECT_NE(told.find(one.place), std::string::npos) << told;
    EXPECT_NE(told.find(one.said), std::string::npos) << told;
  }
  // Two alternatives that need each other are none of that.
  Json both = *trial::parse(spec_text);
  both["knobs"] = {{"/hosts/0/count", {4}},
                   {"/systems/kafka/topics/0/assignment", {Json::array({{0, 1, 3}})}}};
  both["scenario"]["hosts"][0].erase("zones");
  std::ofstream(folder_ / "spec.json") << both.dump();
  const SpecResult loaded = load_spec((folder_ / "spec.json").string(), {}, std::nullopt);
  EXPECT_TRUE(loaded.spec.has_value()) << scenario::render(loaded.diagnostics);
}

// In some trials one broker stays away for good.
TEST_F(Searches, SomethingMayStayBroken) {
  Spec all = spec({});
  all.leave_broken = true;
  int left = 0;
  for (std::uint64_t n = 0; n < 400; ++n) {
    Choices choose(5, n);
    for (const Json& fault : fresh(all, choose).faults) {
      if (fault["name"] != "left-broken") continue;
      ++left;
      EXPECT_FALSE(fault.contains("lasts") || fault.contains("restart_after"));
      EXPECT_EQ(*trial::duration_of(fault, "at"), all.to_ns);
    }
  }
  EXPECT_NEAR(left, 100, 30);
}

// Goal: a list of kinds means what it says. Method: with one kind, no other one is made by a combination; with "patterns": true in
// the file they are of any kind, as asked for.
TEST_F(Searches, CombinationsAreOfTheKindsThatAreListed) {
  const auto kinds_made = [&](const char* faults) {
    Json changed = *trial::parse(spec_text);
    changed["faults"].merge_patch(Json::parse(faults));
    std::ofstream(folder_ / "spec.json") << changed.dump();
    const Spec all = spec({});
    std::set<std::string> made;
    std::vector<Genes> corpus;
    for (std::uint64_t n = 0; n < 400; ++n) {
      Choices choose(5, n);
      corpus.push_back(n < 200 ? fresh(all, choose)
                               : mutated(all, corpus[n - 200], corpus[(n * 7) % 200], choose));
      for (const Json& fault : corpus.back().faults) made.insert(fault["kind"].get<std::string>());
    }
    return made;
  };
  using Kinds = std::set<std::string>;
  EXPECT_EQ(kinds_made(R"({"kinds": ["power_loss"]})"), Kinds{"power_loss"});
  EXPECT_EQ(kinds_made(R"({"kinds": ["slow_disk"]})"), Kinds{"slow_disk"});
  EXPECT_EQ(kinds_made(R"({"kinds": ["partition", "kill_process"]})"), (Kinds{"kill_process", "partition"}));
  EXPECT_EQ(kinds_made(R"({"kinds": ["slow_disk"], "patterns": true})"),
            (Kinds{"kill_process", "partition", "pause_process", "power_loss", "slow_disk"}));
}

TEST_F(Searches, EveryKindOfFaultCanBeMade) {
  const Spec all = spec({});
  for (const std::string& kind : known_kinds()) {
    for (std::uint64_t n = 0; n < 20; ++n) {
      Choices choose(11, n);
      Genes genes;
      genes.knobs = {0, 0};
      genes.faults.push_back(random_fault(all, kind, Aim{.victim = 1, .focus = {}}, choose));
      genes.faults[0]["name"] = "f0";
      const scenario::LoadResult loaded = scenario::load_text(document_of(all, genes).dump(), "trial.json");
      ASSERT_TRUE(loaded.scenario.has_value()) << scenario::render(loaded.diagnostics) << genes.faults.dump();
    }
  }
}

TEST_F(Searches, FindAPlantedBugTellItOnceAndPutItOnTape) {
  const End end = search("out", 96, 2);
  EXPECT_EQ(end.error, "");
  EXPECT_EQ(end.totals.runs, 96u);
  EXPECT_EQ(end.totals.invalid, 0u) << end.totals.problem;
  ASSERT_FALSE(end.findings.empty());
  EXPECT_LT(end.findings.size(), end.totals.failing) << "the same failure is told once";
  for (std::size_t i = 0; i < end.findings.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) EXPECT_NE(end.findings[i].signature(), end.findings[k].signature());
    const fs::path place = folder_ / "out" / end.findings[i].folder;
    const scenario::LoadResult loaded = scenario::load_file((place / "scenario.json").string());
    ASSERT_TRUE(loaded.scenario.has_value()) << scenario::render(loaded.diagnostics);
    const trial::Outcome again = trial::run(*loaded.scenario, loaded.scenario->config.seed, {});
    EXPECT_EQ(again.failure.headline(), end.findings[i].rule);
    EXPECT_EQ(again.exit_code, cli::exit_failed) << "the file by itself is a test that fails";
    std::ifstream file(place / "tape.json", std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    std::string why;
    const auto tape = replay::from_text(text, why);
    ASSERT_TRUE(tape.has_value()) << why;
    EXPECT_EQ(replay::replay(*tape).verdict, replay::Verdict::identical);
  }
  EXPECT_GT(end.totals.probes.size(), 5u) << "faults fired, leaders changed ...";
}

/// acks=1 loses what the leader alone had, and that is what is looked for.
std::string lossy_text() {
  Json spec = *trial::parse(spec_text);
  spec["losses_are_failures"] = true;
  spec["knobs"] = {{"/workloads/0/config/acks", {1}}};
  spec["scenario"]["workloads"][0]["config"] = {{"enable.idempotence", false}};
  return spec.dump();
}

// Goal: a loss that no law forbids is a failing test, too, and the folder of a search is a folder of tests. Method: search for
// losses; run what was found as `test` does, before and after one of them is made small.
TEST_F(Searches, AFoundLossIsATestThatFailsAndTheFolderIsOneOfTests) {
  std::ofstream(folder_ / "spec.json") << lossy_text();
  const End end = search("out", 64, 2, {});
  ASSERT_FALSE(end.findings.empty());
  std::size_t with_acks_1 = 0;
  for (const Finding& finding : end.findings) {
    EXPECT_EQ(finding.rule, "lost");
    const bool acks_1 = finding.signature().starts_with("lost (acks=1");
    EXPECT_TRUE(acks_1 || finding.signature().starts_with("lost (acks=all")) << finding.signature();
    with_acks_1 += acks_1 ? 1 : 0;
  }
  EXPECT_GT(with_acks_1, 0u);
  const auto tested = [&] {
    std::ostringstream out, err;
    const int code = cli::run_command_line({"test", (folder_ / "out").string()}, out, err);
    EXPECT_EQ(code, cli::exit_failed) << err.str();
    return out.str();
  };
  const std::string all = std::to_string(end.findings.size());
  EXPECT_TRUE(tested().ends_with("\n0 passed, " + all + " failed\n"))
      << "neither tapes nor finding.json are scenarios";
  const fs::path first = folder_ / "out" / end.findings[0].folder;
  std::ostringstream out, err;
  ASSERT_EQ(cli::run_command_line({"shrink", (first / "scenario.json").string(), "--runs", "40", "--known"},
                                  out, err),
            cli::exit_ok)
      << err.str();
  EXPECT_NE(out.str().find("kind of loss      acks="), std::string::npos) << out.str();
  EXPECT_TRUE(tested().ends_with("\n0 passed, " + all + " failed\n"))
      << "what passes while the loss is there is no test of it";
}

TEST_F(Searches, FindNothingWhereNothingIs) {
  const End end = search("out", 96, 2, {});
  EXPECT_EQ(end.error, "");
  EXPECT_EQ(end.totals.failing, 0u) << (end.findings.empty() ? "" : end.findings[0].story);
}

TEST_F(Searches, AreTheSameForAnyNumberOfProcesses) {
  const End one = search("one", 64, 1);
  const End three = search("three", 64, 3);
  EXPECT_EQ(signatures(one), signatures(three));
  EXPECT_EQ(one.totals.cells, three.totals.cells);
  EXPECT_EQ(one.totals.corpus, three.totals.corpus);
}

TEST_F(Searches, GoOnWhereTheyWereEndedAndComeToTheSame) {
  const End whole = search("whole", 96, 2);
  int looks = 0;
  int pieces = 0;
  End end;
  do {
    looks = 0;
    end = search("pieces", 96, 2, bug, [&] { return ++looks > 25; });
    // As a process that was killed while it wrote.
    std::ofstream(folder_ / "pieces" / "explore.jsonl", std::ios::app) << R"({"run": 9999, "outc)";
  } while (end.interrupted && ++pieces < 40);
  EXPECT_GT(pieces, 1) << "it was interrupted";
  EXPECT_EQ(end.totals.runs, 96u);
  EXPECT_EQ(signatures(end), signatures(whole));
  EXPECT_EQ(end.totals.cells, whole.totals.cells);
}

TEST_F(Searches, AnotherSearchIsNotMixedIn) {
  static_cast<void>(search("out", 8, 1));
  const Spec other = spec({});
  Store store;
  EXPECT_NE(store.open((folder_ / "out").string(), header_of(other, "test")), "")
      << "without the bug: another search";
  Store later;
  EXPECT_NE(later.open((folder_ / "out").string(), header_of(spec(bug), "another program")), "");
}

TEST_F(Searches, WhatCannotBeWrittenIsTold) {
  Store store;
  EXPECT_NE(store.open("/proc/nowhere", header_of(spec({}), "test")), "");
  std::ofstream(folder_ / "file") << "";
  Store other;
  EXPECT_NE(other.open((folder_ / "file").string(), header_of(spec({}), "test")), "");
}

// A search says no more than it has shown. Method: searches of which no trial is a scenario, of which nothing ran, that ended with
// nothing looked into, and a clean one of 20 runs: 1 - 0.05^(1/20) = 13.9 %.
TEST_F(Searches, WhatWasNotTestedIsNotClean) {
  const auto ask = [&](const std::string& text, std::uint64_t runs, const std::string& out_folder,
                       std::string& said) {
    std::ofstream(folder_ / "asked.json") << text;
    cli::ExploreOptions options;
    options.file = (folder_ / "asked.json").string();
    options.out = (folder_ / out_folder).string();
    options.runs = runs;
    std::ostringstream out;
    std::ostringstream err;
    const int code = cli::explore(options, out, err);
    said = out.str() + err.str();
    return code;
  };
  std::string said;
  trial::Json broken = *trial::parse(spec_text);
  broken["faults"]["kinds"] = {"pause_process"};
  broken["faults"]["patterns"] = false;
  broken["faults"]["lasts"] = {"1000000 h", "1000000 h"};  // longer than any run may be
  EXPECT_EQ(ask(broken.dump(), 8, "broken", said), cli::exit_usage) << said;
  EXPECT_NE(said.find("nothing was tested"), std::string::npos) << said;
  EXPECT_EQ(ask(spec_text, 0, "none", said), cli::exit_inconclusive) << said;
  EXPECT_EQ(ask(spec_text, 20, "clean", said), cli::exit_ok) << said;
  EXPECT_NE(said.find("no failure in 20 runs: the share of such runs that fail is below 13.91 %"),
            std::string::npos)
      << said;
}

// A line in the middle that somebody damaged is told, and what stood there is found again.
TEST_F(Searches, DamageIsToldAndDoneAgain) {
  const auto whole = signatures(search("one", 64, 1));
  ASSERT_FALSE(whole.empty());
  const fs::path book = folder_ / "one" / "explore.jsonl";
  std::string text{std::istreambuf_iterator<char>(std::ifstream(book).rdbuf()), {}};
  const std::size_t tenth = [&] {
    std::size_t at = 0;
    for (int line = 0; line < 9; ++line) at = text.find('\n', at) + 1;
    return at;
  }();
  text[tenth] = '#';
  std::ofstream(book) << text;
  Store store;
  EXPECT_EQ(store.open((folder_ / "one").string(), header_of(spec(bug), "test")), "");
  EXPECT_NE(store.note().find("line 10 is damaged"), std::string::npos) << store.note();
  EXPECT_EQ(store.take_lines().size(), 8u) << "nine whole lines, the first of them the header";
}

TEST_F(Searches, SpecsAreJudgedAtOnce) {
  std::ofstream(folder_ / "spec.json") << R"({"scenario": {"duration": "x"}, "fault": {}, "seed": -1,
      "faults": {"kinds": ["earthquake"], "count": [3, 1], "between": ["3 s"]}, "knobs": {"/a/b": 3}})";
  const SpecResult loaded = load_spec((folder_ / "spec.json").string(), {}, std::nullopt);
  EXPECT_FALSE(loaded.spec.has_value());
  const std::string text = scenario::render(loaded.diagnostics);
  for (const char* part : {"\"fault\"", "earthquake", "count", "range", "alternatives", "seed", "duration"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  EXPECT_FALSE(load_spec((folder_ / "absent.json").string(), {}, std::nullopt).spec.has_value());
}

TEST(Findability, CleanRunsUntilAFailureIsGone) {
  EXPECT_EQ(clean_runs_needed(1, 100), 459u) << "0.99^459 = 0.0099";
  EXPECT_EQ(clean_runs_needed(50, 100), 7u) << "0.5^7 = 0.0078";
  EXPECT_EQ(clean_runs_needed(3, 3), 1u);
  EXPECT_EQ(clean_runs_needed(0, 100), 0u) << "never seen: nothing can be said";
}

TEST(Coverage, CountsByPowersOfTwo) {
  EXPECT_EQ(count_class(1), 1u);
  EXPECT_EQ(count_class(3), 3u);
  EXPECT_EQ(count_class(4), count_class(7));
  EXPECT_NE(count_class(7), count_class(8));
}

}  // namespace
}  // namespace brokersim::explore
