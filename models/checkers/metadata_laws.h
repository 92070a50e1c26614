// Invariant 9: the metadata quorum never has two truths.
//
//   one leader an epoch; a leader's log holds every committed record (Raft, figure 3: election safety, leader completeness);
//   two logs with a batch of one epoch at one offset are the same up to there (log matching);
//   what one node or broker takes for committed is what all do, and nobody cuts it (state machine safety).
// From the history only. Two exceptions are known and excused: a single voter commits before its fsync
// (kafka-behaviour.md section 5.1), so its power loss may take back what was committed; and a voter whose disk loses what
// it had fsynced breaks Raft's own premise.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/checkers/law_book.h"
#include "models/history/events.h"

namespace brokersim::checkers {

/// Why nothing is promised after `event`, which tells of damage: Raft's votes and entries have to be durable.
[[nodiscard]] std::string damage_text(const history::MetadataLogChanged& event);

class MetadataLaws {
 public:
  explicit MetadataLaws(LawBook& book) : book_(&book) {}

  void judge(const history::MetadataLogChanged& event);

 private:
  /// Records [from, to), all of one epoch.
  struct Batch {
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::int32_t epoch = 0;
  };
  struct Node {
    bool known = false;
    std::vector<Batch> log;      ///< Of a voter: above its snapshot.
    std::int64_t end = 0;        ///< Of that log.
    std::int64_t committed = 0;  ///< In this life.
  };
  [[nodiscard]] Node& node(const history::MetadataLogChanged& event);
  void lead(const history::MetadataLogChanged& event);
  void append(const history::MetadataLogChanged& event);
  void commit(const history::MetadataLogChanged& event);
  void cut(Node& node, std::int64_t end);
  void flag(const history::MetadataLogChanged& event, const std::string& what);
  [[nodiscard]] std::int64_t committed_end() const { return committed_.empty() ? 0 : committed_.back().to; }

  LawBook* book_;
  std::string damaged_;  ///< Why the quorum is outside of its premises; "": it is not.
  std::vector<Node> voters_;
  std::vector<Node> brokers_;
  std::map<std::int32_t, std::int32_t> leaders_;  // by epoch
  /// What follows from a batch's offset and epoch: where it ends, and the epoch of the record before it.
  std::map<std::pair<std::int64_t, std::int32_t>, std::pair<std::int64_t, std::int32_t>> batches_;
  std::vector<Batch> committed_;  // in order of offset, from the first that was seen
};

}  // namespace brokersim::checkers
