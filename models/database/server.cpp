#include "models/database/server.h"

#include <algorithm>
#include <utility>

#include "models/devices/compute/cpu.h"
#include "sim/check.h"

namespace brokersim::database {

history::RowChange change_of(WalRecord::Kind kind) {
  if (kind == WalRecord::Kind::update) return history::RowChange::update;
  return kind == WalRecord::Kind::erase ? history::RowChange::erase : history::RowChange::insert;
}

Server::Server(sim::Process& process, host::Host& host, const ServerParams& params)
    : component_(process, process.path() + "/server"), host_(host), params_(params) {}

void Server::start() {
  record(history::DatabaseEvent::starting);
  component_.spawn(run());
}

void Server::record(history::DatabaseEvent event, std::int64_t replayed) {
  params_.history->record(history::DatabaseChanged{component_.now(), params_.id, event, replayed});
}

sim::Task<void> Server::run() {
  if (host_.incarnation(params_.program) > 1)
    co_await sim::delay(config().costs.process_start, "database.process_start");
  sim::Task<void> recovering = recover();
  co_await recovering;
  component_.spawn(wal_writer_loop());
  component_.spawn(checkpoint_loop());
  network::SocketOptions sockets;
  host_.network().listen(host_.id(), kDatabasePort, component_, *this, sockets);
}

// --- Sessions --------------------------------------------------------------------------------------------------

void Server::on_accepted(network::ConnectionId connection, network::Port) {
  const std::uint64_t id = next_session_++;
  auto session = std::make_unique<Session>();
  session->connection = connection;
  sessions_[id] = std::move(session);
  by_connection_[connection] = id;
}

void Server::on_message(network::ConnectionId connection, std::unique_ptr<network::Message> message,
                        sim::Bytes) {
  const auto found = by_connection_.find(connection);
  if (found == by_connection_.end() || stopping_) return;
  Session& session = this->session(found->second);
  SIM_CHECK(!session.busy, "a session got a second request before the first was answered");
  session.busy = true;
  component_.cancel(session.idle);
  std::unique_ptr<Request> request(static_cast<Request*>(message.release()));
  component_.spawn(serve(found->second, std::move(request)));
}

void Server::on_closed(network::ConnectionId connection, network::CloseReason) {
  const auto found = by_connection_.find(connection);
  if (found == by_connection_.end()) return;
  const std::uint64_t id = found->second;
  by_connection_.erase(found);
  Session& session = this->session(id);
  session.gone = true;
  if (!session.busy) close(id);  // else when its statement is over
}

void Server::close(std::uint64_t id) {
  Session& session = this->session(id);
  component_.cancel(session.idle);
  if (session.transaction != kNoSerial) roll_back(session, history::RollbackCause::connection_lost);
  if (!session.gone) {
    by_connection_.erase(session.connection);
    host_.network().close(session.connection);
  }
  sessions_.erase(id);
}

void Server::on_idle(std::uint64_t id) {
  Session& session = this->session(id);
  session.idle = {};
  roll_back(session, history::RollbackCause::idle_timeout);
  close(id);
}

void Server::roll_back(Session& session, history::RollbackCause cause) {
  const Serial who = std::exchange(session.transaction, kNoSerial);
  by_transaction_.erase(who);
  ++counters_.rollbacks;
  params_.history->record(history::TransactionRolledBack{component_.now(), params_.id, who, cause});
  wake(engine_->abort(who));
}

void Server::wake(const std::vector<Serial>& granted) {
  for (const Serial who : granted) session(by_transaction_.at(who)).granted.notify_all();
}

// --- Requests --------------------------------------------------------------------------------------------------

sim::Task<void> Server::serve(std::uint64_t id, std::unique_ptr<Request> request) {
  auto reply = std::make_unique<Reply>();
  std::int64_t row_bytes = 0;
  const auto connections = static_cast<std::int32_t>(sessions_.size());
  if (connections > config().max_connections && session(id).transaction == kNoSerial) {
    reply->result.error = Error::too_many_connections;
  } else if (request->kind == Request::Kind::statement) {
    row_bytes = config().tables[static_cast<std::size_t>(request->statement.table)].row_bytes;
    const bool alone = session(id).transaction == kNoSerial && !session(id).failed_block;
    if (alone) {
      session(id).transaction = engine_->begin(Isolation::read_committed, component_.now());
      by_transaction_[session(id).transaction] = id;
    }
    sim::Task<Result> executing = execute(id, std::move(request->statement));
    reply->result = co_await executing;
    if (alone) session(id).failed_block = false;
    if (alone && reply->result.error == Error::none) {
      reply->transaction = session(id).transaction;
      sim::Task<Error> committing = commit(id);
      reply->result.error = co_await committing;
    }
  } else {
    co_await host_.cpu().work(component_, config().costs.control);
    Session& session = this->session(id);
    const bool failed = std::exchange(session.failed_block, false);
    if (request->kind == Request::Kind::begin) {
      SIM_CHECK(session.transaction == kNoSerial, "a transaction begins within another");
      session.transaction = engine_->begin(request->isolation, component_.now());
      by_transaction_[session.transaction] = id;
      reply->transaction = session.transaction;
    } else if (failed) {
      if (request->kind == Request::Kind::commit) reply->result.error = Error::transaction_aborted;
    } else if (request->kind == Request::Kind::rollback) {
      if (session.transaction != kNoSerial) roll_back(session, history::RollbackCause::client);
    } else {
      reply->transaction = session.transaction;
      sim::Task<Error> committing = commit(id);
      reply->result.error = co_await committing;
    }
  }
  Session& session = this->session(id);
  session.busy = false;
  if (session.gone) {
    close(id);
    co_return;
  }
  const sim::Bytes size = wire_bytes(*reply, row_bytes);
  const bool refused = reply->result.error == Error::too_many_connections;
  host_.network().send(session.connection, size, std::move(reply));
  if (refused) {
    close(id);
  } else if (session.transaction != kNoSerial && config().idle_in_transaction_session_timeout.ns > 0) {
    session.idle = component_.after(config().idle_in_transaction_session_timeout, "database.idle_timeout",
                                    sim::bind<&Server::on_idle>(this, id));
  }
}

sim::Task<Result> Server::execute(std::uint64_t id, Statement statement) {
  co_await host_.cpu().work(component_, config().costs.statement);
  if (session(id).failed_block) {
    Result aborted;
    aborted.error = Error::transaction_aborted;
    co_return aborted;
  }
  Execution execution;
  execution.statement = std::move(statement);
  const Serial who = session(id).transaction;
  const sim::SimTime since = component_.now();
  while (engine_->step(who, execution) == Engine::Step::waits) {
    ++counters_.lock_waits;
    sim::Task<bool> waiting = wait_for_row(id, &execution, since);
    const bool go_on = co_await waiting;
    if (!go_on) break;
  }
  counters_.lock_wait_total += component_.now() - since;
  if (execution.result.error != Error::none) {
    const bool deadlock = execution.result.error == Error::deadlock_detected;
    if (deadlock) ++counters_.deadlocks;
    session(id).failed_block = true;
    roll_back(session(id),
              deadlock ? history::RollbackCause::deadlock : history::RollbackCause::statement_failed);
  }
  const auto rows = static_cast<std::int64_t>(execution.result.rows.size()) + execution.result.affected;
  if (rows > 0) co_await host_.cpu().work(component_, config().costs.row * rows);
  co_return std::move(execution.result);
}

/// True: the row is ours, or it is worth another look. False: the statement has failed.
sim::Task<bool> Server::wait_for_row(std::uint64_t id, Execution* execution, sim::SimTime since) {
  const Serial who = session(id).transaction;
  bool looked = false;
  while (engine_->waits(who)) {
    sim::Duration most = looked ? sim::Duration::max() : config().deadlock_timeout;
    if (config().lock_timeout.ns > 0)
      most = std::min(most, std::max(since + config().lock_timeout - component_.now(), sim::Duration{0}));
    if (most == sim::Duration::max()) {
      co_await session(id).granted.wait();
      continue;
    }
    const sim::Waited waited = co_await session(id).granted.wait_for(most);
    if (waited == sim::Waited::notified || !engine_->waits(who)) continue;
    if (config().lock_timeout.ns > 0 && component_.now() >= since + config().lock_timeout) {
      engine_->give_up(who, *execution, Error::lock_not_available);
      co_return false;
    }
    looked = true;
    if (engine_->deadlocked(who)) {
      engine_->give_up(who, *execution, Error::deadlock_detected);
      co_return false;
    }
  }
  co_return true;
}

sim::Task<Error> Server::commit(std::uint64_t id) {
  const Serial who = session(id).transaction;
  if (who == kNoSerial) co_return Error::none;
  const std::optional<Lsn> lsn = engine_->log_commit(who);
  if (lsn) {
    params_.storage->in_commit.insert(who);
    if (wal_->written() - params_.storage->redo > config().max_wal_size.n / 2)
      checkpoint_wanted_.notify_all();
    if (config().synchronous_commit && !config().planted.answers_before_flush) {
      const std::size_t open = engine_->open_writers();
      sim::Task<storage::Status> flushing = wal_->flush(*lsn, open > 0 ? open - 1 : 0);
      const storage::Status status = co_await flushing;
      if (status != storage::Status::ok) {
        panic();
        co_return Error::connection_lost;
      }
    }
    history::TransactionCommitted event;
    event.at = component_.now();
    event.database = params_.id;
    event.transaction = who;
    event.xid = engine_->xid(who);
    event.began = engine_->began(who);
    event.lsn = *lsn;
    for (const WrittenRow& row : engine_->written(who))
      event.rows.push_back({change_of(row.kind), row.table, row.row.key, row.row.columns});
    params_.history->record(event);
    params_.storage->in_commit.erase(who);
  }
  ++counters_.commits;
  by_transaction_.erase(who);
  session(id).transaction = kNoSerial;
  wake(engine_->finish_commit(who));
  co_return Error::none;
}

void Server::panic() {
  record(history::DatabaseEvent::panicked);
  if (params_.supervisor != nullptr)
    params_.supervisor->restart(host_, params_.program, config().restart_after_crash);
  host_.kill(params_.program);
}

}  // namespace brokersim::database
