// What services that write rows and publish events did: which record carries which event, who crashed at which step.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "models/history/database.h"
#include "models/history/events.h"
#include "sim/time.h"

namespace brokersim::history {

/// Number of a business event over all lives of whoever made it. Event e is the one that belongs to business row e.
using EventNumber = std::int64_t;

/// How events get from a service to the broker.
enum class Publishing : std::uint8_t {
  row_then_event,        ///< Commit, then send: two writes, a crash between them loses the event.
  event_then_row,        ///< Send, then commit: a crash or a rollback between them leaves a phantom.
  event_in_transaction,  ///< Sent while the transaction is open: likewise.
  outbox,                ///< The event is a row of the same transaction; somebody publishes it later.
};

/// How a publisher finds what to publish.
enum class OutboxOrder : std::uint8_t {
  flag,     ///< WHERE published = false ORDER BY id: finds whatever became visible, however late.
  cursor,   ///< WHERE id > last ORDER BY id: never looks back.
  horizon,  ///< As cursor by (xid, id), and only below the oldest open transaction's number.
};

/// A pipeline: the services of one database whose events go to one topic.
struct PipelineInfo {
  std::string name;             ///< Workload of the services.
  EventNumber first_event = 0;  ///< Events [first_event, end_event) are its services'.
  EventNumber end_event = 0;
  DatabaseId database;
  std::vector<PartitionId> partitions;
  std::vector<std::string> publishers;  ///< Workloads.
  bool idempotent = true;               ///< Whoever sends the events.
  Publishing publishing = Publishing::outbox;
  bool aggregate_locked = false;  ///< Transactions on one aggregate exclude each other.
  // Of its publishers; without meaning unless publishing is outbox.
  OutboxOrder order = OutboxOrder::flag;
  bool ordered_by_id = true;  ///< Else by created_at.
  std::int32_t workers = 0;   ///< Publishers that share the rows; of shards each has its own rows.
  bool sharded = false;
  bool rows_locked = true;   ///< By the one who reads them, until it has marked them.
  bool marks_first = false;  ///< The row is marked before it is sent.
  std::int32_t batch = 0;
  bool acks_all = true;
  // Tables by position in DatabaseInfo::tables.
  std::int32_t business_table = 0;
  std::int32_t outbox_table = 2;
  std::int32_t cursor_table = 3;
};

/// Consumers of a topic whose effects are rows of a database.
struct InboxInfo {
  std::string workload;
  DatabaseId database;
  std::vector<PartitionId> partitions;
  bool inbox = true;
  std::int32_t effect_table = 5;
};

/// A record of the topic got its identity: it carries this event.
struct EventJoined {
  sim::SimTime at;
  EventNumber event = -1;
  std::int64_t aggregate = 0;
  RecordRange record;  ///< One.
};

/// An operation of a service is over: what its caller was told. One that is never over died with its process.
struct OperationEnded {
  sim::SimTime at;
  EventNumber event = -1;
  Outcome outcome =
      Outcome::acknowledged;  ///< failed: rolled back for certain. unknown: no answer to the COMMIT.
};

/// A process stopped at a chosen step (fault injection).
struct CrashedAtStep {
  sim::SimTime at;
  std::string workload;
  const char* step = "";   ///< A literal.
  EventNumber event = -1;  ///< What it was at; of a publisher the first of its batch. -1: nothing.
};

/// A publisher gave up on a batch, whose rows it will read again: some of it may be in the topic.
struct PublishFailed {
  sim::SimTime at;
  ClientId producer;
  std::int64_t rows = 0;
  bool after_send = false;  ///< Something had been sent.
};

/// A consumer with a database of its own has handled an event: the transaction that holds its effect committed.
struct EventHandled {
  sim::SimTime at;
  ClientId consumer;
  EventNumber event = -1;
  bool applied = true;  ///< False: the inbox knew it, and nothing was done.
  std::int64_t transaction = -1;
};

}  // namespace brokersim::history
