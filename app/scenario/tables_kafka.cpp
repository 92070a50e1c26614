// A Kafka cluster, its topics, and its producers and consumers.
#include "app/scenario/field.h"
#include "app/scenario/outbox_tables.h"
#include "app/scenario/planted_bugs.h"
#include "app/scenario/ranges.h"

namespace brokersim::scenario {

using namespace ranges;
using enum FieldType;

namespace {

const Table& controllers_table() {
  static const Table table{
      "controllers",
      "",
      "The KRaft controllers.",
      {
          {.name = "count", .type = integer, .doc = "How many voters.", .fallback = "3", .min = 1, .max = 9},
          {.name = "on",
           .type = name,
           .doc =
               "Combined mode: the first hosts of that group. Default: dedicated hosts SYSTEM-controller-i "
               "(preset controller.default), in the brokers' zones in turn, each its own power domain."},
      }};
  return table;
}

const Table& rules_table() {
  static const Table table{
      "rules",
      "",
      "Single rules that differ from those of `version`, and planted bugs.",
      {
          {.name = "eligible_leader_replicas",
           .type = boolean,
           .doc = "KIP-966. Default: on in 4.1, off before."},
          {.name = "strict_min_isr",
           .type = boolean,
           .doc = "KAFKA-15583 (3.7): the high watermark waits while the ISR is below min.insync.replicas.",
           .fallback = "true"},
          {.name = "metadata_commit_wakes_fetch",
           .type = boolean,
           .doc = "KIP-1166: a commit answers parked metadata fetches. Default: on in 4.1, off before."},
          {.name = "truncation",
           .type = choice,
           .doc = "How a follower finds where to cut its log. high_watermark: before 0.11, at its own. "
                  "kip101: 0.11, "
                  "where the leader's next epoch begins. kip279: 2.0, the answer names its epoch. fetch: 2.7 "
                  "(KIP-595), within each fetch.",
           .fallback = "fetch",
           .choices = {"high_watermark", "kip101", "kip279", "fetch"}},
          {.name = "fetch_epoch_fencing",
           .type = boolean,
           .doc = "KIP-320 (2.1): a fetch names the leader epoch, and a leader refuses another one.",
           .fallback = "true"},
          {.name = "consumer_offset_validation",
           .type = boolean,
           .doc = "KIP-320 (2.1): a consumer asks a new leader whether it has the position.",
           .fallback = "true"},
          {.name = "isr_admits_only_active",
           .type = boolean,
           .doc = "KIP-841, KAFKA-13916 (3.3): nobody who is fenced or shutting down joins an ISR.",
           .fallback = "true"},
          {.name = "isr_checks_broker_epoch",
           .type = boolean,
           .doc = "KIP-903 (3.5): nobody who has restarted since its last fetch joins an ISR.",
           .fallback = "true"},
          {.name = "leader_epoch_rises_on_isr_shrink",
           .type = boolean,
           .doc = "Metadata versions before 3.6 (KAFKA-15021): a smaller ISR is a new leader epoch.",
           .fallback = "false"},
          {.name = "last_known_leader_must_live",
           .type = boolean,
           .doc = "KAFKA-19522 (4.1.0): before, with ISR and ELR empty, the last leader was elected only if "
                  "it was "
                  "dead. Default: on in 4.1, off before."},
          {.name = "detect_clean_shutdown",
           .type = boolean,
           .doc = "KAFKA-18106 (4.0): a clean restart keeps the place in the ELR. Default: on from 4.0."},
          {.name = "periodic_fence_check",
           .type = boolean,
           .doc = "4.0: the controller looks at sessions eight times per broker.session.timeout.ms; before, "
                  "a timer "
                  "fires when one ends. Default: on from 4.0."},
          {.name = "pre_vote",
           .type = boolean,
           .doc = "KIP-996 (4.0): a controller asks before it raises the epoch. Default: on from 4.0."},
          {.name = "reelection_forgets_followers",
           .type = boolean,
           .doc = "No release: a leader that is elected again without having noticed the leaders between "
                  "forgets what "
                  "it knew of its followers (the cure of hypothesis I10).",
           .fallback = "false"},
          {.name = "high_watermark_wakes_fetches",
           .type = boolean,
           .doc = "0.8.2: before, a waiting fetch was answered by the next append, even with nothing that a consumer may "
                  "read yet, and the high watermark woke nobody.",
           .fallback = "true"},
          {.name = "topic_ids",
           .type = boolean,
           .doc = "KIP-516 (2.8): a log belongs to a topic by its id; before, by its name.",
           .fallback = "true"},
          {.name = "transaction_version",
           .type = integer,
           .doc = "1: transactions as before KIP-890 part 2: the epoch stays, clients add partitions. 2: every end of "
                  "one raises the epoch. Default: 2 from 4.0, 1 before.",
           .min = 1,
           .max = 2},
          {.name = "strict_marker_epochs",
           .type = boolean,
           .doc = "KIP-1228, KAFKA-19446 (4.2): a partition takes a transaction's marker only if its epoch is above that "
                  "of the batches it ends. Before, one that comes late ends the next transaction. Without effect with "
                  "transaction_version 1.",
           .fallback = "false"},
          {.name = "planted",
           .type = choice_list,
           .doc = "Deliberately wrong rules, to prove that the checks see them.",
           .choices = planted_bug_names()},
      }};
  return table;
}

const Table& topic_table() {
  static const Table table{
      "topic",
      "",
      "A topic, created before the load starts.",
      {
          {.name = "name", .type = name, .doc = "Its name.", .required = true},
          {.name = "partitions",
           .type = integer,
           .doc = "How many. Default: the length of `assignment`, else num.partitions.",
           .min = 1,
           .max = limits::replicas},
          {.name = "replication_factor",
           .type = integer,
           .doc =
               "Replicas of each partition. Default: that of `assignment`, else default.replication.factor.",
           .min = 1,
           .max = limits::hosts},
          {.name = "assignment",
           .type = assignment,
           .doc = "For each partition its brokers, preferred leader first. Default: partition p on brokers "
                  "p, p+1, ... interleaved by zone."},
          {.name = "created_at",
           .type = duration,
           .doc = "When an administrator creates it. Default: with the cluster.",
           .max = run_max},
          {.name = "deleted_at",
           .type = duration,
           .doc = "When an administrator deletes it. Default: never.",
           .max = run_max},
          {.name = "recreates",
           .type = name,
           .doc = "A topic of this list that was deleted before: this one bears its name in the cluster. "
                  "Producers and consumers of the old one go over to it; members of groups and transactional producers "
                  "do not."},
          {.name = "config",
           .type = properties,
           .doc = "Topic properties by their Kafka names.",
           .scope = PropertyScope::topic},
      }};
  return table;
}

const Table& jvm_table() {
  static const Table table{
      "jvm",
      "",
      "Pauses of the garbage collector: all threads of the process stop.",
      {
          {.name = "collector",
           .type = choice,
           .doc =
               "g1: about every 2 s 12 ms (a tenth of them 21 ms or more), every minute 35 ms, very rarely "
               "seconds. zgc: below 0.1 ms. none: no pauses.",
           .fallback = "none",
           .choices = {"none", "g1", "zgc"}},
          {.name = "gap_percent",
           .type = integer,
           .doc = "Time between pauses in percent of the collector's: less with a small young generation or "
                  "much "
                  "allocation.",
           .fallback = "100",
           .min = 1,
           .max = 100'000},
          {.name = "pause_percent",
           .type = integer,
           .doc = "Length of pauses in percent of the collector's.",
           .fallback = "100",
           .min = 1,
           .max = 100'000},
      }};
  return table;
}

/// A profile, and single constants that differ from it: what the fit varies.
const Table& costs_table() {
  static const Table table = [] {
    Table t{"costs", "", "CPU time of brokers and clients on the reference machine.", {}};
    t.fields.push_back({.name = "profile",
                        .type = choice,
                        .doc =
                            "A named set. primitives-1: measured primitives; threads wake at once, clients "
                            "cost what their workloads say. jvm-1: fitted to published measurements, for "
                            "predictions (docs/validation-clusters.md).",
                        .fallback = "primitives-1",
                        .choices = kafka::cost_profile_names()});
    for (const kafka::CostField& one : kafka::cost_fields()) {
      const bool time = one.time != nullptr;
      t.fields.push_back(
          {.name = one.name,
           .type = time ? duration : integer,
           .doc = std::string(one.meaning) + (time ? "" : " Picoseconds.") + " Default: the profile's.",
           .max = time ? second : 1'000'000});
    }
    return t;
  }();
  return table;
}

const Table& kafka_table() {
  static const Table table{
      "system",
      "kafka",
      "A Kafka cluster.",
      {
          {.name = "kind", .type = choice, .doc = "kafka.", .required = true, .choices = {"kafka"}},
          {.name = "version",
           .type = choice,
           .doc = "Whose defaults and rules hold.",
           .fallback = "4.1",
           .choices = {"3.9", "4.0", "4.1"}},
          {.name = "brokers_on",
           .type = name_or_list,
           .doc = "Host groups or hosts; the n-th of these hosts is broker n, from 0.",
           .required = true},
          {.name = "controllers",
           .type = object,
           .doc = "The KRaft controllers.",
           .table = &controllers_table()},
          {.name = "config",
           .type = properties,
           .doc = "Broker properties by their Kafka names; they win over `properties`.",
           .scope = PropertyScope::broker},
          {.name = "properties",
           .type = text,
           .doc = "A real server.properties, relative to this file; unknown names in it are warnings."},
          {.name = "jvm",
           .type = object,
           .doc = "The Java virtual machine that every broker runs in.",
           .table = &jvm_table()},
          {.name = "costs",
           .type = object,
           .doc = "CPU time of brokers and clients: a profile, or parts of one.",
           .table = &costs_table()},
          {.name = "rules",
           .type = object,
           .doc = "Single rules that differ from the version's.",
           .table = &rules_table()},
          {.name = "topics", .type = list, .doc = "Topics.", .table = &topic_table()},
      }};
  return table;
}

}  // namespace

std::vector<Field> client_fields(const char* kind, PropertyScope scope) {
  return {
      {.name = "name",
       .type = name,
       .doc =
           "Name of the workload; instance i is NAME-i. Default: kind, hash of the content and occurrence."},
      {.name = "kind", .type = choice, .doc = std::string(kind) + ".", .required = true, .choices = {kind}},
      {.name = "of", .type = name, .doc = "The system it talks to. Default: the only one."},
      {.name = "topic", .type = name, .doc = "The topic.", .required = true},
      {.name = "count",
       .type = integer,
       .doc = "How many instances.",
       .fallback = "1",
       .min = 1,
       .max = limits::hosts},
      {.name = "start", .type = duration, .doc = "When it begins.", .fallback = "0 s", .max = run_max},
      {.name = "on",
       .type = name_or_list,
       .doc = "Host groups or hosts to run on, in turn. Default: a host of its own for each instance (preset "
              "client.default), zones in turn, each its own power domain."},
      {.name = "config",
       .type = properties,
       .doc = "Client properties by their Kafka names; they win over `properties`.",
       .scope = scope},
      {.name = "properties",
       .type = text,
       .doc =
           "A real .properties file of a client, relative to this file; unknown names in it are warnings."},
  };
}

namespace {

const Table& producer_table() {
  static const Table table = [] {
    Table t{"workload", "kafka_producer", "Producers that write to one topic.",
            client_fields("kafka_producer", PropertyScope::producer)};
    t.fields.insert(
        t.fields.end(),
        {
            {.name = "rate",
             .type = rate,
             .doc = "Records per second of all instances together. Required unless arrivals is saturate, "
                    "closed or listed.",
             .min = 1,
             .max = rate_max},
            {.name = "arrivals",
             .type = choice,
             .doc = "constant: evenly spaced. poisson: exponential gaps. saturate: as fast as send() "
                    "returns. closed: "
                    "records_per_send together, the next ones once each of them has its outcome. listed: "
                    "records_per_send at each of the given `times`. An object: as a CSV file says (see "
                    "arrivals).",
             .fallback = "constant",
             .choices = {"constant", "poisson", "saturate", "closed", "listed"},
             .variants = &arrival_variants()},
            {.name = "times",
             .type = text_list,
             .doc = "With arrivals listed: when records are meant to be sent, from the start of the run, "
                    "ascending, as [\"1 s\", \"1250 ms\"]. Instances take them in turn."},
            {.name = "record_size",
             .type = size,
             .doc = "Key and value of a record: one size, or a distribution (see record_size).",
             .fallback = "1 KiB",
             .min = 1,
             .max = gib,
             .variants = &size_variants()},
        });
    const std::vector<Field> keys = key_fields();
    t.fields.insert(t.fields.end(), keys.begin(), keys.end());
    t.fields.insert(
        t.fields.end(),
        {
            {.name = "records_per_send",
             .type = integer,
             .doc = "Records that arrive together.",
             .fallback = "1",
             .min = 1,
             .max = 1'000'000},
            {.name = "records_per_send_max",
             .type = integer,
             .doc = "With arrivals closed: records_per_send to this many, equally likely. Default: "
                    "records_per_send.",
             .min = 1,
             .max = 1'000'000},
            {.name = "records",
             .type = integer,
             .doc = "Stop after this many records in total. Default: go on until `stop`.",
             .min = 1,
             .max = 1'000'000'000'000},
            {.name = "stop",
             .type = duration,
             .doc = "When it ends. Default: at 5/6 of the run, so that the end can settle.",
             .max = run_max},
            {.name = "send_cost",
             .type = duration,
             .doc = "CPU time of the application and the client per record, beside compression.",
             .fallback = "0 s",
             .max = second},
            {.name = "compressed_percent",
             .type = integer,
             .doc = "Size of large batches after compression, whatever the codec. Default: as the codec does "
                    "on mixed "
                    "files (lz4 48, snappy 48, zstd 32, gzip 32).",
             .min = 1,
             .max = 100},
        });
    return t;
  }();
  return table;
}

const Table& consumer_table() {
  static const Table table = [] {
    Table t{"workload", "kafka_consumer",
            "Consumers that read one topic: as members of a group, or with its partitions assigned in turn.",
            client_fields("kafka_consumer", PropertyScope::consumer)};
    t.fields.push_back({.name = "process_cost",
                        .type = duration,
                        .doc = "Time the application needs per record.",
                        .fallback = "0 s",
                        .max = 600 * second});
    t.fields.push_back(
        {.name = "group",
         .type = text,
         .doc = "group.id: the instances are members of this consumer group, with committed offsets. "
                "Default: none; partitions are assigned by position and nothing is committed."});
    t.fields.push_back(
        {.name = "commit",
         .type = choice,
         .doc = "automatic: as enable.auto.commit says. before_processing: commitSync() after every "
                "poll, then what it returned is processed. after_processing: the other way round.",
         .fallback = "automatic",
         .choices = {"automatic", "before_processing", "after_processing"}});
    t.fields.push_back(
        {.name = "processing",
         .type = choice,
         .doc = "in_poll: the thread that polls does the work. background: it hands records to one "
                "worker and polls on.",
         .fallback = "in_poll",
         .choices = {"in_poll", "background"}});
    t.fields.push_back({.name = "static_members",
                        .type = boolean,
                        .doc = "Instance i has the group.instance.id NAME-i (KIP-345).",
                        .fallback = "false"});
    return t;
  }();
  return table;
}

}  // namespace

const Variants& system_variants() {
  static const Variants variants{"system", "kind", {&kafka_table(), &database_table()}};
  return variants;
}

const Variants& workload_variants() {
  static const Variants variants{"workload",
                                 "kind",
                                 {&producer_table(), &consumer_table(), &outbox_service_table(),
                                  &outbox_publisher_table(), &inbox_consumer_table(), &transactions_table(),
                                  &pipeline_table(), &share_consumer_table()}};
  return variants;
}

}  // namespace brokersim::scenario
