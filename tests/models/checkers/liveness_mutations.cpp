// L1 and L4: what a cluster owes once nothing has happened to it for a while. S15: what a broker owes when it starts.
#include "tests/models/checkers/mutation_words.h"

namespace brokersim::checkers::test {
namespace {

using history::Appended;
using history::PartitionChanged;
using history::TruncateReason;

/// The controller's last word on the partition is another one.
template <class Edit>
void last_word(Tape& tape, const std::string& topic, Edit edit) {
  On on(tape, topic);
  edit(on.at<PartitionChanged>(on.changes().back()));
}

/// One more change of the partition, at the time of its last one.
template <class Edit>
void one_more(Tape& tape, const std::string& topic, Edit edit) {
  On on(tape, topic);
  const std::size_t place = on.changes().back();
  PartitionChanged change = on.at<PartitionChanged>(place);
  ++change.partition_epoch;
  edit(change);
  put_after(tape, place, change);
}

/// The copies of the last `n` batches that `broker` made.
void not_copied(Tape& tape, const std::string& topic, int n, std::size_t which) {
  On on(tape, topic);
  const history::BrokerId broker = on.follower(-1, which);
  drop(tape, on.all<Appended>(
                 [&](const Appended& e) { return e.broker == broker && e.base_offset >= on.base(-n); }));
}

void out_of_isr(PartitionChanged& change, std::size_t which) {
  std::vector<history::BrokerId> others = change.isr;
  std::erase(others, change.leader);
  std::erase(change.isr, others.at(which));
}

Mutations leaders() {
  return {
      {CheckId::L1, "the last election elects nobody", Source::calm,
       [](Tape& t) { last_word(t, "orders", [](PartitionChanged& e) { e.leader = -1; }); }},
      {CheckId::L1, "a leader is deposed, and nobody follows", Source::calm,
       [](Tape& t) {
         one_more(t, "orders", [](PartitionChanged& e) {
           e.leader = -1;
           ++e.leader_epoch;
         });
       }},
      {CheckId::L1, "an ISR of one is up and not elected", Source::calm,
       [](Tape& t) {
         one_more(t, "orders", [](PartitionChanged& e) {
           e.isr = {e.leader};
           e.leader = -1;
         });
       }},
      {CheckId::L1, "the ISR is empty, and a member of the ELR is up and not elected", Source::calm,
       [](Tape& t) {
         one_more(t, "orders", [](PartitionChanged& e) {
           e.elr = {e.leader};
           e.isr.clear();
           e.leader = -1;
         });
       }},
      {CheckId::L1, "nobody is eligible, and the last known leader is up and not elected (KAFKA-19522)",
       Source::calm,
       [](Tape& t) {
         one_more(t, "orders", [](PartitionChanged& e) {
           e.isr.clear();
           e.leader = -1;
         });
       }},
      {CheckId::L1, "the books of groups have no leader", Source::calm,
       [](Tape& t) { one_more(t, "__consumer_offsets", [](PartitionChanged& e) { e.leader = -1; }); }},
  };
}

Mutations replicas() {
  return {
      {CheckId::L4, "a follower never fetches the last batch", Source::calm,
       [](Tape& t) { not_copied(t, "orders", 1, 0); }},
      {CheckId::L4, "the other follower stops ten batches before the end", Source::calm,
       [](Tape& t) { not_copied(t, "orders", 10, 1); }},
      {CheckId::L4, "a follower has everything and is never asked back into the ISR", Source::calm,
       [](Tape& t) { last_word(t, "orders", [](PartitionChanged& e) { out_of_isr(e, 0); }); }},
      {CheckId::L4, "a follower is thrown out of the ISR for nothing", Source::calm,
       [](Tape& t) { one_more(t, "orders", [](PartitionChanged& e) { out_of_isr(e, 1); }); }},
      {CheckId::L4, "a follower cuts its log and does not fetch it again", Source::calm,
       [](Tape& t) {
         On on(t);
         on.cut(on.copies(-1).back(), on.follower(-1), on.base(-3), on.end, TruncateReason::divergence);
       }},
  };
}

/// A log directory fails just after the n-th start (from the end: -1) of a broker.
Mutation cannot_start(const std::string& what, int nth, std::int32_t replicas, bool halts) {
  return {CheckId::S15, what, Source::orders, [=](Tape& t) {
            const Places starts = places<history::BrokerChanged>(t, [](const history::BrokerChanged& e) {
              return e.event == history::BrokerEvent::process_started;
            });
            const std::size_t place = nth >= 0 ? starts.at(static_cast<std::size_t>(nth))
                                               : starts.at(starts.size() - static_cast<std::size_t>(-nth));
            const history::BrokerId broker = event<history::BrokerChanged>(t, place).broker;
            put_after(t, place, history::LogDirFailed{{}, broker, 0, replicas, halts});
          }};
}

Mutations starts() {
  return {
      cannot_start("after a power loss a broker cannot open its logs", -1, 2, true),
      cannot_start("after a kill a broker cannot open its logs", -2, 2, true),
      cannot_start("one replica cannot be opened, and its directory goes offline", -1, 1, false),
      cannot_start("a directory without replicas fails at the start", -2, 0, false),
      cannot_start("after a kill one of two directories is lost", -2, 1, false),
      cannot_start("after a power loss the directory of every replica is lost", -1, 3, true),
  };
}

}  // namespace

Mutations liveness_mutations() {
  Mutations all = starts();
  all += leaders();
  all += replicas();
  return all;
}

}  // namespace brokersim::checkers::test
