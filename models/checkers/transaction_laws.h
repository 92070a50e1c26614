// Transactions of Kafka: S27 (read_committed), S28 (all or nothing, exactly once), S29 (fenced producers), L8 (none hangs).
//
// Ground truth is the committed log of every partition: batches and markers in their order say what is open, committed and
// aborted at every offset; __consumer_offsets is one of them, as transactions write there, too. It is read as far as the true high watermark has come, whenever somebody asks; at the end the
// leaders' whole logs are read. What clients meant and were told comes from them (TransactionJoined, TransactionEnded).
// Where no producer is transactional nothing is kept and every event costs one comparison.
// Memory: runs of one producer epoch, aborted ranges, and every transaction with its records.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "models/checkers/cluster_view.h"
#include "models/checkers/interval_set.h"
#include "models/checkers/law_book.h"
#include "models/checkers/transformations.h"
#include "models/history/history.h"
#include "sim/histogram.h"

namespace brokersim::checkers {

/// What became of one workload's transactions.
struct TransactionFindings {
  std::string name;
  std::int64_t begun = 0;              ///< With at least one record.
  std::int64_t committed = 0;          ///< commitTransaction() returned.
  std::int64_t aborted = 0;            ///< Given up by the client, in order.
  std::int64_t unknown = 0;            ///< The client was fenced while it tried to commit.
  std::int64_t unfinished = 0;         ///< The client said nothing: it died, or the run ended.
  std::int64_t fenced = 0;             ///< Ends at which the client found out that it is fenced.
  std::int64_t torn = 0;               ///< Some of its records count and some do not.
  std::int64_t wrong = 0;              ///< Whole, but not as the client was told.
  std::int64_t records_committed = 0;  ///< Records that read_committed readers may see at the end.
  std::int64_t records_aborted = 0;    ///< Records in the log that they may not.
  std::int64_t balance = 0;            ///< Sum of what the committed records move: 0 for whole transfers.
  std::int64_t read_balance = 0;  ///< The same of what read_committed consumers were given, each record once.
  sim::Histogram duration;        ///< From begin to the end of the commit, ns.
};

struct KafkaTransactions {
  std::vector<TransactionFindings> workloads;
  std::vector<TransformationFindings> transformations;
  std::int64_t hanging = 0;       ///< Open in a log at the end, although their time was long over.
  sim::Duration hanging_longest;  ///< Since their first record.
  [[nodiscard]] bool empty() const { return workloads.empty() && transformations.empty(); }
};

class TransactionLaws {
 public:
  TransactionLaws(ClusterView& view, LawBook& book)
      : view_(&view), book_(&book), transformations_(view.history()) {}

  void on(const history::Appended& event) {
    if (event.mark != history::TransactionMark::none) [[unlikely]]
      note(event);
  }
  void on(const history::Consumed& event) {
    if (used_) judge(event);
    transformations_.on(event);
  }
  void on(const history::ProducerEpochGiven& event);
  void on(const history::TransactionJoined& event);
  void on(const history::TransactionEnded& event);
  void on(const history::OffsetCommitted& event) { transformations_.on(event); }
  void on(const history::BrokerChanged& event) { last_change_ = event.at; }

  /// Offsets of [from, to) that no application gets: markers, and what is aborted if it reads committed records only.
  [[nodiscard]] std::int64_t hidden_offsets(history::PartitionId partition, std::int64_t from,
                                            std::int64_t to, history::ClientId consumer);
  /// The consumer is a pipeline's, which goes back in order to take records again.
  [[nodiscard]] bool may_seek(history::ClientId consumer) const { return transformations_.reads(consumer); }
  /// Something of the partition's log is about to go by rule: what it said of transactions is taken in first.
  void read_before_it_goes(history::PartitionId partition) {
    if (used_) advance(static_cast<std::size_t>(partition.n));
  }
  /// Reads a partition as it stands at the end: `replica` of its logs, or what is committed (-1). Before finish().
  void read(std::size_t partition, std::int32_t replica);
  /// Ordinals of the producer that stand in the partition and do not count; after read().
  [[nodiscard]] const IntervalSet* hidden(std::size_t partition, std::size_t producer) const;
  [[nodiscard]] KafkaTransactions finish(sim::SimTime now);

 private:
  /// Consecutive records of one client in one partition, by ordinal.
  struct Written {
    std::int64_t first = 0;
    std::int64_t end = 0;
    std::int64_t producer_id = -1;
    std::int16_t epoch = -1;
    history::TransactionMark mark = history::TransactionMark::none;
    sim::SimTime at;
    std::int64_t round = 0;  ///< Rounds::markers before it.
  };
  /// What tells the transactions of one producer id apart: none begins before every marker of the one before is written.
  struct Rounds {
    std::int32_t client = -1;     ///< Who writes under it; -1: only coordinators have, for its sake.
    std::set<std::int32_t> open;  ///< Partitions with data behind its last marker there.
    std::int64_t markers = 0;     ///< That ended something, in any partition. One sent twice ends nothing.
    std::vector<std::pair<std::int64_t, sim::SimTime>>
        begun;  ///< The first data behind so many markers, ascending.
  };
  struct Range {
    std::int64_t base = 0;
    std::int32_t producer = -1;
    std::int64_t first = 0;
    std::int64_t count = 0;
    sim::SimTime at;
    std::int64_t round = 0;
  };
  struct Open {
    std::int64_t first_offset = 0;
    std::vector<Range> ranges;
  };
  /// What a log up to some offset says.
  struct Reading {
    std::int64_t cursor = 0;
    std::map<std::int64_t, Open> open;  ///< By producer id.
    IntervalSet aborted;                ///< Offsets.
    IntervalSet control;
    std::vector<Range> visible;                  ///< Only where the whole log is read at the end.
    std::map<std::int32_t, IntervalSet> hidden;  ///< Ordinals by client, likewise.
    bool keeps = false;
  };
  struct Member {
    history::RecordRange record;
    std::int64_t amount = 0;
  };
  struct Transaction {
    std::vector<Member> members;
    history::TransactionOutcome outcome = history::TransactionOutcome::unknown;
    bool ended = false;
  };
  using Stream = std::pair<std::int32_t, std::int32_t>;  ///< Partition, client.

  void note(const history::Appended& event);
  void judge(const history::Consumed& event);
  [[nodiscard]] const Written* written(std::int32_t partition, std::int32_t client,
                                       std::int64_t ordinal) const;
  /// Takes a run of a log in.
  void take(Reading& reading, std::int32_t partition, const Run& run) const;
  void advance(std::size_t partition);
  void judge_transaction(history::ClientId client, std::int64_t number, const Transaction& transaction,
                         TransactionFindings& findings, sim::SimTime now);
  // hanging_transactions.cpp
  void judge_hanging(sim::SimTime now);
  void judge_open(const PartitionView& p, std::int64_t producer_id, const Open& open, sim::SimTime now,
                  const std::string& orphaned);
  [[nodiscard]] sim::Duration patience_with(std::int32_t client) const;
  [[nodiscard]] std::string consequence(const PartitionView& p, std::int32_t client) const;
  [[nodiscard]] std::string without_coordinator() const;
  [[nodiscard]] static std::string refuses_writes(const PartitionView& p);
  [[nodiscard]] bool ages(history::PartitionId partition) const;
  void judge_transformations(sim::SimTime now);
  [[nodiscard]] bool stands(const history::RecordRange& record) const;
  [[nodiscard]] std::string excuse();
  [[nodiscard]] TransactionFindings& of(history::ClientId client);

  ClusterView* view_;
  LawBook* book_;
  bool used_ = false;
  sim::SimTime last_change_;
  std::map<Stream, std::vector<Written>> written_;
  std::map<std::int64_t, Rounds> rounds_;       ///< By producer id.
  std::map<std::int64_t, std::int16_t> given_;  ///< Producer id -> newest epoch that a client got.
  std::map<std::size_t, Reading> committed_;    ///< By partition.
  std::map<std::size_t, Reading> final_;
  std::map<Stream, IntervalSet> visible_;                                      ///< Ordinals, at the end.
  std::map<std::pair<std::int32_t, std::int64_t>, Transaction> transactions_;  ///< Client, number.
  std::map<Stream, std::map<std::int64_t, std::int64_t>> amounts_;             ///< Of what moves something.
  std::map<Stream, IntervalSet> read_;
  Transformations transformations_;
  KafkaTransactions found_;
};

}  // namespace brokersim::checkers
