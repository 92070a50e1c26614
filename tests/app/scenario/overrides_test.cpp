// Goal: --set changes the tree before anything is checked, or says why not. Method: single overrides.
#include <gtest/gtest.h>

#include "tests/app/scenario/base.h"

namespace brokersim::scenario {
namespace {

std::string refusal(const std::string& override_text) {
  const LoadResult result = load_base({override_text});
  return result.diagnostics.empty()
             ? "none"
             : result.diagnostics.front().code + ": " + result.diagnostics.front().message;
}

TEST(Overrides, ValueIsJsonOrElseText) {
  EXPECT_EQ(sound({"/seed=7"}).config.seed, 7u);
  EXPECT_EQ(sound({"/title=two words"}).config.title, "two words");
  EXPECT_EQ(sound({"/title=\"7\""}).config.title, "7");
  EXPECT_EQ(sound({"/duration=70 s"}).config.duration, sim::Duration{70'000'000'000});
  EXPECT_EQ(sound({"/title=a=b"}).config.title, "a=b") << "the first = ends the pointer";
  EXPECT_EQ(producer({"/workloads/0/config={\"acks\": 1, \"linger.ms\": 3}"}).config.linger,
            sim::Duration{3'000'000});
}

TEST(Overrides, TheLastOneHolds) { EXPECT_EQ(sound({"/seed=7", "/seed=8"}).config.seed, 8u); }

TEST(Overrides, MissingMembersAreMade) {
  EXPECT_EQ(cluster({"/systems/kafka/config/num.io.threads=4"}).broker.num_io_threads, 4);
  EXPECT_EQ(
      sound({"/workloads/-={\"kind\": \"kafka_consumer\", \"topic\": \"orders\"}"}).config.consumers.size(),
      1u);
  EXPECT_EQ(
      sound({"/workloads/1={\"kind\": \"kafka_consumer\", \"topic\": \"orders\"}"}).config.consumers.size(),
      1u);
}

TEST(Overrides, ATypingErrorIsFoundAtTheOverride) {
  const Diagnostic d = only_error({"/systems/kafka/topics/0/replication_facter=3"}, "unknown-field",
                                  "/systems/kafka/topics/0/replication_facter");
  EXPECT_EQ(d.file, "--set /systems/kafka/topics/0/replication_facter=3");
  EXPECT_EQ(d.line, 0);
  EXPECT_EQ(d.hint, "did you mean \"replication_factor\"?");
  EXPECT_EQ(render({d}),
            "error: unknown field \"replication_facter\"            [scenario/unknown-field]\n"
            "  --> --set /systems/kafka/topics/0/replication_facter=3   "
            "/systems/kafka/topics/0/replication_facter\n"
            "  hint: did you mean \"replication_factor\"?\n"
            "1 error; nothing was run.\n");
}

TEST(Overrides, WrongPointersAreNamed) {
  EXPECT_EQ(refusal("seed"), "scenario/override: this override has no \"=\"");
  EXPECT_EQ(refusal("seed=1"), "scenario/override: this override does not start with a JSON pointer");
  EXPECT_EQ(refusal("=1"), "scenario/override: this override does not start with a JSON pointer");
  EXPECT_EQ(refusal("/a~2b=1"), "scenario/override: this override does not start with a JSON pointer");
  EXPECT_EQ(refusal("/workloads/5/rate=1"),
            "scenario/override: this override has no element \"5\" at \"/workloads\", which has 1 element");
  EXPECT_EQ(refusal("/workloads/x=1"),
            "scenario/override: this override has no element \"x\" at \"/workloads\", which has 1 element");
  EXPECT_EQ(refusal("/duration/x=1"),
            "scenario/override: this override leads through \"/duration\", which is a text");
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "/a";
  EXPECT_EQ(refusal(deep + "=1"), "scenario/override: this override leads too deep");
}

TEST(Overrides, TildesAndSlashesAreEscaped) {
  const LoadResult result = load_base({"/systems/kafka/config/a~1b~0c=1"});
  ASSERT_FALSE(result.diagnostics.empty());
  EXPECT_EQ(result.diagnostics.front().message, "unknown broker property \"a/b~c\"");
}

}  // namespace
}  // namespace brokersim::scenario
