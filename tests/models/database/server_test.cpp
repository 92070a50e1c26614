// The database on a host: when an answer comes, what a crash takes, who waits how long.
#include <gtest/gtest.h>

#include "models/database/client.h"
#include "models/database/server.h"
#include "models/devices/storage/disk.h"
#include "models/devices/storage/file_system.h"

namespace brokersim::database {
namespace {

using namespace sim::literals;
using sim::SimTime;

/// A database on one host and a client process on another.
class Rig : public history::Watcher {
 public:
  explicit Rig(DatabaseConfig given = {}, storage::DiskConfig disk = {}) : config(std::move(given)) {
    config.tables = {{.name = "plain"}, {.name = "queue", .indexes = {{0}}, .sequence = true}};
    host::HostConfig machine;
    machine.name = "db-0";
    machine.zone = "a";
    machine.power_domain = "db";
    machine.hardware.disks = {disk};
    db = std::make_unique<host::Host>(sim, net, machine);
    machine.name = "app-0";
    app = std::make_unique<host::Host>(sim, net, machine);
    history.attach(*this);
    ServerParams params{&config,     &storage,  &history, history.add_database({"db", {"plain", "queue"}}),
                        &supervisor, "database"};
    db->install("database", [params](sim::Process& process, host::Host& host) {
      return std::make_unique<Server>(process, host, params);
    });
    db->start("database");
  }
  Server* server() { return static_cast<Server*>(db->service("database")); }

  using history::Watcher::on;
  void on(const history::TransactionCommitted& event) override { committed.push_back(event); }
  void on(const history::TransactionLost& event) override { lost.push_back(event); }
  void on(const history::TransactionRolledBack& event) override { rolled_back.push_back(event); }
  void on(const history::DatabaseChanged& event) override { changes.push_back(event); }

  DatabaseConfig config;
  sim::Simulation sim{1};
  network::Network net{sim, {}};
  Storage storage;
  Supervisor supervisor{sim, "supervisor"};
  history::History history;
  std::unique_ptr<host::Host> db;
  std::unique_ptr<host::Host> app;
  std::vector<history::TransactionCommitted> committed;
  std::vector<history::TransactionLost> lost;
  std::vector<history::TransactionRolledBack> rolled_back;
  std::vector<history::DatabaseChanged> changes;
};

/// What the client tasks of a test share.
struct Client {
  explicit Client(Rig& rig, int connections = 1)
      : process(rig.sim, "client"), component(process, "client/main") {
    for (int i = 0; i < connections; ++i)
      all.push_back(
          std::make_unique<Connection>(component, rig.net, rig.app->id(), rig.db->id(), ClientConfig{}));
  }
  ~Client() { process.kill(); }
  sim::Process process;
  sim::Component component;
  std::vector<std::unique_ptr<Connection>> all;
  std::vector<SimTime> answered;
  std::vector<Error> errors;
};

Statement insert(std::int64_t key) {
  Statement s;
  s.kind = Statement::Kind::insert;
  s.row.key = key;
  return s;
}
Statement add(std::int64_t key) {
  Statement s;
  s.kind = Statement::Kind::update;
  s.keys = {key};
  s.changes = {{0, 1, true}};
  return s;
}

/// Each statement a transaction of its own.
sim::Task<void> autocommit(Client* client, std::size_t connection, std::vector<Statement> statements) {
  for (Statement& statement : statements) {
    sim::Task<Reply> call = client->all[connection]->run(std::move(statement));
    const Reply reply = co_await call;
    client->answered.push_back(client->component.now());
    client->errors.push_back(reply.result.error);
  }
}

/// begin, the statements with pauses after them, commit.
sim::Task<void> transaction(Client* client, std::size_t connection, sim::Duration before,
                            std::vector<Statement> statements, sim::Duration pause) {
  if (before.ns > 0) co_await sim::delay(before);
  sim::Task<Reply> beginning = client->all[connection]->begin();
  static_cast<void>(co_await beginning);
  for (Statement& statement : statements) {
    sim::Task<Reply> call = client->all[connection]->run(std::move(statement));
    const Reply reply = co_await call;
    client->answered.push_back(client->component.now());
    client->errors.push_back(reply.result.error);
    if (pause.ns > 0) co_await sim::delay(pause);
  }
  sim::Task<Reply> committing = client->all[connection]->commit();
  const Reply reply = co_await committing;
  client->answered.push_back(client->component.now());
  client->errors.push_back(reply.result.error);
}

// Goal: a commit waits for the log's flush with synchronous_commit=on, and not with off.
// Method: one insert on an idle database; the difference is the flush alone.
TEST(Server, ACommitWaitsForTheFlush) {
  SimTime answered[2];
  for (const bool on : {false, true}) {
    DatabaseConfig config;
    config.synchronous_commit = on;
    Rig rig(config);
    Client client(rig);
    client.component.spawn(autocommit(&client, 0, {insert(1)}));
    rig.sim.run_until(SimTime{} + 100_ms);
    ASSERT_EQ(client.answered.size(), 1u);
    EXPECT_EQ(client.errors[0], Error::none);
    answered[on ? 1 : 0] = client.answered[0];
    EXPECT_EQ(rig.server()->wal()->flushes(), on ? 1 : 0);
  }
  EXPECT_GT(answered[1] - answered[0], 20_us) << "at least one write of the drive";
  EXPECT_LT(answered[1] - answered[0], 5_ms);
}

// Goal: committers share flushes. Method: 20 connections commit at one instant: far fewer flushes than commits.
TEST(Server, CommittersShareFlushes) {
  Rig rig;
  Client client(rig, 20);
  for (std::size_t i = 0; i < 20; ++i)
    client.component.spawn(autocommit(&client, i, {insert(static_cast<std::int64_t>(i))}));
  rig.sim.run_until(SimTime{} + 150_ms);
  EXPECT_EQ(rig.committed.size(), 20u);
  EXPECT_LE(rig.server()->wal()->flushes(), 10);
}

// Goal: commit_delay makes groups larger. Method: the same with a delay that all arrive within.
TEST(Server, CommitDelayWaitsForCompany) {
  DatabaseConfig config;
  config.commit_delay = 5_ms;
  config.commit_siblings = 1;
  Rig rig(config);
  Client client(rig, 20);
  for (std::size_t i = 0; i < 20; ++i)
    client.component.spawn(autocommit(&client, i, {insert(static_cast<std::int64_t>(i))}));
  rig.sim.run_until(SimTime{} + 150_ms);
  EXPECT_EQ(rig.committed.size(), 20u);
  EXPECT_LE(rig.server()->wal()->flushes(), 3);
}

/// Ten commits one after another, then what `crash` does, then a restart.
template <class Crash>
std::size_t rows_after(Rig& rig, SimTime at, Crash crash) {
  Client client(rig);
  std::vector<Statement> ten;
  for (std::int64_t key = 1; key <= 10; ++key) ten.push_back(insert(key));
  client.component.spawn(autocommit(&client, 0, std::move(ten)));
  rig.sim.run_until(at);
  crash();
  rig.sim.run_until(at + 60_s);
  EXPECT_TRUE(rig.server() != nullptr && rig.server()->accepting());
  return rig.server()->engine()->committed_rows(0).size();
}

// Goal: what was answered survives a kill and a power loss with synchronous_commit=on.
// Method: ten acknowledged commits, then either.
TEST(Server, AnsweredCommitsSurvive) {
  for (const bool power : {false, true}) {
    Rig rig;
    const std::size_t rows = rows_after(rig, SimTime{} + 150_ms, [&] {
      if (power) {
        rig.db->power_off();
        rig.db->power_on();
      } else {
        rig.db->kill("database");
        rig.db->start("database");
      }
    });
    EXPECT_EQ(rows, 10u);
    EXPECT_TRUE(rig.lost.empty());
  }
}

// Goal: with synchronous_commit=off a kill takes what is still in wal_buffers: at most what the last cycles of the WAL
// writer brought. Method: ten answered commits, killed before the writer's first cycle (200 ms), and after it.
TEST(Server, AsynchronousCommitsMayBeLost) {
  for (const bool before_flush : {true, false}) {
    DatabaseConfig config;
    config.synchronous_commit = false;
    Rig rig(config);
    const SimTime at = SimTime{} + (before_flush ? 150_ms : 300_ms);
    const std::size_t rows = rows_after(rig, at, [&] {
      rig.db->kill("database");
      rig.db->start("database");
    });
    EXPECT_EQ(rig.committed.size(), 10u) << "all were answered";
    EXPECT_EQ(rows, before_flush ? 0u : 10u);
    EXPECT_EQ(rig.lost.size(), before_flush ? 10u : 0u);
    if (before_flush) {
      EXPECT_EQ(rig.lost[0].where, history::CommitLostIn::wal_buffers);
    }
  }
}

// Goal: a drive that lies about flushes loses answered commits with the power, and the loss is explained as such.
// Method: a volatile cache, the lie from the beginning on, power loss right after the tenth answer.
TEST(Server, ALyingDriveLosesAnsweredCommits) {
  storage::DiskConfig disk;
  disk.power_loss_protection = false;
  disk.volatile_cache = {1 << 30};
  disk.flush_lies = true;
  Rig rig({}, disk);
  const std::size_t rows = rows_after(rig, SimTime{} + 150_ms, [&] {
    rig.db->power_off();
    rig.db->power_on();
  });
  EXPECT_EQ(rig.committed.size(), 10u);
  ASSERT_FALSE(rig.lost.empty());
  EXPECT_EQ(rows + rig.lost.size(), 10u);
  for (const auto& lost : rig.lost) EXPECT_EQ(lost.where, history::CommitLostIn::after_flush);
}

// Goal: fsync=off loses with the power, and keeps with a kill (the bytes are in the page cache).
TEST(Server, WithoutFsyncOnlyTheMachineMustLive) {
  for (const bool power : {false, true}) {
    DatabaseConfig config;
    config.fsync = false;
    Rig rig(config);
    const std::size_t rows = rows_after(rig, SimTime{} + 150_ms, [&] {
      if (power) {
        rig.db->power_off();
        rig.db->power_on();
      } else {
        rig.db->kill("database");
        rig.db->start("database");
      }
    });
    EXPECT_EQ(rows, power ? 0u : 10u);
  }
}

// Goal: a failed flush is a panic: nobody is answered, the database restarts by itself, what was flushed is there.
// Method: the next fsync fails while the second commit waits for it.
TEST(Server, AFailedFlushIsAPanic) {
  Rig rig;
  Client client(rig);
  client.component.spawn(autocommit(&client, 0, {insert(1)}));
  rig.sim.run_until(SimTime{} + 100_ms);
  rig.db->file_system().fail_syncs(1);
  client.component.spawn(autocommit(&client, 0, {insert(2)}));
  rig.sim.run_until(SimTime{} + 10_s);
  ASSERT_EQ(client.errors.size(), 2u);
  EXPECT_EQ(client.errors[1], Error::connection_lost);
  EXPECT_EQ(rig.db->incarnation("database"), 2u);
  ASSERT_TRUE(rig.server()->accepting());
  EXPECT_GE(rig.committed.size(), 1u);
  EXPECT_EQ(rig.server()->engine()->committed_rows(0).size(), rig.committed.size())
      << "history knows what recovery found";
  const SimTime panicked = rig.changes.at(2).at;
  EXPECT_EQ(rig.changes.at(2).event, history::DatabaseEvent::panicked);
  EXPECT_EQ(rig.changes.at(3).at, panicked + 1_s) << "restart_after_crash";
}

// Goal: a commit whose record had reached the kernel when the process died has happened, although nobody was told; history
// says so when recovery has found it. Method: killed between the write of the record and the end of its flush.
TEST(Server, ACommitThatNobodyWasToldOfMayHaveHappened) {
  Rig rig;
  Client client(rig);
  client.component.spawn(autocommit(&client, 0, {insert(1)}));
  while (rig.storage.in_commit.empty() || rig.storage.residue.written < rig.storage.wal.end())
    rig.sim.run_until(rig.sim.now() + 1_us);
  EXPECT_TRUE(rig.committed.empty());
  rig.db->kill("database");
  rig.db->start("database");
  rig.sim.run_until(SimTime{} + 10_s);
  EXPECT_EQ(client.errors, std::vector<Error>{Error::connection_lost});
  EXPECT_EQ(rig.server()->engine()->committed_rows(0).size(), 1u);
  ASSERT_EQ(rig.committed.size(), 1u);
  EXPECT_EQ(rig.committed[0].rows.size(), 1u);
  EXPECT_TRUE(rig.lost.empty());
}

// Goal: of two transactions that wait for each other one fails after deadlock_timeout (1 s) and the other goes on.
TEST(Server, ADeadlockEndsAfterItsTimeout) {
  Rig rig;
  Client client(rig, 2);
  client.component.spawn(autocommit(&client, 0, {insert(1), insert(2)}));
  rig.sim.run_until(SimTime{} + 100_ms);
  client.answered.clear();
  client.errors.clear();
  client.component.spawn(transaction(&client, 0, {}, {add(1), add(2)}, 10_ms));
  client.component.spawn(transaction(&client, 1, 1_ms, {add(2), add(1)}, 10_ms));
  rig.sim.run_until(SimTime{} + 5_s);
  EXPECT_EQ(rig.server()->counters().deadlocks, 1);
  ASSERT_EQ(client.errors.size(), 6u);
  EXPECT_EQ(std::count(client.errors.begin(), client.errors.end(), Error::deadlock_detected), 1);
  EXPECT_EQ(std::count(client.errors.begin(), client.errors.end(), Error::transaction_aborted), 1)
      << "its COMMIT";
  EXPECT_EQ(rig.committed.size(), 3u);
  EXPECT_GT(client.answered[2], SimTime{} + 1'100_ms);
  EXPECT_LT(client.answered[2], SimTime{} + 1'120_ms);
}

// Goal: rows of a client whose process dies are free at once; those of one whose machine falls silent are held until
// idle_in_transaction_session_timeout. Method: a second client wants the row that the first one holds.
TEST(Server, ASilentClientHoldsItsRows) {
  for (const bool silent : {false, true}) {
    DatabaseConfig config;
    config.idle_in_transaction_session_timeout = 20_s;
    Rig rig(config);
    host::HostConfig machine;
    machine.name = "app-1";
    machine.zone = "a";
    machine.power_domain = "x";
    host::Host other(rig.sim, rig.net, machine);
    Client second(rig);
    second.component.spawn(autocommit(&second, 0, {insert(1)}));
    rig.sim.run_until(SimTime{} + 50_ms);
    Client first(rig);
    first.all[0] =
        std::make_unique<Connection>(first.component, rig.net, other.id(), rig.db->id(), ClientConfig{});
    first.component.spawn(transaction(&first, 0, {}, {add(1)}, 3'600_s));
    rig.sim.run_until(SimTime{} + 100_ms);
    if (silent) {
      rig.net.host_down(other.id());
    } else {
      rig.net.close_all_of(first.process, network::CloseReason::reset);
    }
    first.process.kill();
    ClientConfig patient;
    patient.timeout = 600_s;
    second.all[0] =
        std::make_unique<Connection>(second.component, rig.net, rig.app->id(), rig.db->id(), patient);
    second.component.spawn(autocommit(&second, 0, {add(1)}));
    rig.sim.run_until(SimTime{} + 60_s);
    ASSERT_EQ(second.answered.size(), 2u);
    if (silent) {
      EXPECT_GT(second.answered[1], SimTime{} + 20_s);
      EXPECT_LT(second.answered[1], SimTime{} + 20'100_ms);
      EXPECT_EQ(rig.rolled_back.at(0).cause, history::RollbackCause::idle_timeout);
    } else {
      EXPECT_LT(second.answered[1], SimTime{} + 110_ms);
      EXPECT_EQ(rig.rolled_back.at(0).cause, history::RollbackCause::connection_lost);
    }
  }
}

// Goal: a checkpoint bounds what recovery replays and frees old log files.
// Method: 64 KiB segments, a checkpoint a second, commits for 5 s; then a kill.
TEST(Server, ACheckpointBoundsReplayAndFreesTheLog) {
  DatabaseConfig config;
  config.wal_segment_size = {64 << 10};
  config.checkpoint_timeout = 1_s;
  Rig rig(config);
  Client client(rig);
  std::vector<Statement> many;
  for (std::int64_t key = 1; key <= 5'000; ++key) many.push_back(insert(key));
  client.component.spawn(autocommit(&client, 0, std::move(many)));
  rig.sim.run_until(SimTime{} + 30_s);
  const std::size_t committed = rig.committed.size();
  EXPECT_EQ(committed, 5'000u);
  EXPECT_GE(rig.storage.checkpoints, 5);
  EXPECT_LE(rig.db->file_system().list("pg_wal/").size(), 3u);
  rig.db->kill("database");
  rig.db->start("database");
  rig.sim.run_until(SimTime{} + 40_s);
  EXPECT_EQ(rig.server()->engine()->committed_rows(0).size(), 5'000u);
  EXPECT_LT(rig.changes.back().replayed, 100);
}

// Goal: the planted bug that answers before the flush loses answered commits; the same crash without it loses none.
TEST(Server, AnsweringBeforeTheFlushLoses) {
  DatabaseConfig config;
  config.planted.answers_before_flush = true;
  Rig rig(config);
  const std::size_t rows = rows_after(rig, SimTime{} + 150_ms, [&] {
    rig.db->kill("database");
    rig.db->start("database");
  });
  EXPECT_EQ(rig.committed.size(), 10u);
  EXPECT_LT(rows, 10u);
  EXPECT_EQ(rig.lost.size() + rows, 10u);
}

}  // namespace
}  // namespace brokersim::database
