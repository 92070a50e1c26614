// The application's side of the producer: records flow from send() into batches, a batch at a time.
//
// Why: fifty million records must cost per batch. The intake knows at which record the present batch has no
// room left and when that record comes, both by arithmetic; between two such moments nothing needs to happen.
//
// Rules (RecordAccumulator.append, BufferPool): a record joins the last batch of its partition's queue if it
// fits into batch.size, else that batch is closed and a new one is opened; send() waits while the pool has no
// batch.size bytes left or the topic's metadata is unknown, at most max.block.ms.
// Records with keys or sizes of their own are not equal: then everything is passed on to ItemIntake, which looks at each. Those of
// an application come one by one anyway, and are told apart here.
// Pure: time comes in as a value, draws from addressed streams.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "models/history/record_law.h"
#include "models/kafka/client/accumulator.h"
#include "models/kafka/client/arrivals.h"
#include "models/kafka/client/compression.h"
#include "models/kafka/client/item_intake.h"
#include "models/kafka/client/params.h"
#include "models/kafka/client/sticky_partitioner.h"

namespace brokersim::kafka::client {

/// A record whose send() threw: it was given an identity and never a batch.
struct Refused {
  std::int32_t partition = -1;
  std::int64_t ordinal = 0;
  sim::SimTime intended;
  std::int64_t size = 0;  ///< Key + value.
};

class RecordIntake {
 public:
  /// `ledger`, `accumulator` and `params` must outlive the intake.
  RecordIntake(const ProducerParams& params, ProducerLedger& ledger, Accumulator& accumulator,
               sim::Stream arrivals, sim::Stream sticky, sim::SimTime begin);

  /// Arrivals::application: a record of the caller, meant to be sent at `intended`, joins its partition's batch. Returns
  /// its ordinal, nothing if there is no memory or no metadata yet. `row`: of a law that lists keys or sizes.
  [[nodiscard]] std::optional<std::int64_t> submit(std::int32_t partition, sim::SimTime intended,
                                                   sim::SimTime now, const history::ListedRecord& row = {});
  /// Takes in every record that joins at or before `now`, unless one blocks.
  void advance(sim::SimTime now);
  /// The thread did not run before `now`: the process was paused.
  void stall(sim::SimTime now) {
    if (items_) return items_->stall(now);
    plan_key_ = -1;
    if (!application_) loop_.stall(now);
  }
  /// Room or metadata may have come: if the blocked record can go on, it joins now.
  void unblock(sim::SimTime now);
  /// send() of the blocked record gives up at `now` and the application goes on with the next.
  Refused refuse(sim::SimTime now);
  /// No more records: the application has stopped.
  void stop() {
    stopped_ = true;
    if (items_) items_->stop();
  }

  /// Which partitions of the topic have a leader; before the first call send() waits for metadata.
  void set_available(const std::vector<bool>& available);

  /// Waits for memory or metadata, for max.block.ms at most; not for the outcomes that end a closed loop's call.
  [[nodiscard]] bool blocked() const { return items_ ? items_->blocked() : blocked_ && !awaits_; }
  /// Blocked by memory: every batch may be sent, full or not (BufferPool.queued).
  [[nodiscard]] bool exhausted() const { return items_ ? items_->exhausted() : blocked() && metadata_known_; }
  /// No request and no memory will ever take a record of this size: send() throws at once (ensureValidRecordSize).
  [[nodiscard]] bool too_large() const {
    return items_ ? items_->too_large() : too_large_ && metadata_known_;
  }
  /// When the blocked send() began to wait.
  [[nodiscard]] sim::SimTime blocked_since() const {
    return items_ ? items_->blocked_since() : blocked_since_;
  }
  [[nodiscard]] bool finished() {
    if (items_) return items_->finished();
    return stopped_ || application_ || loop_.finished();
  }

  /// When the intake next matters to the sender: a batch gets full, or a batch not opened yet has lingered, or
  /// memory runs out. SimTime::max() while blocked or finished.
  [[nodiscard]] sim::SimTime next_time(sim::Duration linger);

  /// Closes an open batch: its count is final.
  void close(Slot slot);
  /// Batches closed since the last call, to be recorded as sent; the caller clears it.
  [[nodiscard]] std::vector<Slot>& closed() { return closed_; }

 private:
  /// How far a batch goes on with the records to come.
  struct Plan {
    std::int64_t end = 0;    ///< The first record after this run: no room, a switch is due, or there is none.
    std::int64_t bytes = 0;  ///< The batch with every record before `end`.
    bool last = false;       ///< Records end here.
  };
  /// What plan() continues: an open batch, or one not opened yet (count 0).
  struct Begun {
    std::int64_t count = 0;
    std::int64_t bytes = 0;
    sim::SimTime first;
  };

  [[nodiscard]] bool make_room(sim::SimTime now);
  [[nodiscard]] bool next_call();
  void choose();
  [[nodiscard]] const Plan& plan(Begun batch);
  [[nodiscard]] Plan make_plan(Begun batch);
  void append(Slot slot, const Plan& plan, sim::SimTime now);
  [[nodiscard]] bool switch_is_due() const;

  std::int64_t record_size_;
  std::int64_t record_alone_;  ///< What send() takes one for.
  std::int64_t largest_;       ///< The smaller one of max.request.size and buffer.memory.
  bool too_large_;             ///< The record is above that.
  RatioEstimator ratio_;
  std::int64_t batch_size_;  ///< Uncompressed bytes that a batch takes now.
  ProducerLedger& ledger_;
  Accumulator& accumulator_;
  SendLoop loop_;
  StickyPartitioner partitioner_;
  sim::Stream sticky_;
  std::vector<PartitionLoad> loads_;
  std::vector<Slot> closed_;
  std::unique_ptr<ItemIntake> items_;  ///< Null: records are equal.
  std::int64_t guess_ = 1;             ///< Records of the last full batch.
  // A plan holds while its batch fills: until it is closed, the partition changes, or the thread is delayed.
  Plan plan_;
  std::int64_t plan_key_ = -1;  ///< Number of the next record less records in the batch; -1: no plan.
  bool metadata_known_ = false;
  bool blocked_ = false;
  bool awaits_ = false;  ///< Blocked by records without an outcome.
  bool stopped_ = false;
  bool application_ = false;  ///< Records come by submit() only.
  std::shared_ptr<history::RecordLaw> law_;  ///< Of those, where they are told apart; else null.
  history::ClientId client_;
  // Arrivals::closed: the first record of the next call, and what draws how many it has.
  bool closed_loop_ = false;
  std::int64_t call_end_ = 0;
  std::int64_t call_min_ = 1;
  std::int64_t call_max_ = 1;
  sim::Stream calls_;
  sim::Duration wake_up_;  ///< Of the application's thread, which waits for the outcomes.
  sim::SimTime blocked_since_;
  std::int64_t blocked_record_ = -1;
};

}  // namespace brokersim::kafka::client
