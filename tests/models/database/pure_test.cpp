// The pure part of the database: who sees what, who waits for whom, what the log brings back.
#include <gtest/gtest.h>

#include "models/database/engine.h"

namespace brokersim::database {
namespace {

using sim::SimTime;

constexpr TableId kPlain = 0;  // keys by hand
constexpr TableId kQueue = 1;  // keys from a sequence, index on column 0 (flag)

DatabaseConfig two_tables() {
  DatabaseConfig config;
  config.tables.push_back({.name = "plain"});
  config.tables.push_back({.name = "queue", .indexes = {{0}, {1}}, .sequence = true});
  return config;
}

struct Rig {
  DatabaseConfig config = two_tables();
  WalContent wal;
  std::unique_ptr<Engine> engine = std::make_unique<Engine>(config, wal);

  Serial begin(Isolation isolation = Isolation::read_committed) {
    return engine->begin(isolation, SimTime{});
  }
  /// Runs a statement that may wait; the execution stays with the caller.
  Engine::Step step(Serial who, Execution& execution) { return engine->step(who, execution); }
  Result run(Serial who, const Statement& statement) {
    Execution execution;
    execution.statement = statement;
    EXPECT_EQ(engine->step(who, execution), Engine::Step::done) << "nobody should wait here";
    return execution.result;
  }
  void commit(Serial who) {
    static_cast<void>(engine->log_commit(who));
    static_cast<void>(engine->finish_commit(who));
  }
  void restart() { engine = std::make_unique<Engine>(config, wal); }
};

Statement insert(TableId table, std::int64_t key, std::int64_t first = 0) {
  Statement s;
  s.kind = Statement::Kind::insert;
  s.table = table;
  s.row.key = key;
  s.row.columns[0] = first;
  return s;
}
Statement select_all(TableId table) {
  Statement s;
  s.table = table;
  return s;
}
Statement add(TableId table, std::int64_t key, std::int64_t value) {
  Statement s;
  s.kind = Statement::Kind::update;
  s.table = table;
  s.keys = {key};
  s.changes = {{0, value, true}};
  return s;
}
Statement set(TableId table, std::int64_t key, std::int64_t value) {
  Statement s = add(table, key, value);
  s.changes[0].add = false;
  return s;
}
std::vector<std::int64_t> keys(const Result& result) {
  std::vector<std::int64_t> all;
  for (const Row& row : result.rows) all.push_back(row.key);
  return all;
}

// Goal: sequence order is not commit order, so a cursor can jump over a row for ever.
// Method: A takes id 1, B takes id 2 and commits first; a reader then sees 2 only, and 1 later.
TEST(Engine, TheLowerIdMayBecomeVisibleLater) {
  Rig rig;
  const Serial a = rig.begin();
  const Serial b = rig.begin();
  EXPECT_EQ(rig.run(a, insert(kQueue, 0)).rows.at(0).key, 1);
  EXPECT_EQ(rig.run(b, insert(kQueue, 0)).rows.at(0).key, 2);
  rig.commit(b);
  const Serial reader = rig.begin();
  EXPECT_EQ(keys(rig.run(reader, select_all(kQueue))), std::vector<std::int64_t>{2});
  rig.commit(a);
  EXPECT_EQ(keys(rig.run(reader, select_all(kQueue))), (std::vector<std::int64_t>{1, 2}))
      << "read committed: a new snapshot for each statement";
}

// Goal: the safe horizon hides what an older open transaction may still come before.
// Method: as above; rows with their writer's number are read below pg_snapshot_xmin.
TEST(Engine, TheHorizonHidesWhatALateCommitWouldJumpBehind) {
  Rig rig;
  Statement with_xid = insert(kQueue, 0);
  with_xid.xid_column = 1;
  const Serial a = rig.begin();
  const Serial b = rig.begin();
  EXPECT_EQ(rig.run(a, with_xid).rows.at(0).columns[1], kFirstXid);
  EXPECT_EQ(rig.run(b, with_xid).rows.at(0).columns[1], kFirstXid + 1);
  rig.commit(b);
  Statement safe = select_all(kQueue);
  safe.index = 1;
  safe.horizon_column = 1;
  const Serial reader = rig.begin();
  EXPECT_EQ(keys(rig.run(reader, safe)), std::vector<std::int64_t>{}) << "A is older and still open";
  rig.commit(a);
  EXPECT_EQ(keys(rig.run(reader, safe)), (std::vector<std::int64_t>{1, 2}));
}

// Goal: repeatable read keeps its snapshot and refuses to write over a newer version (40001); read committed goes on with
// the newest version. Method: two transactions add to one row, the second began before the first committed.
TEST(Engine, FirstUpdaterWinsUnderSnapshotIsolation) {
  for (const Isolation isolation : {Isolation::read_committed, Isolation::repeatable_read}) {
    Rig rig;
    const Serial setup = rig.begin();
    rig.run(setup, insert(kPlain, 7, 100));
    rig.commit(setup);
    const Serial late = rig.begin(isolation);
    EXPECT_EQ(rig.run(late, select_all(kPlain)).rows.at(0).columns[0], 100);
    const Serial early = rig.begin();
    rig.run(early, add(kPlain, 7, 1));
    Execution waiting;
    waiting.statement = add(kPlain, 7, 10);
    ASSERT_EQ(rig.step(late, waiting), Engine::Step::waits);
    static_cast<void>(rig.engine->log_commit(early));
    EXPECT_EQ(rig.engine->finish_commit(early), std::vector<Serial>{late}) << "it gets the row";
    ASSERT_EQ(rig.step(late, waiting), Engine::Step::done);
    if (isolation == Isolation::repeatable_read) {
      EXPECT_EQ(waiting.result.error, Error::serialization_failure);
      EXPECT_EQ(rig.engine->abort(late).size(), 0u);
    } else {
      EXPECT_EQ(waiting.result.error, Error::none);
      rig.commit(late);
    }
    EXPECT_EQ(rig.engine->committed_rows(kPlain).at(0).columns[0],
              isolation == Isolation::repeatable_read ? 101 : 111);
  }
}

// Goal: SKIP LOCKED passes over rows that another worker holds, NOWAIT fails, FOR UPDATE waits.
// Method: a worker locks the first two of three rows; three others ask for two each.
TEST(Engine, LockedRowsAreSkippedRefusedOrWaitedFor) {
  Rig rig;
  const Serial setup = rig.begin();
  for (std::int64_t key = 1; key <= 3; ++key) rig.run(setup, insert(kPlain, key));
  rig.commit(setup);
  Statement two = select_all(kPlain);
  two.limit = 2;
  two.lock = Statement::Lock::skip_locked;
  const Serial first = rig.begin();
  EXPECT_EQ(keys(rig.run(first, two)), (std::vector<std::int64_t>{1, 2}));
  const Serial second = rig.begin();
  EXPECT_EQ(keys(rig.run(second, two)), std::vector<std::int64_t>{3});
  two.lock = Statement::Lock::nowait;
  const Serial third = rig.begin();
  EXPECT_EQ(rig.run(third, two).error, Error::lock_not_available);
  two.lock = Statement::Lock::for_update;
  Execution waiting;
  waiting.statement = two;
  const Serial fourth = rig.begin();
  EXPECT_EQ(rig.step(fourth, waiting), Engine::Step::waits);
  const std::vector<Serial> granted = rig.engine->abort(first);
  EXPECT_EQ(granted, std::vector<Serial>{fourth});
  EXPECT_EQ(rig.step(fourth, waiting), Engine::Step::done);
  EXPECT_EQ(keys(waiting.result), (std::vector<std::int64_t>{1, 2}));
}

// Goal: a flag poller that waited for a row finds it published meanwhile and leaves it out (EvalPlanQual).
// Method: one transaction sets the flag that the other one's index condition asks for, and commits.
TEST(Engine, AConditionIsLookedAtAgainAfterAWait) {
  Rig rig;
  const Serial setup = rig.begin();
  rig.run(setup, insert(kQueue, 0));
  rig.run(setup, insert(kQueue, 0));
  rig.commit(setup);
  const Serial one = rig.begin();
  rig.run(one, set(kQueue, 1, 1));
  Statement unpublished = select_all(kQueue);
  unpublished.index = 0;
  unpublished.equals = {0};
  unpublished.lock = Statement::Lock::for_update;
  Execution waiting;
  waiting.statement = unpublished;
  const Serial two = rig.begin();
  ASSERT_EQ(rig.step(two, waiting), Engine::Step::waits);
  static_cast<void>(rig.engine->log_commit(one));
  static_cast<void>(rig.engine->finish_commit(one));
  ASSERT_EQ(rig.step(two, waiting), Engine::Step::done);
  EXPECT_EQ(keys(waiting.result), std::vector<std::int64_t>{2});
}

// Goal: two transactions that wait for each other are a deadlock, a chain is none. Method: cross updates.
TEST(Engine, ACycleOfWaitsIsADeadlock) {
  Rig rig;
  const Serial setup = rig.begin();
  for (std::int64_t key = 1; key <= 2; ++key) rig.run(setup, insert(kPlain, key));
  rig.commit(setup);
  const Serial a = rig.begin();
  const Serial b = rig.begin();
  rig.run(a, add(kPlain, 1, 1));
  rig.run(b, add(kPlain, 2, 1));
  Execution a_waits;
  a_waits.statement = add(kPlain, 2, 1);
  ASSERT_EQ(rig.step(a, a_waits), Engine::Step::waits);
  EXPECT_FALSE(rig.engine->deadlocked(a)) << "b waits for nobody";
  Execution b_waits;
  b_waits.statement = add(kPlain, 1, 1);
  ASSERT_EQ(rig.step(b, b_waits), Engine::Step::waits);
  EXPECT_TRUE(rig.engine->deadlocked(a));
  EXPECT_TRUE(rig.engine->deadlocked(b));
  rig.engine->give_up(b, b_waits, Error::deadlock_detected);
  EXPECT_EQ(rig.engine->abort(b), std::vector<Serial>{a});
  EXPECT_EQ(rig.step(a, a_waits), Engine::Step::done);
  rig.commit(a);
  EXPECT_EQ(rig.engine->committed_rows(kPlain).at(1).columns[0], 1);
}

// Goal: of two inserts of one key the second waits for the first, and does nothing, fails, or goes on.
// Method: the first commits, or rolls back; the second says ON CONFLICT DO NOTHING, or not.
TEST(Engine, ASecondInsertOfAKeyWaitsForTheFirst) {
  for (const bool commits : {true, false}) {
    for (const bool do_nothing : {true, false}) {
      Rig rig;
      const Serial first = rig.begin();
      rig.run(first, insert(kPlain, 5));
      Execution waiting;
      waiting.statement = insert(kPlain, 5);
      waiting.statement.on_conflict_do_nothing = do_nothing;
      const Serial second = rig.begin();
      ASSERT_EQ(rig.step(second, waiting), Engine::Step::waits);
      if (commits) {
        rig.commit(first);
      } else {
        static_cast<void>(rig.engine->abort(first));
      }
      ASSERT_EQ(rig.step(second, waiting), Engine::Step::done);
      EXPECT_EQ(waiting.result.affected, commits ? 0 : 1);
      EXPECT_EQ(waiting.result.error, commits && !do_nothing ? Error::unique_violation : Error::none);
    }
  }
}

// Goal: a restart has exactly the transactions whose commit record is in the log; a sequence skips, and never repeats.
// Method: one commits, one stays open, one loses its commit record with the end of the log.
TEST(Engine, ReplayBringsBackWhatHasACommitRecord) {
  Rig rig;
  const Serial committed = rig.begin();
  rig.run(committed, insert(kQueue, 0, 11));
  rig.commit(committed);
  const std::size_t whole = rig.wal.records().size();
  const Serial open = rig.begin();
  rig.run(open, insert(kQueue, 0, 12));
  const Serial lost = rig.begin();
  rig.run(lost, insert(kQueue, 0, 13));
  rig.commit(lost);
  EXPECT_EQ(rig.engine->committed_rows(kQueue).size(), 2u);
  EXPECT_EQ(rig.wal.cut(whole).size(), 3u) << "two rows and a commit";
  rig.restart();
  const std::vector<Row> rows = rig.engine->committed_rows(kQueue);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].columns[0], 11);
  const Serial next = rig.begin();
  EXPECT_EQ(rig.run(next, insert(kQueue, 0)).rows.at(0).key, 34)
      << "the log had reserved 32 values beyond the first";
}

// Goal: an old snapshot keeps dead versions, and lets them go when it ends: no cost that grows for ever.
// Method: 100 updates of a row under an open repeatable-read transaction.
TEST(Engine, ALongTransactionHoldsUpVacuum) {
  Rig rig;
  const Serial setup = rig.begin();
  rig.run(setup, insert(kPlain, 1));
  rig.commit(setup);
  const Serial old = rig.begin(Isolation::repeatable_read);
  EXPECT_EQ(rig.run(old, select_all(kPlain)).rows.at(0).columns[0], 0);
  for (int i = 0; i < 100; ++i) {
    const Serial one = rig.begin();
    rig.run(one, add(kPlain, 1, 1));
    rig.commit(one);
  }
  EXPECT_EQ(rig.engine->table(kPlain).dead(), 100u);
  EXPECT_EQ(rig.run(old, select_all(kPlain)).rows.at(0).columns[0], 0) << "it still sees its snapshot";
  rig.commit(old);
  EXPECT_EQ(rig.engine->table(kPlain).dead(), 0u);
  EXPECT_EQ(rig.engine->table(kPlain).rows().at(1).size(), 1u);
}

// Goal: random histories of transfers keep the sum, under both isolation levels, whatever aborts.
// Method: 2,000 steps of up to 4 transactions each, deadlocks and failures rolled back; the sum is read by snapshots.
TEST(Engine, TransfersConserveTheSum) {
  for (const Isolation isolation : {Isolation::read_committed, Isolation::repeatable_read}) {
    Rig rig;
    const Serial setup = rig.begin();
    for (std::int64_t key = 0; key < 5; ++key) rig.run(setup, insert(kPlain, key, 100));
    rig.commit(setup);
    struct Client {
      Serial who = kNoSerial;
      int at = 0;
      std::int64_t from = 0, to = 0, amount = 0;
      std::optional<Execution> waiting;
    };
    std::vector<Client> clients(4);
    std::uint64_t state = 88172645463325252ull + static_cast<std::uint64_t>(isolation);
    const auto draw = [&](std::uint64_t n) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      return static_cast<std::int64_t>(state % n);
    };
    int committed = 0;
    int failed = 0;
    for (int step = 0; step < 8'000; ++step) {
      Client& client = clients[static_cast<std::size_t>(draw(4))];
      const auto give_up = [&] {
        static_cast<void>(rig.engine->abort(client.who));
        client = Client{};
        ++failed;
      };
      if (client.waiting) {
        if (rig.engine->waits(client.who)) {
          if (rig.engine->deadlocked(client.who)) {
            rig.engine->give_up(client.who, *client.waiting, Error::deadlock_detected);
            give_up();
          }
          continue;
        }
      } else if (client.who == kNoSerial) {
        client.who = rig.begin(isolation);
        client.from = draw(5);
        client.to = draw(5);
        client.amount = draw(50);
      }
      if (client.at == 2) {
        rig.commit(client.who);
        client = Client{};
        ++committed;
        continue;
      }
      if (!client.waiting) {
        client.waiting.emplace();
        client.waiting->statement =
            client.at == 0 ? add(kPlain, client.from, -client.amount) : add(kPlain, client.to, client.amount);
      }
      if (rig.step(client.who, *client.waiting) == Engine::Step::waits) continue;
      if (client.waiting->result.error != Error::none) {
        give_up();
        continue;
      }
      client.waiting.reset();
      ++client.at;
      std::int64_t sum = 0;
      const Serial reader = rig.begin();
      for (const Row& row : rig.run(reader, select_all(kPlain)).rows) sum += row.columns[0];
      rig.commit(reader);
      ASSERT_EQ(sum, 500) << "step " << step;
    }
    EXPECT_GT(committed, 500);
    EXPECT_GT(failed, 10) << "deadlocks and conflicts must have been met";
  }
}

}  // namespace
}  // namespace brokersim::database
