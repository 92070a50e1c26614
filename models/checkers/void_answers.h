// Answers within a transaction that had failed before: they promise nothing, for it can only be aborted.
//
// Why: when a batch of a transaction fails for good, the batches sent after it move up to its numbers and go again
// (TransactionManager.adjustSequencesDueToFailedBatch; there is no new epoch within a transaction). A copy of the failed
// batch may still be on its way, or a leader may have appended it and been deposed before it answered. If that copy is
// appended after all, the next batch bears its number, is taken for its repetition and acknowledged with its offset
// (ProducerStateManager knows a batch by epoch and sequence), and stands nowhere. The producer is in its abortable error
// state by then: commitTransaction() throws, and what stands of the transaction is aborted with it.
// How far the excuse goes: this producer, this transaction, this partition, records behind the failed ones, an answer that
// names the offset of other, committed records; and only if the client never says that the transaction was committed.
// An answer before anything is committed, or for records that stood in the log and were lost later, is no such one.
// Not told apart: whether the failed batch had a retry left, without which nothing moves up (Sender.failBatch).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/checkers/interval_set.h"
#include "models/checkers/law_book.h"
#include "models/history/history.h"

namespace brokersim::checkers {

class VoidAnswers {
 public:
  explicit VoidAnswers(const history::History& history) : history_(&history) {}

  void joined(const history::TransactionJoined& event);
  /// A word of a broker that the batch has failed. What expired at the client moves nothing up.
  void failed(const history::ProduceOutcome& event);
  /// Files the breaches of S23 that were held for the transaction: it was committed after all, or it was not.
  void ended(const history::TransactionEnded& event, LawBook& book);
  /// Of the transactions that have no end.
  void finish(LawBook& book);

  /// A transaction of the producer has failed and the records come behind the failed ones in it.
  [[nodiscard]] bool covers(const history::ProduceOutcome& event) const;
  /// The answer names the place of other records: a breach of S23 if the transaction is ever told to be committed. For
  /// what covers() holds of.
  void hold(const history::ProduceOutcome& event, std::string story);

  /// Records of the producer in the partition that were answered so; null if there are none.
  [[nodiscard]] const IntervalSet* records(std::size_t partition, std::int32_t producer) const;
  /// Of records(): what had failed.
  [[nodiscard]] std::string why(std::size_t partition, std::int32_t producer) const;

 private:
  struct Part {
    std::int64_t first = 0;    ///< Ordinal of the transaction's first record.
    std::int64_t failed = -1;  ///< The first that failed; -1 none.
    std::int16_t error = 0;
  };
  /// The latest transaction of a client.
  struct Latest {
    std::int64_t number = -1;
    std::map<std::int32_t, Part> parts;  ///< By partition.
  };
  struct Held {
    std::int64_t transaction = -1;
    history::ProduceOutcome answer;
    std::string story;
  };
  using Stream = std::pair<std::int32_t, std::int32_t>;  ///< Partition, client.
  struct Void {
    IntervalSet records;
    std::string why;
  };
  void file(const Held& held, bool committed, LawBook& book);
  [[nodiscard]] std::string reason(std::int32_t client, const Latest& latest, std::int32_t partition) const;

  const history::History* history_;
  std::map<std::int32_t, Latest> latest_;
  std::vector<Held> held_;  ///< Few: none in almost every run.
  std::map<Stream, Void> void_;
};

}  // namespace brokersim::checkers
