// G3 and G4: what must not become of the records of share groups.
#include "tests/models/checkers/mutation_words.h"

namespace brokersim::checkers::test {
namespace {

using history::ShareAcknowledged;
using history::ShareCause;
using history::ShareRecordsChanged;
using history::ShareStartMoved;
using history::ShareState;

/// Places of what leaders told of the group's records for this reason.
Places changed(const Tape& t, ShareCause cause) {
  return places<ShareRecordsChanged>(t, [&](const ShareRecordsChanged& e) { return e.cause == cause; });
}
Places delivered(const Tape& t) { return changed(t, ShareCause::delivered); }
/// The nth delivery that some member has accepted, and where.
std::pair<std::size_t, std::size_t> accepted(Tape& t, std::size_t n) {
  const std::size_t said = changed(t, ShareCause::accepted).at(n);
  const ShareRecordsChanged end = event<ShareRecordsChanged>(t, said);
  std::size_t given = 0;
  for (const std::size_t place : delivered(t)) {
    const ShareRecordsChanged& one = event<ShareRecordsChanged>(t, place);
    if (place < said && one.first <= end.first && one.end >= end.end) given = place;
  }
  return {given, said};
}
Places starts(const Tape& t, bool loaded) {
  return places<ShareStartMoved>(t, [&](const ShareStartMoved& e) { return e.loaded == loaded; });
}

Mutations one_at_a_time() {
  return {
      {CheckId::G3, "what one member has is given to another one", Source::parcels,
       [](Tape& t) {
         const std::size_t place = accepted(t, 4).first;
         ShareRecordsChanged again = event<ShareRecordsChanged>(t, place);
         again.consumer.n = again.consumer.n == 1 ? 2 : 1;
         ++again.delivery_count;
         put_after(t, place, again);
       }},
      {CheckId::G3, "a delivery is not counted", Source::parcels,
       [](Tape& t) {
         const Places again = places<ShareRecordsChanged>(t, [](const ShareRecordsChanged& e) {
           return e.cause == ShareCause::delivered && e.delivery_count == 2;
         });
         event<ShareRecordsChanged>(t, again.front()).delivery_count = 1;
       }},
      {CheckId::G3, "a first delivery counts twice", Source::parcels,
       [](Tape& t) { event<ShareRecordsChanged>(t, accepted(t, 2).first).delivery_count = 2; }},
      {CheckId::G3, "somebody else accepts it", Source::parcels,
       [](Tape& t) {
         ShareRecordsChanged& said = event<ShareRecordsChanged>(t, accepted(t, 6).second);
         said.consumer.n = said.consumer.n == 1 ? 2 : 1;
       }},
      {CheckId::G3, "it is given again although it is accepted", Source::parcels,
       [](Tape& t) {
         const auto [given, said] = accepted(t, 3);
         ShareRecordsChanged again = event<ShareRecordsChanged>(t, given);
         ++again.delivery_count;
         put_after(t, said, again);
       }},
      {CheckId::G3, "it is archived with its first release", Source::parcels,
       [](Tape& t) {
         const Places released = places<ShareRecordsChanged>(t, [](const ShareRecordsChanged& e) {
           return e.cause == ShareCause::released && e.state == ShareState::available;
         });
         event<ShareRecordsChanged>(t, released.front()).state = ShareState::archived;
       }},
      {CheckId::G3, "it is available after its last delivery", Source::parcels,
       [](Tape& t) {
         const Places released = places<ShareRecordsChanged>(t, [](const ShareRecordsChanged& e) {
           return e.cause == ShareCause::released && e.state == ShareState::archived;
         });
         event<ShareRecordsChanged>(t, released.front()).state = ShareState::available;
       }},
      {CheckId::G3, "a member that has gone has seen it all the same", Source::parcels,
       [](Tape& t) {
         ++event<ShareRecordsChanged>(t, changed(t, ShareCause::session_ended).front()).delivery_count;
       }},
      {CheckId::G3, "a lock ends twice", Source::parcels,
       [](Tape& t) {
         const std::size_t place = changed(t, ShareCause::lock_expired).front();
         put_after(t, place, event<ShareRecordsChanged>(t, place));
       }},
  };
}

Mutations nothing_passed_over() {
  return {
      {CheckId::G4, "the start moves over what a member still has", Source::parcels,
       [](Tape& t) {
         const std::size_t place = accepted(t, 5).first;
         const ShareRecordsChanged given = event<ShareRecordsChanged>(t, place);
         put_after(t, place,
                   ShareStartMoved{given.at, given.broker, given.group, given.partition, given.end});
       }},
      {CheckId::G4, "the start moves over what nobody was given", Source::parcels,
       [](Tape& t) { event<ShareStartMoved>(t, starts(t, false).at(3)).start += 30; }},
      {CheckId::G4, "an acceptance that moved the start never was", Source::parcels,
       [](Tape& t) { drop(t, {accepted(t, 0).second}); }},
      {CheckId::G4, "a new leader begins behind what nobody was given", Source::parcels,
       [](Tape& t) { event<ShareStartMoved>(t, starts(t, true).back()).start += 400; }},
      {CheckId::G4, "a new leader takes for archived what nobody was given", Source::parcels,
       [](Tape& t) {
         const std::size_t place = starts(t, true).back();
         const ShareStartMoved begun = event<ShareStartMoved>(t, place);
         ShareRecordsChanged loaded;
         loaded.at = begun.at;
         loaded.broker = begun.broker;
         loaded.group = begun.group;
         loaded.partition = begun.partition;
         loaded.first = begun.start + 500;
         loaded.end = begun.start + 510;
         loaded.state = ShareState::archived;
         loaded.cause = ShareCause::loaded;
         put_after(t, place, loaded);
       }},
      {CheckId::G4, "a member has heard that it is accepted, and it comes again", Source::parcels,
       [](Tape& t) {
         const Places again = places<ShareRecordsChanged>(t, [](const ShareRecordsChanged& e) {
           return e.cause == ShareCause::delivered && e.delivery_count == 2;
         });
         const ShareRecordsChanged given = event<ShareRecordsChanged>(t, again.front());
         put_before(t, again.front(),
                    ShareAcknowledged{given.at, given.consumer, given.group, given.partition, given.first,
                                      given.end});
       }},
      {CheckId::G4, "a member has heard that it is rejected, and it comes again", Source::parcels,
       [](Tape& t) {
         const Places again = places<ShareRecordsChanged>(t, [](const ShareRecordsChanged& e) {
           return e.cause == ShareCause::delivered && e.delivery_count == 3;
         });
         const ShareRecordsChanged given = event<ShareRecordsChanged>(t, again.back());
         put_before(t, again.back(),
                    ShareAcknowledged{given.at, given.consumer, given.group, given.partition, given.first,
                                      given.end, ShareCause::rejected});
       }},
  };
}

}  // namespace

Mutations share_mutations() {
  Mutations all = one_at_a_time();
  for (Mutation& mutation : nothing_passed_over()) all.push_back(std::move(mutation));
  return all;
}

}  // namespace brokersim::checkers::test
