#include "models/checkers/event_log.h"

#include <algorithm>

namespace brokersim::checkers {

namespace {

// Columns, as models/outbox/schema.h lays them out.
constexpr std::size_t kEvent = 0;
constexpr std::size_t kAggregate = 1;
constexpr std::size_t kPublished = 2;
constexpr std::size_t kLastId = 0;
constexpr std::size_t kLastXid = 1;

}  // namespace

void EventLog::on(const history::TransactionCommitted& event) {
  const std::int64_t order = commits_++;
  // Services of one database share its tables, so the first pipeline says what they are.
  for (const history::PipelineInfo& pipeline : history_->pipelines()) {
    if (pipeline.database != event.database) continue;
    for (const history::DatabaseRow& row : event.rows) {
      if (row.table == pipeline.business_table && row.change == history::RowChange::insert) {
        EventState& state = events_[row.columns[kEvent]];
        state.aggregate = row.columns[kAggregate];
        state.transaction = event.transaction;
        state.commit_order = order;
        state.xid = event.xid;
        state.began = event.began;
        state.committed = event.at;
      }
      if (row.table == pipeline.outbox_table) note_outbox(event, row);
      if (row.table == pipeline.cursor_table) {
        cursors_[event.database.n].push_back(
            {event.at, row.key, row.columns[kLastId], row.columns[kLastXid], event.transaction});
      }
    }
    break;
  }
  for (const history::InboxInfo& inbox : history_->inboxes()) {
    if (inbox.database != event.database) continue;
    for (const history::DatabaseRow& row : event.rows) {
      if (row.table == inbox.effect_table && row.change == history::RowChange::insert)
        effects_[event.database.n][row.columns[kEvent]].push_back(event.transaction);
    }
    break;
  }
}

void EventLog::note_outbox(const history::TransactionCommitted& event, const history::DatabaseRow& row) {
  const std::pair<std::int32_t, std::int64_t> name{event.database.n, row.key};
  if (row.change == history::RowChange::insert) {
    events_[row.columns[kEvent]].outbox_id = row.key;
    by_outbox_id_[name] = row.columns[kEvent];
    return;
  }
  const auto found = by_outbox_id_.find(name);
  if (found == by_outbox_id_.end()) return;
  if (row.change == history::RowChange::update && row.columns[kPublished] == 0) return;
  EventState& state = events_[found->second];
  state.marked_by = event.transaction;
  state.marked = event.at;
}

void EventLog::on(const history::EventJoined& event) {
  auto& records = by_record_[{event.record.producer.n, event.record.partition.n}];
  const auto ordinal = static_cast<std::size_t>(event.record.first);
  if (records.size() <= ordinal) records.resize(ordinal + 1, -1);
  records[ordinal] = event.event;
  EventState& state = events_[event.event];
  state.aggregate = event.aggregate;
  if (state.sends++ == 0) state.first_sent = event.at;
}

history::EventNumber EventLog::event_of(std::int32_t producer, std::int32_t partition,
                                        std::int64_t ordinal) const {
  const auto found = by_record_.find({producer, partition});
  if (found == by_record_.end()) return -1;
  const auto n = static_cast<std::size_t>(ordinal);
  return n < found->second.size() ? found->second[n] : -1;
}

void EventLog::on(const history::Appended& event) {
  if (by_record_.empty() || event.role != history::AppendRole::leader) return;
  for (std::int64_t i = 0; i < event.records.count; ++i) {
    const history::EventNumber number =
        event_of(event.records.producer.n, event.records.partition.n, event.records.first + i);
    if (number < 0) continue;
    EventState& state = events_[number];
    if (state.appended++ == 0) state.first_appended = event.at;
  }
}

void EventLog::on(const history::ProduceOutcome& event) {
  if (event.outcome != history::Outcome::acknowledged || by_record_.empty()) return;
  for (std::int64_t i = 0; i < event.records.count; ++i) {
    const history::EventNumber number =
        event_of(event.records.producer.n, event.records.partition.n, event.records.first + i);
    if (number < 0) continue;
    EventState& state = events_[number];
    if (state.accepted++ == 0) state.first_accepted = event.at;
  }
}

void EventLog::on(const history::OperationEnded& event) {
  EventState& state = events_[event.event];
  state.ended = true;
  state.outcome = event.outcome;
  state.ended_at = event.at;
}

void EventLog::on(const history::CrashedAtStep& event) {
  ++crashes_;
  const auto& pipelines = history_->pipelines();
  const bool of_service =
      std::any_of(pipelines.begin(), pipelines.end(),
                  [&](const history::PipelineInfo& pipeline) { return pipeline.name == event.workload; });
  if (event.event < 0 || !of_service) return;
  EventState& state = events_[event.event];
  state.crashed_at = event.step;
  state.crashed = event.at;
}

void EventLog::on(const history::PublishFailed& event) {
  if (event.after_send) interruptions_.push_back({event.at, history_->client(event.producer).workload, true});
}

void EventLog::on(const history::ClientStopped& event) {
  interruptions_.push_back({event.at, history_->client(event.client).workload, false});
}

void EventLog::on(const history::EventHandled& event) {
  handled_[history_->client(event.consumer).workload][event.event] = event.at;
}

const std::vector<CursorMove>& EventLog::cursor_moves(history::DatabaseId database) const {
  static const std::vector<CursorMove> none;
  const auto found = cursors_.find(database.n);
  return found == cursors_.end() ? none : found->second;
}

const std::map<history::EventNumber, std::vector<std::int64_t>>& EventLog::effects(
    history::DatabaseId database) const {
  static const std::map<history::EventNumber, std::vector<std::int64_t>> none;
  const auto found = effects_.find(database.n);
  return found == effects_.end() ? none : found->second;
}

const std::map<history::EventNumber, sim::SimTime>& EventLog::handled(const std::string& workload) const {
  static const std::map<history::EventNumber, sim::SimTime> none;
  const auto found = handled_.find(workload);
  return found == handled_.end() ? none : found->second;
}

}  // namespace brokersim::checkers
