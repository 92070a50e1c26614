// Goal: the clients' decisions as functions: backoff, arrivals, partition choice, batches, sequences, errors.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <vector>

#include "models/kafka/client/accumulator.h"
#include "models/kafka/client/arrivals.h"
#include "models/kafka/client/backoff.h"
#include "models/kafka/client/metadata.h"
#include "models/kafka/client/produce_errors.h"
#include "models/kafka/client/sequences.h"
#include "models/kafka/client/sticky_partitioner.h"
#include "sim/component.h"

namespace brokersim::kafka::client {
namespace {
using namespace sim::literals;
using wire::ErrorCode;

// Method: the ends of the jitter (ExponentialBackoff: x 0.8 to x 1.2, cut at max).
TEST(Backoff, DoublesWithJitterUpToTheMaximum) {
  const Backoff backoff{100_ms, 1_s};
  EXPECT_EQ(backoff(0, 0), 80_ms);
  EXPECT_EQ(backoff(0, ~0ull), 120_ms);
  EXPECT_EQ(backoff(2, 1ull << 63), 400_ms);
  EXPECT_EQ(backoff(3, ~0ull), 960_ms);
  EXPECT_EQ(backoff(4, 0), 800_ms);
  EXPECT_EQ(backoff(4, ~0ull), 1_s);
  EXPECT_EQ(backoff(1'000'000, 1ull << 63), 1_s);
  EXPECT_EQ((Backoff{{0}, {0}}(5, 17)), (sim::Duration{0}));
}

struct Draws {
  sim::Simulation sim{1};
  sim::Component component{sim, "pure"};
  [[nodiscard]] sim::Stream stream() const { return component.stream("draws"); }
};

ProducerParams params_at(std::int64_t rate_milli) {
  ProducerParams params;
  params.rate_per_second_milli = rate_milli;
  params.record_size = {100};
  params.start = {1'000};
  params.partitions = {{0}};
  return params;
}

// Method: three records per second do not divide a second; record 3,000,000 is still due at the exact nanosecond.
TEST(Arrivals, ConstantGapsDoNotDrift) {
  const Draws draws;
  SendLoop loop(params_at(3'000), draws.stream(), 0, {});
  EXPECT_EQ(loop.intended(0), (sim::SimTime{1'000}));
  EXPECT_EQ(loop.intended(1), (sim::SimTime{1'000 + 333'333'333}));
  EXPECT_EQ(loop.intended(2), (sim::SimTime{1'000 + 666'666'666}));
  EXPECT_EQ(loop.intended(3'000'000), (sim::SimTime{1'000 + 1'000'000ll * 1'000'000'000}));
  SendLoop fast(params_at(1'000'000'000'007), draws.stream(), 0, {});
  EXPECT_EQ(fast.intended(1'000'000'000'007), (sim::SimTime{1'000 + 1'000'000'000'000}))
      << "past 64-bit products";
}

TEST(Arrivals, EndCountAndLivesBoundTheRecords) {
  const Draws draws;
  ProducerParams params = params_at(1'000'000);
  params.end = params.start + 10_ms;
  SendLoop loop(params, draws.stream(), 0, {});
  EXPECT_EQ(loop.limit(1'000), 10) << "the record of the end itself is not sent";
  params.records_max = 7;
  EXPECT_EQ(SendLoop(params, draws.stream(), 0, {}).limit(1'000), 7);
  SendLoop later(params, draws.stream(), 2, params.start + 4_ms + 1_ns);
  EXPECT_EQ(later.next(), 5) << "what was meant before this life was never sent";
}

TEST(Arrivals, BurstsComeTogetherAndCostTimeOneAfterTheOther) {
  const Draws draws;
  ProducerParams params = params_at(1'000'000);
  params.records_per_send = 4;
  params.send_cost = 10_us;
  SendLoop loop(params, draws.stream(), 0, {});
  EXPECT_EQ(loop.intended(3), params.start);
  EXPECT_EQ(loop.intended(4), params.start + 4_ms);
  EXPECT_EQ(loop.join(0), params.start + 10_us);
  EXPECT_EQ(loop.join(3), params.start + 40_us);
  EXPECT_EQ(loop.join(5), params.start + 4_ms + 20_us);
  EXPECT_EQ(loop.joined_by(params.start + 25_us, 100), 2);
}

// Method: a call that waits for 5 ms delays the rest, which catches up at one send_cost each.
TEST(Arrivals, HeldCallDelaysTheRestAndKeepsWhatWasMeant) {
  const Draws draws;
  ProducerParams params = params_at(1'000'000);
  params.send_cost = 100_us;
  SendLoop loop(params, draws.stream(), 0, {});
  loop.hold(params.start + 5_ms);
  EXPECT_EQ(loop.join(0), params.start + 5_ms);
  EXPECT_EQ(loop.join(1), params.start + 5_ms + 100_us);
  EXPECT_EQ(loop.intended(1), params.start + 1_ms);
  EXPECT_EQ(loop.join(5), params.start + 5_ms + 500_us);
  EXPECT_EQ(loop.join(6), params.start + 6_ms + 100_us) << "caught up";
  loop.advance(1);
  EXPECT_EQ(loop.join(1), params.start + 5_ms + 100_us) << "advancing changes no time";
}

TEST(Arrivals, SaturationCallsAgainWhenTheCallReturns) {
  const Draws draws;
  ProducerParams params = params_at(0);
  params.arrivals = Arrivals::saturate;
  params.send_cost = 2_us;
  params.end = params.start + 1_ms;
  SendLoop loop(params, draws.stream(), 0, {});
  EXPECT_EQ(loop.intended(10), params.start + 20_us);
  EXPECT_EQ(loop.join(10), params.start + 22_us);
  EXPECT_EQ(loop.limit(10'000), 500);
  loop.advance(10);
  loop.hold(params.start + 500_us);
  EXPECT_EQ(loop.intended(10), params.start + 20_us) << "its call began then";
  EXPECT_EQ(loop.intended(11), params.start + 500_us);
  EXPECT_EQ(loop.limit(10'000), 11 + 250);
}

// Method: mean and second moment of 200,000 gaps (mean 1 ms; E[x^2] = 2 mean^2), and order.
TEST(Arrivals, PoissonGapsAreExponentialAndAddressed) {
  const Draws draws;
  ProducerParams params = params_at(1'000'000);
  params.arrivals = Arrivals::poisson;
  SendLoop loop(params, draws.stream(), 0, {});
  double sum = 0;
  double squares = 0;
  constexpr int n = 200'000;
  for (int i = 0; i < n; ++i) {
    const auto gap = static_cast<double>((loop.intended(i + 1) - loop.intended(i)).ns);
    sum += gap;
    squares += gap * gap;
  }
  EXPECT_NEAR(sum / n, 1e6, 1e4);
  EXPECT_NEAR(squares / n, 2e12, 5e10);
  SendLoop one(params, draws.stream(), 0, {});
  SendLoop two(params, draws.stream(), 0, {});
  const sim::SimTime late = one.intended(500);
  two.advance(300);
  EXPECT_EQ(two.intended(500), late) << "a draw belongs to its record";
  SendLoop restarted(params, draws.stream(), 0, late);
  EXPECT_EQ(restarted.next(), 500);
  EXPECT_EQ(restarted.intended(500), late);
}

// Goal: listed times are the times of the records, whatever came before. Method: two records at each of three times; a thread
// that needs 300 us a record is late at the second and has caught up at the third; a life that begins between them.
TEST(Arrivals, ListedAreSentAtTheirTimes) {
  const Draws draws;
  ProducerParams params = params_at(0);
  params.arrivals = Arrivals::listed;
  params.records_per_send = 2;
  params.send_cost = 300_us;
  const sim::SimTime start = params.start;
  params.times = std::make_shared<const std::vector<sim::SimTime>>(
      std::vector<sim::SimTime>{start + 1_ms, start + 1_ms + 100_us, start + 7_ms});
  SendLoop loop(params, draws.stream(), 0, {});
  EXPECT_EQ(loop.limit(1'000), 6) << "three times two";
  EXPECT_EQ(loop.intended(1), start + 1_ms);
  EXPECT_EQ(loop.intended(2), start + 1_ms + 100_us);
  EXPECT_EQ(loop.intended(5), start + 7_ms);
  EXPECT_EQ(loop.join(0), start + 1_ms + 300_us);
  EXPECT_EQ(loop.join(3), start + 1_ms + 1'200_us) << "four records of 300 us from 1 ms on";
  EXPECT_EQ(loop.join(4), start + 7_ms + 300_us);
  loop.advance(6);
  EXPECT_TRUE(loop.finished());
  SendLoop later(params, draws.stream(), 2, start + 2_ms);
  EXPECT_EQ(later.next(), 4) << "the second time was before this life";
  EXPECT_EQ(later.limit(1'000), 6);
  EXPECT_TRUE(SendLoop(params, draws.stream(), 6, start + 8_ms).finished());
  params.end = start + 7_ms;
  EXPECT_EQ(SendLoop(params, draws.stream(), 0, {}).limit(1'000), 4) << "the end itself is not sent";
}

// Goal: a client that restarts on a branch finds its past arrivals behind it, neither skips nor idles, and its later
// arrivals are the branch's own: other ones than the trunk's, and other ones on each branch.
// Method: arrivals every millisecond on average; the run branches at 400 ms and the client restarts at 500 ms.
TEST(Arrivals, AClientThatRestartsOnABranchKeepsThePast) {
  ProducerParams params = params_at(1'000'000);
  params.arrivals = Arrivals::poisson;
  const Draws trunk;
  SendLoop plain(params, trunk.stream(), 0, {});
  std::vector<sim::SimTime> past;
  for (std::int64_t k = 0; k < 800; ++k) past.push_back(plain.intended(k));
  const sim::SimTime branched = sim::SimTime{} + 400_ms;
  const auto behind = std::upper_bound(past.begin(), past.end(), branched) - past.begin();
  std::vector<std::vector<sim::SimTime>> futures;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    Draws draws;
    draws.sim.run_until(branched);
    draws.sim.branch(id);
    SendLoop again(params, draws.stream(), 0, {});
    std::vector<sim::SimTime> arrivals;
    for (std::int64_t k = 0; k < 800; ++k) arrivals.push_back(again.intended(k));
    // The gap that was under way at the instant is the past's, too.
    EXPECT_TRUE(std::equal(past.begin(), past.begin() + behind + 1, arrivals.begin()));
    EXPECT_NE(arrivals[static_cast<std::size_t>(behind + 1)], past[static_cast<std::size_t>(behind + 1)]);
    const sim::SimTime begin = branched + 100_ms;
    SendLoop restarted(params, draws.stream(), behind, begin);
    const auto first = std::lower_bound(arrivals.begin(), arrivals.end(), begin) - arrivals.begin();
    EXPECT_EQ(restarted.next(), first) << "it goes on with the first arrival of its new life";
    EXPECT_EQ(restarted.intended(first), arrivals[static_cast<std::size_t>(first)]);
    futures.push_back({arrivals.begin() + behind + 1, arrivals.end()});
  }
  EXPECT_NE(futures[0], futures[1]);
  EXPECT_NE(futures[1], futures[2]);
}

// Method: queues 0, 1 and 3 long give weights 4, 3 and 1 of 8 (BuiltInPartitioner.updatePartitionLoadStats).
TEST(StickyPartitioner, ChoosesByQueueLengthAmongAvailable) {
  const std::vector<PartitionLoad> loads{{0, true}, {1, true}, {3, true}};
  std::array<int, 3> hits{};
  for (std::uint64_t i = 0; i < 8; ++i) ++hits[static_cast<std::size_t>(choose_partition(loads, i << 61))];
  EXPECT_EQ(hits, (std::array<int, 3>{4, 3, 1}));
  EXPECT_EQ(choose_partition({{9, false}, {0, true}}, 0), 1);
  EXPECT_EQ(choose_partition({{0, false}, {0, false}}, ~0ull), 1) << "none has a leader: any";
}

TEST(StickyPartitioner, SwitchWaitsForAFullBatchUpToTwice) {
  StickyPartitioner sticky(3, 1'000);
  EXPECT_TRUE(sticky.must_switch(true));
  sticky.stick_to(2);
  sticky.add(999);
  EXPECT_FALSE(sticky.must_switch(true));
  sticky.add(1);
  EXPECT_TRUE(sticky.must_switch(true));
  EXPECT_FALSE(sticky.must_switch(false)) << "a batch still takes records";
  sticky.add(1'000);
  EXPECT_TRUE(sticky.must_switch(false));
}

// Method: three others of four, a third of the draws each, whatever waits there; alone or without leaders, what there is.
TEST(UniformSticky, DrawsAnyOtherPartitionThatHasALeader) {
  const std::vector<PartitionLoad> loads{{9, true}, {0, true}, {0, false}, {5, true}, {0, true}};
  std::map<std::int32_t, int> hits;
  for (std::uint64_t i = 0; i < 256; ++i) ++hits[choose_other_partition(loads, 1, i << 56)];
  EXPECT_EQ(hits, (std::map<std::int32_t, int>{{0, 86}, {3, 85}, {4, 85}}));
  EXPECT_EQ(choose_other_partition({{0, false}, {3, true}}, 1, 77), 1) << "the only one with a leader";
  EXPECT_EQ(choose_other_partition({{0, false}, {3, false}}, 0, ~0ull), 1) << "none has one: any";
}

TEST(UniformSticky, SwitchesWithEveryBatchAndNoEarlier) {
  StickyPartitioner sticky(3, 1'000, Partitioner::uniform_sticky);
  EXPECT_TRUE(sticky.must_switch(true));
  sticky.stick_to(2);
  EXPECT_FALSE(sticky.must_switch(true)) << "chosen, and its batch not opened yet";
  EXPECT_FALSE(sticky.forces());
  sticky.add(10);
  EXPECT_FALSE(sticky.must_switch(false)) << "the batch still takes records, however many have come";
  EXPECT_TRUE(sticky.must_switch(true)) << "it was sent after ten bytes: the next record needs a new one";
}

TEST(Accumulator, MemoryIsHeldPerBatchUntilReleased) {
  Accumulator accumulator(2, {40'000}, {16'384});
  const Slot a = accumulator.open(0, 0, {}, 170);
  accumulator[a].closed = true;
  const Slot b = accumulator.open(1, 0, {}, 170);
  EXPECT_EQ(accumulator.memory_free(), (sim::Bytes{40'000 - 2 * 16'384}));
  EXPECT_FALSE(accumulator.has_room(170));
  EXPECT_EQ(accumulator.active(), (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(accumulator.pop(0), a);
  EXPECT_EQ(accumulator.active(), (std::vector<std::int32_t>{1}));
  EXPECT_FALSE(accumulator.has_room(170)) << "in flight still holds it";
  accumulator.release(a);
  EXPECT_TRUE(accumulator.has_room(170));
  EXPECT_EQ(accumulator.oldest(), b);
  EXPECT_TRUE(accumulator.has_room(20'000));
  EXPECT_FALSE(accumulator.has_room(30'000)) << "a record above batch.size takes its own size";
}

TEST(Accumulator, RetriesGoToTheFrontOrToTheirPlace) {
  for (const bool in_order : {false, true}) {
    Accumulator accumulator(1, {1 << 20}, {1'000});
    std::vector<Slot> slots;
    for (std::int64_t i = 0; i < 4; ++i) {
      slots.push_back(accumulator.open(0, i, {}, 170));
      accumulator[slots.back()].closed = true;
    }
    for (int i = 0; i < 3; ++i) static_cast<void>(accumulator.pop(0));
    for (const std::size_t i : {0u, 1u, 2u}) accumulator.put_back(slots[i], in_order);
    std::vector<std::int64_t> order;
    for (Slot s = accumulator.head(0); s != kNoSlot; s = accumulator[s].next)
      order.push_back(accumulator[s].first);
    EXPECT_EQ(order,
              in_order ? (std::vector<std::int64_t>{0, 1, 2, 3}) : (std::vector<std::int64_t>{2, 1, 0, 3}))
        << "without idempotence each goes to the head in turn, which reverses them "
           "(RecordAccumulator.reenqueue)";
    EXPECT_EQ(accumulator[accumulator.tail(0)].first, 3);
    accumulator.remove(slots[1]);
    EXPECT_EQ(accumulator.queued(0), 3);
  }
}

// Goal: a batch that ran out of retries leaves its number used, since nobody knows whether it is stored; the next one is
// refused if it is not, and only that raises the epoch (Sender.completeBatch, TransactionManager.handleFailedBatch).
TEST(Sequences, ExhaustedRetriesReassignNothing) {
  Sequences sequences(1);
  sequences.set_producer_id(9, 0);
  static_cast<void>(sequences.take(0, 1, 10));
  static_cast<void>(sequences.take(0, 2, 10));
  sequences.failed(0, 1, /*retries_left=*/false);
  sequences.settle();
  EXPECT_EQ(sequences.epoch(), 0);
  EXPECT_EQ(sequences.take(0, 2, 10).base_sequence, 10) << "keeps its number";
  sequences.out_of_order(0, 2);
  sequences.settle();
  EXPECT_EQ(sequences.epoch(), 0) << "the one before may still come";
  sequences.failed(0, 2, /*retries_left=*/true);
  sequences.settle();
  EXPECT_EQ(sequences.epoch(), 1);
}

// Goal: halves of a batch that was too large take its numbers, so that what is in flight behind it stays in order and
// needs no new epoch (ProducerBatch.split).
TEST(Sequences, HalvesTakeTheNumbersOfTheWhole) {
  Sequences sequences(1);
  sequences.set_producer_id(9, 0);
  static_cast<void>(sequences.take(0, 1, 10));
  static_cast<void>(sequences.take(0, 2, 4));
  sequences.split(0, 1, /*first=*/3, 6, /*second=*/4);
  EXPECT_EQ(sequences.in_flight(0), 3u);
  EXPECT_FALSE(sequences.may_send(0, 4)) << "the first half goes first";
  EXPECT_EQ(sequences.take(0, 3, 6).base_sequence, 0);
  sequences.acknowledged(0, 3);
  EXPECT_EQ(sequences.take(0, 4, 4).base_sequence, 6);
  sequences.acknowledged(0, 4);
  EXPECT_EQ(sequences.take(0, 2, 4).base_sequence, 10);
  sequences.settle();
  EXPECT_EQ(sequences.epoch(), 0);
}

// Goal: a transaction has one epoch, so a batch that failed for good leaves no hole: what was sent after it takes its numbers
// and goes again, and a 45 on what it was sent with before proves nothing. Method: the first of three fails.
TEST(Sequences, WithinATransactionWhatFollowsMovesUp) {
  Sequences sequences(1);
  sequences.leave_epoch_alone();
  sequences.set_producer_id(9, 4);
  static_cast<void>(sequences.take(0, 1, 10));
  static_cast<void>(sequences.take(0, 2, 5));
  static_cast<void>(sequences.take(0, 3, 5));
  sequences.failed(0, 1, /*retries_left=*/true);
  EXPECT_TRUE(sequences.wants_new_epoch()) << "for the next transaction";
  EXPECT_FALSE(sequences.is_next_expected(0, 2)) << "45 was an answer to its old number";
  EXPECT_EQ(sequences.take(0, 2, 5).base_sequence, 0);
  EXPECT_TRUE(sequences.is_next_expected(0, 2)) << "45 on the new one would be a gap";
  sequences.acknowledged(0, 2);
  EXPECT_EQ(sequences.take(0, 3, 5).base_sequence, 5);
  EXPECT_EQ(sequences.take(0, 4, 1).base_sequence, 10) << "and what comes next follows";
  sequences.settle();
  EXPECT_EQ(sequences.epoch(), 4) << "only the coordinator raises it";
}

TEST(Sequences, AreGivenInOrderAndKeptOverRetries) {
  Sequences sequences(1);
  EXPECT_FALSE(sequences.may_send(0, 1)) << "no producer id yet";
  sequences.set_producer_id(9, 0);
  EXPECT_EQ(sequences.take(0, 1, 10).base_sequence, 0);
  EXPECT_EQ(sequences.take(0, 2, 5).base_sequence, 10);
  EXPECT_FALSE(sequences.may_send(0, 2)) << "a retry waits for the first in flight";
  EXPECT_TRUE(sequences.may_send(0, 1));
  EXPECT_TRUE(sequences.may_send(0, 3)) << "a new one may be pipelined";
  EXPECT_EQ(sequences.take(0, 1, 10).base_sequence, 0);
  sequences.acknowledged(0, 1);
  EXPECT_EQ(sequences.take(0, 2, 5).base_sequence, 10);
}

TEST(Sequences, OutOfOrderIsAPlainRetryUnlessNextExpected) {
  Sequences sequences(2);
  sequences.set_producer_id(9, 0);
  static_cast<void>(sequences.take(0, 1, 10));
  static_cast<void>(sequences.take(0, 2, 10));
  static_cast<void>(sequences.take(1, 3, 10));
  sequences.out_of_order(0, 2);
  sequences.settle();
  EXPECT_EQ(sequences.epoch(), 0) << "batch 1 is missing";
  sequences.out_of_order(0, 1);
  sequences.settle();
  EXPECT_EQ(sequences.epoch(), 1);
  sequences.out_of_order(0, 1);
  sequences.settle();
  EXPECT_EQ(sequences.epoch(), 1) << "what was refused had its old number: it is only sent again";
  EXPECT_EQ(sequences.take(0, 1, 10).base_sequence, 0);
  EXPECT_EQ(sequences.take(0, 1, 10).epoch, 1);
  EXPECT_FALSE(sequences.may_send(1, 4)) << "other partitions finish the old epoch first";
  sequences.acknowledged(1, 3);
  const Ticket ticket = sequences.take(1, 4, 10);
  EXPECT_EQ(ticket.epoch, 1);
  EXPECT_EQ(ticket.base_sequence, 0);
}

// Goal: a batch that was stored under its old number although it has a new one does not block those behind it for ever.
// Method: batch 2 is in flight when batch 1 fails and everything is numbered anew; its old request succeeds; batch 5 then begins
// an epoch behind 0, which the broker refuses until the client raises the epoch again (ProducerBatch.sequenceHasBeenReset()
// holds until the batch is drained again).
TEST(Sequences, WhatIsRefusedUnderItsNewNumberStartsOver) {
  Sequences sequences(1);
  sequences.set_producer_id(9, 0);
  for (const Slot slot : {1u, 2u, 5u}) static_cast<void>(sequences.take(0, slot, 10));
  sequences.failed(0, 1, true);
  sequences.settle();
  EXPECT_EQ(sequences.epoch(), 1);
  sequences.acknowledged(0, 2);
  sequences.out_of_order(0, 5);
  sequences.settle();
  EXPECT_EQ(sequences.epoch(), 1) << "that was the answer to its old number";
  EXPECT_EQ(sequences.take(0, 5, 10).base_sequence, 10);
  sequences.out_of_order(0, 5);
  sequences.settle();
  EXPECT_EQ(sequences.epoch(), 2);
  EXPECT_EQ(sequences.take(0, 5, 10).base_sequence, 0);
}

TEST(Sequences, ExpiredOneIsUnresolvedUntilTheRestIsAnswered) {
  Sequences sequences(1);
  sequences.set_producer_id(9, 0);
  static_cast<void>(sequences.take(0, 1, 10));
  static_cast<void>(sequences.take(0, 2, 10));
  sequences.expired(0, 1);
  EXPECT_TRUE(sequences.is_unresolved(0));
  EXPECT_FALSE(sequences.may_send(0, 3));
  sequences.settle();
  EXPECT_TRUE(sequences.is_unresolved(0)) << "batch 2 is not answered";
  sequences.acknowledged(0, 2);
  sequences.settle();
  EXPECT_FALSE(sequences.is_unresolved(0));
  EXPECT_EQ(sequences.epoch(), 0) << "a later one was acknowledged, so the first was stored";
  EXPECT_EQ(sequences.take(0, 3, 1).base_sequence, 20);
  sequences.expired(0, 3);
  sequences.settle();
  EXPECT_EQ(sequences.epoch(), 1);
  EXPECT_EQ(sequences.take(0, 4, 1).base_sequence, 0);
}

TEST(Sequences, FailureRaisesTheEpochAndTheLastEpochNeedsANewId) {
  Sequences sequences(1);
  sequences.set_producer_id(9, 32'766);
  static_cast<void>(sequences.take(0, 1, 10));
  sequences.failed(0, 1, /*retries_left=*/true);
  sequences.settle();
  EXPECT_EQ(sequences.epoch(), 32'767);
  static_cast<void>(sequences.take(0, 2, 10));
  sequences.failed(0, 2, /*retries_left=*/true);
  sequences.settle();
  EXPECT_FALSE(sequences.has_producer_id());
  sequences.set_producer_id(10, 0);
  EXPECT_EQ(sequences.take(0, 3, 10).producer_id, 10);
}

TEST(Sequences, WrapAfterTheLastInteger) {
  Sequences sequences(1);
  sequences.set_producer_id(9, 0);
  Slot slot = 0;
  for (int i = 0; i < 2; ++i) {
    static_cast<void>(sequences.take(0, ++slot, 0x40000000 - (i == 1 ? 5 : 0)));
    sequences.acknowledged(0, slot);
  }
  EXPECT_EQ(sequences.take(0, ++slot, 10).base_sequence, 0x7FFFFFFB);
  sequences.acknowledged(0, slot);
  EXPECT_EQ(sequences.take(0, ++slot, 10).base_sequence, 5);
  sequences.out_of_order(0, slot);
  sequences.settle();
  EXPECT_EQ(sequences.epoch(), 1) << "5 was the next expected";
}

// Source: kafka-behaviour.md section 3.2 and 3 item 5.
TEST(ProduceErrors, Table) {
  for (const int code : {2, 3, 5, 6, 7, 13, 19, 20, 56})
    EXPECT_TRUE(is_retriable(static_cast<ErrorCode>(code))) << code;
  for (const int code : {-1, 1, 10, 21, 45, 47})
    EXPECT_FALSE(is_retriable(static_cast<ErrorCode>(code))) << code;
  for (const int code : {3, 5, 6, 13, 56}) EXPECT_TRUE(wants_metadata(static_cast<ErrorCode>(code))) << code;
  for (const int code : {2, 7, 19, 20, 45})
    EXPECT_FALSE(wants_metadata(static_cast<ErrorCode>(code))) << code;
  for (const int code : {7, 13, 20, 56, -1})
    EXPECT_FALSE(proves_not_stored(static_cast<ErrorCode>(code), Acks::all)) << code;
  for (const int code : {2, 3, 5, 10, 18, 19, 45, 47, 87})
    EXPECT_TRUE(proves_not_stored(static_cast<ErrorCode>(code), Acks::all)) << code;
  EXPECT_FALSE(proves_not_stored(ErrorCode::not_leader_or_follower, Acks::all))
      << "appended, then leadership lost";
  EXPECT_TRUE(proves_not_stored(ErrorCode::not_leader_or_follower, Acks::leader));
}

// Goal: a topic that was made anew takes the place of the deleted one, whatever its epochs (KIP-516, KAFKA-12257).
TEST(LeaderTable, AnotherLifeOfATopicBeginsAnew) {
  LeaderTable table({{7}, {3}});
  EXPECT_TRUE(table.learn(0, {1, 9}));
  table.replace(0, {12});
  EXPECT_EQ(table.partitions().front().n, 12);
  EXPECT_EQ(table[0].broker, -1) << "nothing is known of its leader";
  EXPECT_TRUE(table.learn(0, {2, 0})) << "epoch 0 is news of another topic";
  EXPECT_EQ(table.index_of({12}), 0);
  EXPECT_EQ(table.index_of({7}), 0) << "an answer about the old one may still come";
  EXPECT_EQ(table.index_of({3}), 1);
  EXPECT_EQ(table.index_of({8}), -1);
}

TEST(LeaderTable, IgnoresOlderEpochs) {
  LeaderTable table({{7}, {3}});
  EXPECT_EQ(table.index_of({3}), 1);
  EXPECT_EQ(table.index_of({4}), -1);
  EXPECT_TRUE(table.learn(0, {2, 5}));
  EXPECT_FALSE(table.learn(0, {1, 4}));
  EXPECT_EQ(table[0].broker, 2);
  EXPECT_FALSE(table.learn(0, {-1, 5})) << "same epoch: nobody leads now";
  EXPECT_EQ(table[0].broker, -1);
}

TEST(RefreshPolicy, BacksOffAndAges) {
  RefreshPolicy policy({{100_ms, 1_s}, 300_s});
  constexpr std::uint64_t kMiddle = 1ull << 63;
  EXPECT_EQ(policy.due(), sim::SimTime{});
  policy.asked();
  EXPECT_EQ(policy.due(), sim::SimTime::max());
  policy.answered({1'000}, true, true, kMiddle);
  EXPECT_EQ(policy.due(), sim::SimTime{1'000} + 300_s);
  policy.request();
  EXPECT_EQ(policy.due(), sim::SimTime{1'000} + 100_ms);
  sim::SimTime now{0};
  std::vector<sim::Duration> waits;
  for (int i = 0; i < 6; ++i) {
    policy.asked();
    policy.answered(now, false, false, kMiddle);
    waits.push_back(policy.due() - now);
  }
  EXPECT_EQ(waits, (std::vector<sim::Duration>{100_ms, 200_ms, 400_ms, 800_ms, 1_s, 1_s}))
      << "equal answers (3.7)";
  policy.asked();
  policy.failed(now, kMiddle);
  EXPECT_EQ(policy.due(), now + 100_ms);
}

}  // namespace
}  // namespace brokersim::kafka::client
