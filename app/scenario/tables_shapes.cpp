// What a producer's records are: their keys, their sizes, and arrivals that a file lists.
#include "app/scenario/field.h"
#include "app/scenario/limits.h"
#include "app/scenario/outbox_tables.h"
#include "app/scenario/ranges.h"

namespace brokersim::scenario {

using namespace ranges;
using enum FieldType;

namespace {

constexpr std::int64_t million = 1'000'000;  // of a decimal's millionths

Field kind_field(const char* kind) {
  return {
      .name = "kind", .type = choice, .doc = std::string(kind) + ".", .required = true, .choices = {kind}};
}

Field size_field(const char* field, const char* doc, const char* fallback = "", bool required = false) {
  return {.name = field,
          .type = size,
          .doc = doc,
          .fallback = fallback,
          .required = required,
          .min = 1,
          .max = gib};
}

/// Fields `more` between the kind and the bounds.
Table size_table(const char* kind, const char* doc, std::vector<Field> more) {
  Table table{"record_size", kind, doc, {kind_field(kind)}};
  for (Field& field : more) table.fields.push_back(std::move(field));
  return table;
}

const char* const kMin = "Smaller ones are padded to it. Default: 1 B, or what a key needs.";
const char* const kMax = "Larger ones are cut to it.";

}  // namespace

const Table& keys_table() {
  static const Table hot{
      "hot",
      "",
      "Keys that come more often than the rest of the distribution says.",
      {{.name = "share",
        .type = decimal,
        .doc = "Share of all records that these keys have together, each the same: 0.5 is half.",
        .required = true,
        .min = 1,
        .max = million},
       {.name = "keys",
        .type = integer,
        .doc = "How many keys.",
        .fallback = "1",
        .min = 1,
        .max = limits::keys}}};
  static const Table table{
      "keys",
      "",
      "Keys of a whole topic. Key number k, from 0, is the text `prefix` + k in decimal with at least "
      "`digits` digits; its "
      "records go to partition (murmur2(text) & 0x7fffffff) mod the number of partitions that the producer "
      "knows "
      "(`partitioner.ignore.keys` true, or another partitioner.class: where the sticky partitioner is). The "
      "first keys are "
      "the most frequent.",
      {{.name = "count",
        .type = integer,
        .doc = "How many keys there are. Each takes about 30 bytes of memory.",
        .required = true,
        .min = 1,
        .max = limits::keys},
       {.name = "distribution",
        .type = choice,
        .doc = "uniform: all alike. zipf: key number k comes with a frequency proportional to (k + "
               "1)^-exponent.",
        .fallback = "uniform",
        .choices = {"uniform", "zipf"}},
       {.name = "exponent",
        .type = decimal,
        .doc = "Of zipf. 0.99 is that of YCSB; 0 is uniform.",
        .fallback = "1",
        .max = 20 * million},
       {.name = "hot",
        .type = list,
        .doc = "Groups of hot keys, from key 0 on; the rest of the records go to the rest of the keys by the "
               "distribution, whose ranks begin with the first of them. [{\"share\": 0.5, \"keys\": 1}]: "
               "every second record has key 0.",
        .table = &hot},
       {.name = "prefix", .type = text, .doc = "How a key begins; at most 64 bytes.", .fallback = "key-"},
       {.name = "digits",
        .type = integer,
        .doc = "Zeros are put before the number.",
        .fallback = "6",
        .max = 18}}};
  return table;
}

const Variants& size_variants() {
  static const Table value{"value",
                           "",
                           "One of the sizes.",
                           {size_field("size", "Key and value.", "", true),
                            {.name = "weight",
                             .type = integer,
                             .doc = "How often, beside the others' weights.",
                             .fallback = "1",
                             .min = 1,
                             .max = 1'000'000'000}}};
  static const Table uniform =
      size_table("uniform", "Every size from min to max alike.",
                 {size_field("min", "Smallest.", "", true), size_field("max", "Largest.", "", true)});
  static const Table exponential = size_table("exponential", "Exponential sizes.",
                                              {size_field("mean", "Mean, before the bounds.", "", true),
                                               size_field("min", kMin), size_field("max", kMax, "1 GiB")});
  static const Table lognormal =
      size_table("lognormal",
                 "Sizes whose logarithm is normal: most are small, some very large. A median or a mean, and "
                 "sigma or a p99.",
                 {size_field("median", "Half of the records are smaller."),
                  size_field("mean", "Mean, before the bounds: median x e^(sigma^2 / 2). With sigma."),
                  {.name = "sigma",
                   .type = decimal,
                   .doc = "Standard deviation of the natural logarithm.",
                   .max = 20 * million},
                  size_field("p99", "One record in a hundred is larger; not below the median."),
                  size_field("min", kMin),
                  size_field("max", kMax, "1 GiB")});
  static const Table pareto = size_table(
      "pareto", "A heavy tail: the share of records larger than s is (min / s)^shape.",
      {size_field("min", "Smallest.", "", true),
       {.name = "shape",
        .type = decimal,
        .doc = "The smaller, the heavier; the mean is min x shape / (shape - 1), without end from 1 down.",
        .required = true,
        .min = million / 20,
        .max = 1'000 * million},
       size_field("max", kMax, "1 GiB")});
  static const Table empirical =
      size_table("empirical", "Sizes as counted, by weight.",
                 {{.name = "values", .type = list, .doc = "The sizes.", .required = true, .table = &value}});
  static const Variants variants{
      "record_size", "kind", {&uniform, &exponential, &lognormal, &pareto, &empirical}};
  return variants;
}

const Variants& arrival_variants() {
  static const Table trace{
      "arrivals",
      "trace",
      "Records as a CSV file lists them, one row each: a first line with the names of the columns, then rows "
      "in order of "
      "time. Instances take the records in turn. The file belongs to the scenario: its content counts for "
      "the identity of "
      "a run; findings, minimal scenarios and tapes hold its rows.",
      {kind_field("trace"),
       {.name = "file",
        .type = text,
        .doc =
            "Path, relative to the scenario's folder and inside of it; or an absolute one. At most 64 MiB."},
       {.name = "rows",
        .type = text_list,
        .doc = "Instead of a file its lines, the first one with the names of the columns: "
               "[\"time,key\", \"0.5,a\"]."},
       {.name = "time_column", .type = text, .doc = "Column with the time.", .fallback = "time"},
       {.name = "time_unit",
        .type = choice,
        .doc = "Of the time column; numbers may have a fraction. iso8601: 2026-11-22T20:15:00.250Z.",
        .fallback = "s",
        .choices = {"s", "ms", "us", "ns", "iso8601"}},
       {.name = "origin",
        .type = choice,
        .doc = "first_row: the first row is at the workload's `start`. zero: the time 0 is.",
        .fallback = "first_row",
        .choices = {"first_row", "zero"}},
       {.name = "key_column",
        .type = text,
        .doc = "Column with the record's key, any text: it goes to the partition that murmur2 of its bytes "
               "says. "
               "Default: `keys` says what keys records have."},
       {.name = "size_column",
        .type = text,
        .doc = "Column with the record's size in bytes, key and value. Default: `record_size`."},
       {.name = "count_column",
        .type = text,
        .doc = "Column with how many records the row stands for, 0 or more. Default: 1."},
       {.name = "spread",
        .type = boolean,
        .doc = "true: the records of a row come evenly until the next row's time (those of the last row: for "
               "as long as the row before; where there is no other time, together). false: together.",
        .fallback = "false"},
       {.name = "speed",
        .type = decimal,
        .doc = "How many times as fast as in the file.",
        .fallback = "1",
        .min = 1,
        .max = 1'000'000 * million},
       {.name = "loop",
        .type = boolean,
        .doc = "true: begin again one gap after the last row, until the workload's `stop`.",
        .fallback = "false"},
       {.name = "delimiter",
        .type = choice,
        .doc = "Between cells.",
        .fallback = "comma",
        .choices = {"comma", "semicolon", "tab", "bar"}}}};
  static const Variants variants{"arrivals", "kind", {&trace}};
  return variants;
}

std::vector<Field> key_fields() {
  return {
      {.name = "keys",
       .type = integer,
       .doc = "A number: so many keys in each partition, all equally likely; the sticky partitioner "
              "chooses partitions. An object: keys of the whole topic, with weights, and each goes to the "
              "partition that its murmur2 says (see keys). Default: records have no key.",
       .min = 1,
       .max = 1'000'000'000,
       .table = &keys_table()},
      {.name = "tombstone_permille",
       .type = integer,
       .doc = "Share of the records that delete their key. Only with `keys`.",
       .fallback = "0",
       .max = 1'000},
  };
}

}  // namespace brokersim::scenario
