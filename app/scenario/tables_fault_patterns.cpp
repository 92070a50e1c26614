// The fields of named combinations of faults.
#include <algorithm>

#include "app/scenario/fault_patterns.h"
#include "app/scenario/fault_tables.h"
#include "app/scenario/ranges.h"

namespace brokersim::scenario {

using namespace ranges;
using enum FieldType;

namespace {

Field system_field() { return {.name = "of", .type = name, .doc = "The system. Default: the only one."}; }

Field struck_partition_field() {
  return {.name = "partition",
          .type = text,
          .doc = "The partition whose replicas it strikes: \"orders/0\".",
          .required = true};
}

Field every_field(const char* fallback) {
  return {.name = "every",
          .type = duration,
          .doc = "From one of its faults to the next.",
          .fallback = fallback,
          .max = run_max};
}

Field lasting(const char* fallback, const char* doc) {
  return {.name = "lasts", .type = duration, .doc = doc, .fallback = fallback, .min = 1, .max = run_max};
}

Field restarting(const char* fallback) {
  return {.name = "restart_after",
          .type = duration,
          .doc = "From each stop to the restart (a host: to power-on, then boot_time).",
          .fallback = fallback,
          .max = run_max};
}

Field stop_field(const char* fallback) {
  return {.name = "stop",
          .type = choice,
          .doc = "How brokers stop.",
          .fallback = fallback,
          .choices = {"kill_process", "power_loss", "kernel_panic", "controlled_shutdown"}};
}

Table pattern(const char* kind, const char* doc, std::vector<Field> more) {
  more.push_back(system_field());
  Table table = fault_table(kind, doc, std::move(more), false);
  // Its faults come at times that belong together.
  std::erase_if(table.fields, [](const Field& field) {
    return field.name == "when" || field.name == "probability_percent";
  });
  return table;
}

}  // namespace

std::vector<const Table*> fault_patterns() {
  static const Table last_standing =
      pattern("last_replica_standing",
              "Pattern: the followers of a partition are cut off one after the other, then the leader, which "
              "stands alone, stops "
              "(KIP-966). `every` must be longer than broker.session.timeout.ms, or a cut strikes a follower that is cut already.",
              {struck_partition_field(), every_field("12 s"), lasting("60 s", "Of each cut."),
               stop_field("power_loss"), restarting("10 s")});
  static const Table double_failover = pattern(
      "double_failover",
      "Pattern: the leader stops, and so does who follows it in the lead, before the first is back "
      "(KIP-279). `every` must be longer than broker.session.timeout.ms, or both strike the same broker.",
      {struck_partition_field(), every_field("12 s"), stop_field("kill_process"), restarting("20 s")});
  static const Table zombie = pattern("zombie_leader",
                                      "Pattern: a leader is cut from the controllers and the other brokers, "
                                      "but not from clients: it goes on to believe "
                                      "that it leads (KIP-320).",
                                      {struck_partition_field(), lasting("20 s", "Of the cut.")});
  static const Table paused =
      pattern("paused_leader",
              "Pattern: a leader stands still for longer than its session, and goes on with what it had in "
              "hand when another one leads.",
              {struck_partition_field(), lasting("20 s", "Of the pause; longer than broker.session.timeout.ms.")});
  static const Table rolling = pattern(
      "rolling_power_loss",
      "Pattern: one broker after the other loses power and comes back, faster than followers can catch up.",
      {every_field("3 s"), restarting("1 s")});
  static const Table common =
      pattern("common_power_loss",
              "Pattern: all brokers lose power within a moment, before anything is written back.",
              {{.name = "every",
                .type = duration,
                .doc = "From one broker's loss to the next.",
                .fallback = "0 s",
                .max = run_max},
               restarting("5 s")});
  static const Table catch_up =
      pattern("catch_up_then_die",
              "Pattern: a follower restarts with empty disks; while it catches up and rejoins, the leader "
              "stops (KIP-903).",
              {struck_partition_field(), every_field("5 s"), stop_field("kill_process"), restarting("2 s")});
  static const Table swizzle =
      pattern("swizzle_clog",
              "Pattern: the brokers' networks clog one after the other and clear in another order; what was "
              "held back arrives at "
              "once (FoundationDB).",
              {every_field("1 s"), lasting("10 s", "From the last clog to the first that clears.")});
  static const Table dir_fails = pattern(
      "shrink_then_log_dir_fails",
      "Pattern: the followers of a partition are cut off until the ISR is the leader alone; then its disk "
      "fails (KAFKA-12241).",
      {struck_partition_field(), every_field("15 s"), lasting("40 s", "Of the cuts, and of the disk's failure.")});
  static const Table rot =
      pattern("rot_then_election",
              "Pattern: bits rot in a follower's log, unread; then the caches go and the leaders before it "
              "stop, so that it may "
              "lead (NATS 2025 report). Only what was written back can rot: begin when the log is older than "
              "the page "
              "cache's dirty_expire (30 s).",
              {struck_partition_field(), every_field("12 s"), stop_field("power_loss"), restarting("5 s")});
  return {&last_standing, &double_failover, &zombie,  &paused,    &rolling,
          &common,        &catch_up,        &swizzle, &dir_fails, &rot};
}

bool is_pattern(std::string_view kind) {
  const auto tables = fault_patterns();
  return std::any_of(tables.begin(), tables.end(), [&](const Table* table) { return table->tag == kind; });
}

}  // namespace brokersim::scenario
