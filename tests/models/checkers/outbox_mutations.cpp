// B1 and O1 to O5: what databases, publishers and inboxes must not do.
#include "tests/models/checkers/mutation_words.h"

namespace brokersim::checkers::test {
namespace {

using history::Appended;
using history::CommitAnswered;
using history::CommitLostIn;
using history::DatabaseRow;
using history::EventHandled;
using history::EventJoined;
using history::ProduceOutcome;
using history::RowChange;
using history::TransactionCommitted;
using history::TransactionLost;

// Tables of models/outbox/schema.h.
constexpr std::int32_t kBusiness = 0;
constexpr std::int32_t kOutboxRows = 2;
constexpr std::int32_t kEffect = 5;

template <class E>
Places any(const Tape& t) {
  return places<E>(t, [](const E&) { return true; });
}
/// The nth transaction that inserted a row into the table, as a place.
std::size_t inserted(const Tape& t, std::int32_t table, std::size_t n) {
  return places<TransactionCommitted>(t,
                                      [&](const TransactionCommitted& e) {
                                        return std::any_of(
                                            e.rows.begin(), e.rows.end(), [&](const DatabaseRow& row) {
                                              return row.table == table && row.change == RowChange::insert;
                                            });
                                      })
      .at(n);
}
DatabaseRow& row_of(TransactionCommitted& e, std::int32_t table) {
  return *std::find_if(e.rows.begin(), e.rows.end(),
                       [&](const DatabaseRow& row) { return row.table == table; });
}
/// Places of two neighbours in the topic that are about the same aggregate, the nth such pair.
std::pair<std::size_t, std::size_t> of_one_aggregate(Tape& t, std::size_t n) {
  const Places all = any<EventJoined>(t);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      if (event<EventJoined>(t, all[i]).aggregate != event<EventJoined>(t, all[j]).aggregate) continue;
      if (n-- == 0) return {all[i], all[j]};
      break;
    }
  }
  SIM_CHECK(false, "no such pair on the tape");
  return {};
}
void exchange_events(Tape& t, std::size_t one, std::size_t other) {
  std::swap(event<EventJoined>(t, one).event, event<EventJoined>(t, other).event);
}

Mutation forgotten_commit(const std::string& what, std::size_t n, CommitLostIn where) {
  return {CheckId::B1, what, Source::outbox, [=](Tape& t) {
            const std::size_t place = any<CommitAnswered>(t).at(n);
            const CommitAnswered answered = event<CommitAnswered>(t, place);
            put_after(t, t.events.size() - 1,
                      TransactionLost{{}, answered.database, answered.transaction, where});
          }};
}

Mutations databases() {
  return {
      forgotten_commit("an answered commit was in the memory of the process", 3, CommitLostIn::wal_buffers),
      forgotten_commit("an answered commit was in the page cache", 6, CommitLostIn::page_cache),
      forgotten_commit("an answered commit was on its way to the drive", 9, CommitLostIn::on_the_way),
      forgotten_commit("an answered commit was in the drive's cache", 12, CommitLostIn::drive_cache),
      forgotten_commit("an answered commit lies behind a hole", 15, CommitLostIn::behind_a_hole),
      {CheckId::B1, "the very first answered commit is lost", Source::outbox,
       forgotten_commit("", 0, CommitLostIn::page_cache).edit},
  };
}

Mutations lost_events() {
  return {
      {CheckId::O1, "a row is marked whose record carries no event", Source::outbox,
       [](Tape& t) { drop(t, {any<EventJoined>(t).at(5)}); }},
      {CheckId::O1, "a row is marked, and its event was never sent, but another one twice", Source::outbox,
       [](Tape& t) {
         const Places all = any<EventJoined>(t);
         event<EventJoined>(t, all.at(8)).event = event<EventJoined>(t, all.at(7)).event;
       }},
      {CheckId::O1, "nobody sends anything, and every row is marked", Source::outbox,
       [](Tape& t) { drop(t, any<EventJoined>(t)); }},
      {CheckId::O1, "a batch is refused and in no log, and its rows are marked", Source::outbox,
       [](Tape& t) {
         On on(t, "events");
         on.at<ProduceOutcome>(on.answer(3)).outcome = history::Outcome::unknown;
         on.lose(3);
       }},
      {CheckId::O1, "the last event is marked and not sent", Source::outbox,
       [](Tape& t) { drop(t, {any<EventJoined>(t).back()}); }},
      {CheckId::O1, "a row that was deleted from the outbox counts as published", Source::outbox,
       [](Tape& t) {
         drop(t, {any<EventJoined>(t).at(11)});
         change<TransactionCommitted>(
             t, [](const TransactionCommitted&) { return true; },
             [](TransactionCommitted& e) {
               for (DatabaseRow& row : e.rows)
                 if (row.table == kOutboxRows && row.change == RowChange::update)
                   row.change = RowChange::erase;
             });
       }},
  };
}

Mutations phantoms() {
  return {
      {CheckId::O2, "an event is sent whose transaction never committed", Source::outbox,
       [](Tape& t) { drop(t, {inserted(t, kBusiness, 5)}); }},
      {CheckId::O2, "an event is sent whose transaction was lost before anybody had an answer",
       Source::outbox,
       [](Tape& t) {
         const TransactionCommitted lost = event<TransactionCommitted>(t, inserted(t, kBusiness, 6));
         put_after(t, t.events.size() - 1,
                   TransactionLost{{}, lost.database, lost.transaction, CommitLostIn::wal_buffers});
       }},
      {CheckId::O2, "a record carries an event that no row has", Source::outbox,
       [](Tape& t) {
         event<EventJoined>(t, any<EventJoined>(t).at(7)).event = t.facts.pipelines().front().end_event - 1;
       }},
      {CheckId::O2, "a transaction writes its outbox row and not its business row", Source::outbox,
       [](Tape& t) {
         TransactionCommitted& e = event<TransactionCommitted>(t, inserted(t, kBusiness, 8));
         std::erase_if(e.rows, [](const DatabaseRow& row) { return row.table == kBusiness; });
       }},
      {CheckId::O2, "a transaction writes the business row of another event", Source::outbox,
       [](Tape& t) {
         TransactionCommitted& e = event<TransactionCommitted>(t, inserted(t, kBusiness, 9));
         row_of(e, kBusiness).columns[0] += 100'000;
       }},
      {CheckId::O2, "no transaction ever committed", Source::outbox,
       [](Tape& t) { drop(t, any<TransactionCommitted>(t)); }},
  };
}

Mutation repeated(const std::string& what, std::size_t n, std::size_t of) {
  return {CheckId::O3, what, Source::outbox, [=](Tape& t) {
            const Places all = any<EventJoined>(t);
            event<EventJoined>(t, all.at(n)).event = event<EventJoined>(t, all.at(of)).event;
          }};
}

Mutations repetitions() {
  return {
      repeated("an event is sent a second time, in place of the next", 6, 5),
      repeated("an event is sent a second time much later", 40, 3),
      repeated("the second event repeats the first", 1, 0),
      {CheckId::O3, "one event is sent again and again", Source::outbox,
       [](Tape& t) {
         const history::EventNumber first = event<EventJoined>(t, any<EventJoined>(t).at(2)).event;
         change<EventJoined>(
             t, [](const EventJoined&) { return true; }, [&](EventJoined& e) { e.event = first; });
       }},
      {CheckId::O3, "the publisher sends the last event once more, although nobody interrupted it",
       Source::outbox,
       [](Tape& t) {
         On on(t, "events");
         EventJoined joined = event<EventJoined>(t, any<EventJoined>(t).back());
         Appended batch = on.batch(-1);
         batch.records.first += batch.records.count;
         batch.records.count = 1;
         batch.base_offset = on.end;
         joined.record = batch.records;
         put_after(t, on.last_place(), joined);
         put_after(t, on.last_place(), history::Sent{{}, batch.records});
         put_after(t, on.last_place(), batch);
       }},
  };
}

Mutation turned_round(const std::string& what, std::size_t pair) {
  return {CheckId::O4, what, Source::outbox, [=](Tape& t) {
            const auto [one, other] = of_one_aggregate(t, pair);
            exchange_events(t, one, other);
          }};
}

Mutations orders_of_events() {
  return {
      turned_round("the first two events of an aggregate are sent in the wrong order", 0),
      turned_round("two events in the middle are sent in the wrong order", 20),
      turned_round("two late events are sent in the wrong order", 40),
      {CheckId::O4, "a record of an aggregate overtakes the one before in the log", Source::outbox,
       [](Tape& t) {
         const auto [one, other] = of_one_aggregate(t, 10);
         std::swap(event<EventJoined>(t, one).record, event<EventJoined>(t, other).record);
       }},
      {CheckId::O4, "two transactions of one aggregate commit in the other order", Source::outbox,
       [](Tape& t) {
         const auto [one, other] = of_one_aggregate(t, 15);
         const auto committed = [&](std::size_t joined) {
           const history::EventNumber number = event<EventJoined>(t, joined).event;
           return places<TransactionCommitted>(
                      t,
                      [&](const TransactionCommitted& e) {
                        return std::any_of(e.rows.begin(), e.rows.end(), [&](const DatabaseRow& row) {
                          return row.table == kBusiness && row.change == RowChange::insert &&
                                 row.columns[0] == number;
                        });
                      })
               .at(0);
         };
         swap(t, committed(one), committed(other));
       }},
      {CheckId::O4, "an event of another aggregate turns out to be of this one", Source::outbox,
       [](Tape& t) {
         change<TransactionCommitted>(
             t, [](const TransactionCommitted&) { return true; },
             [](TransactionCommitted& e) {
               for (DatabaseRow& row : e.rows)
                 if (row.table == kBusiness && row.change == RowChange::insert) row.columns[1] = 0;
             });
         change<EventJoined>(
             t, [](const EventJoined&) { return true; }, [](EventJoined& e) { e.aggregate = 0; });
         const Places all = any<EventJoined>(t);
         exchange_events(t, all.at(4), all.at(5));
       }},
  };
}

Mutations effects() {
  return {
      {CheckId::O5, "an event is handled and has no effect", Source::outbox,
       [](Tape& t) { drop(t, {inserted(t, kEffect, 5)}); }},
      {CheckId::O5, "an event takes effect twice", Source::outbox,
       [](Tape& t) {
         TransactionCommitted again = event<TransactionCommitted>(t, inserted(t, kEffect, 6));
         again.transaction += 1'000'000;
         put_after(t, inserted(t, kEffect, 6), again);
       }},
      {CheckId::O5, "an effect is of another event", Source::outbox,
       [](Tape& t) {
         const std::int64_t other =
             row_of(event<TransactionCommitted>(t, inserted(t, kEffect, 8)), kEffect).columns[0];
         row_of(event<TransactionCommitted>(t, inserted(t, kEffect, 7)), kEffect).columns[0] = other;
       }},
      {CheckId::O5, "the database of the consumer forgets an effect", Source::outbox,
       [](Tape& t) {
         const TransactionCommitted lost = event<TransactionCommitted>(t, inserted(t, kEffect, 9));
         put_after(t, t.events.size() - 1,
                   TransactionLost{{}, lost.database, lost.transaction, CommitLostIn::page_cache});
       }},
      {CheckId::O5, "the inbox knows an event that nobody applied", Source::outbox,
       [](Tape& t) {
         EventHandled known = event<EventHandled>(t, any<EventHandled>(t).at(10));
         known.event += 100'000;
         known.applied = false;
         put_after(t, any<EventHandled>(t).at(10), known);
       }},
      {CheckId::O5, "the consumer remembers its events and writes no effects at all", Source::outbox,
       [](Tape& t) {
         change<TransactionCommitted>(
             t, [](const TransactionCommitted&) { return true; },
             [](TransactionCommitted& e) {
               std::erase_if(e.rows, [](const DatabaseRow& row) { return row.table == kEffect; });
             });
       }},
  };
}

}  // namespace

Mutations outbox_mutations() {
  Mutations all = databases();
  all += lost_events();
  all += phantoms();
  all += repetitions();
  all += orders_of_events();
  all += effects();
  return all;
}

}  // namespace brokersim::checkers::test
