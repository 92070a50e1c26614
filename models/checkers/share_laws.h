// Share groups (KIP-932): G3 (one member at a time, counted deliveries), G4 (nothing passed over, nothing twice that is settled),
// L11 (what is free is given, the oldest first), and what sharing did to records: delivered again, out of order, archived.
//
// The leader of a partition tells what it holds each record to be; a new leader begins with what the share coordinator knew. So
// G3 is judged within the lead of one broker, against what it has said itself: after a failover a record that was in a member's
// hands may be given to another one, and its count begins where it was last persisted, as in Kafka.
// G4 goes over all leaders: the start of a share-partition moves over settled records only, what a new leader takes for settled
// or begins behind has at least been delivered once, and what a member has heard to be acknowledged is given to nobody again.
// What retention or DeleteRecords take from the log is archived with it: that is counted, and passes nothing over.
// Where no group shares nothing is kept and every event costs one comparison.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "models/checkers/cluster_view.h"
#include "models/checkers/interval_map.h"
#include "models/checkers/interval_set.h"
#include "models/checkers/law_book.h"
#include "models/checkers/share_liveness.h"
#include "models/checkers/transaction_laws.h"
#include "models/history/history.h"

namespace brokersim::checkers {

/// Records of all share groups, counted by offset; markers and what is compacted away are no records.
struct ShareMeasures {
  bool any = false;              ///< There are share groups.
  std::int64_t delivered = 0;    ///< Given to members, again included.
  std::int64_t redelivered = 0;  ///< Of these, not for the first time.
  std::int64_t out_of_order =
      0;  ///< Of delivered, those below what their group had been given of the partition before.
  /// How often one record was given out at most, those included of which a new leader knows nothing, or that do not count
  /// because a session ended: the group's limit is about the count at one leader.
  std::int32_t deliveries_max = 0;
  std::int64_t accepted = 0;        ///< Acknowledged, as their leader had persisted it.
  std::int64_t rejected = 0;
  std::int64_t released = 0;           ///< Given back by their members.
  std::int64_t archived_by_limit = 0;  ///< Given back or not heard of after their last delivery.
  std::int64_t archived_by_log_start =
      0;  ///< Not settled when retention or DeleteRecords took them from the log.
  std::int64_t lock_expired = 0;       ///< Not heard of for the duration of a lock.
  std::int64_t session_ended = 0;      ///< Held by a member whose connection was lost, or that closed.
  std::int64_t refused = 0;  ///< Acknowledgements of records that did not count, or of which nobody knows.
  std::int64_t pending = 0;  ///< Committed, and not settled when the run ends.
};

class ShareLaws {
 public:
  ShareLaws(ClusterView& view, LawBook& book, const Liveness& cluster, TransactionLaws& transactions)
      : view_(&view), book_(&book), transactions_(&transactions), waiting_(view, book, cluster) {}

  void on(const history::ShareRecordsChanged& event);
  void on(const history::ShareStartMoved& event);
  void on(const history::ShareAcknowledged& event);
  void on(const history::HighWatermark& event) { waiting_.on(event); }
  void on(const history::Consumed& event) { waiting_.on(event); }
  void on(const history::GroupGeneration& event) { waiting_.on(event); }
  void on(const history::ClientRestarted& event) { waiting_.on(event); }
  void on(const history::ClientStopped& event) { waiting_.on(event); }
  void on(const history::ClientFailed& event) { waiting_.on(event); }
  /// Before the transactions' own finish().
  [[nodiscard]] ShareMeasures finish(sim::SimTime now);

 private:
  /// What the present leader holds a record to be.
  struct Known {
    history::ShareState state = history::ShareState::available;
    std::int32_t delivery_count = 0;
    std::int32_t holder = -1;
  };
  /// What one broker holds of it since it last began to lead; one that is deposed and does not know goes on for a while.
  struct Lead {
    std::int64_t start = 0;
    IntervalMap<Known> now{Known{}};
  };
  struct Book {
    std::int64_t begin = -1;        ///< Where the group began to read the partition; -1: it has not.
    history::BrokerId leader = -1;  ///< Who began to lead last.
    std::map<history::BrokerId, Lead> leads;
    IntervalSet delivered;  ///< Ever.
    IntervalMap<std::int32_t> times{0};  ///< How often each was.
    IntervalSet told;       ///< A member has heard that it is settled.
  };
  using Key = ShareLiveness::Key;
  void take_loaded(Book& book, const history::ShareRecordsChanged& event);
  void take_delivery(Book& book, const history::ShareRecordsChanged& event);
  void take_return(Book& book, const history::ShareRecordsChanged& event);
  void count(const history::ShareRecordsChanged& event);
  void count_delivery(Book& book, const history::ShareRecordsChanged& event);
  /// Before anything of it changes.
  void judge_wait(const Key& key, sim::SimTime now);
  [[nodiscard]] std::optional<Interval> first_unsettled(const Key& key);
  /// Counts what the move of the log's start to `offset` settles.
  void take_with_log(const Lead& lead, std::int64_t offset);
  [[nodiscard]] std::int64_t log_start(history::PartitionId partition, history::BrokerId leader);
  /// Offsets of [first, end) that have a record for applications.
  [[nodiscard]] std::int64_t records_in(const history::ShareRecordsChanged& event, std::int64_t first,
                                        std::int64_t end);
  [[nodiscard]] std::int32_t limit_of(history::GroupId group) const;
  /// "2.5 s: offsets 7 to 9 of orders/0 in group parcels "
  [[nodiscard]] std::string what(sim::SimTime at, history::GroupId group, history::PartitionId partition,
                                 std::int64_t first, std::int64_t end) const;
  [[nodiscard]] std::string member(std::int32_t client) const;
  [[nodiscard]] std::string excuse(history::PartitionId partition);

  ClusterView* view_;
  LawBook* book_;
  TransactionLaws* transactions_;
  ShareLiveness waiting_;
  std::map<Key, Book> books_;
  ShareMeasures measures_;
};

}  // namespace brokersim::checkers
