// Goal: records with keys and sizes of their own join the batches that Kafka's rules say, whatever the steps of time.
#include <gtest/gtest.h>

#include <map>

#include "models/history/record_law.h"
#include "models/kafka/client/record_intake.h"
#include "models/kafka/client/size_estimate.h"
#include "models/kafka/java_hash.h"
#include "models/log/batch.h"
#include "models/log/sized_batch.h"
#include "sim/component.h"

namespace brokersim::kafka::client {
namespace {
using namespace sim::literals;

struct Draws {
  sim::Simulation sim{1};
  sim::Component component{sim, "pure"};
  [[nodiscard]] sim::Stream stream() const { return component.stream("draws"); }
};

void add_tables(history::RecordLaw& law, const std::vector<std::int32_t>& sizes) {
  for (const std::int32_t n : sizes) {
    std::vector<std::int32_t> where;
    for (std::int64_t k = 0; k < law.names().count; ++k)
      where.push_back(partition_for_key(law.names().text(k), n));
    law.add_table(where, n);
  }
  for (std::int32_t p = 0; p < sizes.back(); ++p) law.name_partition({p}, p);
}

ProducerParams params_of(std::shared_ptr<history::RecordLaw> law, std::int32_t partitions) {
  ProducerParams params;
  params.client = {0};
  params.rate_per_second_milli = 100'000'000;
  params.record_size = {100};
  params.start = {1'000};
  params.end = params.start + 20_ms;
  params.law = std::move(law);
  for (std::int32_t p = 0; p < partitions; ++p) params.partitions.push_back({p});
  params.config.batch_size = {2'000};
  return params;
}

std::shared_ptr<history::RecordLaw> keyed_law(std::int64_t count, const std::vector<std::int32_t>& sizes,
                                              const std::vector<history::HotKeys>& hot = {}) {
  auto law = std::make_shared<history::RecordLaw>(7, 100);
  law->set_keys({count, "key-", 6}, history::key_weights(count, 0, hot));
  add_tables(*law, sizes);
  return law;
}

/// Everything that a walk in steps of `step` closes, as numbers.
template <class Make>
std::vector<std::int64_t> walk(sim::Duration step, Make make, std::int32_t partitions) {
  const Draws draws;
  const ProducerParams params = params_of(make(), partitions);
  ProducerLedger ledger;
  Accumulator accumulator(static_cast<std::size_t>(partitions), params.config.buffer_memory,
                          params.config.batch_size);
  RecordIntake intake(params, ledger, accumulator, draws.stream(), draws.component.stream("sticky"), {});
  intake.set_available(std::vector<bool>(static_cast<std::size_t>(partitions), true));
  for (sim::SimTime t; t < params.end + step; t += step) intake.advance(t);
  EXPECT_TRUE(intake.finished());
  std::vector<std::int64_t> shape;
  std::int64_t records = 0;
  for (const Slot slot : intake.closed()) {
    const Batch& batch = accumulator[slot];
    EXPECT_EQ(batch.bytes, log::sized_batch_bytes(*params.law, {0}, batch.partition, batch.first, batch.count,
                                                  batch.intended_first, batch.intended_last));
    EXPECT_EQ(batch.payload, log::payload_bytes(*params.law, {0}, batch.partition, batch.first, batch.count));
    records += batch.count;
    for (const std::int64_t part : {std::int64_t{batch.partition}, batch.first, batch.count,
                                    batch.intended_first.ns, batch.intended_last.ns, batch.created.ns})
      shape.push_back(part);
  }
  EXPECT_GT(records, 1'500);
  return shape;
}

// Method: one jump, and steps of 7 us and 1 us.
TEST(ItemIntake, StepsDoNotMatter) {
  const auto keyed = [] { return keyed_law(50, {3}); };
  const auto whole = walk(40_ms, keyed, 3);
  EXPECT_EQ(walk(7_us, keyed, 3), whole);
  EXPECT_EQ(walk(1_us, keyed, 3), whole);
  const auto sized = [] {
    auto law = std::make_shared<history::RecordLaw>(7, 100);
    law->set_sizes({history::SizeKind::lognormal, 1, 1 << 20, 80, 0.6, {}});
    for (std::int32_t p = 0; p < 3; ++p) law->name_partition({p}, p);
    return law;
  };
  const auto sizes = walk(40_ms, sized, 3);
  EXPECT_EQ(walk(7_us, sized, 3), sizes);
}

// Goal: a record is in the partition of its key, by Kafka's own hash of its text.
TEST(ItemIntake, KeysChooseThePartition) {
  const auto law = keyed_law(50, {3}, {{0.5, 1}});
  const Draws draws;
  const ProducerParams params = params_of(law, 3);
  ProducerLedger ledger;
  Accumulator accumulator(3, params.config.buffer_memory, params.config.batch_size);
  RecordIntake intake(params, ledger, accumulator, draws.stream(), draws.component.stream("sticky"), {});
  intake.set_available({true, false, true});
  intake.advance(params.end);
  std::map<std::int64_t, std::int64_t> of_key;
  std::int64_t records = 0;
  for (std::int32_t p = 0; p < 3; ++p) {
    const Slot open = accumulator.tail(p);
    const std::int64_t end = accumulator[open].first + accumulator[open].count;
    for (std::int64_t n = 0; n < end; ++n) {
      const std::int64_t key = law->key_of({0}, {p}, n);
      EXPECT_EQ(partition_for_key(law->names().text(key), 3), p);
      ++of_key[key];
      ++records;
    }
  }
  EXPECT_EQ(records, 2'000);
  EXPECT_NEAR(static_cast<double>(of_key[0]) / 2'000, 0.5, 0.06) << "the hot key, five deviations";
  EXPECT_GT(accumulator.queued(1), 0) << "whether or not the partition has a leader";
}

// Method: following next_time() alone gives every batch that is full its exact moment, and wakes for every batch that is opened.
TEST(ItemIntake, NextTimeIsWhenSomethingHappens) {
  const auto law = keyed_law(200, {4});
  const Draws draws;
  const ProducerParams params = params_of(law, 4);
  ProducerLedger ledger;
  Accumulator accumulator(4, params.config.buffer_memory, params.config.batch_size);
  RecordIntake intake(params, ledger, accumulator, draws.stream(), draws.component.stream("sticky"), {});
  intake.set_available({true, true, true, true});
  int looks = 0;
  std::size_t closed = 0;
  int idle = 0;
  for (sim::SimTime at = intake.next_time({0}); at != sim::SimTime::max(); at = intake.next_time({0})) {
    ASSERT_LT(++looks, 2'000);
    intake.advance(at);
    bool opened = false;
    for (std::int32_t p = 0; p < 4; ++p) {
      const Slot tail = accumulator.tail(p);
      opened = opened || (tail != kNoSlot && accumulator[tail].created == at);
    }
    if (intake.closed().size() == closed && !opened) ++idle;
    closed = intake.closed().size();
  }
  EXPECT_EQ(idle, 0) << "no look is in vain";
  intake.advance(params.end);
  EXPECT_TRUE(intake.finished());
  EXPECT_GT(closed, 2'000u * 110 / 2'000 / 2);
}

// Goal: RecordTooLargeException: the record fails at once, is not sent, and the next one goes on.
TEST(ItemIntake, TooLargeRecordsAreRefusedOneByOne) {
  auto law = std::make_shared<history::RecordLaw>(7, 100);
  law->set_sizes({history::SizeKind::empirical, 100, 5'000, 0, 0, {{100, 9}, {5'000, 1}}});
  law->name_partition({0}, 0);
  const Draws draws;
  ProducerParams params = params_of(law, 1);
  params.config.max_request_size = {4'000};
  ProducerLedger ledger;
  Accumulator accumulator(1, params.config.buffer_memory, params.config.batch_size);
  RecordIntake intake(params, ledger, accumulator, draws.stream(), draws.component.stream("sticky"), {});
  intake.set_available({true});
  std::int64_t refused = 0;
  for (sim::SimTime at = intake.next_time({0}); at != sim::SimTime::max(); at = intake.next_time({0})) {
    intake.advance(at);
    if (!intake.blocked()) continue;
    ASSERT_TRUE(intake.too_large());
    EXPECT_FALSE(intake.exhausted()) << "nothing is to be sent early for it";
    EXPECT_EQ(intake.blocked_since(), at) << "it is looked at when it comes";
    const Refused record = intake.refuse(at);
    EXPECT_EQ(record.size, 5'000);
    EXPECT_EQ(law->size_of({0}, history::PartitionId{0}, record.ordinal), 5'000);
    ++refused;
  }
  intake.advance(params.end + 1_ms);
  EXPECT_TRUE(intake.finished());
  EXPECT_NEAR(static_cast<double>(refused), 200, 70);
  std::int64_t joined = 0;
  for (const Slot slot : intake.closed()) {
    joined += accumulator[slot].count;
    for (std::int64_t i = 0; i < accumulator[slot].count; ++i)
      EXPECT_EQ(law->size_of({0}, history::PartitionId{0}, accumulator[slot].first + i), 100);
  }
  const Slot open = accumulator.tail(0);
  if (open != kNoSlot && !accumulator[open].closed) joined += accumulator[open].count;
  EXPECT_EQ(joined + refused, 2'000);
}

// Goal: send() compares Kafka's upper bound, not the size: of a record without a key 61 + 21 + 1 + 3 + 1 bytes beside its value of
// a million. With max.request.size 1,048,576, 1,048,489 bytes pass and one more fails, though a batch of 1,048,504 would fit.
// Method: both intakes, at the bound and one above.
TEST(ItemIntake, SendEstimatesAnUpperBound) {
  EXPECT_EQ(size_upper_bound(63), 61 + 21 + 1 + 1 + 63 + 1);
  EXPECT_EQ(size_upper_bound(64), 61 + 21 + 1 + 2 + 64 + 1);
  EXPECT_EQ(size_upper_bound(1'048'489), 1'048'576);
  EXPECT_EQ(log::batch_bytes(1, 1'048'504, {}, {}), 1'048'576);
  for (const bool one_by_one : {false, true}) {
    for (const std::int64_t size : {1'048'489, 1'048'490}) {
      auto law = std::make_shared<history::RecordLaw>(7, size);
      law->set_sizes({history::SizeKind::uniform, size, size, 0, 0, {}});
      law->name_partition({0}, 0);
      ProducerParams params = params_of(one_by_one ? law : nullptr, 1);
      params.record_size = {size};
      const Draws draws;
      ProducerLedger ledger;
      Accumulator accumulator(1, params.config.buffer_memory, params.config.batch_size);
      RecordIntake intake(params, ledger, accumulator, draws.stream(), draws.component.stream("sticky"), {});
      intake.set_available({true});
      intake.advance(params.start);
      EXPECT_EQ(intake.too_large(), size == 1'048'490) << one_by_one;
      EXPECT_EQ(accumulator.live(), size == 1'048'490 ? 0u : 1u) << one_by_one;
    }
  }
}

// Goal: one record larger than batch.size has a batch and memory of its own size.
TEST(ItemIntake, LargeRecordsTakeTheirOwnMemory) {
  auto law = std::make_shared<history::RecordLaw>(7, 100);
  law->set_sizes({history::SizeKind::uniform, 5'000, 5'000, 0, 0, {}});
  law->name_partition({0}, 0);
  const Draws draws;
  ProducerParams params = params_of(law, 1);
  params.config.buffer_memory = {3 * size_upper_bound(5'000)};
  ProducerLedger ledger;
  Accumulator accumulator(1, params.config.buffer_memory, params.config.batch_size);
  RecordIntake intake(params, ledger, accumulator, draws.stream(), draws.component.stream("sticky"), {});
  intake.set_available({true});
  intake.advance(params.end);
  EXPECT_TRUE(intake.blocked());
  EXPECT_FALSE(intake.too_large());
  EXPECT_TRUE(intake.exhausted());
  EXPECT_EQ(intake.closed().size(), 3u);
  EXPECT_EQ(intake.blocked_since(), params.start + 30_us) << "the fourth record, at 10 us each";
  accumulator.release(accumulator.pop(0));
  intake.unblock(params.start + 50_us);
  EXPECT_EQ(intake.closed().size(), 4u);
  EXPECT_EQ(accumulator[intake.closed().back()].intended_first, params.start + 30_us);
  EXPECT_EQ(accumulator[intake.closed().back()].created, params.start + 50_us);
}

// Goal: after the topic has grown keys go elsewhere, from the next record on.
TEST(ItemIntake, MorePartitionsMoveKeys) {
  const auto law = keyed_law(40, {2, 5});
  const Draws draws;
  const ProducerParams params = params_of(law, 5);
  ProducerLedger ledger;
  Accumulator accumulator(5, params.config.buffer_memory, params.config.batch_size);
  RecordIntake intake(params, ledger, accumulator, draws.stream(), draws.component.stream("sticky"), {});
  intake.set_available({true, true});
  intake.advance(params.start + 10_ms);
  for (std::int32_t p = 2; p < 5; ++p) EXPECT_EQ(accumulator.tail(p), kNoSlot);
  const auto end_of = [&](std::int32_t p) {
    const Slot tail = accumulator.tail(p);
    return tail == kNoSlot ? 0 : accumulator[tail].first + accumulator[tail].count;
  };
  const std::vector<std::int64_t> at_change{end_of(0), end_of(1), 0, 0, 0};
  intake.set_available({true, true, true, true, true});
  intake.advance(params.end);
  for (std::int32_t p = 0; p < 5; ++p) {
    EXPECT_GT(end_of(p), at_change[static_cast<std::size_t>(p)]);
    for (std::int64_t n = 0; n < end_of(p); ++n) {
      const bool before = n < at_change[static_cast<std::size_t>(p)];
      const std::int64_t key = law->key_of({0}, {p}, n);
      EXPECT_EQ(partition_for_key(law->names().text(key), before ? 2 : 5), p);
      EXPECT_EQ(law->era_of({0}, {p}, n), before ? 0 : 1);
    }
  }
}

// Goal: what an application sends one by one has sizes and keys of its own in batches, in the law and in what is told of it; one
// that no request takes is refused, and the next one is not.
// Method: 500 records of 10 B to 1.2 KB to one partition, 1 ms apart, every 100th of them above max.request.size; keys are listed.
TEST(ItemIntake, RecordsOfAnApplicationAreToldApart) {
  const Draws draws;
  auto law = std::make_shared<history::RecordLaw>(7, 100);
  law->set_keys({500, "key-", 6}, history::key_weights(500, 0));
  law->list_keys();
  law->list_sizes();
  add_tables(*law, {1});
  ProducerParams params = params_of(law, 1);
  params.arrivals = Arrivals::application;
  params.config.max_request_size = {3'000};
  ProducerLedger ledger;
  Accumulator accumulator(1, params.config.buffer_memory, params.config.batch_size);
  RecordIntake intake(params, ledger, accumulator, draws.stream(), draws.component.stream("sticky"), {});
  EXPECT_FALSE(intake.submit(0, {}, {}, {0, 50})) << "no metadata yet";
  intake.set_available({true});
  std::int64_t next = 0;
  for (std::uint32_t i = 0; i < 500; ++i) {
    const bool too_large = i % 100 == 99;
    const auto size = static_cast<std::int32_t>(too_large ? 4'000 : 10 + (i * 37) % 1'190);
    const sim::SimTime at{i * 1'000'000};
    const auto ordinal = intake.submit(0, at, at, {i, size});
    EXPECT_EQ(intake.too_large(), too_large);
    ASSERT_EQ(ordinal.has_value(), !too_large);
    if (too_large) continue;
    EXPECT_EQ(*ordinal, next) << "a refused record has no identity";
    EXPECT_EQ(law->key_of({0}, {0}, next), i);
    EXPECT_EQ(law->size_of({0}, 0, next), size);
    ++next;
  }
  ASSERT_GT(intake.closed().size(), 100u);
  std::int64_t first = 0;
  for (const Slot slot : intake.closed()) {
    const Batch& batch = accumulator[slot];
    EXPECT_EQ(batch.first, first);
    first += batch.count;
    EXPECT_EQ(batch.payload, log::payload_bytes(*law, {0}, 0, batch.first, batch.count));
    EXPECT_EQ(batch.bytes, log::sized_batch_bytes(*law, {0}, 0, batch.first, batch.count,
                                                  batch.intended_first, batch.intended_last));
    EXPECT_TRUE(batch.bytes <= 2'002 || batch.count == 1)
        << "timestamps of a closed batch are evenly spaced: a byte or two";
  }
}

}  // namespace
}  // namespace brokersim::kafka::client
