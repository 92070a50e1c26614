// S27 to S29 and L8: what must not become of transactions.
#include "tests/models/checkers/mutation_words.h"

namespace brokersim::checkers::test {
namespace {

using history::Appended;
using history::Consumed;
using history::PartitionChanged;
using history::ProducerEpochGiven;
using history::TransactionEnded;
using history::TransactionJoined;
using history::TransactionMark;
using history::TransactionOutcome;

/// Places of what leaders appended to the partition with this mark.
Places marked(const On& on, TransactionMark mark) {
  return on.all<Appended>(
      [&](const Appended& e) { return e.role == history::AppendRole::leader && e.mark == mark; });
}
/// Sets the mark of the batch at `base` on every replica.
void mark(On& on, std::int64_t base, TransactionMark mark) {
  for (const std::size_t place : on.all<Appended>([&](const Appended& e) { return e.base_offset == base; }))
    on.at<Appended>(place).mark = mark;
}
/// The first marker behind the nth record of the partition, as a place.
std::size_t marker_behind(const On& on, std::size_t data) {
  const Appended& record = on.at<Appended>(data);
  return on.first<Appended>([&](const Appended& e) {
    return e.base_offset > record.base_offset && e.producer_id == record.producer_id &&
           (e.mark == TransactionMark::commit || e.mark == TransactionMark::abort);
  });
}
/// Place of the nth record whose transaction ends with `outcome`.
std::size_t record_of(const On& on, TransactionMark outcome, int n) {
  Places found;
  for (const std::size_t place : marked(on, TransactionMark::data)) {
    if (on.at<Appended>(marker_behind(on, place)).mark == outcome) found.push_back(place);
  }
  return found.at(n >= 0 ? static_cast<std::size_t>(n) : found.size() - static_cast<std::size_t>(-n));
}
/// Turns the outcome of the nth committed record's transaction round, on its partition only.
void abort_here(On& on, int n) {
  const std::size_t marker = marker_behind(on, record_of(on, TransactionMark::commit, n));
  mark(on, on.at<Appended>(marker).base_offset, TransactionMark::abort);
}

Mutations reads() {
  return {
      {CheckId::S27, "a record is read before its transaction is committed", Source::bank,
       [](Tape& t) {
         On on(t, "transfers");
         const std::size_t data = record_of(on, TransactionMark::commit, 5);
         const std::int64_t base = on.at<Appended>(data).base_offset;
         const std::size_t read =
             on.first<Consumed>([&](const Consumed& e) { return e.base_offset == base; });
         move_before(t, read, marker_behind(on, data));
       }},
      {CheckId::S27, "a transaction that was read turns out to be aborted", Source::bank,
       [](Tape& t) {
         On on(t, "transfers");
         abort_here(on, 6);
       }},
      {CheckId::S27, "likewise in the other partition", Source::bank,
       [](Tape& t) {
         On on(t, "transfers", 1);
         abort_here(on, 7);
       }},
      {CheckId::S27, "an aborted record is read", Source::bank,
       [](Tape& t) {
         On on(t, "transfers");
         const Appended aborted = on.at<Appended>(record_of(on, TransactionMark::abort, 1));
         const std::size_t next =
             on.first<Consumed>([&](const Consumed& e) { return e.base_offset > aborted.base_offset; });
         Consumed read = on.at<Consumed>(next);
         read.records = aborted.records;
         read.base_offset = aborted.base_offset;
         put_before(t, next, read);
       }},
      {CheckId::S27, "a marker is given to an application", Source::bank,
       [](Tape& t) {
         On on(t, "transfers");
         const std::size_t data = record_of(on, TransactionMark::commit, 5);
         const std::int64_t base = on.at<Appended>(data).base_offset;
         const Appended marker = on.at<Appended>(marker_behind(on, data));
         const std::size_t place =
             on.first<Consumed>([&](const Consumed& e) { return e.base_offset == base; });
         Consumed read = on.at<Consumed>(place);
         read.records = marker.records;
         read.base_offset = marker.base_offset;
         put_after(t, place, read);
       }},
      {CheckId::S27, "the marker of a transaction that was read is missing", Source::bank,
       [](Tape& t) {
         On on(t, "transfers");
         const std::int64_t base =
             on.at<Appended>(marker_behind(on, record_of(on, TransactionMark::commit, 8))).base_offset;
         drop(t, on.all<Appended>([&](const Appended& e) { return e.base_offset == base; }));
       }},
  };
}

/// The nth transaction that ended so, as its client said.
std::size_t ended(Tape& t, TransactionOutcome outcome, std::size_t n) {
  return places<TransactionEnded>(t, [&](const TransactionEnded& e) { return e.outcome == outcome; }).at(n);
}

Mutations atomicity() {
  return {
      {CheckId::S28, "one half of a transfer is aborted", Source::bank,
       [](Tape& t) {
         On on(t, "transfers");
         abort_here(on, 5);
       }},
      {CheckId::S28, "the other half of a transfer is aborted", Source::bank,
       [](Tape& t) {
         On on(t, "transfers", 1);
         abort_here(on, 9);
       }},
      {CheckId::S28, "a client was told aborted, and its records count", Source::bank,
       [](Tape& t) {
         event<TransactionEnded>(t, ended(t, TransactionOutcome::committed, 5)).outcome =
             TransactionOutcome::aborted;
       }},
      {CheckId::S28, "a client was told committed, and nothing counts", Source::bank,
       [](Tape& t) {
         event<TransactionEnded>(t, ended(t, TransactionOutcome::aborted, 2)).outcome =
             TransactionOutcome::committed;
       }},
      {CheckId::S28, "a committed transaction has a record that is nowhere", Source::bank,
       [](Tape& t) {
         const std::size_t place =
             places<TransactionJoined>(t, [](const TransactionJoined&) { return true; }).at(10);
         TransactionJoined more = event<TransactionJoined>(t, place);
         more.records.first += 100'000;
         put_after(t, place, more);
       }},
      {CheckId::S28, "a record of a committed transaction is in no log", Source::bank,
       [](Tape& t) {
         On on(t, "transfers");
         const std::int64_t base = on.at<Appended>(record_of(on, TransactionMark::commit, 6)).base_offset;
         drop(t, on.all<Appended>([&](const Appended& e) { return e.base_offset == base; }));
       }},
  };
}

/// A newer epoch is given just before the nth record is written with the old one.
Mutation fenced(const std::string& what, std::int32_t partition, int n, bool by_timeout) {
  return {
      CheckId::S29, what, Source::bank, [=](Tape& t) {
        On on(t, "transfers", partition);
        const Places data = marked(on, TransactionMark::data);
        const std::size_t place = n >= 0 ? data.at(static_cast<std::size_t>(n))
                                         : data.at(data.size() - static_cast<std::size_t>(-n));
        const Appended record = on.at<Appended>(place);
        put_before(
            t, place,
            ProducerEpochGiven{
                {}, 0, record.producer_id, static_cast<std::int16_t>(record.producer_epoch + 1), by_timeout});
      }};
}

Mutations fencing() {
  return {
      fenced("the first record is of an epoch that was fenced", 0, 0, false),
      fenced("a record in the middle is of an epoch that was fenced", 0, 12, false),
      fenced("the last record is of an epoch that was fenced", 1, -1, false),
      fenced("a record comes after the coordinator has timed its transaction out", 1, 8, true),
      {CheckId::S29, "a zombie writes a record of its first epoch at the end", Source::bank,
       [](Tape& t) {
         On on(t, "transfers");
         Appended late = on.at<Appended>(marked(on, TransactionMark::data).front());
         put_after(t, on.last_place(),
                   ProducerEpochGiven{
                       {}, 0, late.producer_id, static_cast<std::int16_t>(late.producer_epoch + 3), false});
         late.base_offset = on.end;
         late.broker = on.leader_at_end();
         late.leader_epoch = on.at<PartitionChanged>(on.changes().back()).leader_epoch;
         put_after(t, on.last_place(), late);
       }},
  };
}

/// The last marker of the partition that ends so becomes what `edit` makes of it; then time passes.
Mutation hanging(const std::string& what, std::int32_t partition, TransactionMark outcome,
                 std::function<void(On&, std::int64_t)> edit) {
  return {CheckId::L8, what, Source::bank, [=](Tape& t) {
            On on(t, "transfers", partition);
            const std::int64_t base = on.at<Appended>(marked(on, outcome).back()).base_offset;
            edit(on, base);
            t.end = {t.end.ns + 1'000'000'000'000};
          }};
}

Mutations hanging_transactions() {
  const auto missing = [](On& on, std::int64_t base) {
    // Whatever comes behind it, so that no later marker of the same producer ends it.
    drop(*on.tape, on.all<Appended>([&](const Appended& e) { return e.base_offset >= base; }));
  };
  const auto other_producer = [](On& on, std::int64_t base) {
    for (const std::size_t place : on.all<Appended>([&](const Appended& e) { return e.base_offset >= base; }))
      on.at<Appended>(place).producer_id += 1'000;
  };
  return {
      hanging("the commit marker of a transaction is never written", 0, TransactionMark::commit, missing),
      hanging("likewise in the other partition", 1, TransactionMark::commit, missing),
      hanging("the abort marker of a transaction is never written", 0, TransactionMark::abort, missing),
      hanging("the marker is another producer's", 0, TransactionMark::commit, other_producer),
      {CheckId::L8, "a record is written behind the last marker, and nobody ends that", Source::bank,
       [](Tape& t) {
         On on(t, "transfers", 1);
         Appended late = on.at<Appended>(marked(on, TransactionMark::data).back());
         late.base_offset = on.end;
         late.broker = on.leader_at_end();
         late.records.first += late.records.count;
         put_after(t, on.last_place(), history::Sent{{}, late.records});
         put_after(t, on.last_place(), late);
         t.end = {t.end.ns + 1'000'000'000'000};
       }},
  };
}

}  // namespace

Mutations transaction_mutations() {
  Mutations all = reads();
  all += atomicity();
  all += fencing();
  all += hanging_transactions();
  return all;
}

}  // namespace brokersim::checkers::test
