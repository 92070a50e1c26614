// Goal: records that come after a later one of their key are counted, each once, and nothing else is.
// Method: a law of three keys over two and then three partitions, whose key of each record is looked up; consumed ranges are put
// in order, out of order, again, and across the change. Every wrong order is one planted here.
#include <gtest/gtest.h>

#include "models/checkers/key_order.h"
#include "models/checkers/partition_load.h"
#include "models/history/record_law.h"

namespace brokersim::checkers {
namespace {

struct World {
  history::History history;
  std::shared_ptr<history::RecordLaw> law = std::make_shared<history::RecordLaw>(3, 100);
  history::ClientId producer, reader, other;
  std::vector<history::PartitionId> partitions;

  World() {
    law->set_keys({3, "k", 1}, {1, 1, 1});
    law->add_table({0, 1, 0}, 2);
    law->add_table({0, 1, 2}, 3);  // key 2 moves from partition 0 to 2
    for (std::int32_t p = 0; p < 3; ++p) {
      partitions.push_back(history.add_partition({"t", p, {0}}));
      law->name_partition(partitions.back(), p);
    }
    history::ClientInfo info{"p-0", "p", true, -1, true, 5, {}, {}};
    info.keys.keys = 3;
    info.keys.shared = true;
    info.keys.law = law;
    producer = history.add_client(info);
    law->begin_era(producer, 2, {0, 0});
    reader = history.add_client({"c-0", "c", false, 0, false, 1, {}, history.group("g")});
    other = history.add_client({"c-1", "c", false, 0, false, 1, {}, history.group("g")});
  }
  /// The first ordinal from `from` on in partition `p` whose key is `key`.
  [[nodiscard]] std::int64_t with_key(std::int32_t p, std::int64_t key, std::int64_t from) const {
    std::int64_t n = from;
    while (law->key_of(producer, partitions[static_cast<std::size_t>(p)], n) != key) ++n;
    return n;
  }
  [[nodiscard]] history::Consumed read(history::ClientId who, std::int32_t p, std::int64_t first,
                                       std::int64_t count) const {
    history::Consumed event;
    event.consumer = who;
    event.records = {producer, partitions[static_cast<std::size_t>(p)], first, count};
    return event;
  }
};

std::int64_t late(const KeyOrder& order) { return order.late().contains("c") ? order.late().at("c") : 0; }

TEST(KeyOrder, InOrderNothingIsLate) {
  const World w;
  KeyOrder order(w.history);
  order.on(w.read(w.reader, 0, 0, 50));
  order.on(w.read(w.reader, 1, 0, 9));
  order.on(w.read(w.other, 0, 50, 20));
  EXPECT_EQ(late(order), 0);
}

TEST(KeyOrder, ReadAgainIsNotLate) {
  const World w;
  KeyOrder order(w.history);
  order.on(w.read(w.reader, 0, 0, 50));
  order.on(w.read(w.other, 0, 10, 50));
  EXPECT_EQ(late(order), 0) << "what comes twice is a duplicate, no matter of order";
}

// Partition 0 has keys 0 and 2: of an overtaken batch exactly the records are late whose key the later batch has.
TEST(KeyOrder, AnOvertakenBatchIsCountedByKey) {
  const World w;
  KeyOrder order(w.history);
  const std::int64_t a = w.with_key(0, 0, 20);
  order.on(w.read(w.reader, 0, a, 1));  // key 0 alone
  order.on(w.read(w.reader, 0, 0, 20));
  std::int64_t of_key = 0;
  for (std::int64_t n = 0; n < 20; ++n) of_key += w.law->key_of(w.producer, w.partitions[0], n) == 0 ? 1 : 0;
  EXPECT_GT(of_key, 0);
  EXPECT_LT(of_key, 20);
  EXPECT_EQ(late(order), of_key);
  order.on(w.read(w.other, 0, 0, 20));
  EXPECT_EQ(late(order), of_key) << "each is counted once";
}

TEST(KeyOrder, GapsThatFillLateCountOnlyTheirOwn) {
  const World w;
  KeyOrder order(w.history);
  order.on(w.read(w.reader, 0, 0, 10));
  order.on(w.read(w.reader, 0, 12, 30));
  order.on(w.read(w.reader, 0, 8, 10));  // 8, 9 again; 10 and 11 late; 12 to 17 again
  EXPECT_EQ(late(order), 2) << "both keys come in the thirty records behind";
}

TEST(KeyOrder, OtherGroupsAndProducersAreTheirOwn) {
  World w;
  const history::ClientId alone = w.history.add_client({"d-0", "d", false, 0, false, 1, {}, {}});
  history::ClientInfo second = w.history.client(w.producer);
  const history::ClientId producer = w.history.add_client(second);
  KeyOrder order(w.history);
  order.on(w.read(w.reader, 0, 20, 20));
  order.on(w.read(alone, 0, 0, 20));
  history::Consumed event = w.read(w.reader, 0, 0, 20);
  event.records.producer = producer;
  order.on(event);
  EXPECT_EQ(late(order), 0);
}

// Goal: a key that has moved is out of order if its new partition is read first, and only then.
TEST(KeyOrder, MovedKeysAreLateBehindTheirNewPartition) {
  World w;
  w.law->begin_era(w.producer, 3, {100, 100, 0});
  const std::int64_t moved = w.with_key(0, 2, 0);
  const std::int64_t stays = w.with_key(0, 0, 0);
  ASSERT_LT(std::max(moved, stays), 100);
  {
    KeyOrder order(w.history);
    order.on(w.read(w.reader, 0, moved, 1));
    order.on(w.read(w.reader, 2, 0, 5));
    EXPECT_EQ(late(order), 0) << "the old record was read first";
  }
  KeyOrder order(w.history);
  order.on(w.read(w.reader, 2, 0, 5));  // key 2 only
  order.on(w.read(w.other, 0, stays, 1));
  EXPECT_EQ(late(order), 0) << "key 0 stays in partition 0";
  order.on(w.read(w.other, 0, moved, 1));
  EXPECT_EQ(late(order), 1);
  order.on(w.read(w.other, 0, moved, 1));
  EXPECT_EQ(late(order), 1);
}

TEST(KeyOrder, ShareGroupsPromiseNone) {
  World w;
  history::ClientInfo member{"s-0", "c", false, 0, false, 1, {}, w.history.group("s")};
  member.share = true;
  const history::ClientId share = w.history.add_client(member);
  KeyOrder order(w.history);
  order.on(w.read(share, 0, 20, 20));
  order.on(w.read(share, 0, 0, 20));
  EXPECT_EQ(late(order), 0);
}

TEST(PartitionLoad, IsTheBusiestShareOfWhatWasAcknowledged) {
  const World w;
  PartitionLoad load(w.history);
  history::ProduceOutcome event;
  event.records = {w.producer, w.partitions[0], 0, 30};
  load.on(event);
  event.records = {w.producer, w.partitions[1], 0, 70};
  load.on(event);
  event.records = {w.producer, w.partitions[2], 0, 900};
  event.outcome = history::Outcome::failed;
  load.on(event);
  EXPECT_EQ(load.finish().at("p"), 700);
  EXPECT_EQ(load.finish().at(""), 700);
  EXPECT_TRUE(PartitionLoad(w.history).finish().empty());
}

}  // namespace
}  // namespace brokersim::checkers
