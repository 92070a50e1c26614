// Whether every committed event reached the topic, once, in order, and none that was not committed: O1 to O5.
//
// Ground truth is what stands at the end: the rows of committed transactions that no crash took back, and the topic as its
// leaders hold it. Of an event in the topic its first record counts for order, the others are duplicates. Order is that of
// the commits (when a transaction became visible), per aggregate. What a publisher would still find counts as pending.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/checkers/event_log.h"
#include "models/checkers/law_book.h"
#include "models/checkers/run_log.h"
#include "models/checkers/transactions_seen.h"
#include "models/history/history.h"
#include "sim/histogram.h"

namespace brokersim::checkers {

enum class EventFlaw : std::uint8_t { lost, phantom, duplicated, reordered };
/// "lost", "phantom", "duplicated", "reordered".
[[nodiscard]] std::string to_string(EventFlaw flaw);

/// One event, and what happened to it.
struct EventStory {
  EventFlaw flaw = EventFlaw::lost;
  history::EventNumber event = -1;
  sim::SimTime at;
  std::string text;
};

struct PipelineFindings {
  std::string name;                 ///< Workload of its services.
  std::int64_t committed = 0;       ///< Events whose business row stands.
  std::int64_t published = 0;       ///< Of these: in the topic.
  std::int64_t lost = 0;            ///< Committed, not in the topic, and nobody will publish them.
  std::int64_t pending = 0;         ///< Committed, not in the topic, and somebody still might.
  std::int64_t phantom = 0;         ///< In the topic without a row.
  std::int64_t duplicated = 0;      ///< Records beyond the first of an event.
  std::int64_t reordered = 0;       ///< Events that stand behind one of their aggregate that committed later.
  std::int64_t interruptions = 0;   ///< Deaths of its publishers, and batches they gave up.
  /// From the commit (visible to others) to the first acknowledgement, ns; where nobody lived to hear it, to the append.
  sim::Histogram commit_to_topic;
  std::vector<EventStory> stories;  ///< The first few of each flaw.
};

struct EffectFindings {
  std::string name;             ///< Workload of the consumers.
  std::int64_t handled = 0;     ///< Events.
  std::int64_t applied = 0;     ///< Effects that stand.
  std::int64_t duplicated = 0;  ///< Effects beyond the first of an event.
  std::int64_t lost = 0;        ///< Events that a consumer has handled and that have no effect.
};

struct EventFindings {
  std::vector<PipelineFindings> pipelines;
  std::vector<EffectFindings> effects;
  std::vector<DatabaseFindings> databases;
  std::int64_t crashes = 0;  ///< Processes that died at a chosen step.
};

class Pipelines final : public history::Watcher {
 public:
  /// Attaches itself.
  Pipelines(history::History& history, LawBook& book);

  using history::Watcher::on;
  void on(const history::TransactionCommitted& event) override;
  void on(const history::CommitAnswered& event) override { transactions_.on(event); }
  void on(const history::TransactionLost& event) override { transactions_.on(event, *book_); }
  void on(const history::TransactionRolledBack& event) override { transactions_.on(event); }
  void on(const history::DatabaseChanged& event) override { transactions_.on(event); }
  void on(const history::EventJoined& event) override { log_.on(event); }
  void on(const history::Appended& event) override { log_.on(event); }
  void on(const history::ProduceOutcome& event) override { log_.on(event); }
  void on(const history::OperationEnded& event) override { log_.on(event); }
  void on(const history::CrashedAtStep& event) override { log_.on(event); }
  void on(const history::PublishFailed& event) override { log_.on(event); }
  void on(const history::ClientStopped& event) override { log_.on(event); }
  void on(const history::EventHandled& event) override { log_.on(event); }

  /// One record of a partition's final log, in order of offset. For every partition of a pipeline, before finish().
  void read(history::PartitionId partition, const Run& run);
  [[nodiscard]] EventFindings finish(sim::SimTime now);

 private:
  struct Copy {
    std::int32_t partition = -1;
    history::EventNumber event = -1;
    std::int32_t producer = -1;
    std::int64_t offset = -1;
  };
  /// An event as it stands at the end.
  enum class Row : std::uint8_t { stands, never, lost };
  [[nodiscard]] Row row(const history::PipelineInfo& info, const EventState& state) const;
  [[nodiscard]] bool is_over(const history::PipelineInfo& info, const EventState& state) const;
  [[nodiscard]] bool is_pending(const history::PipelineInfo& info, const EventState& state) const;
  [[nodiscard]] const CursorMove* jumped_by(const history::PipelineInfo& info, const EventState& state) const;
  [[nodiscard]] std::string tell_lost(const history::PipelineInfo& info, history::EventNumber event,
                                      const EventState& state) const;
  [[nodiscard]] std::string tell_phantom(const history::PipelineInfo& info, history::EventNumber event,
                                         const EventState& state) const;
  [[nodiscard]] PipelineFindings judge(const history::PipelineInfo& info, sim::SimTime now);
  void judge_loss(const history::PipelineInfo& info, const EventState& state, const EventStory& story);
  void judge_phantom(const history::PipelineInfo& info, const EventState& state, const EventStory& story);
  void judge_duplicates(const history::PipelineInfo& info, const PipelineFindings& found, sim::SimTime now);
  void judge_order(const history::PipelineInfo& info, PipelineFindings& found, sim::SimTime now);
  [[nodiscard]] EffectFindings judge(const history::InboxInfo& info, sim::SimTime now);

  const history::History* history_;
  LawBook* book_;
  TransactionsSeen transactions_;
  EventLog log_;
  std::vector<Copy> topic_;  ///< By partition, then offset.
  std::map<history::EventNumber, std::int64_t> copies_;
};

}  // namespace brokersim::checkers
