// Members of share groups (KIP-932).
#include "app/scenario/outbox_tables.h"
#include "app/scenario/ranges.h"

namespace brokersim::scenario {

using namespace ranges;
using enum FieldType;

const Table& share_consumer_table() {
  static const Table table = [] {
    Table t{
        "workload", "kafka_share_consumer",
        "Members of a share group (KIP-932): they share the records of a topic, whatever its partitions, and "
        "acknowledge each for itself.",
        client_fields("kafka_share_consumer", PropertyScope::consumer)};
    for (Field& field : t.fields) {
      if (field.name == "config")
        field.doc =
            "Client properties by their Kafka names; they win over `properties`. What is of the group stands "
            "here, too: share.auto.offset.reset, share.record.lock.duration.ms.";
    }
    t.fields.insert(
        t.fields.end(),
        {
            {.name = "group", .type = text, .doc = "group.id. Default: the workload's name."},
            {.name = "process_cost",
             .type = duration,
             .doc = "Time the application needs per record.",
             .fallback = "0 s",
             .max = 600 * second},
            {.name = "poison_permille",
             .type = integer,
             .doc =
                 "Records that nobody in the group can work on. Needs share.acknowledgement.mode explicit.",
             .fallback = "0",
             .max = 1'000},
            {.name = "on_poison",
             .type = choice,
             .doc = "What a member does with such a record: release (it comes again, until its deliveries "
                    "are used "
                    "up), or reject.",
             .fallback = "release",
             .choices = {"release", "reject"}},
        });
    return t;
  }();
  return table;
}

}  // namespace brokersim::scenario
