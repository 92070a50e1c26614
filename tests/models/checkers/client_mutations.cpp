// S20 to S26: what producers and consumers must not be given.
#include "tests/models/checkers/mutation_words.h"

namespace brokersim::checkers::test {
namespace {

using history::Appended;
using history::Consumed;
using history::HighWatermark;
using history::Outcome;
using history::ProduceOutcome;
using history::Sent;

Mutations orders_of_records() {
  return {
      {CheckId::S20, "two neighbours change places", Source::orders, [](Tape& t) { On(t).exchange(30, 31); }},
      {CheckId::S20, "two batches far apart change places", Source::orders,
       [](Tape& t) { On(t).exchange(20, 60); }},
      {CheckId::S20, "the last batch and the one before change places", Source::orders,
       [](Tape& t) { On(t).exchange(-1, -2); }},
      {CheckId::S20, "three batches are turned round", Source::orders,
       [](Tape& t) { On(t).exchange(40, 42); }},
      {CheckId::S20, "two batches change places in the log of the leader at the end alone", Source::orders,
       [](Tape& t) {
         On on(t);
         on.exchange(-11, -10, on.leader_at_end());
       }},
  };
}

Mutations duplicates() {
  return {
      {CheckId::S21, "a batch is written twice, over the next one", Source::orders,
       [](Tape& t) { On(t).repeat(31, 30); }},
      {CheckId::S21, "a batch comes again much later", Source::orders, [](Tape& t) { On(t).repeat(60, 20); }},
      {CheckId::S21, "the last batch repeats the one before", Source::orders,
       [](Tape& t) { On(t).repeat(-1, -2); }},
      {CheckId::S21, "a retry is appended behind everything", Source::orders,
       [](Tape& t) {
         On on(t);
         Appended again = on.batch(-1);
         again.broker = on.leader_at_end();
         again.base_offset = on.end;
         put_after(t, on.last_place(), again);
       }},
      {CheckId::S21, "a batch begins with the last two records of the one before", Source::orders,
       [](Tape& t) { On(t).each_copy(40, [](Appended& e) { e.records.first -= 2; }); }},
      {CheckId::S21, "only the leader at the end has a batch twice", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<Appended>(on.copy(-10, on.leader_at_end())).records.first = on.batch(-11).records.first;
       }},
  };
}

Mutations fabrications() {
  const auto last_sent = [](On& on) { return on.all<Sent>().back(); };
  return {
      {CheckId::S22, "nobody ever sent anything", Source::orders,
       [](Tape& t) { drop(t, places<Sent>(t, [](const Sent&) { return true; })); }},
      {CheckId::S22, "the last record was not sent", Source::orders,
       [last_sent](Tape& t) {
         On on(t);
         drop(t, {last_sent(on)});
       }},
      {CheckId::S22, "the last record is in the log before it is sent", Source::orders,
       [last_sent](Tape& t) {
         On on(t);
         const Event sent = t.events[last_sent(on)];
         drop(t, {last_sent(on)});
         put_after(t, t.events.size() - 1, sent);
       }},
      {CheckId::S22, "the leader writes records out of thin air", Source::orders,
       [](Tape& t) { On(t).each_copy(30, [](Appended& e) { e.records.first = 1'000'000; }); }},
      {CheckId::S22, "a batch has a record more than was sent", Source::orders,
       [](Tape& t) { On(t).each_copy(-1, [](Appended& e) { ++e.records.count; }); }},
      {CheckId::S22, "a consumer gets records that nobody sent", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<Consumed>(on.read(30)).records.first = 1'000'000;
       }},
      {CheckId::S22, "a consumer gets records of somebody who sent none", Source::orders,
       [](Tape& t) {
         On on(t);
         Consumed& read = on.at<Consumed>(on.read(31));
         read.records.producer = read.consumer;
       }},
  };
}

Mutations answers() {
  return {
      {CheckId::S23, "the answer comes before the batch is written", Source::orders,
       [](Tape& t) {
         On on(t);
         move_before(t, on.answer(30), on.copy(30, on.leader(30)));
       }},
      {CheckId::S23, "the answer comes before the commit", Source::orders,
       [](Tape& t) {
         On on(t);
         move_before(t, on.answer(31), on.commit(31));
       }},
      {CheckId::S23, "the answer names an offset beyond the log", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<ProduceOutcome>(on.answer(32)).base_offset += 1'000;
       }},
      {CheckId::S23, "the answer names the offset of another record", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<ProduceOutcome>(on.answer(33)).base_offset -= 1;
       }},
      {CheckId::S23, "the last batch is answered and never committed", Source::orders,
       [](Tape& t) {
         On on(t);
         const std::int64_t base = on.base(-1);
         drop(t, on.all<HighWatermark>([&](const HighWatermark& e) { return e.offset > base; }));
       }},
      {CheckId::S23, "an answer for a batch that no log has", Source::orders,
       [](Tape& t) {
         On on(t);
         on.lose(-1);
       }},
  };
}

Mutations refusals() {
  const auto refuse = [](ProduceOutcome& e) {
    e.outcome = Outcome::failed;
    e.error = 7;
  };
  const auto told = [refuse](int n) {
    return [refuse, n](Tape& t) {
      On on(t);
      refuse(on.at<ProduceOutcome>(on.answer(n)));
    };
  };
  return {
      {CheckId::S24, "a batch in the middle was reported as failed", Source::orders, told(30)},
      {CheckId::S24, "the first batch was reported as failed", Source::orders, told(0)},
      {CheckId::S24, "the last batch was reported as failed", Source::orders, told(-1)},
      {CheckId::S24, "a batch is written after it was reported as failed", Source::orders,
       [refuse](Tape& t) {
         On on(t);
         refuse(on.at<ProduceOutcome>(on.answer(40)));
         move_before(t, on.answer(40), on.copy(40, on.leader(40)));
       }},
      {CheckId::S24, "the last record of a batch was reported as failed, the others as written",
       Source::orders,
       [refuse](Tape& t) {
         On on(t);
         const std::size_t place = on.answer(41);
         ProduceOutcome part = on.at<ProduceOutcome>(place);
         on.at<ProduceOutcome>(place).records.count -= 1;
         part.records.first += part.records.count - 1;
         part.records.count = 1;
         refuse(part);
         put_after(t, place, part);
       }},
      {CheckId::S24, "all were reported as failed", Source::orders,
       [refuse](Tape& t) {
         change<ProduceOutcome>(
             t, [](const ProduceOutcome&) { return true; }, refuse);
       }},
  };
}

Mutations unstable_reads(CheckId law) {
  return {
      {law, "a consumer reads another record than was committed", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<Consumed>(on.read(30)).records.first -= 5;
       }},
      {law, "a consumer reads a batch at the offset of the next", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<Consumed>(on.read(31)).base_offset += 5;
       }},
      {law, "a consumer reads a batch before it is committed", Source::orders,
       [](Tape& t) {
         On on(t);
         move_before(t, on.read(32), on.commit(32));
       }},
      {law, "a consumer reads beyond the end of every log", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<Consumed>(on.read(-1)).base_offset = on.end;
       }},
      {law, "a consumer reads a record under somebody else's name", Source::orders,
       [](Tape& t) {
         On on(t);
         Consumed& read = on.at<Consumed>(on.read(33));
         read.records.producer = read.consumer;
       }},
      {law, "what was read is another record in the log of the next leader", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<Consumed>(on.read(-20)).records.first += 1;
       }},
  };
}

Mutations gaps() {
  return {
      {CheckId::S26, "a poll passes over a batch", Source::orders,
       [](Tape& t) {
         On on(t);
         drop(t, {on.read(30)});
       }},
      {CheckId::S26, "a poll brings a batch again", Source::orders,
       [](Tape& t) {
         On on(t);
         put_after(t, on.read(31), on.at<Consumed>(on.read(31)));
       }},
      {CheckId::S26, "two polls come in the wrong order", Source::orders,
       [](Tape& t) {
         On on(t);
         swap(t, on.read(32), on.read(33));
       }},
      {CheckId::S26, "a poll begins one offset too late", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<Consumed>(on.read(34)).base_offset += 1;
       }},
      {CheckId::S26, "a poll ends one record too early", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<Consumed>(on.read(35)).records.count -= 1;
       }},
      {CheckId::S26, "a consumer gives a position up that every log holds", Source::orders,
       [](Tape& t) {
         On on(t);
         const Consumed read = on.at<Consumed>(on.read(36));
         put_after(t, on.read(36), history::OffsetReset{{}, read.consumer, on.id, read.base_offset, 0});
       }},
  };
}

}  // namespace

Mutations client_mutations() {
  Mutations all = orders_of_records();
  all += duplicates();
  all += fabrications();
  all += answers();
  all += refusals();
  all += unstable_reads(CheckId::S25);
  all += gaps();
  all += unstable_reads(CheckId::INV8);  // the invariant says the same, and looks at who served them besides
  return all;
}

}  // namespace brokersim::checkers::test
