// A share-partition: what a share group knows of the records of one partition, at that partition's leader. Pure (KIP-932).
//
// Every record from start() (SPSO) up to end() (the offset behind SPEO) is available, acquired by a member under a lock that
// ends by itself, acknowledged, or archived. A fetch acquires what is available, oldest first, and counts the delivery; the
// member accepts, releases or rejects it. What is given back after its last delivery is archived, so that a record on which
// every consumer dies does not come back for ever. The start moves over what is settled.
// A change that is to survive the leader is a transition: it shows at once to others, but is told to nobody before complete():
// the shell writes it to the share coordinator meanwhile, and undoes it where that failed. Acquisitions are not written: after
// a failover they are available again with the count as it was last written, so a record may be delivered more often than the
// limit, as in Kafka.
// Rules: SharePartition and InFlightState of 4.1 (kafka-behaviour.md section 6.5). A lock that ends changes the state at once and
// is written without waiting. A member that goes gives back what it holds with the count of before that delivery, as nobody
// may have seen it. New records are acquired in whole batches; a range once acquired is given back and acquired again in
// pieces, as members have acknowledged it.
// Not modelled: acquire mode record_limit (4.2), renewals of locks (4.2), dead letter topics.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/kafka/wire/share_messages.h"
#include "sim/time.h"

namespace brokersim::kafka::groups {

struct ShareRules {
  std::int32_t delivery_limit = 5;                 ///< group.share.delivery.count.limit, 1 or more.
  sim::Duration lock_duration = {30'000'000'000};  ///< group.share.record.lock.duration.ms
  std::int32_t locks_max = 2'000;                  ///< group.share.partition.max.record.locks
  bool gives_acquired = false;                     ///< Planted.
  bool start_skips_released = false;               ///< Planted.
  bool without_limit = false;                      ///< Planted.
  bool forgets_released = false;                   ///< Planted.
};

/// Why records changed their state.
enum class ShareReason : std::uint8_t {
  delivered,
  accepted,
  released,
  rejected,
  gap,
  lock_expired,
  session_ended,
  log_start
};

class SharePartition {
 public:
  /// From `start` on. `persisted`: what a coordinator knew, ascending; records between them are available, never delivered.
  SharePartition(const ShareRules& rules, std::int64_t start,
                 const std::vector<wire::ShareStateBatch>& persisted);

  /// Records that changed together.
  struct Change {
    std::int64_t first = 0;
    std::int64_t end = 0;
    std::string member;  ///< Who had them.
    wire::ShareRecordState state = wire::ShareRecordState::available;
    ShareReason reason = ShareReason::delivered;
    std::int32_t delivery_count = 0;
    [[nodiscard]] bool operator==(const Change&) const = default;
  };
  /// To be persisted, then completed. Nothing to persist: number 0.
  struct Transition {
    std::uint32_t number = 0;
    wire::ErrorCode error =
        wire::ErrorCode::none;  ///< INVALID_RECORD_STATE, INVALID_REQUEST: nothing has changed.
    std::vector<wire::ShareStateBatch> batches;
  };

  /// Where the next fetch of this group reads: the first available record, else end().
  [[nodiscard]] std::int64_t next_fetch_offset() const;
  /// More may be acquired at next_fetch_offset(): something that was given back, or there is room for new records.
  [[nodiscard]] bool may_acquire() const;
  /// Takes available records of [from, end of the last batch) for `member` until `records_max` is reached; `batch_ends`: where
  /// the batches read from the log end, ascending. What was never acquired is taken in whole batches.
  [[nodiscard]] std::vector<wire::AcquiredRecords> acquire(const std::string& member, std::int64_t from,
                                                           const std::vector<std::int64_t>& batch_ends,
                                                           std::int64_t records_max, sim::SimTime now);
  [[nodiscard]] Transition acknowledge(const std::string& member,
                                       const std::vector<wire::AcknowledgementBatch>& batches);
  /// The member has gone: what it holds is available again, as if it had never been delivered.
  [[nodiscard]] Transition release(const std::string& member);
  /// The end of a transition. True: it was persisted and counts; false: everything is as it was before.
  [[nodiscard]] std::vector<Change> complete(std::uint32_t number, bool persisted);
  /// Locks that are over at `now`: changed at once; `batches` are to be persisted, whatever comes of that.
  [[nodiscard]] std::vector<Change> expire(sim::SimTime now, std::vector<wire::ShareStateBatch>& batches);
  /// When the next lock ends; SimTime::max() if there is none.
  [[nodiscard]] sim::SimTime next_expiry() const;
  /// The log begins at `offset` now: what is below it is settled.
  [[nodiscard]] std::vector<Change> move_log_start(std::int64_t offset);

  [[nodiscard]] std::int64_t start() const { return start_; }
  [[nodiscard]] std::int64_t end() const { return end_; }
  /// Records in flight, counted as Kafka does: from the start to the end, whatever their state.
  [[nodiscard]] std::int64_t in_flight() const { return end_ - start_; }
  /// What is known, ascending; neighbours that are alike in one. For tests and for snapshots.
  [[nodiscard]] std::vector<wire::ShareStateBatch> states() const;

 private:
  struct What {
    wire::ShareRecordState state = wire::ShareRecordState::available;
    std::int32_t delivery_count = 0;
    std::string member;  ///< Who holds it, if it is acquired.
    sim::SimTime lock_end = sim::SimTime::max();
    [[nodiscard]] bool operator==(const What&) const = default;
  };
  struct Run {
    std::int64_t end = 0;
    What now;
    std::uint32_t transition = 0;  ///< Under way; 0: none.
    What before;                   ///< ... which this is undone to.
    ShareReason reason = ShareReason::delivered;
  };
  using Runs = std::map<std::int64_t, Run>;

  /// Makes `offset` the first of a run, if it lies within one.
  void split(std::int64_t offset);
  [[nodiscard]] bool is_free(const Run& run) const;
  void begin(Run& run, std::uint32_t number, ShareReason reason);
  [[nodiscard]] What given_back(const What& held, ShareReason reason) const;
  [[nodiscard]] static bool is_settled(const Run& run);
  void move_start();
  void merge();

  ShareRules rules_;
  std::int64_t start_ = 0;
  std::int64_t end_ = 0;
  Runs runs_;  ///< By first offset; without gaps from start_ to end_.
  std::uint32_t transitions_ = 0;
};

/// What a coordinator knows of a share-partition after a leader has written `news`: newer words win, what lies below `start`
/// is forgotten (PersisterStateBatchCombiner).
[[nodiscard]] std::vector<wire::ShareStateBatch> combine(const std::vector<wire::ShareStateBatch>& known,
                                                         const std::vector<wire::ShareStateBatch>& news,
                                                         std::int64_t start);

}  // namespace brokersim::kafka::groups
