// Services that write business rows and events, publishers that read an outbox, consumers with an inbox: their settings.
//
// Sources: other-systems.md sections 8.1, 8.2 and 8.4 (polling publisher, dual writes, inbox).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/database/config.h"
#include "models/history/outbox.h"
#include "models/kafka/config.h"
#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::outbox {

/// Where a process can be made to die, in the order in which it gets there.
enum class Step : std::uint8_t {
  none,
  // A service, per operation.
  before_transaction,
  after_insert,   ///< Rows are written, the transaction is open.
  before_commit,  ///< After its own work.
  after_commit,   ///< The answer to COMMIT is there.
  after_send,     ///< The request with the event is on the wire, nobody has answered.
  after_ack,      ///< The broker has acknowledged.
  // A publisher, per batch.
  after_select,
  after_publish,  ///< All of the batch is on the wire, not all of it acknowledged.
  after_acknowledgement,
  after_mark,  ///< Marked or deleted, the transaction is open.
  after_mark_commit,
  // A consumer, per event.
  before_effect,
  after_effect,         ///< Effect and inbox are written, the transaction is open.
  after_effect_commit,  ///< Its position is not stored yet.
};

/// The process is killed whenever it gets to `at` for the `every`-th time, and started again.
struct CrashPlan {
  Step at = Step::none;
  std::int64_t every = 100;  ///< Positive.
  sim::Duration restart_after = {2'000'000'000};
};

struct ServiceConfig {
  std::string name;
  std::string database;
  std::string cluster;
  std::string topic;
  std::vector<std::string> hosts;  ///< One per instance.
  history::Publishing publishing = history::Publishing::outbox;
  std::int64_t rate_per_second_milli = 0;  ///< Operations per second of all instances, in 1/1000. Positive.
  bool poisson = true;                     ///< Else evenly spaced.
  std::int64_t aggregates = 1'000;         ///< Business objects that operations are about, chosen evenly.
  bool lock_aggregate =
      false;           ///< The transaction updates its aggregate's row first, so that others of it wait.
  sim::Duration work;  ///< Of the application within the transaction, after its rows are written.
  std::int32_t slow_permille = 0;  ///< Operations whose work takes `slow_work` instead.
  sim::Duration slow_work;
  std::int32_t rollback_permille =
      0;  ///< Operations that the business refuses after all, at the end of their work.
  sim::Bytes event_size = {512};
  std::int32_t pool_size = 20;
  sim::SimTime start;
  sim::SimTime end = sim::SimTime::max();
  CrashPlan crash;
  kafka::ProducerConfig producer;  ///< Of dual writes.
};

struct PublisherConfig {
  std::string name;
  std::string database;
  std::string cluster;
  std::string topic;
  std::vector<std::string> hosts;  ///< One per worker.
  history::OutboxOrder order = history::OutboxOrder::flag;
  bool by_created_at = false;  ///< flag: ORDER BY created_at instead of id.
  enum class Locking : std::uint8_t { none, for_update, skip_locked } locking = Locking::for_update;
  bool sharded = false;  ///< Worker i takes the aggregates with number % workers = i.
  std::int64_t batch = 100;
  sim::Duration interval = {1'000'000'000};  ///< After an empty or short batch.
  bool erase = false;                        ///< DELETE instead of UPDATE ... SET published.
  bool mark_first = false;                   ///< Mark and commit, then send: at most once.
  sim::Bytes event_size = {512};
  CrashPlan crash;
  kafka::ProducerConfig producer;
  // Planted bugs.
  bool ignores_send_failures = false;  ///< Marks what was not acknowledged.
};

struct InboxConfig {
  std::string name;
  std::string database;
  std::string cluster;
  std::string topic;
  std::vector<std::string> hosts;  ///< One per instance; partitions are assigned round robin.
  bool inbox = true;               ///< INSERT INTO inbox ON CONFLICT DO NOTHING before the effect.
  bool same_transaction = true;    ///< False (planted bug): the inbox row commits before the effect.
  sim::Duration work;              ///< Of the application per event, within the transaction.
  sim::Duration commit_interval = {
      5'000'000'000};  ///< Its position is stored so often (auto.commit.interval.ms).
  CrashPlan crash;
  kafka::ConsumerConfig consumer;
};

}  // namespace brokersim::outbox
