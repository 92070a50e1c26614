#include "models/outbox/publisher.h"

#include <utility>

#include "models/outbox/schema.h"

namespace brokersim::outbox {

using database::Error;
using database::Reply;
using database::Row;
using database::Statement;
using history::OutboxOrder;

Publisher::Publisher(sim::Process& process, host::Host& host, const kafka::client::ClientSite& site,
                     const PublisherParams& params)
    : component_(process, process.path() + "/publisher"),
      params_(params),
      history_(*params.crash.history),
      connection_(component_, host.network(), host.id(), params.database, database::ClientConfig{}),
      sender_(process, site, params.sender, history_) {}

void Publisher::start() {
  sender_.start();
  component_.spawn(loop());
}

void Publisher::terminate() {
  stopping_ = true;
  sender_.terminate();
}

bool Publisher::dies(Step step, const std::vector<Row>& rows) const {
  const history::EventNumber first = rows.empty() ? -1 : rows.front().columns[column::event];
  return crash_here(params_.crash, config().crash, step, first);
}

sim::Task<void> Publisher::loop() {
  // Workers do not beat together: each begins at its share of the interval.
  const sim::Duration phase = config().interval * params_.worker / params_.workers;
  if (phase.ns > 0) co_await sim::delay(phase, "publisher.phase");
  while (!stopping_) {
    sim::Task<Batch> one = cycle();
    const Batch batch = co_await one;
    if (batch.went == Went::dead) co_return;
    const bool full =
        batch.went == Went::well && static_cast<std::int64_t>(batch.rows.size()) >= config().batch;
    if (!full) co_await sim::delay(config().interval, "publisher.interval");
  }
}

sim::Task<Publisher::Batch> Publisher::cycle() {
  Batch batch;
  sim::Task<Reply> beginning = connection_.begin();
  const Reply begun = co_await beginning;
  if (begun.result.error != Error::none) co_return batch;
  sim::Task<Batch> reading = read();
  batch = co_await reading;
  if (batch.went != Went::well || batch.rows.empty()) {
    if (batch.went == Went::dead) co_return batch;
    sim::Task<Reply> rolling_back = connection_.rollback();
    static_cast<void>(co_await rolling_back);
    co_return batch;
  }
  if (dies(Step::after_select, batch.rows)) {
    batch.went = Went::dead;
    co_return batch;
  }
  if (config().mark_first) {
    sim::Task<Went> marking = mark(&batch);
    batch.went = co_await marking;
    if (batch.went != Went::well) co_return batch;
    sim::Task<Went> committing = commit();
    batch.went = co_await committing;
    if (batch.went != Went::well) co_return batch;
    sim::Task<Went> sending = send(batch.rows);
    batch.went = co_await sending;
    co_return batch;
  }
  sim::Task<Went> sending = send(batch.rows);
  batch.went = co_await sending;
  if (batch.went == Went::dead) co_return batch;
  if (batch.went == Went::badly && !config().ignores_send_failures) {
    give_up(batch.rows.size(), true);
    sim::Task<Reply> rolling_back = connection_.rollback();
    static_cast<void>(co_await rolling_back);
    co_return batch;
  }
  sim::Task<Went> marking = mark(&batch);
  batch.went = co_await marking;
  if (batch.went == Went::well) {
    sim::Task<Went> committing = commit();
    batch.went = co_await committing;
  }
  if (batch.went == Went::badly) {
    give_up(batch.rows.size(), true);
    sim::Task<Reply> rolling_back = connection_.rollback();
    static_cast<void>(co_await rolling_back);
  }
  co_return batch;
}

void Publisher::give_up(std::size_t rows, bool after_send) {
  history_.record(history::PublishFailed{component_.now(), sender_.client(), static_cast<std::int64_t>(rows),
                                         after_send});
}

Statement Publisher::selection(const Cursor& cursor) const {
  Statement select;
  select.kind = Statement::Kind::select;
  select.table = table::outbox;
  select.limit = config().batch;
  switch (config().order) {
    case OutboxOrder::flag:
      select.index = config().by_created_at ? outbox_index::by_created : outbox_index::by_flag;
      select.equals = {0};
      if (config().locking == PublisherConfig::Locking::for_update) select.lock = Statement::Lock::for_update;
      if (config().locking == PublisherConfig::Locking::skip_locked)
        select.lock = Statement::Lock::skip_locked;
      break;
    case OutboxOrder::cursor: select.after = database::IndexEntry{{}, cursor.id}; break;
    case OutboxOrder::horizon:
      select.index = outbox_index::by_xid;
      select.after = database::IndexEntry{{cursor.xid, 0}, cursor.id};
      select.horizon_column = static_cast<std::int32_t>(column::xid);
      break;
  }
  if (config().sharded) {
    select.shard_column = static_cast<std::int32_t>(column::aggregate);
    select.shard = params_.worker;
    select.shards = params_.workers;
  }
  return select;
}

sim::Task<Publisher::Batch> Publisher::read() {
  Batch batch;
  if (!flags()) {
    sim::Task<Went> reading = read_cursor(&batch.cursor);
    batch.went = co_await reading;
    if (batch.went != Went::well) co_return batch;
  }
  sim::Task<Reply> selecting = connection_.run(selection(batch.cursor));
  Reply selected = co_await selecting;
  batch.went = selected.result.error == Error::none ? Went::well : Went::badly;
  batch.rows = std::move(selected.result.rows);
  co_return batch;
}

/// SELECT ... FOR UPDATE of the position, which keeps a second publisher of it away.
sim::Task<Publisher::Went> Publisher::read_cursor(Cursor* cursor) {
  Statement select;
  select.kind = Statement::Kind::select;
  select.table = table::cursor;
  const std::int64_t key = config().sharded ? params_.worker : 0;
  select.equals = {key};
  select.lock = Statement::Lock::for_update;
  sim::Task<Reply> selecting = connection_.run(std::move(select));
  const Reply selected = co_await selecting;
  if (selected.result.error != Error::none) co_return Went::badly;
  if (!selected.result.rows.empty()) {
    const Row& row = selected.result.rows.front();
    *cursor = {true, row.columns[column::last_id], row.columns[column::last_xid]};
  }
  co_return Went::well;
}

sim::Task<Publisher::Went> Publisher::send(std::vector<Row> rows) {
  std::vector<std::uint64_t> tickets;
  for (const Row& row : rows)
    tickets.push_back(sender_.send(row.columns[column::event], row.columns[column::aggregate]));
  if (crash_is_due(params_.crash, config().crash, Step::after_publish)) {
    for (const std::uint64_t ticket : tickets) {
      sim::Task<void> leaving = sender_.on_the_wire(ticket);
      co_await leaving;
    }
    crash_now(params_.crash, config().crash, Step::after_publish, rows.front().columns[column::event]);
    co_return Went::dead;
  }
  bool all = true;
  for (const std::uint64_t ticket : tickets) {
    sim::Task<history::Outcome> waiting = sender_.wait(ticket);
    const history::Outcome outcome = co_await waiting;
    all = all && outcome == history::Outcome::acknowledged;
  }
  if (dies(Step::after_acknowledgement, rows)) co_return Went::dead;
  co_return all ? Went::well : Went::badly;
}

sim::Task<Publisher::Went> Publisher::mark(const Batch* batch) {
  Statement mark;
  if (!flags()) {
    mark.table = table::cursor;
    const std::int64_t key = config().sharded ? params_.worker : 0;
    const Row& last = batch->rows.back();
    if (batch->cursor.exists) {
      mark.kind = Statement::Kind::update;
      mark.keys = {key};
      mark.changes = {{static_cast<std::int32_t>(column::last_id), last.key, false},
                      {static_cast<std::int32_t>(column::last_xid), last.columns[column::xid], false}};
    } else {
      mark.kind = Statement::Kind::insert;
      mark.row.key = key;
      mark.row.columns[column::last_id] = last.key;
      mark.row.columns[column::last_xid] = last.columns[column::xid];
    }
  } else {
    mark.kind = config().erase ? Statement::Kind::erase : Statement::Kind::update;
    mark.table = table::outbox;
    for (const Row& row : batch->rows) mark.keys.push_back(row.key);
    if (!config().erase) mark.changes = {{static_cast<std::int32_t>(column::published), 1, false}};
  }
  sim::Task<Reply> marking = connection_.run(std::move(mark));
  const Reply marked = co_await marking;
  if (marked.result.error != Error::none) co_return Went::badly;
  if (dies(Step::after_mark, batch->rows)) co_return Went::dead;
  co_return Went::well;
}

sim::Task<Publisher::Went> Publisher::commit() {
  sim::Task<Reply> committing = connection_.commit();
  const Reply committed = co_await committing;
  if (committed.result.error != Error::none) co_return Went::badly;
  history_.record(history::CommitAnswered{component_.now(), params_.database_id, committed.transaction});
  if (dies(Step::after_mark_commit, {})) co_return Went::dead;
  co_return Went::well;
}

}  // namespace brokersim::outbox
