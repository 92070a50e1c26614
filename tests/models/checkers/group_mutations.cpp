// S34, G1 and G2: what cleaning must not take, and what groups must not do.
#include "tests/models/checkers/mutation_words.h"

namespace brokersim::checkers::test {
namespace {

using history::Compacted;
using history::LogStartCause;
using history::LogStartMoved;
using history::MemberRemoved;
using history::OffsetCommitted;
using history::OwnershipChange;
using history::OwnershipChanged;

Mutations cleaning() {
  const auto start = [](std::int64_t offset, LogStartCause cause) {
    return [=](Tape& t) {
      On on(t, "prices");
      put_after(t, on.last_place(), LogStartMoved{{}, 1, on.id, offset, cause});
    };
  };
  return {
      {CheckId::S34, "compaction takes the last value of a key", Source::prices,
       [](Tape& t) {
         On on(t, "prices");
         put_after(t, on.last_place(), Compacted{{}, 1, on.id, {{39, 40}}, false});
       }},
      {CheckId::S34, "compaction takes everything", Source::prices,
       [](Tape& t) {
         On on(t, "prices");
         on.at<Compacted>(on.first<Compacted>([](const Compacted&) { return true; })).removed = {{0, 40}};
       }},
      {CheckId::S34, "compaction takes values of which the later ones are not committed yet", Source::prices,
       [](Tape& t) {
         On on(t, "prices");
         move_before(t, on.first<Compacted>([](const Compacted&) { return true; }), on.commit(1));
       }},
      {CheckId::S34, "compaction counts a value that only the leader has", Source::prices,
       [](Tape& t) {
         On on(t, "prices");
         // Among the last eight committed records stands the last value of some key that records 40 to 44 have again.
         put_after(t, on.last_place(), Compacted{{}, 1, on.id, {{32, 40}}, false});
       }},
      {CheckId::S34, "retention takes what is not committed", Source::prices,
       start(43, LogStartCause::retention)},
      {CheckId::S34, "DeleteRecords takes what is not committed", Source::prices,
       start(45, LogStartCause::delete_records)},
      {CheckId::S34, "retention comes before the commit", Source::prices,
       [](Tape& t) {
         On on(t, "prices");
         move_before(t, on.first<LogStartMoved>([](const LogStartMoved&) { return true; }), on.commit(1));
       }},
  };
}

/// The nth change of ownership of the tape.
std::size_t owned(const Tape& t, std::size_t n) {
  return places<OwnershipChanged>(t, [](const OwnershipChanged&) { return true; }).at(n);
}

Mutations owners() {
  return {
      {CheckId::G1, "a member gets what another one has not given up", Source::membership,
       [](Tape& t) { drop(t, {owned(t, 1)}); }},
      {CheckId::G1, "a member gets it before the other has given it up", Source::membership,
       [](Tape& t) { swap(t, owned(t, 1), owned(t, 2)); }},
      {CheckId::G1, "nobody has removed the member that had it", Source::membership,
       [](Tape& t) { drop(t, places<MemberRemoved>(t, [](const MemberRemoved&) { return true; })); }},
      {CheckId::G1, "somebody else was removed than the one that had it", Source::membership,
       [](Tape& t) {
         change<MemberRemoved>(
             t, [](const MemberRemoved&) { return true; }, [](MemberRemoved& e) { e.consumer = {0}; });
       }},
      {CheckId::G1, "two members get it in one epoch", Source::membership,
       [](Tape& t) {
         OwnershipChanged second = event<OwnershipChanged>(t, owned(t, 0));
         second.consumer = {1};
         put_after(t, owned(t, 0), second);
       }},
      {CheckId::G1, "it is given up by the one who did not have it", Source::membership,
       [](Tape& t) { event<OwnershipChanged>(t, owned(t, 1)).consumer = {1}; }},
      {CheckId::G1, "in a group of the old protocol, two members get it in one generation", Source::orders,
       [](Tape& t) {
         On on(t);
         const auto taken = places<OwnershipChanged>(t, [&](const OwnershipChanged& e) {
           return e.change == OwnershipChange::assigned && e.partitions == std::vector{on.id};
         });
         OwnershipChanged second = event<OwnershipChanged>(t, taken.back());
         for (std::size_t n = 0; n < t.facts.clients().size(); ++n) {
           const history::ClientId other{static_cast<std::int32_t>(n)};
           if (t.facts.client(other).group == second.group &&
               other != event<OwnershipChanged>(t, taken.back()).consumer)
             second.consumer = other;
         }
         put_after(t, taken.back(), second);
       }},
  };
}

Mutations commits() {
  const auto commit = [](const On& on, std::size_t n) { return on.all<OffsetCommitted>().at(n); };
  return {
      {CheckId::G2, "two commits arrive in the wrong order", Source::orders,
       [commit](Tape& t) {
         On on(t);
         swap(t, commit(on, 4), commit(on, 5));
       }},
      {CheckId::G2, "an old commit arrives once more", Source::orders,
       [commit](Tape& t) {
         On on(t);
         put_after(t, commit(on, 7), on.at<OffsetCommitted>(commit(on, 4)));
       }},
      {CheckId::G2, "a member commits 0", Source::orders,
       [commit](Tape& t) {
         On on(t);
         on.at<OffsetCommitted>(commit(on, 6)).offset = 0;
       }},
      {CheckId::G2, "a commit falls one short of the one before", Source::orders,
       [commit](Tape& t) {
         On on(t);
         on.at<OffsetCommitted>(commit(on, 8)).offset = on.at<OffsetCommitted>(commit(on, 7)).offset - 1;
       }},
      {CheckId::G2, "a commit goes back by far", Source::orders,
       [commit](Tape& t) {
         On on(t);
         on.at<OffsetCommitted>(commit(on, 10)).offset -= 200;
       }},
      {CheckId::G2, "with the protocol of KIP-848, a member commits what it had committed before",
       Source::membership,
       [](Tape& t) {
         const Places all = places<OffsetCommitted>(t, [](const OffsetCommitted&) { return true; });
         swap(t, all.at(0), all.at(1));
       }},
  };
}

}  // namespace

Mutations group_mutations() {
  Mutations all = cleaning();
  all += owners();
  all += commits();
  return all;
}

}  // namespace brokersim::checkers::test
