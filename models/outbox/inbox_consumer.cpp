#include "models/outbox/inbox_consumer.h"

#include <utility>

#include "models/outbox/schema.h"

namespace brokersim::outbox {

using database::Error;
using database::Reply;
using database::Statement;

namespace {

constexpr sim::Duration kRetry = {100'000'000};

}  // namespace

void EventBook::on(const history::EventJoined& event) {
  auto& events = events_[{event.record.producer, event.record.partition}];
  const auto ordinal = static_cast<std::size_t>(event.record.first);
  if (events.size() <= ordinal) events.resize(ordinal + 1, -1);
  events[ordinal] = event.event;
}

history::EventNumber EventBook::event_of(history::ClientId producer, history::PartitionId partition,
                                         std::int64_t ordinal) const {
  const auto found = events_.find({producer, partition});
  if (found == events_.end()) return -1;
  const auto n = static_cast<std::size_t>(ordinal);
  return n < found->second.size() ? found->second[n] : -1;
}

InboxConsumer::InboxConsumer(sim::Process& process, host::Host& host, const kafka::client::ClientSite& site,
                             const InboxParams& params)
    : component_(process, process.path() + "/inbox"),
      params_(params),
      history_(*params.crash.history),
      connection_(component_, host.network(), host.id(), params.database, database::ClientConfig{}),
      positions_(component_, host.network(), host.id(), params.database, database::ClientConfig{}),
      stored_(params.consumer.partitions.size(), -1),
      done_(params.consumer.partitions.size(), -1),
      consumer_(process, site, with_application(), *params.store, *params.crash.history) {}

kafka::client::ConsumerParams InboxConsumer::with_application() {
  kafka::client::ConsumerParams given = params_.consumer;
  given.application = this;
  return given;
}

void InboxConsumer::start() { component_.spawn(run()); }

void InboxConsumer::terminate() { consumer_.terminate(); }

sim::Task<void> InboxConsumer::run() {
  while (true) {
    sim::Task<bool> loading = load_positions();
    if (co_await loading) break;
    co_await sim::delay(kRetry, "inbox.retry");
  }
  consumer_.start();
  component_.spawn(store_loop());
  sim::Task<void> working = work();
  co_await working;
}

sim::Task<bool> InboxConsumer::load_positions() {
  for (std::size_t i = 0; i < stored_.size(); ++i) {
    Statement select;
    select.kind = Statement::Kind::select;
    select.table = table::position;
    select.equals = {params_.consumer.partitions[i].n};
    sim::Task<Reply> selecting = connection_.run(std::move(select));
    const Reply selected = co_await selecting;
    if (selected.result.error != Error::none) co_return false;
    if (!selected.result.rows.empty()) stored_[i] = selected.result.rows.front().columns[column::next_offset];
  }
  co_return true;
}

void InboxConsumer::on_records(std::size_t index, const history::Consumed& records) {
  for (std::int64_t i = 0; i < records.records.count; ++i) {
    const history::EventNumber event = params_.book->event_of(
        records.records.producer, records.records.partition, records.records.first + i);
    handed_.push_back({index, records.base_offset + i, event});
  }
  more_.notify_all();
}

sim::Task<void> InboxConsumer::work() {
  while (true) {
    while (handed_.empty()) co_await more_.wait();
    const Handed handed = handed_.front();
    while (handed.event >= 0) {
      sim::Task<Went> handling = handle(handed.event);
      const Went went = co_await handling;
      if (went == Went::dead) co_return;
      if (went == Went::well) break;
      co_await sim::delay(kRetry, "inbox.retry");
    }
    done_[handed.index] = handed.offset + 1;
    handed_.pop_front();
    if (handed_.empty()) consumer_.go_on();
  }
}

/// The inbox row. `is_new`: nobody had handled the event.
sim::Task<InboxConsumer::Went> InboxConsumer::remember(history::EventNumber event, bool* is_new) {
  Statement insert;
  insert.kind = Statement::Kind::insert;
  insert.table = table::inbox;
  insert.row.key = event;
  insert.row.columns[column::event] = event;
  insert.on_conflict_do_nothing = true;
  sim::Task<Reply> inserting = connection_.run(std::move(insert));
  const Reply inserted = co_await inserting;
  *is_new = inserted.result.affected > 0;
  co_return inserted.result.error == Error::none ? Went::well : Went::badly;
}

sim::Task<InboxConsumer::Went> InboxConsumer::handle(history::EventNumber event) {
  if (dies(Step::before_effect, event)) co_return Went::dead;
  bool is_new = true;
  if (config().inbox && !config().same_transaction) {
    sim::Task<Went> remembering = remember(event, &is_new);
    const Went remembered = co_await remembering;
    if (remembered != Went::well) co_return remembered;
  }
  sim::Task<Reply> beginning = connection_.begin();
  const Reply begun = co_await beginning;
  if (begun.result.error != Error::none) co_return Went::badly;
  if (config().inbox && config().same_transaction) {
    sim::Task<Went> remembering = remember(event, &is_new);
    const Went remembered = co_await remembering;
    if (remembered != Went::well) co_return remembered;
  }
  if (is_new) {
    if (config().work.ns > 0) co_await sim::delay(config().work, "inbox.work");
    Statement effect;
    effect.kind = Statement::Kind::insert;
    effect.table = table::effect;
    effect.row.columns[column::event] = event;
    sim::Task<Reply> inserting = connection_.run(std::move(effect));
    const Reply inserted = co_await inserting;
    if (inserted.result.error != Error::none) co_return Went::badly;
    if (dies(Step::after_effect, event)) co_return Went::dead;
  }
  sim::Task<Reply> committing = connection_.commit();
  const Reply committed = co_await committing;
  if (committed.result.error != Error::none) co_return Went::badly;
  history_.record(
      history::EventHandled{component_.now(), params_.consumer.client, event, is_new, committed.transaction});
  if (dies(Step::after_effect_commit, event)) co_return Went::dead;
  co_return Went::well;
}

sim::Task<void> InboxConsumer::store_loop() {
  std::vector<std::int64_t> written = stored_;
  while (true) {
    co_await sim::delay(config().commit_interval, "inbox.commit_interval");
    for (std::size_t i = 0; i < done_.size(); ++i) {
      const std::int64_t next = done_[i];
      if (next < 0 || next == written[i]) continue;
      Statement store;
      store.table = table::position;
      const std::int64_t key = params_.consumer.partitions[i].n;
      if (written[i] < 0) {
        store.kind = Statement::Kind::insert;
        store.row.key = key;
        store.row.columns[column::next_offset] = next;
      } else {
        store.kind = Statement::Kind::update;
        store.keys = {key};
        store.changes = {{static_cast<std::int32_t>(column::next_offset), next, false}};
      }
      sim::Task<Reply> storing = positions_.run(std::move(store));
      const Reply stored = co_await storing;
      // Of a lost answer nothing is known; an insert that was done fails the next time, and is an update then.
      const bool there = stored.result.error == Error::unique_violation;
      if (stored.result.error == Error::none) written[i] = next;
      if (there) written[i] = 0;
    }
  }
}

}  // namespace brokersim::outbox
