// A history kept event by event, so that a test can change it and have it judged again.
//
// Why: a checker that is never wrong about a clean run may be one that never looks. A tape is the clean run; an edit of it
// is the run of a broken broker, and some law must say so.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "models/checkers/law_book.h"
#include "models/checkers/run_observer.h"
#include "models/history/history.h"

namespace brokersim::checkers::test {

/// Every kind of event that a checker reads.
using Event = std::variant<
    history::Sent, history::ProduceOutcome, history::Consumed, history::FetchAnswered,
    history::PositionAnswered, history::ClientRestarted, history::ClientStopped, history::ClientFailed,
    history::OwnershipChanged, history::GroupGeneration, history::MemberRemoved, history::OffsetCommitted,
    history::Appended, history::Truncated, history::HighWatermark, history::LeaderIsr, history::RoleChanged,
    history::PartitionChanged, history::BrokerChanged, history::ControllerChanged,
    history::MetadataLogChanged, history::StorageLost, history::CorruptRead, history::Recovered,
    history::Flushed, history::FaultFired, history::LogStartMoved, history::Compacted, history::LogDirFailed,
    history::PartitionDeleted, history::AdminDone, history::OffsetReset, history::TransactionJoined,
    history::TransactionEnded, history::ProducerEpochGiven, history::ShareRecordsChanged,
    history::ShareStartMoved, history::ShareAcknowledged, history::TransactionCommitted,
    history::CommitAnswered, history::TransactionLost, history::TransactionRolledBack,
    history::DatabaseChanged, history::EventJoined, history::OperationEnded, history::CrashedAtStep,
    history::PublishFailed, history::EventHandled>;

namespace detail {

struct Keeper : history::Watcher {
  using history::Watcher::on;
  std::vector<Event> events;
};
template <class Base, class E>
struct Keep : Base {
  using Base::on;
  void on(const E& event) override { this->events.emplace_back(event); }
};
template <class Base, class Variant>
struct KeepAll;
template <class Base, class First, class... Rest>
struct KeepAll<Base, std::variant<First, Rest...>> : KeepAll<Keep<Base, First>, std::variant<Rest...>> {};
template <class Base, class Last>
struct KeepAll<Base, std::variant<Last>> : Keep<Base, Last> {};

}  // namespace detail

/// Attach it to a history: keeps what passes.
using Recorder = detail::KeepAll<detail::Keeper, Event>;

struct Tape {
  history::History
      facts;  ///< Names and settings of partitions, clients, groups, databases. Nobody watches it.
  std::vector<Event> events;
  sim::SimTime end;
  std::vector<std::int32_t> leaders;  ///< By partition, when the run is over; see RunObserver::finish().
};

/// The names and settings of `history`, without its watchers.
[[nodiscard]] history::History facts_of(const history::History& history);

/// What all checkers say of the tape, invariants included. Throws sim::Bug where an edit makes no history at all.
[[nodiscard]] Findings judge(const Tape& tape);

/// Verdict on the law with this id.
[[nodiscard]] const CheckResult& verdict(const Findings& findings, CheckId law);

// --- edits ------------------------------------------------------------------------------------------------------------

using Places = std::vector<std::size_t>;

/// Where the events of kind E stand for which is(event) holds, in order.
template <class E, class Is>
[[nodiscard]] Places places(const Tape& tape, Is is) {
  Places found;
  for (std::size_t i = 0; i < tape.events.size(); ++i) {
    const E* event = std::get_if<E>(&tape.events[i]);
    if (event != nullptr && is(*event)) found.push_back(i);
  }
  return found;
}
template <class E>
[[nodiscard]] E& event(Tape& tape, std::size_t place) {
  return std::get<E>(tape.events.at(place));
}
/// Changes every event of kind E for which is(event) holds.
template <class E, class Is, class Edit>
void change(Tape& tape, Is is, Edit edit) {
  for (const std::size_t i : places<E>(tape, is)) edit(event<E>(tape, i));
}
/// Takes the events at these places, ascending, out.
void drop(Tape& tape, const Places& places);
/// `what` comes just before (after) the event at `place`, at its time where it has one of its own.
void put_before(Tape& tape, std::size_t place, Event what);
void put_after(Tape& tape, std::size_t place, Event what);
/// The event at `from` comes just before the one at `to`, with its old time.
void move_before(Tape& tape, std::size_t from, std::size_t to);
void swap(Tape& tape, std::size_t one, std::size_t other);

// --- tables -----------------------------------------------------------------------------------------------------------

/// The clean histories. orders, calm, bank, outbox and parcels are runs of small worlds; the others are written by hand.
enum class Source : std::uint8_t {
  orders,  ///< A partition of three replicas, an idempotent producer, a group of two; a kill and a power loss.
  calm,    ///< The same as orders, and half a minute in which nothing happens.
  bank,    ///< Transfers in transactions, some aborted, read by a read_committed consumer; a kill.
  outbox,      ///< A service, its outbox's publisher, and a consumer with an inbox.
  prices,      ///< A compacted partition from which retention takes something, too.
  parcels,     ///< A share group: poison, a member killed, one that stands still, a leader killed.
  membership,  ///< Two members of a group of KIP-848 that hand a partition over; one is removed.
};
inline constexpr Source kSources[] = {Source::orders, Source::calm,    Source::bank,      Source::outbox,
                                      Source::prices, Source::parcels, Source::membership};
[[nodiscard]] std::string to_string(Source source);
/// The same tape at every call.
[[nodiscard]] const Tape& tape_of(Source source);

struct Mutation {
  CheckId law = CheckId::S1;  ///< Which must be violated; it holds on the clean tape.
  std::string what;  ///< What the edit is, as one would say of a broker: "the leader forgets a batch".
  Source source = Source::orders;
  std::function<void(Tape&)> edit;
  /// In place of "the law is violated", for what is measured and never flagged (S2).
  std::function<bool(const Findings&)> noticed = nullptr;
};
using Mutations = std::vector<Mutation>;

[[nodiscard]] Mutations replication_mutations();  // S1 to S12
[[nodiscard]] Mutations client_mutations();       // S20 to S26
[[nodiscard]] Mutations transaction_mutations();  // S27 to S29, L8
[[nodiscard]] Mutations group_mutations();        // S34, G1, G2
[[nodiscard]] Mutations share_mutations();        // G3, G4, L11
[[nodiscard]] Mutations liveness_mutations();     // S15, L1, L4
[[nodiscard]] Mutations outbox_mutations();       // B1, O1 to O5
[[nodiscard]] Mutations invariant_mutations();    // INV1 to INV9

}  // namespace brokersim::checkers::test
