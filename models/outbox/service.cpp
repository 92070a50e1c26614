#include "models/outbox/service.h"

#include <algorithm>
#include <utility>

#include "models/outbox/schema.h"
#include "sim/sampling.h"

namespace brokersim::outbox {

using database::Error;
using database::Reply;
using database::Statement;
using history::Outcome;
using history::Publishing;

Service::Service(sim::Process& process, host::Host& host, const kafka::client::ClientSite& site,
                 const ServiceParams& params)
    : component_(process, process.path() + "/service"),
      params_(params),
      history_(*params.crash.history),
      pool_(component_, host.network(), host.id(), params.database,
            database::ClientConfig{.pool_size = params.config->pool_size}),
      sender_(process, site, params.sender, history_),
      gaps_(component_.stream("arrivals")),
      aggregates_(component_.stream("aggregate")),
      slow_(component_.stream("slow")),
      rollbacks_(component_.stream("rollback")) {}

void Service::start() {
  sender_.start();
  component_.spawn(arrivals());
}

void Service::terminate() {
  stopping_ = true;
  sender_.terminate();
}

/// Operation n is meant to arrive at a time that does not depend on what became of those before it; those whose time came
/// while the process was dead were never asked for.
sim::Task<void> Service::arrivals() {
  ServiceLedger& ledger = *params_.ledger;
  const auto gap = [&](std::int64_t n) -> sim::Duration {
    const std::int64_t mean = 1'000'000'000'000 / params_.rate_per_second_milli;
    if (!config().poisson) return {mean};
    return sim::whole_ns(static_cast<double>(mean) *
                         sim::Exponential::standard(gaps_.bits(static_cast<std::uint64_t>(n))));
  };
  if (ledger.next_operation == 0 && ledger.next_at < config().start)
    ledger.next_at = config().start + params_.phase + gap(0);
  while (!stopping_) {
    while (ledger.next_at < component_.now()) ledger.next_at += gap(++ledger.next_operation);
    if (ledger.next_at >= config().end) co_return;
    co_await sim::delay(ledger.next_at - component_.now(), "service.arrival");
    if (stopping_) co_return;
    component_.spawn(run(draw(ledger.next_operation)));
    ledger.next_at += gap(++ledger.next_operation);
  }
}

Service::Operation Service::draw(std::int64_t number) const {
  const auto n = static_cast<std::uint64_t>(number);
  Operation operation;
  operation.event = params_.instance * kEventsPerInstance + number;
  operation.aggregate =
      static_cast<std::int64_t>(aggregates_.below(n, static_cast<std::uint64_t>(config().aggregates)));
  operation.work = slow_.chance_permille(n, config().slow_permille) ? config().slow_work : config().work;
  operation.rolls_back = rollbacks_.chance_permille(n, config().rollback_permille);
  return operation;
}

void Service::end(const Operation& operation, Outcome outcome) {
  history_.record(history::OperationEnded{component_.now(), operation.event, outcome});
}

sim::Task<void> Service::run(Operation operation) {
  if (dies(Step::before_transaction, operation)) co_return;
  if (config().publishing == Publishing::event_then_row) {
    sim::Task<Went> publishing = publish(operation);
    const Went went = co_await publishing;
    if (went == Went::dead) co_return;
    if (went == Went::badly) {
      end(operation, Outcome::failed);  // no row will come; the record may be there all the same
      co_return;
    }
  }
  sim::Task<Went> transaction = transact(operation);
  const Went went = co_await transaction;
  if (went != Went::well) co_return;  // transact() has told how it ended
  if (config().publishing == Publishing::row_then_event) {
    sim::Task<Went> publishing = publish(operation);
    const Went sent = co_await publishing;
    if (sent == Went::dead) co_return;
    end(operation, sent == Went::well ? Outcome::acknowledged : Outcome::unknown);
    co_return;
  }
  end(operation, Outcome::acknowledged);
}

sim::Task<Service::Went> Service::publish(Operation operation) {
  const std::uint64_t ticket = sender_.send(operation.event, operation.aggregate);
  if (crash_is_due(params_.crash, config().crash, Step::after_send)) {
    sim::Task<void> leaving = sender_.on_the_wire(ticket);
    co_await leaving;
    crash_now(params_.crash, config().crash, Step::after_send, operation.event);
    co_return Went::dead;
  }
  sim::Task<Outcome> waiting = sender_.wait(ticket);
  const Outcome outcome = co_await waiting;
  if (dies(Step::after_ack, operation)) co_return Went::dead;
  co_return outcome == Outcome::acknowledged ? Went::well : Went::badly;
}

sim::Task<Service::Went> Service::transact(Operation operation) {
  sim::Task<database::Pool::Lease> acquiring = pool_.acquire();
  database::Pool::Lease connection = co_await acquiring;
  sim::Task<Reply> beginning = connection->begin();
  const Reply begun = co_await beginning;
  if (begun.result.error != Error::none) {
    end(operation, Outcome::failed);
    co_return Went::badly;
  }
  sim::Task<Went> writing = write_rows(connection.get(), operation);
  const Went wrote = co_await writing;
  if (wrote == Went::dead) co_return wrote;
  if (wrote == Went::badly || operation.rolls_back) {
    sim::Task<Reply> rolling_back = connection->rollback();
    static_cast<void>(co_await rolling_back);
    end(operation, Outcome::failed);
    co_return Went::badly;
  }
  if (dies(Step::before_commit, operation)) co_return Went::dead;
  sim::Task<Reply> committing = connection->commit();
  const Reply committed = co_await committing;
  if (committed.result.error == Error::none) {
    history_.record(history::CommitAnswered{component_.now(), params_.database_id, committed.transaction});
  }
  if (dies(Step::after_commit, operation)) co_return Went::dead;
  if (committed.result.error == Error::none) co_return Went::well;
  end(operation, committed.result.error == Error::connection_lost ? Outcome::unknown : Outcome::failed);
  co_return Went::badly;
}

sim::Task<Service::Went> Service::lock_aggregate(database::Connection* connection, std::int64_t aggregate) {
  // UPDATE; the first operation on an aggregate makes its row.
  for (int attempt = 0; attempt < 2; ++attempt) {
    Statement update;
    update.kind = Statement::Kind::update;
    update.table = table::aggregate;
    update.keys = {aggregate};
    update.changes = {{static_cast<std::int32_t>(column::version), 1, true}};
    sim::Task<Reply> updating = connection->run(std::move(update));
    const Reply updated = co_await updating;
    if (updated.result.error != Error::none) co_return Went::badly;
    if (updated.result.affected > 0) co_return Went::well;
    Statement insert;
    insert.kind = Statement::Kind::insert;
    insert.table = table::aggregate;
    insert.row.key = aggregate;
    insert.on_conflict_do_nothing = true;
    sim::Task<Reply> inserting = connection->run(std::move(insert));
    const Reply inserted = co_await inserting;
    if (inserted.result.error != Error::none) co_return Went::badly;
  }
  co_return Went::badly;
}

sim::Task<Service::Went> Service::write_rows(database::Connection* connection, Operation operation) {
  if (config().lock_aggregate) {
    sim::Task<Went> locking = lock_aggregate(connection, operation.aggregate);
    const Went locked = co_await locking;
    if (locked != Went::well) co_return locked;
  }
  Statement business;
  business.kind = Statement::Kind::insert;
  business.table = table::business;
  business.row.key = operation.event;
  business.row.columns[column::event] = operation.event;
  business.row.columns[column::aggregate] = operation.aggregate;
  Statement outbox = business;
  sim::Task<Reply> inserting = connection->run(std::move(business));
  const Reply inserted = co_await inserting;
  if (inserted.result.error != Error::none) co_return Went::badly;
  if (config().publishing == Publishing::outbox) {
    outbox.table = table::outbox;
    outbox.row.key = 0;
    outbox.xid_column = static_cast<std::int32_t>(column::xid);
    outbox.now_column = static_cast<std::int32_t>(column::created_at);
    sim::Task<Reply> adding = connection->run(std::move(outbox));
    const Reply added = co_await adding;
    if (added.result.error != Error::none) co_return Went::badly;
  }
  if (dies(Step::after_insert, operation)) co_return Went::dead;
  if (config().publishing == Publishing::event_in_transaction) {
    sim::Task<Went> publishing = publish(operation);
    const Went published = co_await publishing;
    if (published != Went::well) co_return published;
  }
  if (operation.work.ns > 0) co_await sim::delay(operation.work, "service.work");
  co_return Went::well;
}

}  // namespace brokersim::outbox
