#include "models/checkers/pipelines.h"

#include <algorithm>

#include "models/checkers/words.h"

namespace brokersim::checkers {

using history::OutboxOrder;
using history::PipelineInfo;
using history::Publishing;

namespace {

constexpr std::size_t kStoriesOfAFlaw = 5;

bool belongs(const PipelineInfo& info, history::EventNumber event) {
  return event >= info.first_event && event < info.end_event;
}

void tell(PipelineFindings& found, EventFlaw flaw, const EventStory& story) {
  const auto told = std::count_if(found.stories.begin(), found.stories.end(),
                                  [&](const EventStory& s) { return s.flaw == flaw; });
  if (static_cast<std::size_t>(told) < kStoriesOfAFlaw) found.stories.push_back(story);
}

}  // namespace

std::string to_string(EventFlaw flaw) {
  switch (flaw) {
    case EventFlaw::lost: return "lost";
    case EventFlaw::phantom: return "phantom";
    case EventFlaw::duplicated: return "duplicated";
    case EventFlaw::reordered: return "reordered";
  }
  return "";
}

Pipelines::Pipelines(history::History& history, LawBook& book)
    : history_(&history), book_(&book), transactions_(history), log_(history) {
  history.attach(*this);
}

void Pipelines::on(const history::TransactionCommitted& event) {
  transactions_.on(event);
  log_.on(event);
}

void Pipelines::read(history::PartitionId partition, const Run& run) {
  for (std::int64_t i = 0; i < run.count; ++i) {
    const history::EventNumber event = log_.event_of(run.producer, partition.n, run.first + i);
    if (event < 0) continue;
    topic_.push_back({partition.n, event, run.producer, run.base + i});
    ++copies_[event];
  }
}

Pipelines::Row Pipelines::row(const PipelineInfo& info, const EventState& state) const {
  if (state.transaction < 0) return Row::never;
  return transactions_.stands(info.database, state.transaction) ? Row::stands : Row::lost;
}

/// Nobody works on the event's operation any more: it has ended, or its process has died since.
bool Pipelines::is_over(const PipelineInfo& info, const EventState& state) const {
  if (state.ended) return true;
  if (state.crashed_at != nullptr && info.publishing != Publishing::outbox) return true;
  const sim::SimTime last = std::max(state.committed, state.first_sent);
  return std::any_of(log_.interruptions().begin(), log_.interruptions().end(),
                     [&](const Interruption& i) { return i.workload == info.name && i.at >= last; });
}

/// The move that first took the publisher's position past the event's row; null if it never got there.
const CursorMove* Pipelines::jumped_by(const PipelineInfo& info, const EventState& state) const {
  const std::int64_t worker = info.sharded ? state.aggregate % std::max(info.workers, 1) : 0;
  const bool by_xid = info.order == OutboxOrder::horizon;
  for (const CursorMove& move : log_.cursor_moves(info.database)) {
    if (move.worker != worker || !transactions_.stands(info.database, move.transaction)) continue;
    const bool past = by_xid ? std::pair(move.xid, move.id) >= std::pair(state.xid, state.outbox_id)
                             : move.id >= state.outbox_id;
    if (past) return &move;
  }
  return nullptr;
}

bool Pipelines::is_pending(const PipelineInfo& info, const EventState& state) const {
  if (info.publishing != Publishing::outbox) return !is_over(info, state);
  if (info.order == OutboxOrder::flag)
    return state.marked_by < 0 || !transactions_.stands(info.database, state.marked_by);
  return jumped_by(info, state) == nullptr;
}

EventFindings Pipelines::finish(sim::SimTime now) {
  EventFindings findings;
  if (history_->databases().empty()) book_->not_applicable(CheckId::B1, "There is no database.");
  if (history_->pipelines().empty()) {
    for (const CheckId check : {CheckId::O1, CheckId::O2, CheckId::O3, CheckId::O4})
      book_->not_applicable(check, "No service publishes events.");
  }
  if (history_->inboxes().empty()) book_->not_applicable(CheckId::O5, "No consumer has an inbox.");
  for (const PipelineInfo& info : history_->pipelines()) findings.pipelines.push_back(judge(info, now));
  for (const history::InboxInfo& info : history_->inboxes()) findings.effects.push_back(judge(info, now));
  findings.databases = transactions_.findings();
  findings.crashes = log_.crashes();
  return findings;
}

PipelineFindings Pipelines::judge(const PipelineInfo& info, sim::SimTime now) {
  PipelineFindings found;
  found.name = info.name;
  for (const Interruption& interruption : log_.interruptions()) {
    for (const std::string& publisher : info.publishers)
      found.interruptions += interruption.workload == publisher;
  }
  for (const auto& [event, state] : log_.events()) {
    if (!belongs(info, event)) continue;
    const auto copies = copies_.find(event);
    const std::int64_t count = copies == copies_.end() ? 0 : copies->second;
    if (row(info, state) == Row::stands) {
      ++found.committed;
      if (count > 0) {
        ++found.published;
        if (state.accepted > 0 || state.appended > 0)
          found.commit_to_topic.add(std::max<std::int64_t>((state.in_topic() - state.committed).ns, 0));
      } else if (is_pending(info, state)) {
        ++found.pending;
      } else {
        ++found.lost;
        const EventStory story{EventFlaw::lost, event, state.committed, tell_lost(info, event, state)};
        tell(found, EventFlaw::lost, story);
        judge_loss(info, state, story);
      }
    } else if (count > 0 && (info.publishing == Publishing::outbox || is_over(info, state))) {
      ++found.phantom;
      const EventStory story{EventFlaw::phantom, event, state.first_sent, tell_phantom(info, event, state)};
      tell(found, EventFlaw::phantom, story);
      judge_phantom(info, state, story);
    }
    if (count > 1) {
      found.duplicated += count - 1;
      tell(found, EventFlaw::duplicated,
           {EventFlaw::duplicated, event, state.first_sent,
            "Event " + std::to_string(event) + " stands " + std::to_string(count) +
                " times in the topic: it was sent " + std::to_string(state.sends) + " times, first at " +
                sim::to_string(state.first_sent) + "."});
    }
  }
  judge_order(info, found, now);
  judge_duplicates(info, found, now);
  if (info.publishing != Publishing::outbox) {
    for (const CheckId check : {CheckId::O1, CheckId::O2, CheckId::O3, CheckId::O4})
      book_->not_applicable(check, info.name + " writes to two systems without an outbox.");
  }
  return found;
}

void Pipelines::judge_loss(const PipelineInfo& info, const EventState& state, const EventStory& story) {
  if (info.publishing != Publishing::outbox) return;
  std::string excuse;
  if (info.order == OutboxOrder::cursor) excuse = "a cursor over ids promises nothing";
  if (info.marks_first) excuse = "the publisher marks before it sends";
  if (!info.acks_all) excuse = "the publisher does not wait for all replicas";
  if (state.accepted > 0) excuse = "the topic lost what it had acknowledged (S1, S2)";
  book_->breach(CheckId::O1, story.at, story.text, excuse);
}

void Pipelines::judge_phantom(const PipelineInfo& info, const EventState& state, const EventStory& story) {
  if (info.publishing != Publishing::outbox) return;
  std::string excuse;
  if (row(info, state) == Row::lost)
    excuse = transactions_.excuse(transactions_.loss(info.database, state.transaction));
  book_->breach(CheckId::O2, story.at, story.text, excuse);
}

void Pipelines::judge_duplicates(const PipelineInfo& info, const PipelineFindings& found, sim::SimTime now) {
  if (info.publishing != Publishing::outbox) return;
  const std::int64_t bound = found.interruptions * info.batch;
  if (found.duplicated <= bound) {
    book_->note(CheckId::O3, info.name + ": " + count_text(found.duplicated) + " duplicates, at most " +
                                 count_text(bound) + " (" + count_text(found.interruptions) +
                                 " interruptions of batches of " + count_text(info.batch) + ").");
    return;
  }
  std::string excuse;
  if (!info.rows_locked && info.workers > 1 && !info.sharded)
    excuse = "several workers read the same rows without locks";
  if (!info.idempotent) excuse = "a producer that is not idempotent may write a batch twice";
  const auto database = static_cast<std::size_t>(info.database.n);
  if (transactions_.findings().at(database).lost > 0)
    excuse = "the database lost committed transactions, and marks may be among them";
  book_->breach(CheckId::O3, now,
                info.name + ": " + count_text(found.duplicated) + " records repeat an event, but " +
                    count_text(found.interruptions) + " interruptions of batches of " +
                    count_text(info.batch) + " explain at most " + count_text(bound) + ".",
                excuse);
}

void Pipelines::judge_order(const PipelineInfo& info, PipelineFindings& found, sim::SimTime now) {
  struct Last {
    std::int64_t order = -1;
    history::EventNumber event = -1;
  };
  std::map<std::pair<std::int32_t, std::int64_t>, Last> last;  // by partition and aggregate
  std::map<history::EventNumber, bool> met;
  for (const Copy& copy : topic_) {
    if (!belongs(info, copy.event) || met[copy.event]) continue;
    met[copy.event] = true;
    const EventState& state = log_.events().at(copy.event);
    if (row(info, state) != Row::stands) continue;
    Last& before = last[{copy.partition, state.aggregate}];
    if (state.commit_order > before.order) {
      before = {state.commit_order, copy.event};
      continue;
    }
    ++found.reordered;
    const EventState& other = log_.events().at(before.event);
    const EventStory story{
        EventFlaw::reordered, copy.event, state.committed,
        "Event " + std::to_string(copy.event) + " of aggregate " + std::to_string(state.aggregate) +
            " committed at " + sim::to_string(state.committed) + ", before event " +
            std::to_string(before.event) + " (" + sim::to_string(other.committed) +
            "), and stands behind it, at offset " + count_text(copy.offset) + "." +
            (state.outbox_id < 0
                 ? ""
                 : " Their outbox ids are " + std::to_string(state.outbox_id) + " and " +
                       std::to_string(other.outbox_id) + ", their transactions began at " +
                       sim::to_string(state.began) + " and " + sim::to_string(other.began) + ".")};
    tell(found, EventFlaw::reordered, story);
    if (info.publishing != Publishing::outbox) continue;
    std::string excuse;
    if (!info.aggregate_locked && info.order != OutboxOrder::horizon)
      excuse = "transactions on one aggregate run side by side, so ids are not in commit order";
    if (!info.aggregate_locked && info.order == OutboxOrder::horizon)
      excuse = "transactions on one aggregate run side by side, so their numbers are not in commit order";
    if (info.workers > 1 && !info.sharded) excuse = "several workers share the rows of one aggregate";
    if (!info.ordered_by_id) excuse = "created_at is when a transaction began, not when it committed";
    if (!info.idempotent) excuse = "a producer that is not idempotent may turn batches round";
    const bool failed = std::any_of(log_.interruptions().begin(), log_.interruptions().end(),
                                    [](const Interruption& i) { return i.publish_failed; });
    if (failed) excuse = "a batch was sent in part and sent again";
    book_->breach(CheckId::O4, now, story.text, excuse);
  }
}

EffectFindings Pipelines::judge(const history::InboxInfo& info, sim::SimTime now) {
  EffectFindings found;
  found.name = info.workload;
  const auto& effects = log_.effects(info.database);
  const auto standing = [&](history::EventNumber event) {
    const auto written = effects.find(event);
    if (written == effects.end()) return std::int64_t{0};
    return static_cast<std::int64_t>(
        std::count_if(written->second.begin(), written->second.end(),
                      [&](std::int64_t t) { return transactions_.stands(info.database, t); }));
  };
  const std::string excuse = info.inbox ? "" : info.workload + " has no inbox";
  for (const auto& [event, transactions] : effects) {
    const std::int64_t count = standing(event);
    found.applied += count;
    if (count <= 1) continue;
    found.duplicated += count - 1;
    book_->breach(CheckId::O5, now,
                  "Event " + std::to_string(event) + " took effect " + std::to_string(count) + " times.",
                  excuse);
  }
  for (const auto& [event, at] : log_.handled(info.workload)) {
    ++found.handled;
    if (standing(event) > 0) continue;
    const auto written = effects.find(event);
    const bool lost = written != effects.end() && !written->second.empty();
    ++found.lost;
    std::string why =
        lost ? transactions_.excuse(transactions_.loss(info.database, written->second.front())) : "";
    book_->breach(CheckId::O5, at,
                  sim::to_string(at) + ": event " + std::to_string(event) + " was handled by " +
                      info.workload + " and has no effect" +
                      (lost ? ": the database lost the transaction." : ", although its inbox knows it."),
                  lost ? why : "");
  }
  return found;
}

}  // namespace brokersim::checkers
