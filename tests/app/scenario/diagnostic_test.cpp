// Goal: a message is exactly as STYLE section 5 shows it, and safe to print. Method: literal comparison.
#include "app/scenario/diagnostic.h"

#include <gtest/gtest.h>

#include "tests/app/scenario/base.h"

namespace brokersim::scenario {
namespace {

TEST(Render, HasPlaceFactRuleAndWayOut) {
  const std::vector<Diagnostic> two{
      {Severity::error, "scenario/unknown-field", "unknown field \"replication_facter\"", "scenarios/x.json",
       8, 75, "/systems/kafka/topics/0/replication_facter", "did you mean \"replication_factor\"?"},
      {Severity::error, "scenario/too-few-brokers", "replication_factor is 5, but the cluster has 3 brokers",
       "scenarios/x.json", 8, 50, "/systems/kafka/topics/0/replication_factor", "lower it to 3"}};
  EXPECT_EQ(render(two),
            "error: replication_factor is 5, but the cluster has 3 brokers   [scenario/too-few-brokers]\n"
            "  --> scenarios/x.json:8:50   /systems/kafka/topics/0/replication_factor\n"
            "  hint: lower it to 3\n"
            "error: unknown field \"replication_facter\"            [scenario/unknown-field]\n"
            "  --> scenarios/x.json:8:75   /systems/kafka/topics/0/replication_facter\n"
            "  hint: did you mean \"replication_factor\"?\n"
            "2 errors; nothing was run.\n");
}

TEST(Render, WarningsStopNothing) {
  const std::vector<Diagnostic> one{
      {Severity::warning, "scenario/no-effect", "x has no effect", "f", 1, 2, "/x", ""}};
  EXPECT_EQ(render(one),
            "warning: x has no effect                             [scenario/no-effect]\n  --> f:1:2   /x\n");
  EXPECT_EQ(render({}), "");
}

TEST(Render, ShowsFiftyAndCountsTheRest) {
  std::vector<Diagnostic> many;
  for (int i = 1; i <= 70; ++i) many.push_back({Severity::error, "scenario/x", "m", "f", i, 1, "", ""});
  const std::string text = render(many);
  EXPECT_NE(text.find("f:50:1"), std::string::npos);
  EXPECT_EQ(text.find("f:51:1"), std::string::npos);
  EXPECT_NE(text.find("... and 20 more\n70 errors; nothing was run.\n"), std::string::npos) << text;
}

// A file must not be able to drive the terminal of whoever checks it.
TEST(Render, EscapesControlsAndDirectionMarks) {
  EXPECT_EQ(in_quotes("a\x1b[31mb\n"), "\"a\\u001b[31mb\\u000a\"");
  EXPECT_EQ(in_quotes("\xC2\x9B"), "\"\\u009b\"") << "C1 controls";
  EXPECT_EQ(in_quotes("\xE2\x80\xAE"), "\"\\u202e\"") << "right-to-left override";
  EXPECT_EQ(in_quotes("\xFF"), "\"?\"");
  EXPECT_EQ(in_quotes("\xC3\xA9\xE2\x82\xAC"), "\"\xC3\xA9\xE2\x82\xAC\"") << "letters stay";
}

TEST(Render, CutsLongTextBetweenCharacters) {
  std::string euros;
  for (int i = 0; i < 40; ++i) euros += "\xE2\x82\xAC";
  const std::string cut = in_quotes(euros);
  EXPECT_EQ(cut.size(), 1 + 60 + 3 + 1u);
  EXPECT_EQ(cut.substr(cut.size() - 4), "...\"");
}

TEST(Problems, KeepsTheFirstThousandOnce) {
  Problems problems;
  for (int i = 0; i < 5'000; ++i) problems.add({Severity::error, "x", std::to_string(i), "f", 1, 1, "", ""});
  problems.add({Severity::warning, "x", "w", "f", 1, 1, "", ""});
  EXPECT_EQ(problems.all().size(), Problems::kept_max + 1) << "warnings have their own share";
  problems.add({Severity::warning, "x", "w", "f", 1, 1, "", ""});
  EXPECT_EQ(problems.all().size(), Problems::kept_max + 1) << "nothing is said twice";
}

// Goal: every problem at once, at its place. Method: one document with one problem of each layer.
TEST(Load, TellsAllProblemsAtOnceWithTheirPlaces) {
  const LoadResult result = load_text(R"({
  "duration": "60 KiB",
  "hosts": [{"name": "b", "count": 3}],
  "systems": {"kafka": {"kind": "kafka", "brokers_on": "b",
    "topics": [{"name": "orders", "replication_facter": 3, "replication_factor": 5}]}},
  "workloads": [{"kind": "kafka_producer", "topic": "ordres", "rate": "1 /s"}]
})",
                                      "x.json");
  EXPECT_EQ(render(result.diagnostics),
            "error: duration is \"60 KiB\", which is a size, but this is a duration such as \"15 ms\"   "
            "[scenario/wrong-unit]\n"
            "  --> x.json:2:15   /duration\n"
            "  hint: units: d, h, min, s, ms, us, ns\n"
            "error: unknown field \"replication_facter\"            [scenario/unknown-field]\n"
            "  --> x.json:5:35   /systems/kafka/topics/0/replication_facter\n"
            "  hint: did you mean \"replication_factor\"?\n"
            "error: replication_factor is 5, but the cluster has 3 brokers   [scenario/too-few-brokers]\n"
            "  --> x.json:5:82   /systems/kafka/topics/0/replication_factor\n"
            "  hint: lower it to 3, or raise /hosts/0/count (line 3) to 5\n"
            "error: there is no topic named \"ordres\" in \"kafka\"   [scenario/unknown-topic]\n"
            "  --> x.json:6:53   /workloads/0/topic\n"
            "  hint: declare it in /systems/kafka/topics; known: orders\n"
            "4 errors; nothing was run.\n");
  EXPECT_FALSE(result.scenario.has_value());
}

}  // namespace
}  // namespace brokersim::scenario
