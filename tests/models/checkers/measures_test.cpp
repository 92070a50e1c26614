// Availability windows, latency phases, recoveries, counts and probes, with exact simulated times.
#include "models/checkers/measures.h"

#include <gtest/gtest.h>

#include "tests/models/checkers/synthetic.h"

namespace brokersim::checkers {
namespace {

using history::BrokerEvent;
using history::Outcome;
using test::Synthetic;

sim::SimTime at_ms(std::int64_t t) { return {t * 1'000'000}; }

/// One record every 100 ms from 0.1 s to 20 s, answered after 5 ms; the leader is dead from 5.000 s to 14.000 s, and
/// what was intended meanwhile is answered at 14.010 s. A fault fires at 5.000 s and heals at 10.000 s.
void outage(Synthetic& s) {
  s.elect(1, 1, {1, 2, 3});
  std::int64_t ordinal = 0;
  const auto fault = [&](std::int64_t ms, bool healed) {
    s.ms(ms);
    s.history.record(
        history::FaultFired{s.at, 0, "kill_process", "broker 1 (leader of orders/0)", true, healed});
  };
  std::vector<std::int64_t> waiting;
  for (std::int64_t t = 100; t <= 20'000; t += 100) {
    if (t == 5'000) {
      fault(5'000, false);
      s.broker(1, BrokerEvent::process_killed);
    }
    if (t == 10'000) fault(10'000, true);
    if (t == 14'000) {
      s.ms(13'990);
      s.elect(2, 2, {2, 3});
    }
    s.ms(t);
    s.sent(ordinal, 1);
    if (t >= 5'000 && t < 14'000) {
      waiting.push_back(ordinal++);
      continue;
    }
    if (t == 14'000) {
      s.ms(14'010);
      for (const std::int64_t late : waiting) {
        const std::int64_t intended = 100 + 100 * late;
        s.history.record(history::ProduceOutcome{s.at,
                                                 {s.producer, s.orders, late, 1},
                                                 Outcome::acknowledged,
                                                 0,
                                                 2,
                                                 late,
                                                 -1,
                                                 at_ms(intended),
                                                 at_ms(intended),
                                                 at_ms(14'005),
                                                 2,
                                                 {1'000}});
      }
    }
    s.ms(t + (t == 14'000 ? 15 : 5));
    s.history.record(history::ProduceOutcome{s.at,
                                             {s.producer, s.orders, ordinal, 1},
                                             Outcome::acknowledged,
                                             0,
                                             t < 5'000 ? 1 : 2,
                                             ordinal,
                                             -1,
                                             at_ms(t),
                                             at_ms(t),
                                             at_ms(t),
                                             1,
                                             {1'000}});
    ++ordinal;
  }
}

// Goal: a record that is too large says nothing of the partition, a refusal for another reason does. Method: one record is
// answered at 1 s, the next is refused at 2 s, and nobody writes until 9 s, when the run ends.
TEST(Measures, WhatIsTooLargeIsNoOutage) {
  constexpr std::int16_t kMessageTooLarge = 10;
  constexpr std::int16_t kNotLeader = 6;
  for (const std::int16_t error : {kMessageTooLarge, kNotLeader}) {
    Synthetic s;
    s.elect(1, 1, {1, 2, 3});
    for (const std::int64_t ordinal : {0, 1}) {
      const sim::SimTime at = at_ms(1'000 + 1'000 * ordinal);
      s.ms(at.ns / 1'000'000);
      s.sent(ordinal, 1);
      const Outcome outcome = ordinal == 0 ? Outcome::acknowledged : Outcome::failed;
      s.history.record(history::ProduceOutcome{s.at,
                                               {s.producer, s.orders, ordinal, 1},
                                               outcome,
                                               ordinal == 0 ? std::int16_t{0} : error,
                                               1,
                                               ordinal,
                                               -1,
                                               at,
                                               at,
                                               at,
                                               1,
                                               {1'000}});
    }
    s.ms(9'000);
    const Measures measures = s.finish(1).measures;
    EXPECT_EQ(measures.records.failed, 1) << error;
    EXPECT_EQ(measures.unavailable.size(), error == kNotLeader ? 1u : 0u) << error;
  }
}

TEST(Measures, AnOutageIsOneWindowFromTheFirstIntendedSendToTheNextSuccess) {
  Synthetic s;
  outage(s);
  const Measures measures = s.finish(2).measures;
  ASSERT_EQ(measures.unavailable.size(), 1u);
  EXPECT_EQ(measures.unavailable[0].what, UnavailableWhat::produce_acks_all);
  EXPECT_EQ(measures.unavailable[0].from, at_ms(5'000));
  EXPECT_EQ(measures.unavailable[0].to, at_ms(14'010));
  EXPECT_FALSE(measures.unavailable[0].open);
  EXPECT_EQ(measures.fault_window.from(), at_ms(5'000));
  EXPECT_EQ(measures.fault_window.to(), at_ms(14'010));
  EXPECT_EQ(measures.produce_phases.before.count(), 49);
  EXPECT_EQ(measures.produce_phases.before.max(), 5'000'000);
  EXPECT_EQ(measures.produce_phases.during.count(), 91) << "90 that waited and the one intended at 14.000 s";
  EXPECT_EQ(measures.produce_phases.during.max(), 9'010'000'000);
  EXPECT_EQ(measures.produce_phases.after.count(), 60);
  EXPECT_EQ(measures.produce_phases.after.max(), 5'000'000);
  EXPECT_EQ(measures.latency.produce.count(), 200);
  EXPECT_EQ(measures.latency.produce_ok.max(), 15'000'000);
  EXPECT_EQ(measures.records.sent, 200);
  EXPECT_EQ(measures.records.unfinished(), 0);
  EXPECT_DOUBLE_EQ(measures.records_per_second(), 200 / 19.905);
  EXPECT_EQ(measures.probes.count(Probe::produce_retried), 90);
  ASSERT_EQ(measures.faults.size(), 1u);
  EXPECT_TRUE(measures.faults[0].had_effect);
  EXPECT_EQ(measures.faults[0].healed_at, at_ms(10'000));
}

TEST(Measures, RecoveryTimesOfALostLeader) {
  Synthetic s;
  outage(s);
  const Measures measures = s.finish(2).measures;
  ASSERT_EQ(measures.recoveries.size(), 1u);
  const LeaderRecovery& recovery = measures.recoveries[0];
  EXPECT_EQ(recovery.lost, 1);
  EXPECT_EQ(recovery.stopped_at, at_ms(5'000));
  EXPECT_EQ(recovery.successor, 2);
  EXPECT_EQ(recovery.elected_at, at_ms(13'990));
  EXPECT_EQ(recovery.acknowledged_at, at_ms(14'010));
  EXPECT_EQ(measures.leader_changes, 1);

  Synthetic paused;  // resumed before anybody noticed
  paused.elect(1, 1, {1, 2, 3});
  paused.broker(1, BrokerEvent::paused);
  paused.ms(800);
  paused.broker(1, BrokerEvent::resumed);
  EXPECT_TRUE(paused.finish(1).measures.recoveries.empty());
}

// Goal: a new epoch of the successor (a reassignment that ends) is no later election; the loss of the
// successor is another one.
TEST(Measures, RecoveryEndsWithTheElectionThatServed) {
  for (const bool answers : {true, false}) {
    Synthetic s;
    s.elect(1, 1, {1, 2, 3});
    s.ms(5'000);
    s.broker(1, BrokerEvent::process_killed);
    s.ms(14'000);
    s.elect(2, 2, {2, 3}, {2, 3});
    s.ms(14'500);
    if (answers) {
      s.sent(0, 1);
      s.append(2, 0, 0, 1, 2, true);
      s.ack(0, 1, 2, 0);
    }
    s.ms(23'000);
    s.elect(2, 3, {2, 3}, {2, 3});
    EXPECT_EQ(s.finish(2).measures.recoveries.at(0).elected_at, at_ms(14'000));
  }
  Synthetic second;
  second.elect(1, 1, {1, 2, 3});
  second.ms(5'000);
  second.broker(1, BrokerEvent::process_killed);
  second.ms(14'000);
  second.elect(2, 2, {2, 3}, {2, 3});
  second.ms(15'000);
  second.broker(2, BrokerEvent::process_killed);
  second.elect(3, 3, {3}, {3});
  const Measures measures = second.finish(3).measures;
  EXPECT_EQ(measures.recoveries.at(0).elected_at, at_ms(14'000));
  EXPECT_EQ(measures.recoveries.at(1).elected_at, at_ms(15'000)) << "the successor was lost in its turn";
}

// Goal: no false windows. Method: slow but steady answers; a failure among successes; an idle producer.
TEST(Measures, SlownessAndIdlenessAreNotUnavailability) {
  Synthetic slow;
  slow.elect(1, 1, {1, 2, 3});
  for (std::int64_t i = 0; i < 100; ++i) {
    slow.ms(i * 100);
    slow.sent(i, 1);
    if (i < 30) continue;
    slow.outcome(i - 30, 1, Outcome::acknowledged, 1, i - 30, 3'000);  // always three seconds behind
  }
  // The first answer takes three seconds during which there was no success at all: that is one window.
  const Measures measured = slow.finish(1).measures;
  ASSERT_EQ(measured.unavailable.size(), 1u);
  EXPECT_EQ(measured.unavailable[0].from, at_ms(0));
  EXPECT_EQ(measured.unavailable[0].to, at_ms(3'000));

  Synthetic idle;
  idle.elect(1, 1, {1, 2, 3});
  for (const std::int64_t t : {0, 30'000, 60'000}) {
    idle.ms(t);
    idle.sent(t / 30'000, 1);
    idle.ms(t + 5);
    idle.outcome(t / 30'000, 1, t == 30'000 ? Outcome::failed : Outcome::acknowledged, 1, t / 30'000);
  }
  const Measures of_idle = idle.finish(1).measures;
  ASSERT_EQ(of_idle.unavailable.size(), 1u)
      << "the refused record began a window that the next success ended";
  EXPECT_EQ(of_idle.unavailable[0].from, at_ms(30'000));
  EXPECT_EQ(of_idle.unavailable[0].to, at_ms(60'005));
  EXPECT_EQ(of_idle.records.failed, 1);
}

TEST(Measures, AWindowThatNeverEndsRunsToTheEnd) {
  Synthetic s;
  s.elect(1, 1, {1, 2, 3});
  s.sent(0, 2);
  s.ms(5);
  s.outcome(0, 1, Outcome::acknowledged, 1, 0);
  s.ms(100);
  s.leader(-1, 2, {1});
  s.ms(7'000);
  const Findings findings = s.finish(-1);
  ASSERT_EQ(findings.measures.unavailable.size(), 2u);
  EXPECT_EQ(findings.measures.unavailable[0].what, UnavailableWhat::no_leader);
  EXPECT_EQ(findings.measures.unavailable[0].from, at_ms(100));
  EXPECT_EQ(findings.measures.unavailable[0].to, at_ms(7'000));
  EXPECT_TRUE(findings.measures.unavailable[0].open);
  EXPECT_EQ(findings.measures.unavailable[1].what, UnavailableWhat::produce_acks_all);
  EXPECT_EQ(findings.measures.unavailable[1].from, at_ms(5))
      << "the second record has no outcome since the last success";
  EXPECT_EQ(findings.measures.records.unfinished(), 1);
}

// Goal: what a producer had under way when it died keeps nothing unavailable; an outage that it had waited for ends with it, as far
// as anybody can tell.
// Method: it dies 5 ms after a send, and writes again from 10 s to 20 s; or it dies 3 s after a send that nobody answered.
TEST(Measures, ADeadProducerWaitsForNothing) {
  const auto writes = [](Synthetic& s, std::int64_t ordinal, std::int64_t ms) {
    s.ms(ms);
    s.sent(ordinal, 1);
    s.ms(ms + 5);
    s.history.record(history::ProduceOutcome{s.at,
                                             {s.producer, s.orders, ordinal, 1},
                                             Outcome::acknowledged,
                                             0,
                                             1,
                                             ordinal,
                                             -1,
                                             at_ms(ms),
                                             at_ms(ms),
                                             at_ms(ms),
                                             1,
                                             {1'000}});
  };
  for (const bool waited : {false, true}) {
    Synthetic s;
    s.elect(1, 1, {1, 2, 3});
    writes(s, 0, 100);
    s.ms(2'000);
    s.sent(1, 1);
    s.ms(waited ? 5'000 : 2'005);
    s.history.record(history::ClientStopped{s.at, s.producer});
    s.ms(9'000);
    s.history.record(history::ClientRestarted{s.at, s.producer});
    for (std::int64_t n = 0; n <= 10; ++n) writes(s, 2 + n, 10'000 + 1'000 * n);
    s.ms(60'000);
    const Measures measures = s.finish(1).measures;
    ASSERT_EQ(measures.unavailable.size(), waited ? 1u : 0u);
    if (!waited) continue;
    EXPECT_EQ(measures.unavailable[0].from, at_ms(2'000));
    EXPECT_EQ(measures.unavailable[0].to, at_ms(5'000)) << "its own absence is not the partition's doing";
    EXPECT_FALSE(measures.unavailable[0].open);
  }
}

TEST(Measures, FetchWindowsNeedAFailure) {
  Synthetic s;
  s.elect(1, 1, {1, 2, 3});
  const auto answer = [&](std::int64_t ms, bool ok) {
    s.ms(ms);
    s.history.record(history::FetchAnswered{s.at, s.consumer, s.orders, ok});
  };
  answer(100, true);
  answer(5'000, true);  // a long wait without data is no failure
  answer(5'500, false);
  answer(5'900, true);  // shorter than a second
  answer(6'000, false);
  answer(9'000, true);
  const Measures measures = s.finish(1).measures;
  ASSERT_EQ(measures.unavailable.size(), 1u);
  EXPECT_EQ(measures.unavailable[0].what, UnavailableWhat::fetch);
  EXPECT_EQ(measures.unavailable[0].from, at_ms(5'900));
  EXPECT_EQ(measures.unavailable[0].to, at_ms(9'000));
}

// Goal: the rate of a consumer is its own, however long it came after the producer. Method: 300 records handed out 100 s after
// they were sent, in three polls a second apart.
TEST(Measures, ConsumersHaveARateOfTheirOwn) {
  Synthetic s;
  s.elect(1, 1, {1, 2, 3});
  for (std::int64_t i = 0; i < 3; ++i) {
    s.ms(100'000 + 1'000 * i);
    s.history.record(
        history::Consumed{s.at, s.consumer, {s.producer, s.orders, 100 * i, 100}, 100 * i, {}, {}});
  }
  const Measures measures = s.finish(1).measures;
  EXPECT_EQ(measures.consumed_per_second(), 150)
      << "300 records from the first hand-over to the last, 2 s later";
  EXPECT_EQ(measures.workloads.at(s.history.client(s.consumer).workload).consumed_per_second(), 150);
  EXPECT_EQ(measures.records_per_second(), 0);
}

TEST(Measures, OverlappingWindowsOfOnePartitionAreOne) {
  const history::PartitionId zero{0}, one{1};
  const auto what = UnavailableWhat::produce;
  const auto joined = join({{what, zero, {5}, {9}},
                            {what, one, {1}, {3}},
                            {what, zero, {1}, {6}},
                            {what, zero, {10}, {12}},
                            {UnavailableWhat::fetch, zero, {0}, {20}}});
  ASSERT_EQ(joined.size(), 4u);
  EXPECT_EQ(joined[0].from, sim::SimTime{1});
  EXPECT_EQ(joined[0].to, sim::SimTime{9});
  EXPECT_EQ(joined[1].from, sim::SimTime{10});
  EXPECT_EQ(joined[2].what, UnavailableWhat::fetch);
  EXPECT_EQ(joined[3].partition, one);
}

// Goal: a batch that straddles the end of the fault window is split record by record. Method: eleven records
// intended at 0, 10, .. 100 ns, all answered at 1,000 ns, the window ending at 45 ns.
TEST(Measures, PhasesSplitABatch) {
  FaultWindow window;
  window.extend({1}, true);
  PhaseMeter meter;
  window.extend({45}, false);
  meter.add(window, {1'000}, {0}, {100}, 11);
  const PhaseHistograms phases = meter.finish(window);
  EXPECT_EQ(phases.during.count(), 5);
  EXPECT_EQ(phases.during.max(), 1'000);
  EXPECT_EQ(phases.during.min(), 960);
  EXPECT_EQ(phases.after.count(), 6);
  EXPECT_EQ(phases.after.max(), 950);
  EXPECT_EQ(phases.after.min(), 900);
  EXPECT_EQ(phases.before.count(), 0);
}

TEST(Measures, ProbesHaveUniqueSortedNames) {
  ASSERT_EQ(probes().size(), kProbes);
  for (std::size_t i = 0; i < probes().size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(probes()[i].probe), i);
    if (i > 0) {
      EXPECT_LT(probes()[i - 1].name, probes()[i].name);
    }
  }
  ASSERT_EQ(checks().size(), kChecks);
  for (std::size_t i = 0; i < checks().size(); ++i) EXPECT_EQ(static_cast<std::size_t>(checks()[i].check), i);
}

}  // namespace
}  // namespace brokersim::checkers
