// A database, services that write rows and events, publishers of an outbox, consumers with an inbox.
#include "app/scenario/outbox_tables.h"
#include "app/scenario/ranges.h"

namespace brokersim::scenario {

using namespace ranges;
using enum FieldType;

namespace {

const Table& database_config_table() {
  static const Table table{
      "database config",
      "",
      "Settings by the names of PostgreSQL 16, with its defaults.",
      {
          {.name = "synchronous_commit",
           .type = choice,
           .doc = "off: an answer to COMMIT does not wait for the log's flush; a crash may take the last "
                  "transactions.",
           .fallback = "on",
           .choices = {"on", "off"}},
          {.name = "fsync",
           .type = choice,
           .doc = "off: nothing is ever flushed.",
           .fallback = "on",
           .choices = {"on", "off"}},
          {.name = "commit_delay",
           .type = duration,
           .doc = "Who flushes waits so long for company.",
           .fallback = "0 s",
           .max = 100 * ms},
          {.name = "commit_siblings",
           .type = integer,
           .doc = "... if at least so many other transactions are open.",
           .fallback = "5",
           .min = 0,
           .max = 1'000},
          {.name = "wal_writer_delay",
           .type = duration,
           .doc = "How often the log is flushed behind asynchronous commits.",
           .fallback = "200 ms",
           .min = ms,
           .max = 10 * second},
          {.name = "wal_segment_size",
           .type = size,
           .doc = "Size of a file of the log.",
           .fallback = "16 MiB",
           .min = 65'536,
           .max = gib},
          {.name = "checkpoint_timeout",
           .type = duration,
           .doc = "Longest time between checkpoints.",
           .fallback = "300 s",
           .min = second,
           .max = day},
          {.name = "max_wal_size",
           .type = size,
           .doc = "A checkpoint begins when half of it has been written since the last.",
           .fallback = "1 GiB",
           .min = mib,
           .max = tib},
          {.name = "max_connections",
           .type = integer,
           .doc = "Sessions; one more is refused.",
           .fallback = "100",
           .min = 1,
           .max = 10'000},
          {.name = "deadlock_timeout",
           .type = duration,
           .doc = "A waiter for a row looks for a cycle after that.",
           .fallback = "1 s",
           .min = ms,
           .max = hour},
          {.name = "lock_timeout",
           .type = duration,
           .doc = "A statement that waits longer for a row fails. 0 s: never.",
           .fallback = "0 s",
           .max = day},
          {.name = "idle_in_transaction_session_timeout",
           .type = duration,
           .doc = "A session that idles longer in a transaction is ended. 0 s: never.",
           .fallback = "0 s",
           .max = day},
      }};
  return table;
}

const Table& crash_table() {
  static const Table table{
      "crash",
      "",
      "The process dies (SIGKILL) whenever it gets to a step for the n-th time.",
      {
          {.name = "at",
           .type = choice,
           .doc =
               "The step. Of a service: before_transaction, after_insert, before_commit, after_commit, "
               "after_send, after_ack. Of a publisher: after_select, after_publish, after_acknowledgement, "
               "after_mark, after_mark_commit. Of a consumer: before_effect, after_effect, "
               "after_effect_commit. After_send and after_publish: the requests are on the wire, nobody has "
               "answered; the broker "
               "may append them all the same.",
           .required = true,
           .choices = {"before_transaction", "after_insert", "before_commit", "after_commit", "after_send",
                       "after_ack", "after_select", "after_publish", "after_acknowledgement", "after_mark",
                       "after_mark_commit", "before_effect", "after_effect", "after_effect_commit"}},
          {.name = "every",
           .type = integer,
           .doc = "At every so-manieth time, counted over the lives of the process.",
           .fallback = "100",
           .min = 1,
           .max = 1'000'000'000},
          {.name = "restart_after",
           .type = duration,
           .doc = "From the death to the next start.",
           .fallback = "2 s",
           .max = run_max},
      }};
  return table;
}

std::vector<Field> common_fields(const char* kind, PropertyScope scope) {
  return {
      {.name = "name",
       .type = name,
       .doc =
           "Name of the workload; instance i is NAME-i. Default: kind, hash of the content and occurrence."},
      {.name = "kind", .type = choice, .doc = std::string(kind) + ".", .required = true, .choices = {kind}},
      {.name = "of", .type = name, .doc = "The Kafka cluster. Default: the only one."},
      {.name = "database", .type = name, .doc = "The database. Default: the only one."},
      {.name = "topic", .type = name, .doc = "The topic of the events.", .required = true},
      {.name = "count",
       .type = integer,
       .doc = "How many instances.",
       .fallback = "1",
       .min = 1,
       .max = limits::hosts},
      {.name = "on",
       .type = name_or_list,
       .doc = "Host groups or hosts to run on, in turn. Default: a host of its own for each instance (preset "
              "client.default), zones in turn, each its own power domain."},
      {.name = "crash", .type = object, .doc = "Deaths at a chosen step.", .table = &crash_table()},
      {.name = "config",
       .type = properties,
       .doc = "Kafka client properties by their names; they win over `properties`.",
       .scope = scope},
      {.name = "properties",
       .type = text,
       .doc =
           "A real .properties file of a client, relative to this file; unknown names in it are warnings."},
  };
}

Field event_size_field() {
  return {.name = "event_size",
          .type = size,
          .doc = "Key and value of an event's record.",
          .fallback = "512 B",
          .min = 1,
          .max = mib};
}

Table with(Table table, std::vector<Field> more) {
  for (Field& field : more) table.fields.push_back(std::move(field));
  return table;
}

}  // namespace

const Table& database_table() {
  static const Table table{
      "system",
      "database",
      "A relational database on one host, with the tables of services that publish events.",
      {
          {.name = "kind", .type = choice, .doc = "database.", .required = true, .choices = {"database"}},
          {.name = "on", .type = name, .doc = "Its host, or a group of one.", .required = true},
          {.name = "config",
           .type = object,
           .doc = "Settings by PostgreSQL's names.",
           .table = &database_config_table()},
          {.name = "planted",
           .type = choice_list,
           .doc = "Deliberately wrong rules, to prove that the checks see them.",
           .choices = {"answers_before_flush", "reads_uncommitted"}},
      }};
  return table;
}

const Table& outbox_service_table() {
  static const Table table = with(
      {"workload", "outbox_service", "Services that write a business row and an event for every operation.",
       common_fields("outbox_service", PropertyScope::producer)},
      {
          {.name = "publishing",
           .type = choice,
           .doc = "row_then_event: commit, then send. event_then_row: send, then commit. "
                  "event_in_transaction: send before the commit. outbox: the event is a row of the same "
                  "transaction, for an outbox_publisher.",
           .fallback = "outbox",
           .choices = {"row_then_event", "event_then_row", "event_in_transaction", "outbox"}},
          {.name = "rate",
           .type = rate,
           .doc = "Operations per second of all instances together.",
           .required = true,
           .min = 1,
           .max = rate_max},
          {.name = "arrivals",
           .type = choice,
           .doc = "poisson: exponential gaps. constant: evenly spaced.",
           .fallback = "poisson",
           .choices = {"constant", "poisson"}},
          {.name = "start", .type = duration, .doc = "When it begins.", .fallback = "0 s", .max = run_max},
          {.name = "stop",
           .type = duration,
           .doc = "When operations end. Default: at 5/6 of the run, so that the end can settle.",
           .max = run_max},
          {.name = "aggregates",
           .type = integer,
           .doc = "Business objects that operations are about; the key of an event.",
           .fallback = "1000",
           .min = 1,
           .max = 1'000'000'000},
          {.name = "lock_aggregate",
           .type = boolean,
           .doc = "The transaction updates its aggregate's row first, so that others about it wait.",
           .fallback = "false"},
          {.name = "work",
           .type = duration,
           .doc = "Of the application within the transaction, after its rows are written.",
           .fallback = "0 s",
           .max = hour},
          {.name = "slow_permille",
           .type = integer,
           .doc = "Operations in 1,000 that take slow_work instead.",
           .fallback = "0",
           .min = 0,
           .max = 1'000},
          {.name = "slow_work",
           .type = duration,
           .doc = "See slow_permille.",
           .fallback = "0 s",
           .max = hour},
          {.name = "rollback_permille",
           .type = integer,
           .doc = "Operations in 1,000 that are rolled back after their work.",
           .fallback = "0",
           .min = 0,
           .max = 1'000},
          {.name = "pool_size",
           .type = integer,
           .doc = "Database connections of an instance.",
           .fallback = "20",
           .min = 1,
           .max = 1'000},
          event_size_field(),
      });
  return table;
}

const Table& outbox_publisher_table() {
  static const Table table = with(
      {"workload", "outbox_publisher", "Workers that read the outbox table, send its events and mark them.",
       common_fields("outbox_publisher", PropertyScope::producer)},
      {
          {.name = "find",
           .type = choice,
           .doc =
               "flag: rows with published = false. cursor: rows with an id above the last one. horizon: as "
               "cursor by (xid, id), and only below pg_snapshot_xmin.",
           .fallback = "flag",
           .choices = {"flag", "cursor", "horizon"}},
          {.name = "order_by",
           .type = choice,
           .doc = "Of flag: id, or created_at (when the transaction began).",
           .fallback = "id",
           .choices = {"id", "created_at"}},
          {.name = "locking",
           .type = choice,
           .doc = "Of flag: FOR UPDATE, FOR UPDATE SKIP LOCKED, or none.",
           .fallback = "for_update",
           .choices = {"none", "for_update", "skip_locked"}},
          {.name = "sharded",
           .type = boolean,
           .doc = "Worker i of n takes the aggregates with number modulo n = i.",
           .fallback = "false"},
          {.name = "batch",
           .type = integer,
           .doc = "Rows at a time.",
           .fallback = "100",
           .min = 1,
           .max = 100'000},
          {.name = "interval",
           .type = duration,
           .doc = "Until it looks again after a batch that was not full.",
           .fallback = "1 s",
           .min = 1,
           .max = hour},
          {.name = "done",
           .type = choice,
           .doc = "Of flag, what becomes of a published row: mark (UPDATE) or delete.",
           .fallback = "mark",
           .choices = {"mark", "delete"}},
          {.name = "mark_first",
           .type = boolean,
           .doc = "The mark is committed before the event is sent: at most once.",
           .fallback = "false"},
          {.name = "planted",
           .type = choice_list,
           .doc = "Deliberately wrong rules, to prove that the checks see them.",
           .choices = {"ignores_send_failures"}},
          event_size_field(),
      });
  return table;
}

const Table& inbox_consumer_table() {
  static const Table table =
      with({"workload", "inbox_consumer",
            "Consumers whose effects are rows of a database, with or without an inbox; partitions in turn.",
            common_fields("inbox_consumer", PropertyScope::consumer)},
           {
               {.name = "inbox",
                .type = boolean,
                .doc = "An event that the inbox knows is not applied again.",
                .fallback = "true"},
               {.name = "work",
                .type = duration,
                .doc = "Of the application per event, within the transaction.",
                .fallback = "0 s",
                .max = hour},
               {.name = "commit_interval",
                .type = duration,
                .doc = "How often the position is stored, after the work.",
                .fallback = "5 s",
                .min = ms,
                .max = hour},
               {.name = "planted",
                .type = choice_list,
                .doc = "Deliberately wrong rules, to prove that the checks see them.",
                .choices = {"inbox_in_its_own_transaction"}},
           });
  return table;
}

}  // namespace brokersim::scenario
