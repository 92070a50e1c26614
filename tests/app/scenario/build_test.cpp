// Goal: topics, workloads, faults and expectations become what they say, and nonsense is named.
// Method: the typed configuration of the base scenario under single changes.
#include <gtest/gtest.h>

#include "tests/app/scenario/base.h"

namespace brokersim::scenario {
namespace {

using faults::FaultKind;
using faults::Target;

const std::string topic = "/systems/kafka/topics/0";

TEST(Topics, DefaultAssignmentGoesRoundInterleavedByZone) {
  EXPECT_EQ(cluster({topic + "/partitions=4"}).topics.at(0).assignment,
            (std::vector<std::vector<std::int32_t>>{{0, 1, 2}, {1, 2, 0}, {2, 0, 1}, {0, 1, 2}}));
  // Brokers 0, 1 in zone a and 2, 3 in zone b: neighbours in the order 0, 2, 1, 3 never share a zone.
  const auto two_zones = cluster({"/hosts/0/count=2", "/hosts/0/zones=[\"a\"]",
                                  "/hosts/-={\"name\": \"c\", \"count\": 2, \"zones\": [\"b\"]}",
                                  "/systems/kafka/brokers_on=[\"b\", \"c\"]", topic + "/partitions=4",
                                  topic + "/replication_factor=2"});
  EXPECT_EQ(two_zones.broker_hosts, (std::vector<std::string>{"b-0", "b-1", "c-0", "c-1"}));
  EXPECT_EQ(two_zones.topics.at(0).assignment,
            (std::vector<std::vector<std::int32_t>>{{0, 2}, {2, 1}, {1, 3}, {3, 0}}));
}

TEST(Topics, AGivenAssignmentTellsTheCounts) {
  const auto t = cluster({topic + "={\"name\": \"orders\", \"assignment\": [[2, 0], [1, 2]]}"}).topics.at(0);
  EXPECT_EQ(t.partitions, 2);
  EXPECT_EQ(t.replication_factor, 2);
  EXPECT_EQ(t.assignment.at(0), (std::vector<std::int32_t>{2, 0}));
}

TEST(Topics, WrongAssignmentsAreNamed) {
  only_error({topic + "/assignment=[[0, 1, 2]]"}, "bad-assignment", topic + "/assignment");
  only_error({topic + "={\"name\": \"orders\", \"assignment\": [[0, 3]]}"}, "unknown-broker",
             topic + "/assignment/0/1");
  only_error({topic + "={\"name\": \"orders\", \"assignment\": [[1, 1]]}"}, "bad-assignment",
             topic + "/assignment/0/1");
  only_error({topic + "={\"name\": \"orders\", \"assignment\": [[0, 1], [2]]}"}, "bad-assignment",
             topic + "/assignment/1");
  only_error({topic + "={\"name\": \"orders\", \"assignment\": [[0, -1]]}"}, "out-of-range",
             topic + "/assignment/0/1");
  only_error({topic + "={\"name\": \"orders\", \"assignment\": [0]}"}, "wrong-type", topic + "/assignment/0");
}

TEST(Topics, ReplicasMustFitTheClusterAndTheMachine) {
  const Diagnostic d =
      only_error({topic + "/replication_factor=5"}, "too-few-brokers", topic + "/replication_factor");
  EXPECT_EQ(d.message, "replication_factor is 5, but the cluster has 3 brokers");
  EXPECT_EQ(d.hint, "lower it to 3, or raise /hosts/0/count (line 3) to 5");
  EXPECT_EQ(cluster({topic + "/partitions=3333"}).topics.at(0).assignment.size(), 3'333u);
  only_error({topic + "/partitions=133334"}, "too-many-replicas", topic + "/partitions");
  only_error({topic + "/partitions=0"}, "out-of-range", topic + "/partitions");
  only_error({"/systems/kafka/topics/-={\"name\": \"orders\"}"}, "duplicate-name",
             "/systems/kafka/topics/1/name");
}

TEST(Topics, MinIsrAboveTheReplicasIsAWarning) {
  const LoadResult result = load_base({topic + "/config/min.insync.replicas=4"});
  ASSERT_TRUE(result.scenario) << render(result.diagnostics);
  EXPECT_EQ(codes(result), std::vector<std::string>{"scenario/min-isr"});
}

TEST(Rules, SingleRulesAndPlantedBugsAreSwitched) {
  const auto b =
      cluster({"/systems/kafka/rules={\"eligible_leader_replicas\": false, \"planted\": [\"fsync_lies\"]}"})
          .broker;
  EXPECT_FALSE(b.eligible_leader_replicas);
  EXPECT_TRUE(b.strict_min_isr);
  EXPECT_TRUE(b.planted.fsync_lies);
  EXPECT_FALSE(b.planted.ack_before_replication);
  EXPECT_EQ(only_error({"/systems/kafka/rules={\"planted\": [\"fsync_lie\"]}"}, "unknown-value",
                       "/systems/kafka/rules/planted/0")
                .hint,
            "did you mean \"fsync_lies\"?");
}

TEST(Workloads, AreReadWithTheirUnits) {
  const auto w = producer({"/workloads/0/rate=\"0.5 /s\"", "/workloads/0/record_size=\"100 B\"",
                           "/workloads/0/records_per_send=16", "/workloads/0/records=1000",
                           "/workloads/0/start=\"1 s\"", "/workloads/0/send_cost=\"2 us\""});
  EXPECT_EQ(w.rate_per_second_milli, 500);
  EXPECT_EQ(w.record_size, sim::Bytes{100});
  EXPECT_EQ(w.records_per_send, 16);
  EXPECT_EQ(w.records_max, 1'000);
  EXPECT_EQ(w.start, sim::SimTime{1'000'000'000});
  EXPECT_EQ(w.end, sim::SimTime{50'000'000'000}) << "5/6 of 60 s";
  EXPECT_EQ(w.send_cost, sim::Duration{2'000});
  EXPECT_EQ(w.arrivals, world::Arrivals::constant);
}

TEST(Workloads, RateAndSaturateExcludeEachOther) {
  only_error({"/workloads/0/arrivals=saturate"}, "two-selectors", "/workloads/0/rate");
  only_error({"/workloads/0={\"name\": \"x\", \"kind\": \"kafka_producer\", \"topic\": \"orders\"}"},
             "missing-field", "/workloads/0");
  only_error({"/workloads/0/rate=\"0 /s\""}, "out-of-range", "/workloads/0/rate");
  only_error({"/workloads/0/rate=1000"}, "wrong-unit", "/workloads/0/rate");
  EXPECT_EQ(
      producer(
          {"/workloads/0={\"kind\": \"kafka_producer\", \"topic\": \"orders\", \"arrivals\": \"saturate\"}"})
          .arrivals,
      world::Arrivals::saturate);
}

TEST(Workloads, ListedArrivalsHaveTheirTimes) {
  const auto listed = [](const std::string& times) {
    return R"(/workloads/0={"name": "x", "kind": "kafka_producer", "topic": "orders", "start": "1 s",
                            "arrivals": "listed")" +
           times + "}";
  };
  const auto w = producer({listed(R"(, "times": ["1 s", "1250 ms", "1250 ms", "49 s"])")});
  EXPECT_EQ(w.arrivals, world::Arrivals::listed);
  EXPECT_EQ(w.times,
            (std::vector<sim::SimTime>{{1'000'000'000}, {1'250'000'000}, {1'250'000'000}, {49'000'000'000}}));
  only_error({listed("")}, "missing-field", "/workloads/0");
  only_error({R"(/workloads/0/times=["1 s"])"}, "two-selectors", "/workloads/0/times");
  only_error({listed(R"(, "times": ["1 s"], "rate": "5 /s")")}, "two-selectors", "/workloads/0/rate");
  for (const std::string wrong : {"0.5 s", "1 KiB", "50 s", "-1 s"}) {
    only_error({listed(", \"times\": [\"" + wrong + "\"]")}, "wrong-times", "/workloads/0/times");
  }
  EXPECT_NE(only_error({listed(R"(, "times": ["3 s", "2 s"])")}, "wrong-times", "/workloads/0/times")
                .message.find("times[1] \"2 s\" is before the one before it"),
            std::string::npos);
}

TEST(Workloads, TimesLieWithinTheRun) {
  only_error({"/workloads/0/start=\"55 s\""}, "out-of-range", "/workloads/0");
  only_error({"/workloads/0/stop=\"70 s\""}, "after-the-end", "/workloads/0/stop");
  EXPECT_EQ(producer({"/workloads/0/stop=\"60 s\""}).end, sim::SimTime{60'000'000'000});
}

TEST(Workloads, HugeRecordsAreAWarningBecauseKafkaRefusesThem) {
  EXPECT_EQ(codes(load_base({"/workloads/0/record_size=\"1 MiB\""})),
            std::vector<std::string>{"scenario/record-too-large"});
  EXPECT_TRUE(codes(load_base({"/workloads/0/record_size=\"1000 KiB\""})).empty());
}

// A name must not depend on its place in the list: draws are addressed by it.
TEST(Names, StayWhenOthersAreAdded) {
  const std::string pause =
      R"({"at": "5 s", "kind": "pause_process", "target": {"broker": 1}, "lasts": "1 s"})";
  const std::string kill = R"({"at": "6 s", "kind": "kill_process", "target": {"broker": 1}})";
  const Scenario one = sound({"/faults=[" + kill + "]"});
  const Scenario three = sound({"/faults=[" + pause + "," + kill + "," + kill + "]"});
  EXPECT_EQ(one.config.faults.at(0).name, three.config.faults.at(1).name);
  EXPECT_NE(three.config.faults.at(1).name, three.config.faults.at(2).name)
      << "equal content, next occurrence";
  EXPECT_EQ(one.config.faults.at(0).name.rfind("kill_process-", 0), 0u);
  EXPECT_EQ(one.config.faults.at(0).name.substr(one.config.faults.at(0).name.size() - 2), "-0");
}

Target target_of(const std::string& json) {
  const Scenario s =
      sound({"/faults=[{\"at\": \"5 s\", \"kind\": \"kill_process\", \"target\": " + json + "}]"});
  return s.config.faults.empty() ? Target{} : s.config.faults.front().targets.at(0);
}

TEST(Faults, EveryTargetForm) {
  EXPECT_EQ(target_of(R"({"host": "b-0"})"), (Target{Target::By::host, "b-0", "", 0}));
  EXPECT_EQ(target_of(R"({"hosts": "b"})"), (Target{Target::By::host_group, "b", "", 0}));
  EXPECT_EQ(target_of(R"({"zone": "c"})"), (Target{Target::By::zone, "c", "", 0}));
  EXPECT_EQ(target_of(R"({"power_domain": "c"})"), (Target{Target::By::power_domain, "c", "", 0}));
  EXPECT_EQ(target_of(R"({"broker": 2})"), (Target{Target::By::broker, "", "kafka", 2}));
  EXPECT_EQ(target_of(R"({"leader_of": "orders/5", "of": "kafka"})"),
            (Target{Target::By::leader_of, "orders", "kafka", 5}));
  EXPECT_EQ(target_of(R"({"follower_of": "orders/0"})"),
            (Target{Target::By::follower_of, "orders", "kafka", 0}));
  EXPECT_EQ(target_of(R"({"controller": true})"), (Target{Target::By::controller, "", "kafka", 0}));
  EXPECT_EQ(target_of(R"({"random_broker": true})"), (Target{Target::By::random_broker, "", "kafka", 0}));
  EXPECT_EQ(target_of(R"({"workload": "checkout"})"), (Target{Target::By::workload, "checkout", "", 0}));
}

TEST(Faults, EveryKindKeepsItsTimesAndStrength) {
  const Scenario s = sound({R"(/faults=[
    {"name": "k", "at": "1 s", "kind": "kill_process", "target": {"broker": 0}, "restart_after": "2 s"},
    {"name": "c", "at": "2 s", "kind": "controlled_shutdown", "target": {"broker": 0}},
    {"name": "p", "at": "3 s", "kind": "power_loss", "target": {"broker": 0}, "restart_after": "0 s"},
    {"name": "n", "at": "4 s", "kind": "kernel_panic", "target": {"broker": 0}},
    {"name": "z", "at": "5 s", "kind": "pause_process", "target": {"broker": 0}, "lasts": "45 s"},
    {"name": "d", "at": "6 s", "kind": "slow_disk", "target": {"broker": 0}, "factor_percent": 300},
    {"name": "x", "at": "7 s", "kind": "partition", "from": [{"broker": 0}, {"zone": "b"}], "to": {"host": "b-2"}, "shape": "one_way", "lasts": "9 s"},
    {"name": "y", "at": "8 s", "kind": "partition", "from": {"broker": 0}}])"});
  const auto& f = s.config.faults;
  ASSERT_EQ(f.size(), 8u);
  EXPECT_EQ(f[0].kind, FaultKind::kill_process);
  EXPECT_EQ(f[0].at, sim::SimTime{1'000'000'000});
  EXPECT_EQ(f[0].restart_after, sim::Duration{2'000'000'000});
  EXPECT_EQ(f[1].kind, FaultKind::controlled_shutdown);
  EXPECT_FALSE(f[1].restart_after.has_value());
  EXPECT_EQ(f[2].kind, FaultKind::power_loss);
  EXPECT_EQ(f[2].restart_after, sim::Duration{0});
  EXPECT_EQ(f[3].kind, FaultKind::kernel_panic);
  EXPECT_EQ(f[4].kind, FaultKind::pause_process);
  EXPECT_EQ(f[4].lasts, sim::Duration{45'000'000'000});
  EXPECT_EQ(f[5].kind, FaultKind::slow_disk);
  EXPECT_EQ(f[5].factor_percent, 300);
  EXPECT_EQ(f[6].kind, FaultKind::partition);
  EXPECT_EQ(f[6].shape, faults::PartitionShape::one_way);
  EXPECT_EQ(f[6].targets.size(), 2u);
  EXPECT_EQ(f[6].others.size(), 1u);
  EXPECT_EQ(f[7].shape, faults::PartitionShape::full);
  EXPECT_TRUE(f[7].others.empty()) << "everybody else";
}

TEST(Faults, NonsenseIsNamed) {
  const auto fault = [](const std::string& rest) {
    return Overrides{"/faults=[{\"at\": \"5 s\", \"kind\": \"kill_process\", " + rest + "}]"};
  };
  only_error(fault(R"("target": {"host": "b-7"})"), "unknown-host", "/faults/0/target/host");
  only_error(fault(R"("target": {"hosts": "q"})"), "unknown-host", "/faults/0/target/hosts");
  only_error(fault(R"("target": {"zone": "q"})"), "unknown-zone", "/faults/0/target/zone");
  only_error(fault(R"("target": {"power_domain": "q"})"), "unknown-power-domain",
             "/faults/0/target/power_domain");
  only_error(fault(R"("target": {"broker": 3})"), "unknown-broker", "/faults/0/target/broker");
  only_error(fault(R"("target": {"leader_of": "orders/6"})"), "unknown-partition",
             "/faults/0/target/leader_of");
  only_error(fault(R"("target": {"leader_of": "orders"})"), "bad-partition", "/faults/0/target/leader_of");
  only_error(fault(R"("target": {"leader_of": "oders/0"})"), "unknown-topic", "/faults/0/target/leader_of");
  only_error(fault(R"("target": {"leader_of": "orders/0", "of": "kafak"})"), "unknown-system",
             "/faults/0/target/of");
  only_error(fault(R"("target": {"workload": "chekout"})"), "unknown-workload", "/faults/0/target/workload");
  only_error(fault(R"("target": {"controller": false})"), "wrong-type", "/faults/0/target/controller");
  only_error(fault(R"("target": {"zone": "a", "broker": 1})"), "two-selectors", "/faults/0/target/broker");
  only_error(fault(R"("target": {})"), "missing-field", "/faults/0/target");
  only_error(fault(R"("target": {"broker": 1}, "lasts": "5 s")"), "unknown-field", "/faults/0/lasts");
  only_error({R"(/faults=[{"at": "61 s", "kind": "kill_process", "target": {"broker": 1}}])"},
             "after-the-end", "/faults/0/at");
  only_error({R"(/faults=[{"kind": "kill_process", "target": {"broker": 1}}])"}, "missing-field",
             "/faults/0");
  only_error({R"(/faults=[{"at": "1 s", "kind": "kil_process", "target": {"broker": 1}}])"}, "unknown-value",
             "/faults/0/kind");
}

TEST(FaultPlan, IsKeptForTheWorldToDraw) {
  const Scenario s = sound(
      {R"(/fault_plan={"counts": {"kill_process": 4, "controller_kill": 2}, "between": ["5 s", "50 s"], "lasts": ["1 s", "2 s"]})"});
  ASSERT_TRUE(s.config.fault_plan);
  EXPECT_EQ(s.config.fault_plan->system, "kafka");
  EXPECT_EQ(s.config.fault_plan->kill_process, 4);
  EXPECT_EQ(s.config.fault_plan->controller_kill, 2);
  EXPECT_EQ(s.config.fault_plan->power_loss, 0);
  EXPECT_EQ(s.config.fault_plan->from, sim::SimTime{5'000'000'000});
  EXPECT_EQ(s.config.fault_plan->to, sim::SimTime{50'000'000'000});
  EXPECT_EQ(s.config.fault_plan->lasts_max, sim::Duration{2'000'000'000});
  EXPECT_EQ(s.config.fault_plan->restart_after_max, sim::Duration{10'000'000'000});
  only_error({R"(/fault_plan={"counts": {}, "between": ["50 s", "5 s"]})"}, "out-of-range",
             "/fault_plan/between");
  only_error({R"(/fault_plan={"counts": {"kils": 1}, "between": ["5 s", "50 s"]})"}, "unknown-field",
             "/fault_plan/counts/kils");
  only_error({R"(/fault_plan={"counts": {}, "between": ["5 s", "70 s"]})"}, "after-the-end",
             "/fault_plan/between");
}

TEST(Expectations, BecomeOneComparisonEach) {
  const Scenario s = sound({R"(/expect=[{"metric": "records.lost_acknowledged", "equals": 0},
    {"metric": "unavailable.longest", "of": "orders/0", "at_least": "500 ms", "at_most": 20},
    {"metric": "latency.produce.p99_ms", "of": "checkout", "at_most": "1.5 s"},
    {"check": "S1", "verdict": "violated"}, {"sometimes": "isr_shrank"}])"});
  ASSERT_EQ(s.expect.size(), 6u);
  EXPECT_EQ(s.expect[0].text, "records.lost_acknowledged equals 0");
  EXPECT_EQ(s.expect[1].comparison, Comparison::at_least);
  EXPECT_EQ(s.expect[1].limit, 0.5) << "in seconds, as the metric";
  EXPECT_EQ(s.expect[2].limit, 20.0);
  EXPECT_EQ(s.expect[2].text, "unavailable.longest of orders/0 at_most 20 s");
  EXPECT_EQ(s.expect[3].limit, 1'500.0) << "in milliseconds, as the metric";
  EXPECT_EQ(s.expect[4].kind, ExpectationKind::check);
  EXPECT_EQ(s.expect[4].verdict, checkers::Verdict::violated);
  EXPECT_EQ(s.expect[5].name, "isr_shrank");
}

TEST(Expectations, NonsenseIsNamed) {
  only_error({R"(/expect=[{"metric": "records.lost", "equals": 0}])"}, "unknown-value", "/expect/0/metric");
  only_error({R"(/expect=[{"metric": "records.sent"}])"}, "missing-field", "/expect/0");
  only_error({R"(/expect=[{"metric": "records.sent", "equals": "5 s"}])"}, "wrong-type", "/expect/0/equals");
  only_error({R"(/expect=[{"metric": "unavailable.total", "at_most": "5 KiB"}])"}, "wrong-unit",
             "/expect/0/at_most");
  only_error({R"(/expect=[{"metric": "records.sent", "of": "orders/6", "equals": 1}])"}, "unknown-value",
             "/expect/0/of");
  only_error({R"(/expect=[{"check": "S99", "verdict": "holds"}])"}, "unknown-value", "/expect/0/check");
  only_error({R"(/expect=[{"sometimes": "isr_shrunk"}])"}, "unknown-value", "/expect/0/sometimes");
  only_error({R"(/expect=[{}])"}, "missing-field", "/expect/0");
}

TEST(Document, SeedsAndTimesReachTheirLimitsAndNoFurther) {
  EXPECT_EQ(sound({"/seed=18446744073709551615"}).config.seed, 18'446'744'073'709'551'615ull);
  only_error({"/seed=18446744073709551616"}, "out-of-range", "/seed");
  only_error({"/seed=-1"}, "out-of-range", "/seed");
  EXPECT_EQ(sound({"/duration=\"30 d\""}).config.duration, sim::Duration{2'592'000'000'000'000});
  only_error({"/duration=\"31 d\""}, "out-of-range", "/duration");
  only_error({"/duration=\"0 s\""}, "out-of-range", "/duration");
  only_error({"/duration=\"-1 s\""}, "out-of-range", "/duration");
  EXPECT_EQ(sound({"/network/cross_zone=\"1 ms\""}).config.latency.cross_zone, sim::Duration{1'000'000});
  EXPECT_EQ(sound().config.latency.same_zone, network::LatencyConfig{}.same_zone)
      << "the table's defaults are the struct's";
  EXPECT_EQ(sound().config.latency.loopback, network::LatencyConfig{}.loopback);
  EXPECT_EQ(sound().config.latency.cross_zone, network::LatencyConfig{}.cross_zone);
  EXPECT_EQ(sound().config.title, "base") << "by default the file's name";
}

TEST(Document, SeveralSystemsMustBeTold) {
  const std::string second = R"(/systems/other={"kind": "kafka", "brokers_on": "b"})";
  only_error({second}, "missing-field", "/workloads/0");
  EXPECT_EQ(producer({second, "/workloads/0/of=kafka"}).cluster, "kafka");
}

}  // namespace
}  // namespace brokersim::scenario
