// G3, G4 and L11: what must not become of the records of share groups.
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

/// What was free again, for this reason, is never given again; what comes after it is.
Mutation forgotten(const std::string& what, ShareCause cause) {
  return {CheckId::L11, what, Source::parcels, [=](Tape& t) {
            const Places freed = places<ShareRecordsChanged>(t, [&](const ShareRecordsChanged& e) {
              return e.cause == cause && e.state == ShareState::available;
            });
            const std::size_t place = freed.front();
            const ShareRecordsChanged end = event<ShareRecordsChanged>(t, place);
            Places again;
            for (const std::size_t later :
                 places<ShareRecordsChanged>(t, [](const ShareRecordsChanged&) { return true; })) {
              const ShareRecordsChanged& one = event<ShareRecordsChanged>(t, later);
              if (later > place && one.first < end.end && one.end > end.first) again.push_back(later);
            }
            drop(t, again);
          }};
}

/// From `share` permille of the deliveries on nobody is given anything, and 300 s pass.
Mutation silent(const std::string& what, std::size_t permille, bool restarts) {
  return {CheckId::L11, what, Source::parcels, [=](Tape& t) {
            const Places given = delivered(t);
            const std::size_t from = given.at(given.size() * permille / 1'000);
            Places gone;
            for (std::size_t i = from; i < t.events.size(); ++i) {
              const bool share = std::holds_alternative<ShareRecordsChanged>(t.events[i]) ||
                                 std::holds_alternative<ShareStartMoved>(t.events[i]) ||
                                 std::holds_alternative<ShareAcknowledged>(t.events[i]);
              const auto* read = std::get_if<history::Consumed>(&t.events[i]);
              if (share || read != nullptr) gone.push_back(i);
            }
            const ShareRecordsChanged next = event<ShareRecordsChanged>(t, from);
            drop(t, gone);
            t.end = {t.end.ns + 300'000'000'000};
            if (!restarts) return;
            // It moves again just before the end: the pause is seen all the same.
            ShareRecordsChanged late = next;
            late.at = {t.end.ns - 1'000'000'000};
            t.events.emplace_back(late);
          }};
}

Mutations nobody_waits() {
  return {
      forgotten("what a member released is given to nobody again", ShareCause::released),
      forgotten("what a lock had held is given to nobody again", ShareCause::lock_expired),
      forgotten("what a member that is gone had is given to nobody again", ShareCause::session_ended),
      {CheckId::L11, "a fetch takes the newer of two ranges first", Source::parcels,
       [](Tape& t) {
         const Places given = places<ShareRecordsChanged>(t, [](const ShareRecordsChanged& e) {
           return e.cause == ShareCause::delivered && e.delivery_count == 1;
         });
         ShareRecordsChanged& one = event<ShareRecordsChanged>(t, given.at(7));
         ShareRecordsChanged& next = event<ShareRecordsChanged>(t, given.at(8));
         std::swap(one.first, next.first);
         std::swap(one.end, next.end);
       }},
      silent("from the middle on nobody is given anything", 500, false),
      silent("the last records are given to nobody", 990, false),
      silent("nobody is given anything for five minutes", 500, true),
  };
}

}  // namespace

Mutations share_mutations() {
  Mutations all = one_at_a_time();
  for (Mutation& mutation : nothing_passed_over()) all.push_back(std::move(mutation));
  for (Mutation& mutation : nobody_waits()) all.push_back(std::move(mutation));
  return all;
}

}  // namespace brokersim::checkers::test
