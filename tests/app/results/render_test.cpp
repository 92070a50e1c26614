// JSON, text, JUnit and the table over seeds, from one hand-written run.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/results/json.h"
#include "app/results/junit.h"
#include "app/results/layout.h"
#include "app/results/seeds.h"
#include "app/results/text.h"
#include "tests/app/results/synthetic_result.h"

namespace brokersim::results {
namespace {

using scenario::Comparison;
using test::facts_of;
using test::lossy_findings;
using test::metric;
using test::scenario_of;

RunResult sample(double limit = 0, std::uint64_t seed = 42) {
  RunFacts facts = facts_of(seed);
  facts.overrides = {"/workloads/0/config/acks=1"};
  return collect(scenario_of({metric("records.lost_acknowledged", Comparison::equals, limit)}), facts,
                 lossy_findings(), {});
}

// Goal: the contract of --json. Method: every key that DESIGN.md section 4 names, and exact values of this run.
TEST(Json, HoldsTheContract) {
  const std::string line = to_json(sample());
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(line, to_json(sample())) << "equal runs, equal text";
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["fingerprint"], "000000000000abcd");
  EXPECT_EQ(json["seed"], 42);
  EXPECT_EQ(json["simulated_seconds"], 90.0);
  EXPECT_EQ(json["events"], 12'345);
  EXPECT_EQ(json["verdict"], "violated");
  for (const char* key :
       {"sent", "acknowledged", "failed", "lost_acknowledged", "duplicated", "reordered", "consumed"}) {
    EXPECT_TRUE(json["records"].contains(key)) << key;
  }
  for (const char* of : {"produce", "produce_ok", "end_to_end"}) {
    for (const char* key : {"count", "p50_ms", "p95_ms", "p99_ms", "p999_ms", "max_ms"})
      EXPECT_TRUE(json["latency"][of].contains(key)) << key;
  }
  EXPECT_EQ(json["latency"]["produce"]["max_ms"], 9'000.0);
  EXPECT_EQ(json["latency_phases"]["produce"]["during"]["count"], 91);
  EXPECT_TRUE(json["throughput"].contains("records_per_second"));
  EXPECT_TRUE(json["throughput"].contains("bytes_per_second"));
  EXPECT_TRUE(json["throughput"].contains("consumed_per_second"));
  ASSERT_EQ(json["unavailable"].size(), 1u);
  EXPECT_EQ(json["unavailable"][0]["what"], "produce");
  EXPECT_EQ(json["unavailable"][0]["of"], "orders/0");
  EXPECT_EQ(json["unavailable"][0]["from_s"], 30.0);
  EXPECT_EQ(json["unavailable"][0]["to_s"], 39.0);
  ASSERT_EQ(json["losses"].size(), 1u);
  EXPECT_EQ(json["losses"][0]["producer"], "checkout-0");
  EXPECT_EQ(json["losses"][0]["first"], 100);
  EXPECT_EQ(json["losses"][0]["last"], 119);
  EXPECT_NE(json["losses"][0]["explanation"].get<std::string>().find("only in the page cache"),
            std::string::npos);
  ASSERT_EQ(json["faults"].size(), 1u);
  for (const char* key : {"kind", "target", "at_s", "requested", "fired", "had_effect"})
    EXPECT_TRUE(json["faults"][0].contains(key)) << key;
  EXPECT_EQ(json["checks"].size(), checkers::kInvariantsFrom) << "invariants are told where asked for";
  EXPECT_EQ(json["checks"][0]["verdict"], "not_applicable");
  EXPECT_EQ(json["expectations"][0]["verdict"], "violated");
  EXPECT_EQ(json["expectations"][0]["value"], 20.0);
  EXPECT_EQ(json["probes"]["power_lost"], 1);
  EXPECT_EQ(json["workloads"]["checkout"]["records"]["sent"], 211);
}

TEST(Json, BytesThatAreNoUtf8AreReplaced) {
  RunResult result = sample();
  result.title = "bad \xff title";
  EXPECT_NE(to_json(result).find("bad \xEF\xBF\xBD title"), std::string::npos);
}

TEST(Text, VerdictFirstReplayLast) {
  const std::string text = render_text(sample(), {.width = 100});
  EXPECT_EQ(
      text.rfind("VIOLATED  Leader loses power\n  Not as expected: records.lost_acknowledged (is 20).\n", 0),
      0u)
      << text;
  const std::string last =
      "\nReplay\n  brokersim run 'scenarios/incidents/leader power loss.json' --seed 42 --set "
      "/workloads/0/config/acks=1\n";
  ASSERT_GE(text.size(), last.size());
  EXPECT_EQ(text.substr(text.size() - last.size()), last);
  for (const char* part :
       {"lost after acknowledgement", "What was lost, and why", "30.000 s  to 39.000 s  9.000 s", "before",
        "during", "after", "Leaders lost", "8.900 s", "Faults as they happened", "healed at 60.000 s", "Laws",
        "Expectations"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << "no colour unless asked for";
  EXPECT_NE(render_text(sample(), {.colour = true}).find("\x1b[1;31mVIOLATED\x1b[0m"), std::string::npos);
}

// Goal: what several producers lost in the same way is told once. Method: two producers alternate on one replica
// that loses power.
TEST(Text, OneFateOneStory) {
  using history::BrokerEvent;
  checkers::test::Synthetic s({.topic = "orders", .replicas = {1}}, /*acks=*/1);
  s.elect(1, 1, {1});
  s.ms(10);
  s.sent(0, 10);
  s.sent_by(s.other, 0, 5);
  s.append(1, 0, 0, 10, 1, true);
  s.append_by(s.other, 1, 10, 0, 5, 1, true);
  s.high_watermark(1, 15, true);
  s.ack(0, 10, 1, 0, 1);
  s.history.record(history::ProduceOutcome{s.at,
                                           {s.other, s.orders, 0, 5},
                                           history::Outcome::acknowledged,
                                           0,
                                           1,
                                           10,
                                           1,
                                           s.at,
                                           s.at,
                                           s.at,
                                           1,
                                           {5}});
  s.ms(20);
  s.broker(1, BrokerEvent::kernel_panicked);
  s.storage_lost(1, 0, 0, 10, history::LostState::dirty);
  s.history.record(history::StorageLost{s.at, 1, {s.other, s.orders, 0, 5}, 10, history::LostState::dirty});
  s.ms(30);
  s.broker(1, BrokerEvent::process_started);
  s.truncate(1, 0, 15, history::TruncateReason::recovery);
  s.recovered(1, 0);
  s.elect(1, 2, {1});
  const RunResult result = collect(scenario_of({}), facts_of(), s.finish(1), {});
  EXPECT_EQ(result.findings.losses.losses.size(), 2u) << "one entry per producer";
  const std::string text = render_text(result, {.width = 1'000});
  EXPECT_NE(text.find("  15 records of 2 producers in orders/0 (acks=1)\n    Written by checkout-0 (records "
                      "0 to 9), billing-0 "
                      "(records 0 to 4). Broker 1 acknowledged them at 0.010 s (acks=1). By then only broker "
                      "1 held them, in its page "
                      "cache. Broker 1 lost them to the kernel panic at 0.020 s, where they were only in the "
                      "page cache. "),
            std::string::npos)
      << text;
}

TEST(Text, LongStoriesAreWrapped) {
  const std::string text = render_text(sample(), {.width = 72});
  const std::size_t story = text.find("    Producer checkout-0 wrote");
  ASSERT_NE(story, std::string::npos);
  EXPECT_LE(text.find('\n', story) - story, 72u);
  EXPECT_EQ(wrapped("one two three", 2, 10), "  one two three\n") << "never narrower than twenty";
  EXPECT_EQ(wrapped("elected at exactly 38.900 s in epoch", 0, 25), "elected at exactly\n38.900 s in epoch\n")
      << "a unit stays with its number";
  EXPECT_EQ(wrapped("aaaaaaaaaa bbbbbbbbbb cccccccccc", 1, 22), " aaaaaaaaaa bbbbbbbbbb\n cccccccccc\n");
}

TEST(Junit, FailureErrorAndSuccess) {
  RunFacts broken = facts_of();
  broken.bug = "SIM_CHECK <failed> & \"more\"";
  const std::string xml =
      to_junit("scenarios", {{.file = "a.json", .runs = {sample(20)}},
                             {.file = "b.json", .runs = {sample(0, 1), sample(0, 2)}},
                             {.file = "c.json", .diagnostics = "error: unknown field <x>"},
                             {.file = "d.json", .runs = {collect(scenario_of({}), broken, {}, {})}}});
  EXPECT_NE(xml.find("<testsuite name=\"scenarios\" tests=\"5\" failures=\"2\" errors=\"2\""),
            std::string::npos)
      << xml;
  EXPECT_NE(xml.find("name=\"a.json\" time=\"0.250\">\n    <properties><property name=\"seed\" value=\"42\"/>"
                     "<property name=\"fingerprint\" value=\"000000000000abcd\"/></properties>\n  </testcase>"),
            std::string::npos)
      << xml;
  EXPECT_NE(xml.find("name=\"b.json seed 2\""), std::string::npos);
  EXPECT_NE(xml.find("<failure message=\"records.lost_acknowledged: 20\">"), std::string::npos);
  EXPECT_NE(xml.find("unknown field &lt;x&gt;"), std::string::npos);
  EXPECT_NE(xml.find("SIM_CHECK &lt;failed&gt; &amp; &quot;more&quot;"), std::string::npos);
}

// Goal: the table depends on the set of runs, not on their order. Method: three seeds in two orders.
TEST(Seeds, TableOverSeeds) {
  SeedTable up, down;
  for (const std::uint64_t seed : {1, 2, 3}) up.add(sample(20, seed));
  for (const std::uint64_t seed : {3, 1, 2}) down.add(sample(20, seed));
  EXPECT_EQ(up.render(100, false), down.render(100, false));
  EXPECT_EQ(up.exit_code(), 0);
  EXPECT_EQ(up.summary("records.lost_acknowledged").mean, 20);
  const std::string text = up.render(100, false);
  EXPECT_NE(text.find("runs that lost acknowledged records: 3 of 3 (at least 36.8 %)"), std::string::npos)
      << text;
  EXPECT_NE(text.find("always"), std::string::npos) << "no interval around what never varies";
  down.add(sample(0, 4));
  EXPECT_EQ(down.exit_code(), 1);
  EXPECT_NE(down.render(100, false).find("violated in 1 of 4"), std::string::npos);
  EXPECT_NE(down.render(100, false).find("--seed 4"), std::string::npos);
}

}  // namespace
}  // namespace brokersim::results
