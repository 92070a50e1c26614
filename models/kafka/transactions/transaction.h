// One transactional id as its coordinator decides about it: states, epochs, what is written before what is answered.
//
// Pure (TransactionMetadata, TransactionCoordinator of 4.1; kafka-behaviour.md section 7). A request gives a Step: an error to
// answer, or a record to append; the state changes when written() says that the record is committed, and until then every
// other request hears CONCURRENT_TRANSACTIONS. Two versions of the protocol live side by side, by what the client asks for:
//   TV1 (before KIP-890): the epoch stays over transactions; AddPartitionsToTxn comes before the first produce.
//   TV2: every end raises the epoch, and its markers carry the raised one, so that nothing late can reach the next.
// Somebody who begins anew (InitProducerId) or is too slow (timeout) is fenced: epoch + 1, and what is open is aborted.
// Ids of producers: 16 bits of epochs (32767 is never used); then another id follows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/kafka/wire/transaction_messages.h"

namespace brokersim::kafka::transactions {

using wire::ErrorCode;
using wire::TransactionRecord;
using wire::TransactionState;

/// The highest epoch that a producer may get (Short.MAX_VALUE - 1); fencing may go one above.
inline constexpr std::int16_t kEpochMax = 32'766;

/// What a request leads to.
struct Step {
  ErrorCode error = ErrorCode::none;       ///< To be answered; with a record: once that is committed.
  std::optional<TransactionRecord> write;  ///< To be appended; afterwards written() or write_failed().
};

class Transaction {
 public:
  /// Nobody has used the id before.
  explicit Transaction(std::string id) { now_.id = std::move(id); }
  /// As read from the log.
  explicit Transaction(TransactionRecord record) : now_(std::move(record)) {}

  /// InitProducerId. `producer_id`, `epoch`: what the client has (KIP-360), -1: nothing. `fresh_id`: for an id that is new or
  /// used up. Of an open transaction: it is fenced and aborted, and the client is to ask again.
  [[nodiscard]] Step init(std::int64_t producer_id, std::int16_t epoch, sim::Duration timeout,
                          std::int64_t fresh_id, sim::SimTime now);
  /// AddPartitionsToTxn, AddOffsetsToTxn, or a produce request of TV2.
  [[nodiscard]] Step add(std::int64_t producer_id, std::int16_t epoch,
                         const std::vector<wire::PartitionId>& partitions, sim::SimTime now);
  /// Is the partition in the open transaction of this producer? Nothing changes.
  [[nodiscard]] ErrorCode verify(std::int64_t producer_id, std::int16_t epoch, wire::PartitionId partition) const;
  /// EndTxn. Without a record and without an error: it had ended so before (an answer was lost).
  [[nodiscard]] Step end(std::int64_t producer_id, std::int16_t epoch, bool commit, bool raises_epoch,
                         std::int64_t fresh_id, sim::SimTime now);
  /// The transaction has been open for longer than its timeout: fenced and aborted. Nothing to write if it has not.
  [[nodiscard]] Step expire(sim::SimTime now);
  /// Every marker is written. Of prepare_commit and prepare_abort.
  [[nodiscard]] TransactionRecord completed(sim::SimTime now);
  /// Nobody has used it for `expiration`: its tombstone. Nothing if it is in use.
  [[nodiscard]] std::optional<TransactionRecord> forget(sim::SimTime now, sim::Duration expiration);

  /// The record that a step gave is committed.
  void written(const TransactionRecord& record);
  /// It is not in the log, or nobody knows. A fence that failed is tried again with the same epoch.
  void write_failed();

  [[nodiscard]] const TransactionRecord& now() const { return now_; }
  [[nodiscard]] TransactionState state() const { return now_.state; }
  [[nodiscard]] bool pending() const { return pending_.has_value(); }
  [[nodiscard]] bool prepared() const {
    return now_.state == TransactionState::prepare_commit || now_.state == TransactionState::prepare_abort;
  }
  /// What a client that has ended a transaction of TV2 goes on with.
  [[nodiscard]] std::int64_t next_producer_id() const {
    return now_.next_producer_id >= 0 ? now_.next_producer_id : now_.producer_id;
  }
  [[nodiscard]] std::int16_t next_epoch() const {
    return now_.next_producer_id >= 0 ? std::int16_t{0} : now_.producer_epoch;
  }

 private:
  [[nodiscard]] Step write(TransactionRecord record);
  [[nodiscard]] TransactionRecord prepared_record(bool commit, std::int16_t epoch, bool raise,
                                                  std::int64_t fresh_id, sim::SimTime now) const;
  [[nodiscard]] Step fence(sim::SimTime now);
  [[nodiscard]] Step end_of_v2(std::int16_t epoch, bool commit, std::int64_t fresh_id, sim::SimTime now);

  TransactionRecord now_;
  std::optional<TransactionRecord> pending_;
  bool pending_fence_ = false;
  bool fence_failed_ = false;  ///< now_.producer_epoch is raised already.
};

/// Whether the log may hold `to` right after `from` for one id. For tests and for replays.
[[nodiscard]] bool may_follow(TransactionState from, TransactionState to);

}  // namespace brokersim::kafka::transactions
