// The laws that clients see: S20 to S26, and the books of what they were told.
//
// S22 to S26 are judged at the event; S20, S21 and the rest of S24 on the final leaders' logs.
//
// S20 and S21 hold for idempotent producers, but for two limits of Kafka itself, which the verdict names:
// - A broker without any state of a producer takes every sequence number (KAFKA-14359): a later batch for its first.
// - A snapshot of producer state knows one batch of each producer, the last (ProducerStateManager.writeSnapshot). After
//   a clean restart the leader does not know the four before it; when one of those is sent again, its answer having
//   been lost, it is out of sequence (45), and as it is the next that the client expects, the client raises its epoch and
//   sends it under a new number (TransactionManager.requestIdempotentEpochBumpForPartition): it stands twice.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "models/checkers/census.h"
#include "models/checkers/cluster_view.h"
#include "models/checkers/law_book.h"
#include "models/checkers/ledger.h"
#include "models/checkers/transaction_laws.h"
#include "models/checkers/void_answers.h"

namespace brokersim::checkers {

class ClientLaws {
 public:
  ClientLaws(ClusterView& view, LawBook& book, TransactionLaws& transactions)
      : view_(&view), book_(&book), transactions_(&transactions), void_(view.history()) {}

  void on(const history::Sent& event);
  void on(const history::ProduceOutcome& event);
  void on(const history::Consumed& event);
  void on(const history::ClientRestarted& event);
  void on(const history::OffsetReset& event);
  void on(const history::TransactionJoined& event) { void_.joined(event); }
  void on(const history::TransactionEnded& event) { void_.ended(event, *book_); }
  /// A partition that a group takes or gives is read from a committed offset on.
  void on(const history::OwnershipChanged& event);
  /// After the append was applied to the view.
  void judge(const history::Appended& event);

  /// At the end, for each partition that has a leader: order, duplicates and refused records of its log.
  void finish(sim::SimTime now, std::size_t partition, const Census& census);

  /// What waited for a word of its transaction is judged. Before the losses are.
  void settle() { void_.finish(*book_); }
  [[nodiscard]] const VoidAnswers& void_answers() const { return void_; }

  /// `expired`: records of the partition, by producer, that are gone by right.
  void forget_expired(history::PartitionId partition, const std::vector<IntervalSet>& expired);
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  /// Acknowledged records of the log that no consumer got, if any consumer has read any partition of the topic. At the end.
  [[nodiscard]] std::int64_t unread(std::size_t partition, const Census& census);

 private:
  /// Records that have been appended before are appended again.
  void note_again(const history::Appended& event, Account& account);
  /// Why nothing is promised to the producer in the partition; "" if it is.
  [[nodiscard]] std::string excuse_of(const PartitionView& p, history::ClientId producer) const;
  void judge_answer(const history::ProduceOutcome& event, const PartitionView& p, const AckRun& run);

  ClusterView* view_;
  LawBook* book_;
  TransactionLaws* transactions_;
  VoidAnswers void_;
  Ledger ledger_;
  std::optional<std::set<std::string>> topics_read_;  ///< Made by the first unread().
  std::vector<std::vector<IntervalSet>> read_;  ///< [partition][producer]: ordinals that a consumer got.
  /// How far an application has read. What it gets from one poll comes after the position was reset that the next one
  /// starts from, when processing it takes long.
  struct Place {
    std::int64_t next = -1;                                     ///< Next offset; -1 unknown.
    std::vector<std::pair<std::int64_t, std::int64_t>> resets;  ///< Since then: from, to. Few.
  };
  [[nodiscard]] bool goes_on(const PartitionView& p, Place& place, std::int64_t offset,
                             history::PartitionId partition, history::ClientId consumer) const;
  std::vector<std::vector<Place>> places_;  ///< [consumer][partition]
};

}  // namespace brokersim::checkers
