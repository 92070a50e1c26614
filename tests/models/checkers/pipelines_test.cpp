// Goal: the books of events tell loss, phantom, repetition and order apart, excuse what was not promised, and say why.
// Method: hand-written histories of one service, one publisher and one partition.
#include <gtest/gtest.h>

#include "models/checkers/pipelines.h"

namespace brokersim::checkers {
namespace {

using history::Publishing;

struct Story {
  explicit Story(history::PipelineInfo info = {}) {
    database = history.add_database({"db", {}, synchronous_commit, true});
    topic = history.add_partition({.topic = "events", .replicas = {0}});
    producer = history.add_client({.name = "publisher-0", .workload = "publisher"});
    consumer = history.add_client({.name = "billing-0", .workload = "billing", .producer = false});
    info.name = "orders";
    info.end_event = 1'000;
    info.database = database;
    info.partitions = {topic};
    info.publishers = {"publisher"};
    if (info.workers == 0) info.workers = 1;
    if (info.batch == 0) info.batch = 2;
    history.add_pipeline(std::move(info));
  }
  void ms(std::int64_t t) { at = {t * 1'000'000}; }
  /// A business transaction of `event` becomes visible, with the event as outbox row `id`.
  std::int64_t commit(history::EventNumber event, std::int64_t id, std::int64_t aggregate = 7) {
    history::TransactionCommitted c;
    c.at = at;
    c.database = database;
    c.transaction = ++transactions;
    c.xid = 100 + id;
    c.rows = {{history::RowChange::insert, 0, event, {event, aggregate}}};
    if (id > 0) c.rows.push_back({history::RowChange::insert, 2, id, {event, aggregate, 0, c.xid, 0}});
    history.record(c);
    return c.transaction;
  }
  std::int64_t mark(std::int64_t id, history::EventNumber event) {
    history::TransactionCommitted c;
    c.at = at;
    c.database = database;
    c.transaction = ++transactions;
    c.rows = {{history::RowChange::update, 2, id, {event, 7, 1, 0, 0}}};
    history.record(c);
    return c.transaction;
  }
  void cursor(std::int64_t id) {
    history::TransactionCommitted c;
    c.at = at;
    c.database = database;
    c.transaction = ++transactions;
    c.rows = {{history::RowChange::update, 3, 0, {id, 100 + id}}};
    history.record(c);
  }
  /// The event joins the producer's records; it stands in the topic if `stored`.
  void send(history::EventNumber event, bool stored = true, std::int64_t aggregate = 7) {
    const history::RecordRange record{producer, topic, records++, 1};
    history.record(history::EventJoined{at, event, aggregate, record});
    if (!stored) return;
    history::ProduceOutcome outcome;
    outcome.at = at;
    outcome.records = record;
    history.record(outcome);
    runs.push_back({static_cast<std::int64_t>(runs.size()), 1, record.first, producer.n, 0});
  }
  EventFindings finish() {
    for (const Run& run : runs) pipelines.read(topic, run);
    return pipelines.finish(at);
  }
  Verdict verdict(const std::string& id) {
    for (const CheckResult& result : book.results()) {
      if (result.id == id) return result.verdict;
    }
    ADD_FAILURE() << "no check " << id;
    return Verdict::holds;
  }

  bool synchronous_commit = true;
  history::History history;
  LawBook book;
  Pipelines pipelines{history, book};
  history::DatabaseId database;
  history::PartitionId topic;
  history::ClientId producer;
  history::ClientId consumer;
  sim::SimTime at;
  std::int64_t transactions = 0;
  std::int64_t records = 0;
  std::vector<Run> runs;
};

TEST(Pipelines, ACleanOutboxHasNoFlaw) {
  Story s;
  for (int e = 1; e <= 3; ++e) {
    s.ms(10 * e);
    s.commit(e, e);
    s.ms(10 * e + 4);
    s.send(e);
    s.mark(e, e);
  }
  const EventFindings found = s.finish();
  const PipelineFindings& p = found.pipelines.at(0);
  EXPECT_EQ(p.committed, 3);
  EXPECT_EQ(p.published, 3);
  EXPECT_EQ(p.lost + p.phantom + p.duplicated + p.reordered + p.pending, 0);
  EXPECT_EQ(p.commit_to_topic.max(), 4'000'000);
  for (const char* id : {"B1", "O1", "O2", "O3"}) EXPECT_EQ(s.verdict(id), Verdict::holds) << id;
}

// Goal: an event that the broker appends after its sender has died counts as published, and from its commit to the append.
// Method: one event acknowledged after 4 ms, one appended after 6 ms without an answer, one appended and acknowledged later.
TEST(Pipelines, AnAppendThatNobodyLivedToHearOfCounts) {
  Story s;
  s.ms(10);
  for (int e = 1; e <= 3; ++e) s.commit(e, e);
  s.ms(14);
  s.send(1);
  s.send(2, /*stored=*/false);
  s.send(3, /*stored=*/false);
  const auto append = [&](std::int64_t ordinal, history::AppendRole role) {
    history::Appended appended;
    appended.at = s.at;
    appended.broker = 0;
    appended.role = role;
    appended.records = {s.producer, s.topic, ordinal, 1};
    appended.base_offset = ordinal;
    s.history.record(appended);
  };
  s.ms(15);
  append(1, history::AppendRole::follower);
  s.ms(16);
  append(1, history::AppendRole::leader);
  append(2, history::AppendRole::leader);
  s.runs.push_back({1, 1, 1, s.producer.n, 0});
  s.runs.push_back({2, 1, 2, s.producer.n, 0});
  s.ms(17);
  history::ProduceOutcome outcome;
  outcome.at = s.at;
  outcome.records = {s.producer, s.topic, 2, 1};
  s.history.record(outcome);
  const PipelineFindings p = s.finish().pipelines.at(0);
  EXPECT_EQ(p.published, 3);
  EXPECT_EQ(p.commit_to_topic.count(), 3) << "none is left out";
  EXPECT_EQ(p.commit_to_topic.min(), 4'000'000);
  EXPECT_EQ(p.commit_to_topic.max(), 7'000'000) << "of what was acknowledged, the acknowledgement counts";
  EXPECT_DOUBLE_EQ(p.commit_to_topic.mean(), (4e6 + 6e6 + 7e6) / 3) << "without an answer, the append";
}

// A row that a flag poller has not marked is pending; one that is marked and was never sent is lost, a breach of O1.
TEST(Pipelines, AMarkedRowThatWasNeverSentIsLost) {
  Story s;
  s.ms(1);
  s.commit(1, 1);
  s.commit(2, 2);
  s.ms(5);
  s.mark(1, 1);
  const EventFindings found = s.finish();
  EXPECT_EQ(found.pipelines[0].lost, 1);
  EXPECT_EQ(found.pipelines[0].pending, 1);
  EXPECT_EQ(s.verdict("O1"), Verdict::violated);
  EXPECT_NE(found.pipelines[0].stories.at(0).text.find("marked as published"), std::string::npos);
}

// A mark whose own transaction was lost in a crash is no mark: the row is found again.
TEST(Pipelines, ALostMarkLeavesTheRowPending) {
  Story s;
  s.commit(1, 1);
  const std::int64_t mark = s.mark(1, 1);
  s.history.record(history::TransactionLost{s.at, s.database, mark, history::CommitLostIn::wal_buffers});
  EXPECT_EQ(s.finish().pipelines[0].pending, 1);
}

// A cursor that passed an id before its row became visible has lost it; that is excused, and the story names the move.
TEST(Pipelines, ACursorJumpsOverALateCommit) {
  history::PipelineInfo info;
  info.order = history::OutboxOrder::cursor;
  Story s(info);
  s.ms(1);
  s.commit(2, 2);
  s.ms(2);
  s.send(2);
  s.cursor(2);
  s.ms(3);
  s.commit(1, 1);
  s.commit(3, 3);
  const EventFindings found = s.finish();
  EXPECT_EQ(found.pipelines[0].lost, 1);
  EXPECT_EQ(found.pipelines[0].pending, 1) << "id 3 is above the cursor";
  EXPECT_EQ(s.verdict("O1"), Verdict::not_applicable);
  const std::string& text = found.pipelines[0].stories.at(0).text;
  EXPECT_NE(text.find("taken outbox id 1"), std::string::npos) << text;
  EXPECT_NE(text.find("moved to id 2 at 0.002 s"), std::string::npos) << text;
}

// An event without a row is a phantom: against the promise if nothing excuses it.
TEST(Pipelines, AnEventWithoutARowIsAPhantom) {
  Story s;
  s.send(5);
  const EventFindings found = s.finish();
  EXPECT_EQ(found.pipelines[0].phantom, 1);
  EXPECT_EQ(s.verdict("O2"), Verdict::violated);
}

// What an answered commit loses: B1 and O2 with a database that promised, excused with one whose drive lies.
TEST(Pipelines, ALostCommitIsJudgedByWhereItWas) {
  for (const auto where : {history::CommitLostIn::page_cache, history::CommitLostIn::after_flush}) {
    Story s;
    const std::int64_t transaction = s.commit(1, 1);
    s.history.record(history::CommitAnswered{s.at, s.database, transaction});
    s.send(1);
    s.ms(9);
    s.history.record(history::TransactionLost{s.at, s.database, transaction, where});
    const EventFindings found = s.finish();
    EXPECT_EQ(found.databases.at(0).lost_answered, 1);
    EXPECT_EQ(found.pipelines[0].phantom, 1);
    EXPECT_EQ(found.pipelines[0].committed, 0);
    const bool promised = where == history::CommitLostIn::page_cache;
    EXPECT_EQ(s.verdict("B1"), promised ? Verdict::violated : Verdict::not_applicable);
    EXPECT_EQ(s.verdict("O2"), promised ? Verdict::violated : Verdict::not_applicable);
  }
}

// Repetitions are bounded by interruptions times the batch: one restart of a publisher with batches of 2 explains 2, not 3.
TEST(Pipelines, RepetitionsAreBoundedByInterruptions) {
  for (const int copies : {2, 3}) {
    Story s;
    for (int e = 1; e <= 3; ++e) s.commit(e, e);
    for (int e = 1; e <= 3; ++e) s.send(e);
    s.history.record(history::ClientStopped{s.at, s.producer});
    for (int e = 1; e <= copies; ++e) s.send(e);
    for (int e = 1; e <= 3; ++e) s.mark(e, e);
    const EventFindings found = s.finish();
    EXPECT_EQ(found.pipelines[0].duplicated, copies);
    EXPECT_EQ(found.pipelines[0].interruptions, 1);
    EXPECT_EQ(s.verdict("O3"), copies == 2 ? Verdict::holds : Verdict::violated);
  }
}

// Order is that of the commits, per aggregate; a later copy of an event does not count.
TEST(Pipelines, OrderIsThatOfCommitsPerAggregate) {
  history::PipelineInfo info;
  info.aggregate_locked = true;
  Story s(info);
  s.ms(1);
  s.commit(1, 1, 7);
  s.ms(2);
  s.commit(2, 2, 7);
  s.ms(3);
  s.commit(3, 3, 8);
  s.send(3, true, 8);
  s.send(2);
  s.send(1);
  s.send(2);
  for (int e = 1; e <= 3; ++e) s.mark(e, e);
  const EventFindings found = s.finish();
  EXPECT_EQ(found.pipelines[0].reordered, 1);
  EXPECT_EQ(s.verdict("O4"), Verdict::violated);
}

// A dual write whose service died after the commit is lost, and the story names the step; one that still runs is pending.
TEST(Pipelines, ADualWriteIsLostOnceNobodyWorksOnIt) {
  history::PipelineInfo info;
  info.publishing = Publishing::row_then_event;
  Story s(info);
  s.ms(4);
  s.commit(1, 0);
  s.commit(2, 0);
  s.ms(6);
  s.history.record(history::CrashedAtStep{s.at, "orders", "after_commit", 1});
  const EventFindings found = s.finish();
  EXPECT_EQ(found.pipelines[0].lost, 1);
  EXPECT_EQ(found.pipelines[0].pending, 1);
  EXPECT_NE(found.pipelines[0].stories.at(0).text.find("died at step after_commit at 0.006 s"),
            std::string::npos);
  EXPECT_EQ(s.verdict("O1"), Verdict::not_applicable);
}

// With an inbox a second effect and a missing one are breaches; without one the second is excused.
TEST(Pipelines, EffectsAreCounted) {
  for (const bool inbox : {true, false}) {
    Story s;
    history::InboxInfo info;
    info.workload = "billing";
    info.database = s.database;
    info.inbox = inbox;
    s.history.add_inbox(info);
    for (int i = 0; i < 2; ++i) {
      history::TransactionCommitted c;
      c.database = s.database;
      c.transaction = ++s.transactions;
      c.rows = {{history::RowChange::insert, 5, i + 1, {1}}};
      s.history.record(c);
      s.history.record(history::EventHandled{s.at, s.consumer, 1, true, c.transaction});
    }
    EventFindings found = s.finish();
    EXPECT_EQ(found.effects.at(0).duplicated, 1);
    EXPECT_EQ(found.effects.at(0).lost, 0);
    EXPECT_EQ(s.verdict("O5"), inbox ? Verdict::violated : Verdict::not_applicable);
  }
  Story s;
  history::InboxInfo info;
  info.workload = "billing";
  info.database = s.database;
  s.history.add_inbox(info);
  s.history.record(history::EventHandled{s.at, s.consumer, 1, false, 3});
  EXPECT_EQ(s.finish().effects.at(0).lost, 1);
  EXPECT_EQ(s.verdict("O5"), Verdict::violated);
}

}  // namespace
}  // namespace brokersim::checkers
