// Clients of a Kafka cluster that write in transactions.
#include "app/scenario/outbox_tables.h"
#include "app/scenario/ranges.h"

namespace brokersim::scenario {

using namespace ranges;
using enum FieldType;

const Table& transactions_table() {
  static const Table table = [] {
    Table t{"workload", "kafka_transactions", "Applications that write to one topic in transactions.",
            client_fields("kafka_transactions", PropertyScope::producer)};
    t.fields.insert(
        t.fields.end(),
        {
            {.name = "rate",
             .type = rate,
             .doc = "Transactions per second of all instances together. Each has one at a time: who is late "
                    "begins the "
                    "next at once.",
             .required = true,
             .min = 1,
             .max = rate_max},
            {.name = "records_per_transaction",
             .type = integer,
             .doc = "To the topic's partitions in turn; with `keys` of the topic, where they belong.",
             .fallback = "2",
             .min = 1,
             .max = 10'000},
            {.name = "accounts",
             .type = integer,
             .doc =
                 "Transactions are transfers between two of so many accounts: two records, one takes what "
                 "the other "
                 "gives, in the partitions of the accounts' names, which are their keys if record_size has "
                 "room (account-7: 17 B and more). Default: no transfers.",
             .min = 2,
             .max = 1'000'000},
            {.name = "record_size",
             .type = size,
             .doc = "Key and value of a record.",
             .fallback = "100 B",
             .min = 1,
             .max = mib},
        });
    const std::vector<Field> keys = key_fields();
    t.fields.insert(t.fields.end(), keys.begin(), keys.end());
    t.fields.insert(t.fields.end(),
                    {
                        {.name = "work",
                         .type = duration,
                         .doc = "Of the application within the transaction, after its last send.",
                         .fallback = "0 s",
                         .max = 3'600 * second},
                        {.name = "abort_permille",
                         .type = integer,
                         .doc = "Transactions that the application itself aborts.",
                         .fallback = "0",
                         .max = 1'000},
                        {.name = "on_fenced",
                         .type = choice,
                         .doc = "What it does when somebody else has its transactional.id, or its "
                                "transaction has timed out: stop, "
                                "or restart as a new producer.",
                         .fallback = "stop",
                         .choices = {"stop", "restart"}},
                        {.name = "stop",
                         .type = duration,
                         .doc = "When it ends. Default: at 5/6 of the run, so that the end can settle.",
                         .max = run_max},
                    });
    return t;
  }();
  return table;
}

namespace {

const Table& pipeline_consumer_table() {
  static const Table table{
      "consumer",
      "",
      "The consumer of a kafka_pipeline.",
      {
          {.name = "config",
           .type = properties,
           .doc = "Consumer properties by their Kafka names. auto.offset.reset is earliest unless given, "
                  "isolation.level read_committed with exactly_once; it never commits by itself.",
           .scope = PropertyScope::consumer},
      }};
  return table;
}

}  // namespace

const Table& pipeline_table() {
  static const Table table = [] {
    Table t{"workload", "kafka_pipeline",
            "A consumer group that makes a record of `topic` from every record of `from` (consume, process, "
            "produce). It has "
            "the key of that record, if all that is written to `from` has keys with texts of one kind.",
            client_fields("kafka_pipeline", PropertyScope::producer)};
    const std::vector<Field> own = {
        {.name = "from", .type = name, .doc = "The topic it reads.", .required = true},
        {.name = "group", .type = text, .doc = "group.id. Default: the workload's name."},
        {.name = "guarantee",
         .type = choice,
         .doc = "exactly_once: a transaction for what each poll returned, its offsets included. at_least_once: "
                "records are flushed, then offsets committed. at_most_once: offsets are committed, then records made.",
         .fallback = "exactly_once",
         .choices = {"exactly_once", "at_least_once", "at_most_once"}},
        {.name = "work",
         .type = duration,
         .doc = "Of the application, for each record.",
         .fallback = "0 s",
         .max = 600 * second},
        {.name = "record_size",
         .type = size,
         .doc = "Key and value of a record that it makes.",
         .fallback = "100 B",
         .min = 1,
         .max = mib},
        {.name = "consumer", .type = object, .doc = "Its consumer.", .table = &pipeline_consumer_table()},
    };
    t.fields.insert(t.fields.end(), own.begin(), own.end());
    return t;
  }();
  return table;
}

}  // namespace brokersim::scenario
