// The database as a process on a host: sessions, locks that wait, commits that flush, checkpoints, recovery.
//
// One task for each request; a session has at most one. Statements take CPU time on the host, commits wait for the log
// (wal_writer.h), waiters for rows look for a deadlock after deadlock_timeout. A client that vanishes is noticed when its
// connection breaks and no statement of it runs: the transaction is rolled back and its rows are free. One whose machine
// falls silent is not noticed at all until TCP gives up or idle_in_transaction_session_timeout strikes, and holds its rows.
// A log that cannot be written is a panic: the process ends at once and is started again (restart_after_crash).
// Start: process start, reading and replay of the log since the last checkpoint, then connections are accepted; until then
// they are refused.
// Not modelled: statements read from disk (the data are in memory), parallel query, prepared transactions.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "models/database/engine.h"
#include "models/database/messages.h"
#include "models/database/recovery.h"
#include "models/database/supervisor.h"
#include "models/database/wal_writer.h"
#include "models/devices/host/host.h"
#include "models/devices/host/service.h"
#include "models/devices/network/network.h"
#include "models/history/history.h"
#include "sim/sync.h"

namespace brokersim::database {

/// What outlives the process: owned by the world.
struct Storage {
  WalContent wal;
  WalResidue residue;
  Lsn redo = 0;  ///< Of the last complete checkpoint, as pg_control says.
  std::int64_t checkpoints = 0;
  /// Have a commit record and are not visible yet: only recovery knows what became of them.
  std::set<Serial> in_commit;
};

struct ServerParams {
  const DatabaseConfig* config = nullptr;
  Storage* storage = nullptr;
  history::History* history = nullptr;
  history::DatabaseId id;
  Supervisor* supervisor = nullptr;  ///< Null: a panic is the end.
  std::string program;
};

/// As history calls it.
[[nodiscard]] history::RowChange change_of(WalRecord::Kind kind);

/// What happened, for tests and reports.
struct ServerCounters {
  std::int64_t commits = 0;
  std::int64_t rollbacks = 0;
  std::int64_t deadlocks = 0;
  std::int64_t lock_waits = 0;
  sim::Duration lock_wait_total;
};

class Server final : public host::Service, private network::Peer {
 public:
  /// `params` and what they point to outlive the server.
  Server(sim::Process& process, host::Host& host, const ServerParams& params);

  void start() override;
  /// Fast shutdown: no new connections, open transactions are rolled back, a last checkpoint, then exit.
  void terminate() override;

  [[nodiscard]] bool accepting() const { return engine_ != nullptr; }
  /// Null until recovery is over.
  [[nodiscard]] const Engine* engine() const { return engine_.get(); }
  [[nodiscard]] const WalWriter* wal() const { return wal_.get(); }
  [[nodiscard]] const ServerCounters& counters() const { return counters_; }

 private:
  struct Session {
    network::ConnectionId connection;
    Serial transaction = kNoSerial;
    bool failed_block = false;  ///< A statement failed: everything fails until ROLLBACK.
    bool busy = false;
    bool gone = false;
    sim::Signal granted{"database.row_lock"};
    sim::EventHandle idle;
  };

  void on_accepted(network::ConnectionId connection, network::Port port) override;
  void on_message(network::ConnectionId connection, std::unique_ptr<network::Message> message,
                  sim::Bytes size) override;
  void on_closed(network::ConnectionId connection, network::CloseReason reason) override;

  [[nodiscard]] sim::Task<void> run();
  [[nodiscard]] sim::Task<void> recover();
  void tell_lost(const std::vector<WalRecord>& gone);
  void tell_late_commits();
  [[nodiscard]] sim::Task<void> serve(std::uint64_t id, std::unique_ptr<Request> request);
  [[nodiscard]] sim::Task<Result> execute(std::uint64_t id, Statement statement);
  [[nodiscard]] sim::Task<bool> wait_for_row(std::uint64_t id, Execution* execution, sim::SimTime since);
  [[nodiscard]] sim::Task<Error> commit(std::uint64_t id);
  void roll_back(Session& session, history::RollbackCause cause);
  void wake(const std::vector<Serial>& granted);
  void close(std::uint64_t id);
  void on_idle(std::uint64_t id);
  void panic();
  [[nodiscard]] sim::Task<void> wal_writer_loop();
  [[nodiscard]] sim::Task<void> checkpoint_loop();
  [[nodiscard]] sim::Task<void> checkpoint(bool spread);
  [[nodiscard]] sim::Task<void> shut_down();
  void record(history::DatabaseEvent event, std::int64_t replayed = 0);
  [[nodiscard]] const DatabaseConfig& config() const { return *params_.config; }
  [[nodiscard]] Session& session(std::uint64_t id) { return *sessions_.at(id); }

  sim::Component component_;
  host::Host& host_;
  ServerParams params_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<WalWriter> wal_;
  std::map<std::uint64_t, std::unique_ptr<Session>> sessions_;
  std::map<network::ConnectionId, std::uint64_t> by_connection_;
  std::map<Serial, std::uint64_t> by_transaction_;
  std::uint64_t next_session_ = 0;
  sim::Signal checkpoint_wanted_{"database.checkpoint"};
  ServerCounters counters_;
  bool stopping_ = false;
};

}  // namespace brokersim::database
