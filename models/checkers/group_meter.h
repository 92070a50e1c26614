// What consumer groups did to records and partitions: processed twice, never processed, owned by nobody; and the laws of groups.
//
// Why: a log that loses nothing does not help an application whose group skips records or does them twice. What an application
// has really done is known from what it was given, how long each record takes it, and when its process ended.
// A commit that its member had given up (the coordinator stood still, its machine was cut off) may be stored after what the
// member committed since by another connection: TCP still delivers what was sent before a close, and brokers do not compare.
// It is told with generation -1 and no breach of G2; what it puts back is counted in commits_went_back.
// Laws: G1, within one generation a partition has one owner, and with KIP-848 never two that are members; G2, within one generation a committed offset does not go back.
// Both are excused once the group's own partition of the brokers' log of groups (__consumer_offsets, min.insync.replicas 1 by
// default) was outside its budget: a group that has lost its state begins again at generation 1. For good, because members
// may come back with what they knew of the generations before.
// A record is skipped when its offset is committed, the group began to read before it, and nobody processed it; what a
// running application still has to do when the run ends counts as done.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/checkers/cluster_view.h"
#include "models/checkers/interval_set.h"
#include "models/checkers/law_book.h"
#include "models/history/history.h"

namespace brokersim::checkers {

struct GroupMeasures {
  std::int64_t processed = 0;          ///< Records that some application was through with, repeats included.
  std::int64_t processed_twice = 0;    ///< Of these, those that had been processed before by the same group.
  std::int64_t skipped = 0;            ///< Committed and never processed.
  std::int64_t generations = 0;        ///< Completed rebalances.
  std::int64_t commits = 0;            ///< Offsets that became visible.
  std::int64_t commits_went_back = 0;  ///< Of these, below the one before (a later generation may).
  std::int64_t stops = 0;              ///< Times that a member gave up or lost partitions.
  std::int64_t taken_away = 0;         ///< Partitions that members gave up or lost.
  sim::Duration unowned_longest;       ///< A partition without a living owner, after it had had one.
  sim::Duration unowned_total;         ///< Over all partitions.
};

class GroupMeter {
 public:
  /// `view`: of the cluster, for excuses; null in tests.
  GroupMeter(const history::History& history, LawBook& book, ClusterView* view = nullptr)
      : history_(&history), book_(&book), view_(view) {}

  void on(const history::Consumed& event);
  void on(const history::ClientStopped& event);
  void on(const history::OwnershipChanged& event);
  void on(const history::GroupGeneration& event);
  void on(const history::MemberRemoved& event);
  void on(const history::OffsetCommitted& event);

  [[nodiscard]] GroupMeasures finish(sim::SimTime now);

 private:
  /// Records on their way through an application.
  struct Work {
    history::PartitionId partition;
    std::int64_t base = 0;
    std::int64_t count = 0;
    sim::SimTime from;
    sim::Duration each;
  };
  struct Owner {
    history::ClientId consumer;
    std::int32_t generation = -1;
    bool removed = false;  ///< A member no more, though it does not know.
  };
  struct Book {
    IntervalSet done;
    std::int64_t first = -1;  ///< Lowest offset that was ever given to an application; -1: none.
    std::int64_t committed = -1;
    std::int32_t committed_in = -1;
    std::vector<Owner> owners;
    bool was_owned = false;
    sim::SimTime unowned_since;
  };
  [[nodiscard]] Book& book_of(history::GroupId group, history::PartitionId partition) {
    return books_[{group, partition}];
  }
  void settle(history::ClientId client, sim::SimTime until, bool stopped);
  void done(history::GroupId group, const Work& work, std::int64_t count);
  /// The coordinator had removed this member when it sent what `event` comes from.
  [[nodiscard]] bool is_removed(const history::OwnershipChanged& event);
  void disown(Book& book, history::ClientId consumer, sim::SimTime at);

  const history::History* history_;
  [[nodiscard]] std::string excuse(history::GroupId group) const;

  LawBook* book_;
  ClusterView* view_;
  std::map<std::pair<history::GroupId, history::PartitionId>, Book> books_;
  std::map<history::GroupId, bool> modern_;
  std::map<history::GroupId, std::int32_t> generation_;  // the latest that is durable
  /// Members that their coordinator has removed, and that group's generation then. An answer of before may still be under
  /// way and give them partitions of a generation that was current at the removal; a member that has joined again has a
  /// later one.
  std::map<std::pair<history::GroupId, history::ClientId>, std::int32_t> removed_;
  std::vector<std::vector<Work>> working_;  // by client
  GroupMeasures measures_;
};

}  // namespace brokersim::checkers
