// S1 to S12: what brokers must not do to logs, leaders and in-sync replicas.
#include "tests/models/checkers/mutation_words.h"

namespace brokersim::checkers::test {
namespace {

using history::Appended;
using history::HighWatermark;
using history::PartitionChanged;
using history::ProduceOutcome;
using history::Recovered;
using history::RoleChanged;
using history::TruncateReason;

/// A change of the partition just after `place`, made from the change there, with the next partition epoch.
template <class Edit>
void change_after(On& on, std::size_t place, Edit edit) {
  // From the latest change before.
  PartitionChanged change;
  for (const std::size_t at : on.changes()) {
    if (at <= place) change = on.at<PartitionChanged>(at);
  }
  ++change.partition_epoch;
  edit(change);
  put_after(*on.tape, place, change);
}

/// The copies that `broker` made from batch `from` to batch `to`.
Places copies_of(const On& on, history::BrokerId broker, int from, int to) {
  return on.all<Appended>([&](const Appended& e) {
    return e.broker == broker && e.base_offset >= on.base(from) && e.base_offset <= on.base(to);
  });
}

/// One edit of a follower's log that lets it differ from its leader's below both high watermarks.
Mutations differing_followers(CheckId law) {
  return {
      {law, "a follower stamps another epoch on a batch", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<Appended>(on.copy(30, on.follower(30))).leader_epoch += 7;
       }},
      {law, "a follower's batch holds an older record", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<Appended>(on.copy(31, on.follower(31, 1))).records.first -= 1;
       }},
      {law, "a follower turns two batches round", Source::orders,
       [](Tape& t) {
         On on(t);
         on.exchange(32, 33, on.follower(32));
       }},
      {law, "a follower writes the first batch where a later one belongs", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<Appended>(on.copy(34, on.follower(34))).records.first = on.batch(10).records.first;
       }},
      {law, "a follower writes somebody else's records", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<Appended>(on.copy(35, on.follower(35))).records.producer.n += 1;
       }},
      {law, "late in the run, a follower's batch is of an older epoch", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<Appended>(on.copy(-20, on.follower(-20))).leader_epoch -= 1;
       }},
  };
}

Mutations losses() {
  return {
      {CheckId::S1, "no log keeps a batch", Source::orders, [](Tape& t) { On(t).lose(30); }},
      {CheckId::S1, "the leader cuts its last batches when the run is over", Source::orders,
       [](Tape& t) {
         On on(t);
         on.cut(on.last_place(), on.leader_at_end(), on.base(-2), on.end, TruncateReason::divergence);
       }},
      {CheckId::S1, "the leader comes back with a shorter log", Source::orders,
       [](Tape& t) {
         On on(t);
         put_after(t, on.last_place(), Recovered{{}, on.leader_at_end(), on.id, on.base(-4), true, 0, {}});
       }},
      {CheckId::S1, "a batch is acknowledged that no log ever had", Source::orders,
       [](Tape& t) {
         On on(t);
         ProduceOutcome answer = on.at<ProduceOutcome>(on.answer(-1));
         answer.records.first += answer.records.count;
         answer.base_offset = on.end;
         put_after(t, on.last_place(), history::Sent{{}, answer.records});
         put_after(t, on.last_place(), answer);
       }},
      {CheckId::S1, "every log holds a batch without its last record", Source::orders,
       [](Tape& t) { On(t).each_copy(40, [](Appended& e) { --e.records.count; }); }},
      {CheckId::S1, "a later batch stands where an acknowledged one was", Source::orders,
       [](Tape& t) { On(t).repeat(41, 42); }},
  };
}

// S2 is an account and never flags: what is judged is that the account is right, to the record, and tells each loss.
Mutation counted(const std::string& what, std::int64_t lost, std::function<void(Tape&)> edit) {
  return {CheckId::S2, what, Source::orders, std::move(edit), [lost](const Findings& f) {
            std::int64_t told = 0;
            for (const Loss& loss : f.losses.losses) told += loss.explanation.empty() ? 0 : loss.records;
            return f.losses.lost == lost && told == lost &&
                   f.losses.lost_acks_0 + f.losses.lost_acks_1 + f.losses.lost_acks_all == lost;
          }};
}

Mutations accounts() {
  const auto as_one = [](Tape& t) {
    change<ProduceOutcome>(
        t, [](const ProduceOutcome&) { return true; }, [](ProduceOutcome& e) { e.acks = 1; });
  };
  return {
      counted("one batch of five is in no log", 5, [](Tape& t) { On(t).lose(30); }),
      counted("three batches of five are in no log", 15,
              [](Tape& t) {
                for (const int n : {50, 40, 30}) On(t).lose(n);
              }),
      counted("one record of a batch is in no log", 1,
              [](Tape& t) { On(t).each_copy(40, [](Appended& e) { --e.records.count; }); }),
      counted("a batch acknowledged with acks=1 is in no log", 5,
              [as_one](Tape& t) {
                as_one(t);
                On(t).lose(30);
              }),
      counted("the leader at the end has cut three batches", 15,
              [](Tape& t) {
                On on(t);
                on.cut(on.last_place(), on.leader_at_end(), on.base(-3), on.end, TruncateReason::divergence);
              }),
  };
}

Mutations incomplete_candidates() {
  return {
      {CheckId::S5, "a follower stays in the ISR although it copies nothing any more", Source::orders,
       [](Tape& t) {
         On on(t);
         drop(t, copies_of(on, on.follower(20), 20, 60));
       }},
      {CheckId::S5, "a member of the ISR cuts a committed batch", Source::orders,
       [](Tape& t) {
         On on(t);
         on.cut(on.answer(30), on.follower(30), on.base(30), on.base(30) + 5, TruncateReason::divergence);
       }},
      {CheckId::S5, "the controller takes a broker back into the ISR before it has caught up", Source::orders,
       [](Tape& t) {
         On on(t);
         const auto started = places<history::BrokerChanged>(t, [](const history::BrokerChanged& e) {
           return e.broker == 0 && e.event == history::BrokerEvent::process_started;
         });
         change_after(on, started.back(), [](PartitionChanged& e) { e.isr.push_back(0); });
       }},
      {CheckId::S5, "the ELR has a running broker that lacks what was committed since", Source::orders,
       [](Tape& t) {
         On on(t);
         const auto started = places<history::BrokerChanged>(t, [](const history::BrokerChanged& e) {
           return e.broker == 0 && e.event == history::BrokerEvent::process_started;
         });
         change_after(on, started.back(), [](PartitionChanged& e) { e.elr = {0}; });
       }},
      {CheckId::S5, "the new leader lacks the last batches of the old one", Source::orders,
       [](Tape& t) {
         On on(t);
         const std::size_t elected = on.left(0);
         const history::BrokerId heir = on.at<PartitionChanged>(elected).leader;
         const std::size_t took_over = on.first<RoleChanged>(
             [&](const RoleChanged& e) { return e.broker == heir && e.leader == heir; });
         on.cut(took_over - 1, heir, on.base(30), on.end, TruncateReason::divergence);
       }},
      {CheckId::S5, "a member of the ISR holds another record than was committed", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<Appended>(on.copy(36, on.follower(36))).records.first += 500;
       }},
  };
}

Mutations membership_laws() {
  const auto on_change = [](std::function<void(PartitionChanged&)> edit) {
    return [edit](Tape& t) {
      On on(t);
      edit(on.at<PartitionChanged>(on.came_back(0)));
    };
  };
  return {
      {CheckId::S7, "a broker without a replica is in the ISR", Source::orders,
       on_change([](PartitionChanged& e) { e.isr.push_back(7); })},
      {CheckId::S7, "a broker without a replica is in the ELR", Source::orders,
       on_change([](PartitionChanged& e) { e.elr.push_back(7); })},
      {CheckId::S7, "a broker is in the ISR and in the ELR", Source::orders,
       on_change([](PartitionChanged& e) { e.elr.push_back(e.isr.front()); })},
      {CheckId::S7, "the leader is not in the ISR", Source::orders,
       on_change([](PartitionChanged& e) { std::erase(e.isr, e.leader); })},
      {CheckId::S7, "a partition epoch does not grow", Source::orders,
       [](Tape& t) {
         On on(t);
         put_after(t, on.came_back(0), on.at<PartitionChanged>(on.came_back(0)));
       }},
      {CheckId::S7, "two changes of a partition come in the wrong order", Source::orders,
       [](Tape& t) {
         On on(t);
         swap(t, on.left(0), on.came_back(0));
       }},
      {CheckId::S7, "somebody from outside the ISR is elected, and nobody calls it unclean", Source::orders,
       [](Tape& t) {
         On on(t);
         change_after(on, on.left(0), [](PartitionChanged& e) {
           e.leader = 0;
           e.isr = {0};
           ++e.leader_epoch;
         });
       }},
  };
}

Mutations leadership() {
  return {
      {CheckId::S8, "a second broker takes the lead in the same epoch", Source::orders,
       [](Tape& t) {
         On on(t);
         const std::size_t place =
             on.first<RoleChanged>([](const RoleChanged& e) { return e.leader == e.broker; });
         RoleChanged role = on.at<RoleChanged>(place);
         role.broker = role.leader = 1;
         put_after(t, place, role);
       }},
      {CheckId::S8, "the leader's epoch goes back", Source::orders,
       [](Tape& t) {
         On on(t);
         --on.at<PartitionChanged>(on.came_back(0)).leader_epoch;
       }},
      {CheckId::S8, "a follower appends as if it led", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<Appended>(on.copy(30, on.follower(30))).role = history::AppendRole::leader;
       }},
      {CheckId::S8, "a leader stamps the next epoch on its batch", Source::orders,
       [](Tape& t) {
         On on(t);
         ++on.at<Appended>(on.copy(30, on.leader(30))).leader_epoch;
       }},
      {CheckId::S8, "the controller names another leader for the same epoch", Source::orders,
       [](Tape& t) {
         On on(t);
         auto& changed = on.at<PartitionChanged>(on.came_back(0));
         changed.leader = changed.leader == changed.isr.front() ? changed.isr.back() : changed.isr.front();
       }},
      {CheckId::S8, "a broker that follows by now appends as leader", Source::orders,
       [](Tape& t) {
         On on(t);
         const Appended batch = on.batch(30);
         put_after(t, on.answer(29), RoleChanged{{}, batch.broker, on.id, 1, batch.leader_epoch, 0});
       }},
  };
}

Mutations high_watermarks() {
  return {
      {CheckId::S9, "two commits come in the wrong order", Source::orders,
       [](Tape& t) {
         On on(t);
         swap(t, on.commit(30), on.commit(31));
       }},
      {CheckId::S9, "an old high watermark comes once more", Source::orders,
       [](Tape& t) {
         On on(t);
         put_after(t, on.commit(33), on.at<HighWatermark>(on.commit(31)));
       }},
      {CheckId::S9, "the leader commits beyond its log", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<HighWatermark>(on.commit(30)).offset += 1;
       }},
      {CheckId::S9, "the leader commits a batch before it has written it", Source::orders,
       [](Tape& t) {
         On on(t);
         move_before(t, on.commit(30), on.copy(30, on.leader(30)));
       }},
      {CheckId::S9, "the leader forgets its high watermark", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<HighWatermark>(on.commit(-20)).offset = 0;
       }},
      {CheckId::S9, "the new leader's high watermark slips by one", Source::orders,
       [](Tape& t) {
         On on(t);
         HighWatermark slipped = on.at<HighWatermark>(on.commit(-30));
         --slipped.offset;
         put_after(t, on.commit(-30), slipped);
       }},
  };
}

Mutations truncations() {
  const auto cut = [](TruncateReason reason, bool leads) {
    return [reason, leads](Tape& t) {
      On on(t);
      on.cut(on.answer(30), leads ? on.leader(30) : on.follower(30), on.base(29), on.base(30) + 5, reason);
    };
  };
  return {
      {CheckId::S11, "a follower cuts a committed batch as if it differed", Source::orders,
       cut(TruncateReason::divergence, false)},
      {CheckId::S11, "a follower cuts a committed batch as if it were ahead", Source::orders,
       cut(TruncateReason::out_of_range, false)},
      {CheckId::S11, "a follower cuts to a stale high watermark", Source::orders,
       cut(TruncateReason::high_watermark, false)},
      {CheckId::S11, "the leader itself cuts a committed batch", Source::orders,
       cut(TruncateReason::divergence, true)},
      {CheckId::S11, "recovery cuts what no crash took", Source::orders,
       cut(TruncateReason::recovery, false)},
      {CheckId::S11, "after a kill a broker comes back with less than it had", Source::orders,
       [](Tape& t) {
         On on(t);
         Recovered& back =
             on.at<Recovered>(on.all<Recovered>([](const Recovered& e) { return e.broker == 0; }).back());
         back.log_end -= 10;
         back.content.clear();
       }},
  };
}

Mutations offsets() {
  return {
      {CheckId::S12, "the leader leaves an offset out", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<Appended>(on.copy(30, on.leader(30))).base_offset += 1;
       }},
      {CheckId::S12, "the leader appends a batch twice at one offset", Source::orders,
       [](Tape& t) {
         On on(t);
         put_after(t, on.copy(30, on.leader(30)), on.batch(30));
       }},
      {CheckId::S12, "a follower passes over a batch", Source::orders,
       [](Tape& t) {
         On on(t);
         drop(t, {on.copy(30, on.follower(30))});
       }},
      {CheckId::S12, "a follower copies two batches in the wrong order", Source::orders,
       [](Tape& t) {
         On on(t);
         swap(t, on.copy(30, on.follower(30)), on.copy(31, on.follower(30)));
       }},
      {CheckId::S12, "a new leader writes over what was committed", Source::orders,
       [](Tape& t) {
         On on(t);
         const std::size_t elected = on.left(0);
         const std::int32_t epoch = on.at<PartitionChanged>(elected).leader_epoch;
         const std::size_t place = on.first<Appended>([&](const Appended& e) {
           return e.leader_epoch == epoch && e.role == history::AppendRole::leader;
         });
         on.at<Appended>(place).base_offset -= 5;
       }},
      {CheckId::S12, "recovery finds more than anybody wrote", Source::orders,
       [](Tape& t) {
         On on(t);
         const std::size_t place = on.all<Recovered>([](const Recovered& e) { return e.broker == 0; }).back();
         on.at<Recovered>(place).log_end += 5;
       }},
  };
}

}  // namespace

Mutations replication_mutations() {
  Mutations all = losses();
  all += accounts();
  all += differing_followers(CheckId::S3);
  all += incomplete_candidates();
  all += membership_laws();
  all += leadership();
  all += high_watermarks();
  all += truncations();
  all += offsets();
  // The invariants that say the same with the same words.
  all += differing_followers(CheckId::INV4);
  for (Mutation same : incomplete_candidates()) {
    const bool takes_lead = same.what.starts_with("the new leader");
    same.law = takes_lead ? CheckId::INV1 : CheckId::INV2;
    all.push_back(std::move(same));
  }
  for (Mutation same : losses()) {
    same.law = CheckId::INV6;
    all.push_back(std::move(same));
  }
  return all;
}

}  // namespace brokersim::checkers::test
