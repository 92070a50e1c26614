// Goal: what pipelines made is counted as it is: once, twice, not at all, out of order, and how late it was read; and who keeps
// keys that are deleted. Method: histories of a few events by hand; every number written out.
#include "models/checkers/transformations.h"

#include <gtest/gtest.h>

#include "models/checkers/stale_keys.h"
#include "models/history/keys.h"

namespace brokersim::checkers {
namespace {

sim::SimTime at(std::int64_t seconds) { return {seconds * 1'000'000'000}; }

/// One partition of orders, one of invoices; a shop, a pipeline that reads the one and writes the other, and an accountant.
class Billing : public ::testing::Test {
 protected:
  Billing() {
    for (const char* topic : {"orders", "invoices"}) {
      history::PartitionInfo info;
      info.topic = topic;
      partitions_.push_back(history_.add_partition(info));
    }
    for (const char* name : {"shop", "billing", "accountant"}) {
      history::ClientInfo info;
      info.name = name;
      info.workload = name;
      clients_.push_back(history_.add_client(info));
    }
    history::ClientInfo reader;
    reader.name = "billing-reader";
    reader.producer = false;
    reader.group = history_.group("billing");
    clients_.push_back(history_.add_client(reader));
    history_.add_transformation({"billing", reader.group, {partitions_[0]}, {partitions_[1]}, true});
  }
  history::RecordRange order(std::int64_t n, std::int64_t count = 1) const {
    return {clients_[0], partitions_[0], n, count};
  }
  history::RecordRange invoice(std::int64_t n, std::int64_t count = 1) const {
    return {clients_[1], partitions_[1], n, count};
  }
  void consumed(int who, const history::RecordRange& records, sim::SimTime when, sim::SimTime first,
                sim::SimTime last) {
    history::Consumed event;
    event.at = when;
    event.consumer = clients_[static_cast<std::size_t>(who)];
    event.records = records;
    event.intended_first = first;
    event.intended_last = last;
    seen_.on(event);
  }
  void made(std::int64_t invoice_number, std::int64_t order_number) {
    seen_.on(
        history::TransactionJoined{at(5), clients_[1], 0, invoice(invoice_number), order(order_number), 0});
  }
  TransformationFindings judge(std::vector<VisibleRange> invoices, std::int64_t committed) {
    seen_.on(history::OffsetCommitted{at(9), 0, history_.group("billing"), partitions_[0], committed, 1});
    std::map<std::size_t, std::vector<VisibleRange>> visible;
    visible[0] = {{0, 0, 0, 4}};  // four orders
    if (twice_) visible[0].push_back({4, 0, 1, 1});
    visible[1] = std::move(invoices);
    return seen_.judge(history_.transformations().front(), visible, aged_, open_, breaches_);
  }

  history::History history_;
  std::vector<history::PartitionId> partitions_;
  std::vector<history::ClientId> clients_;
  Transformations seen_{history_};
  std::set<std::int32_t> aged_;
  std::map<std::size_t, std::vector<VisibleRange>> open_;
  bool twice_ = false;  // order 1 stands at offset 4, too
  std::vector<std::string> breaches_;
};

TEST_F(Billing, EachOnceInOrderIsSilent) {
  for (std::int64_t i = 0; i < 4; ++i) made(i, i);
  const TransformationFindings found = judge({{0, 1, 0, 4}}, 4);
  EXPECT_EQ(found.made, 4);
  EXPECT_EQ(found.duplicated + found.lost + found.reordered, 0);
  EXPECT_TRUE(breaches_.empty());
}

TEST_F(Billing, TwiceNotAtAllAndOutOfOrder) {
  made(0, 2);
  made(1, 0);  // behind a later one
  made(2, 2);  // a second time
  const TransformationFindings found = judge({{10, 1, 1, 2}, {0, 1, 0, 1}}, 4);
  EXPECT_EQ(found.made, 3);
  EXPECT_EQ(found.duplicated, 1);
  EXPECT_EQ(found.reordered, 1) << "ranges are taken by offset, however they come";
  EXPECT_EQ(found.lost, 2) << "orders 1 and 3 lie below the committed offset";
  EXPECT_EQ(breaches_.size(), 2u);
}

// A producer without idempotence wrote order 1 twice: two invoices of it are right, a third one is not.
TEST_F(Billing, WhatStandsTwiceInTheInputIsRightlyMadeTwice) {
  made(0, 1);
  made(1, 1);
  made(2, 1);
  twice_ = true;
  const TransformationFindings found = judge({{0, 1, 0, 3}}, 0);
  EXPECT_EQ(found.made, 3);
  EXPECT_EQ(found.duplicated, 1);
  ASSERT_EQ(breaches_.size(), 1u);
  EXPECT_NE(breaches_[0].find("the second record 2 of billing"), std::string::npos) << breaches_[0];
}

TEST_F(Billing, WhatIsNotCommittedIsNotLostAndWhatDoesNotCountIsNotMade) {
  for (std::int64_t i = 0; i < 4; ++i) made(i, i);
  const TransformationFindings found = judge({{0, 1, 0, 2}}, 2);  // invoices 2 and 3 were aborted
  EXPECT_EQ(found.made, 2);
  EXPECT_EQ(found.lost, 0);
}

TEST_F(Billing, WhatRetentionTookCountsAsMade) {
  for (std::int64_t i = 0; i < 4; ++i) made(i, i);
  aged_ = {partitions_[1].n};
  const TransformationFindings found = judge({{3, 1, 3, 1}}, 4);  // three invoices are gone
  EXPECT_EQ(found.made, 1);
  EXPECT_EQ(found.lost, 0);
}

// World 632 of the transfers: the invoices' partition has lost its leader for good, so the marker of a transaction that is
// committed cannot be written there, while its offsets have theirs.
TEST_F(Billing, WhatIsUndecidedAtTheEndIsNotLost) {
  for (std::int64_t i = 0; i < 4; ++i) made(i, i);
  open_[1] = {{2, 1, 2, 1}};
  const TransformationFindings found = judge({{0, 1, 0, 2}}, 4);
  EXPECT_EQ(found.made, 2) << "what has no marker does not count yet";
  EXPECT_EQ(found.lost, 1) << "order 3: its invoice was neither committed nor is it open";
  EXPECT_EQ(breaches_.size(), 1u);
}

TEST_F(Billing, LatencyIsFromTheOrderToTheFirstReadingOfItsInvoice) {
  consumed(3, order(0, 3), at(2), at(0), at(2));  // intended at 0, 1 and 2 s
  made(0, 1);
  made(1, 1);
  consumed(2, invoice(0), at(7), at(5), at(5));
  consumed(2, invoice(1), at(8), at(5), at(5));  // the same order again
  const TransformationFindings found = judge({{0, 1, 0, 2}}, 2);
  EXPECT_EQ(found.latency.count(), 1);
  EXPECT_NEAR(static_cast<double>(found.latency.max()), 6e9, 6e7) << "from 1 s to 7 s";
}

/// A compacted topic of two keys; who reads what is told by offset.
TEST(StaleKeys, WhoMissedATombstoneKeepsTheValue) {
  history::History history;
  history::PartitionInfo info;
  info.topic = "prices";
  info.compacted = true;
  const history::PartitionId partition = history.add_partition(info);
  history::ClientInfo writer;
  writer.name = "ticker";
  writer.keys.keys = 8;
  writer.keys.tombstone_permille = 300;
  const history::ClientId ticker = history.add_client(writer);
  std::vector<history::ClientId> readers;
  for (const char* name : {"steady", "slow"}) {
    history::ClientInfo reader;
    reader.name = name;
    reader.workload = name;
    reader.producer = false;
    readers.push_back(history.add_client(reader));
  }
  StaleKeys stale(history);
  constexpr std::int64_t kRecords = 200;
  std::map<std::int64_t, std::pair<std::int64_t, bool>> last;  // of all records: offset, deletes
  std::map<std::int64_t, bool> known;                          // to the slow reader: deletes
  for (std::int64_t i = 0; i < kRecords; ++i) {
    const history::RecordRange record{ticker, partition, i, 1};
    stale.on(history::Appended{at(1), 0, history::AppendRole::leader, record, i, 0});
    const std::int64_t key = history::key_of(writer.keys, ticker, partition, i);
    const bool deletes = history::is_tombstone(writer.keys, ticker, partition, i);
    last[key] = {i, deletes};
    history::Consumed event;
    event.consumer = readers[0];
    event.records = record;
    event.base_offset = i;
    stale.on(event);
    // The slow one reads the first half, and then only what no later tombstone has replaced, and no tombstone.
    if (i < kRecords / 2 || (i == kRecords - 1)) {
      event.consumer = readers[1];
      stale.on(event);
      known[key] = deletes;
    }
  }
  std::int64_t wanted = 0;
  for (const auto& [key, deletes] : known)
    wanted += last[key].second && !deletes && last[key].first < kRecords - 1 ? 1 : 0;
  const auto found = stale.finish();
  EXPECT_EQ(found.at("steady"), 0);
  EXPECT_EQ(found.at("slow"), wanted);
  EXPECT_GT(wanted, 0) << "the story must have one";
}

}  // namespace
}  // namespace brokersim::checkers
