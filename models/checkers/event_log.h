// What became of each event of a pipeline: its row, its place in the outbox, its sends, its operation.
//
// Kept per event, as events are few beside records: some hundred bytes each.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/checkers/transactions_seen.h"
#include "models/history/history.h"
#include "sim/histogram.h"

namespace brokersim::checkers {

/// One event, by what the history tells.
struct EventState {
  std::int64_t aggregate = -1;
  // Its business row.
  std::int64_t transaction = -1;   ///< That committed it; -1: none did.
  std::int64_t commit_order = -1;  ///< Position of that commit among all of the database.
  std::int64_t xid = 0;
  sim::SimTime began;
  sim::SimTime committed;
  // Its outbox row.
  std::int64_t outbox_id = -1;
  std::int64_t marked_by = -1;  ///< Transaction that marked or deleted it.
  sim::SimTime marked;
  // Its sends.
  std::int64_t sends = 0;
  std::int64_t accepted = 0;  ///< Acknowledged.
  sim::SimTime first_sent;
  sim::SimTime first_accepted;
  std::int64_t appended = 0;  ///< By a leader, whether anybody was told or not.
  sim::SimTime first_appended;

  /// When it first came to the topic, as far as anybody could know: acknowledged; or, if its sender died before it heard of
  /// that, appended. Only of an event that was appended.
  [[nodiscard]] sim::SimTime in_topic() const { return accepted > 0 ? first_accepted : first_appended; }
  // Its operation.
  bool ended = false;
  history::Outcome outcome = history::Outcome::unknown;
  sim::SimTime ended_at;
  const char* crashed_at = nullptr;  ///< The step at which its service died with it.
  sim::SimTime crashed;
};

/// The publisher's position moved, in this transaction.
struct CursorMove {
  sim::SimTime at;
  std::int64_t worker = 0;
  std::int64_t id = 0;
  std::int64_t xid = 0;
  std::int64_t transaction = -1;
};

/// A process of a workload ended, or a publisher gave up on a batch.
struct Interruption {
  sim::SimTime at;
  std::string workload;
  bool publish_failed = false;
};

class EventLog {
 public:
  explicit EventLog(const history::History& history) : history_(&history) {}

  void on(const history::TransactionCommitted& event);
  void on(const history::EventJoined& event);
  void on(const history::Appended& event);
  void on(const history::ProduceOutcome& event);
  void on(const history::OperationEnded& event);
  void on(const history::CrashedAtStep& event);
  void on(const history::PublishFailed& event);
  void on(const history::ClientStopped& event);
  void on(const history::EventHandled& event);

  [[nodiscard]] const std::map<history::EventNumber, EventState>& events() const { return events_; }
  /// The event that a record carries, -1 none.
  [[nodiscard]] history::EventNumber event_of(std::int32_t producer, std::int32_t partition,
                                              std::int64_t ordinal) const;
  [[nodiscard]] const std::vector<CursorMove>& cursor_moves(history::DatabaseId database) const;
  [[nodiscard]] const std::vector<Interruption>& interruptions() const { return interruptions_; }
  [[nodiscard]] std::int64_t crashes() const { return crashes_; }
  /// Transactions that wrote an effect of the event into that database.
  [[nodiscard]] const std::map<history::EventNumber, std::vector<std::int64_t>>& effects(
      history::DatabaseId database) const;
  /// Events that a consumer said it had handled, by its workload.
  [[nodiscard]] const std::map<history::EventNumber, sim::SimTime>& handled(
      const std::string& workload) const;

 private:
  void note_outbox(const history::TransactionCommitted& event, const history::DatabaseRow& row);

  const history::History* history_;
  std::map<history::EventNumber, EventState> events_;
  std::map<std::pair<std::int32_t, std::int64_t>, history::EventNumber> by_outbox_id_;
  std::map<std::pair<std::int32_t, std::int32_t>, std::vector<history::EventNumber>> by_record_;
  std::map<std::int32_t, std::vector<CursorMove>> cursors_;
  std::map<std::int32_t, std::map<history::EventNumber, std::vector<std::int64_t>>> effects_;
  std::map<std::string, std::map<history::EventNumber, sim::SimTime>> handled_;
  std::vector<Interruption> interruptions_;
  std::int64_t commits_ = 0;
  std::int64_t crashes_ = 0;
};

}  // namespace brokersim::checkers
