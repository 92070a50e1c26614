// INV1, INV3, INV5, INV7 and INV9: what the invariants see beside the laws that say the same.
#include "tests/models/checkers/mutation_words.h"

namespace brokersim::checkers::test {
namespace {

using history::Appended;
using history::BrokerChanged;
using history::BrokerEvent;
using history::LeaderIsr;
using history::MetadataChange;
using history::MetadataLogChanged;
using history::PartitionChanged;
using history::RoleChanged;
using history::TruncateReason;

/// Where the broker that replaces broker 0 takes the lead.
std::size_t take_over(const On& on) {
  const history::BrokerId heir = on.at<PartitionChanged>(on.left(0)).leader;
  return on.first<RoleChanged>([&](const RoleChanged& e) { return e.broker == heir && e.leader == heir; });
}
history::BrokerId heir(const On& on) { return on.at<RoleChanged>(take_over(on)).broker; }
/// The last batch that broker 0 committed before it died.
int last_before(const On& on) {
  const std::size_t elected = on.left(0);
  int n = 0;
  while (on.commit(n + 1) < elected) ++n;
  return n - 1;
}

/// A batch that was committed while broker 0 was away.
int on_away(const On& on) {
  int n = 0;
  while (on.commit(n) < take_over(on)) ++n;
  return n + 3;
}

Mutations incomplete_leaders() {
  return {
      {CheckId::INV1, "the new leader never got the last batch", Source::orders,
       [](Tape& t) {
         On on(t);
         const int n = last_before(on);
         on.at<Appended>(on.copy(n, heir(on))).records.first += 500;
       }},
      {CheckId::INV1, "the new leader has another epoch on a committed batch", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<Appended>(on.copy(last_before(on), heir(on))).leader_epoch += 3;
       }},
      {CheckId::INV1, "the new leader cut one committed batch before it took over", Source::orders,
       [](Tape& t) {
         On on(t);
         const int n = last_before(on);
         on.cut(take_over(on) - 1, heir(on), on.base(n), on.end, TruncateReason::high_watermark);
       }},
      {CheckId::INV1, "the new leader cut everything before it took over", Source::orders,
       [](Tape& t) {
         On on(t);
         on.cut(take_over(on) - 1, heir(on), 0, on.end, TruncateReason::out_of_range);
       }},
  };
}

Mutations quorums() {
  const auto reports = [](On& on, std::int32_t broker) {
    return on.all<LeaderIsr>([=](const LeaderIsr& e) { return e.broker == broker && e.maximal.size() == 3; });
  };
  const auto without = [reports](history::BrokerId gone) {
    return [=](Tape& t) {
      On on(t);
      std::erase(on.at<LeaderIsr>(reports(on, 0).back()).maximal, gone);
    };
  };
  const auto add = [](bool to_isr) {
    return [to_isr](Tape& t) {
      On on(t);
      // While broker 0 is away its successor does not wait for it.
      const std::size_t place = on.commit(on_away(on));
      PartitionChanged change = on.at<PartitionChanged>(on.left(0));
      ++change.partition_epoch;
      (to_isr ? change.isr : change.elr).push_back(0);
      put_after(t, place, change);
    };
  };
  return {
      {CheckId::INV3, "the leader does not wait for a member of the ISR", Source::orders, without(1)},
      {CheckId::INV3, "the leader does not wait for another member of the ISR", Source::orders, without(2)},
      {CheckId::INV3, "the controller puts a broker into the ISR of which the leader knows nothing",
       Source::orders, add(true)},
      {CheckId::INV3, "the controller puts a broker into the ELR of which the leader knows nothing",
       Source::orders, add(false)},
      {CheckId::INV3, "the leader waits for nobody but itself", Source::orders,
       [reports](Tape& t) {
         On on(t);
         LeaderIsr& told = on.at<LeaderIsr>(reports(on, 0).back());
         told.maximal = {told.broker};
       }},
      {CheckId::INV3, "the leader takes a member out before the controller has agreed", Source::orders,
       [](Tape& t) {
         On on(t);
         const auto& heirs = on.at<PartitionChanged>(on.left(0));
         LeaderIsr told{{}, heirs.leader, on.id, heirs.leader_epoch, heirs.isr, {heirs.leader}, true};
         put_after(t, on.commit(on_away(on)), told);
       }},
  };
}

/// Broker `id` dies by `how` at `place` and is back at once, with everything below `log_end`, in the ISR as before.
void die_and_return(On& on, std::size_t place, history::BrokerId id, BrokerEvent how, std::int64_t log_end) {
  Tape& t = *on.tape;
  put_after(t, place, BrokerChanged{{}, id, BrokerEvent::running});
  put_after(t, place, history::Recovered{{}, id, on.id, log_end, false, 0, {}});
  put_after(t, place, BrokerChanged{{}, id, BrokerEvent::process_started});
  put_after(t, place, BrokerChanged{{}, id, how});
}
Mutation unnoticed_death(const std::string& what, int batch, bool leads, BrokerEvent how) {
  return {CheckId::INV5, what, Source::orders, [=](Tape& t) {
            On on(t);
            die_and_return(on, on.answer(batch), leads ? on.leader(batch) : on.follower(batch), how,
                           on.base(batch) + on.batch(batch).records.count);
          }};
}

Mutations unclean_members() {
  return {
      unnoticed_death("a follower is killed, and nobody notices", 30, false, BrokerEvent::process_killed),
      unnoticed_death("a follower's kernel panics, and nobody notices", 31, false,
                      BrokerEvent::kernel_panicked),
      unnoticed_death("a follower loses its power, and nobody notices", 32, false, BrokerEvent::power_lost),
      unnoticed_death("the leader is killed, and nobody notices", 33, true, BrokerEvent::process_killed),
      {CheckId::INV5, "a broker that was killed is unfenced while it stands in the ELR", Source::orders,
       [](Tape& t) {
         On on(t);
         PartitionChanged change = on.at<PartitionChanged>(on.left(0));
         ++change.partition_epoch;
         change.elr = {0};
         put_after(t, on.left(0), change);
       }},
      {CheckId::INV5, "a broker that was killed never left the ISR", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<PartitionChanged>(on.left(0)).isr.push_back(0);
       }},
  };
}

Mutations fenced_members() {
  const auto fence = [](int batch, bool leads) {
    return [=](Tape& t) {
      On on(t);
      put_after(t, on.answer(batch),
                BrokerChanged{{}, leads ? on.leader(batch) : on.follower(batch), BrokerEvent::fenced});
    };
  };
  return {
      {CheckId::INV7, "a fenced follower stays in the ISR", Source::orders, fence(30, false)},
      {CheckId::INV7, "a fenced leader stays in the ISR", Source::orders, fence(31, true)},
      {CheckId::INV7, "a follower is fenced late in the run and stays in the ISR", Source::orders,
       fence(-20, false)},
      {CheckId::INV7, "a broker comes back into the ISR although it is fenced", Source::orders,
       [](Tape& t) {
         const auto fenced =
             places<BrokerChanged>(t, [](const BrokerChanged& e) { return e.event == BrokerEvent::fenced; });
         const sim::SimTime since = event<BrokerChanged>(t, fenced.front()).at;
         drop(t, places<BrokerChanged>(t, [&](const BrokerChanged& e) {
                return e.broker == 0 && e.event == BrokerEvent::running && e.at >= since;
              }));
       }},
      {CheckId::INV7, "the election leaves the fenced leader in the ISR", Source::orders,
       [](Tape& t) {
         On on(t);
         on.at<PartitionChanged>(on.left(0)).isr.push_back(0);
       }},
      {CheckId::INV7, "a partition epoch comes twice", Source::orders,
       [](Tape& t) {
         On on(t);
         put_after(t, on.came_back(0), on.at<PartitionChanged>(on.came_back(0)));
       }},
  };
}

/// The nth event of the metadata quorum's voters with this change.
std::size_t metadata(const Tape& t, MetadataChange what, std::size_t n, bool observer = false) {
  return places<MetadataLogChanged>(
             t, [&](const MetadataLogChanged& e) { return e.change == what && e.observer == observer; })
      .at(n);
}

Mutations metadata_quorum() {
  return {
      {CheckId::INV9, "two controllers lead one epoch", Source::orders,
       [](Tape& t) {
         const std::size_t place = metadata(t, MetadataChange::leads, 0);
         MetadataLogChanged other = event<MetadataLogChanged>(t, place);
         other.node = (other.node + 1) % 3;
         put_after(t, place, other);
       }},
      {CheckId::INV9, "a controller leaves a gap in its log", Source::orders,
       [](Tape& t) { drop(t, {metadata(t, MetadataChange::appended, 20)}); }},
      {CheckId::INV9, "a controller takes the same twice for committed", Source::orders,
       [](Tape& t) {
         const std::size_t place = metadata(t, MetadataChange::committed, 20);
         put_after(t, place, event<MetadataLogChanged>(t, place));
       }},
      {CheckId::INV9, "a controller commits a batch in another epoch than the others", Source::orders,
       [](Tape& t) { event<MetadataLogChanged>(t, metadata(t, MetadataChange::committed, 30)).epoch += 5; }},
      {CheckId::INV9, "a broker passes over something committed", Source::orders,
       [](Tape& t) { drop(t, {metadata(t, MetadataChange::committed, 20, true)}); }},
      {CheckId::INV9, "a controller cuts what it took for committed", Source::orders,
       [](Tape& t) {
         const std::size_t place = metadata(t, MetadataChange::committed, 30);
         MetadataLogChanged cut = event<MetadataLogChanged>(t, place);
         cut.change = MetadataChange::truncated;
         std::swap(cut.from, cut.to);
         put_after(t, place, cut);
       }},
      {CheckId::INV9, "a controller with a short log is elected", Source::orders,
       [](Tape& t) {
         MetadataLogChanged elected = event<MetadataLogChanged>(t, metadata(t, MetadataChange::leads, 0));
         elected.epoch += 7;
         elected.to = 1;
         put_after(t, t.events.size() - 1, elected);
       }},
      {CheckId::INV9, "a broker loads a snapshot of what was never committed", Source::orders,
       [](Tape& t) {
         MetadataLogChanged snapshot =
             event<MetadataLogChanged>(t, metadata(t, MetadataChange::committed, 20, true));
         snapshot.change = MetadataChange::snapshot;
         snapshot.to += 1'000'000;
         put_after(t, t.events.size() - 1, snapshot);
       }},
  };
}

}  // namespace

Mutations invariant_mutations() {
  Mutations all = incomplete_leaders();
  all += quorums();
  all += unclean_members();
  all += fenced_members();
  all += metadata_quorum();
  return all;
}

}  // namespace brokersim::checkers::test
