// The application's side of a producer whose records are told apart: keys choose partitions, sizes differ.
//
// Why: RecordIntake treats a stretch of equal records as one; here each record is looked at, about 50 ns of it. Everything else
// is as there, and RecordIntake hands over to this class whatever it is asked.
//
// Rules (KafkaProducer.partition, RecordAccumulator.append, ProducerBatch.tryAppend): a record with a key goes to
// toPositive(murmur2(key)) % partitions, whether that partition has a leader or not, and opens or joins the batch there; one
// without, or with partitioner.ignore.keys, goes where the sticky partitioner is. A batch takes a record if its estimated size
// before it, plus the record, is at most batch.size; the first record always. A record whose upper bound (size_estimate.h) is above
// max.request.size or buffer.memory fails at once (RecordTooLargeException, not retriable); one larger than batch.size gets a
// batch of its own size.
// How many partitions the topic has is what the metadata last said: with more of them, keys go elsewhere from then on.
// Not exact: a record that is refused closes the open batch of its partition, since identities are counted by batch; a
// batch's size while it fills counts the records' own timestamps, and once it is closed evenly spaced ones, as everywhere.
// Looks ahead without an event per record: it draws the records to come as far as the first one that matters to the sender.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "models/kafka/client/accumulator.h"
#include "models/kafka/client/arrivals.h"
#include "models/kafka/client/compression.h"
#include "models/kafka/client/params.h"
#include "models/kafka/client/sticky_partitioner.h"

namespace brokersim::history {
class RecordLaw;
}

namespace brokersim::kafka::client {

struct Refused;

class ItemIntake {
 public:
  /// As of RecordIntake; `params.law` is there. `closed`: where closed batches are told.
  ItemIntake(const ProducerParams& params, ProducerLedger& ledger, Accumulator& accumulator,
             std::vector<Slot>& closed, sim::Stream arrivals, sim::Stream sticky, sim::SimTime begin);

  void advance(sim::SimTime now);
  void stall(sim::SimTime now);
  void unblock(sim::SimTime now);
  Refused refuse(sim::SimTime now);
  void stop() { stopped_ = true; }
  /// `available[p]`: partition p has a leader. As many as the topic has now.
  void set_available(const std::vector<bool>& available);

  [[nodiscard]] bool blocked() const { return blocked_ && !awaits_; }
  [[nodiscard]] bool exhausted() const { return blocked() && metadata_known_ && !too_large_; }
  [[nodiscard]] bool too_large() const { return blocked_ && too_large_ && metadata_known_; }
  [[nodiscard]] sim::SimTime blocked_since() const { return blocked_since_; }
  [[nodiscard]] bool finished() { return stopped_ || loop_.finished(); }
  [[nodiscard]] sim::SimTime next_time(sim::Duration linger);
  void close(Slot slot);

 private:
  /// What is known of a record before it joins.
  struct Item {
    std::int32_t partition = -1;  ///< -1: where the sticky partitioner is.
    std::int32_t listed = -1;     ///< Its size, if a trace says it.
    std::uint32_t key = 0;        ///< Likewise.
  };
  /// A partition's open batch as it will be.
  struct Projection {
    std::uint64_t round = 0;  ///< Of the look ahead that it belongs to.
    std::int64_t ordinal = 0;
    std::int64_t count = 0;  ///< 0: no batch is open.
    std::int64_t bytes = 0;
    sim::SimTime first;
  };
  enum class Joined : std::uint8_t { yes, no };

  [[nodiscard]] const Item& item(std::int64_t k);
  void forget_items();
  [[nodiscard]] std::int32_t partition_of(const Item& item);
  [[nodiscard]] std::int64_t next_ordinal(std::int32_t partition) const;
  [[nodiscard]] std::int64_t size_of(const Item& item, std::int32_t partition, std::int64_t ordinal) const;
  [[nodiscard]] bool never_fits(std::int64_t alone) const { return alone > largest_; }
  [[nodiscard]] bool takes(std::int64_t bytes, std::int64_t record) const;
  [[nodiscard]] bool is_full(std::int64_t bytes) const;
  [[nodiscard]] bool switch_is_due() const;
  void choose();
  [[nodiscard]] bool next_call();
  [[nodiscard]] Joined join(sim::SimTime at);
  void block(sim::SimTime at);
  void note(std::int32_t partition, std::int64_t ordinal, const Item& item);
  [[nodiscard]] sim::SimTime look_ahead(sim::Duration linger);
  [[nodiscard]] Projection& project(std::int32_t partition);

  const ProducerParams& params_;
  history::RecordLaw& law_;
  ProducerLedger& ledger_;
  Accumulator& accumulator_;
  std::vector<Slot>& closed_;
  SendLoop loop_;
  RatioEstimator ratio_;
  StickyPartitioner partitioner_;
  sim::Stream keys_;
  sim::Stream sticky_;
  sim::Stream calls_;
  std::vector<PartitionLoad> loads_;  // as many as the topic has partitions
  std::int64_t batch_size_;
  std::int64_t largest_;  // batch that a request and the memory can take
  bool routes_;           // keys choose partitions
  bool lists_;

  std::deque<Item> items_;  // of records items_from_ ...
  std::int64_t items_from_ = 0;
  std::vector<Projection> projections_;
  std::uint64_t round_ = 0;
  sim::SimTime planned_;  // what next_time() said, as long as it holds
  bool plan_holds_ = false;

  bool metadata_known_ = false;
  bool blocked_ = false;
  bool awaits_ = false;
  bool too_large_ = false;  // the blocked record
  bool stopped_ = false;
  bool closed_loop_;
  std::int64_t call_end_;
  std::int64_t call_min_;
  std::int64_t call_max_;
  sim::Duration wake_up_;
  sim::SimTime blocked_since_;
  std::int64_t blocked_record_ = -1;
};

}  // namespace brokersim::kafka::client
