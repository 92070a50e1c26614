// What an administrator does.
#include "app/scenario/field.h"
#include "app/scenario/ranges.h"

namespace brokersim::scenario {

using namespace ranges;
using enum FieldType;

namespace {

/// An action with the fields that all have, then `more`.
Table admin_table(const char* kind, const char* doc, std::vector<Field> more) {
  Table table{"admin", kind, doc, {}};
  table.fields = {
      {.name = "name",
       .type = name,
       .doc = "Stable name, for output and draws. Default: kind, hash of the content and occurrence."},
      {.name = "kind", .type = choice, .doc = std::string(kind) + ".", .required = true, .choices = {kind}},
      {.name = "at", .type = duration, .doc = "When it is asked for.", .required = true, .max = run_max},
      {.name = "of", .type = name, .doc = "The system. Default: the only one."},
  };
  for (Field& field : more) table.fields.push_back(std::move(field));
  return table;
}

Field partition_field() {
  return {.name = "partition", .type = text, .doc = "\"orders/0\".", .required = true};
}

}  // namespace

const Variants& admin_variants() {
  static const Table delete_records = admin_table(
      "delete_records",
      "Moves the start of a partition's log up (kafka-delete-records.sh): what lies below is gone.",
      {partition_field(),
       {.name = "before_offset",
        .type = integer,
        .doc = "Offsets below it go. -1: everything below the high watermark.",
        .fallback = "-1",
        .min = -1}});
  static const Table elect_leader = admin_table(
      "elect_leader",
      "Has a leader elected (kafka-leader-election.sh): the first replica of the assignment, or anybody alive.",
      {partition_field(),
       {.name = "election",
        .type = choice,
        .doc = "preferred: the first replica, if it is in the ISR. unclean: if nobody leads, the first live replica, "
               "whatever its log holds.",
        .fallback = "preferred",
        .choices = {"preferred", "unclean"}}});
  static const Table reassign = admin_table(
      "reassign",
      "Moves a partition to other brokers (kafka-reassign-partitions.sh, KIP-455): new replicas are added, old ones go when "
      "the new ones are in the ISR.",
      {partition_field(),
       {.name = "replicas",
        .type = name_or_list,
        .doc = "Hosts of the brokers that shall hold it, preferred leader first. Default: cancel the reassignment under "
               "way."}});
  static const Table create_partitions =
      admin_table("create_partitions",
                  "Adds partitions to a topic (kafka-topics.sh --alter --partitions, KIP-195). Clients learn "
                  "of them with their next "
                  "metadata (metadata.max.age.ms, or a lost connection); from then on a producer's keys go "
                  "elsewhere, while their older "
                  "records stay where they are.",
                  {{.name = "topic", .type = text, .doc = "The topic.", .required = true},
                   {.name = "partitions",
                    .type = integer,
                    .doc = "How many it has then, more than before.",
                    .required = true,
                    .min = 2,
                    .max = 100'000}});
  static const Variants variants{
      "admin", "kind", {&delete_records, &elect_leader, &reassign, &create_partitions}};
  return variants;
}

}  // namespace brokersim::scenario
