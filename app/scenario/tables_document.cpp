// The document itself, the network, and the drawn faults.
#include "app/scenario/field.h"
#include "app/scenario/ranges.h"

namespace brokersim::scenario {

using namespace ranges;
using enum FieldType;

namespace {

const Table& limits_table() {
  static const Table table{"limits",
                           "",
                           "When a model is taken to run wild.",
                           {
                               {.name = "events_at_instant",
                                .type = integer,
                                .doc = "Events without letting time pass.",
                                .fallback = "20000000",
                                .min = 1,
                                .max = 1'000'000'000},
                               {.name = "pending_events",
                                .type = integer,
                                .doc = "Events that wait to be executed.",
                                .fallback = "16000000",
                                .min = 1,
                                .max = 16'000'000},
                           }};
  return table;
}

}  // namespace

const Table& scenario_table() {
  static const Table table{
      "scenario",
      "",
      "One scenario: machines, systems, load, faults, and what is expected of the outcome.",
      {
          {.name = "$schema",
           .type = text,
           .doc = "Path or address of the JSON Schema, for editors. Not read."},
          {.name = "title",
           .type = text,
           .doc = "One line that names the scenario. Default: the file's name."},
          {.name = "why",
           .type = text,
           .doc = "What the scenario shows, and why that matters. Required in this repository."},
          {.name = "notes",
           .type = text_list,
           .doc = "Assumptions and anachronisms, one sentence each; printed with the result."},
          {.name = "cases",
           .type = text_list,
           .doc = "Ids of the known cases that it is a scenario of: T01, D08 ... (docs/cases.md)."},
          {.name = "variant",
           .type = text,
           .doc = "Which of a case's alternatives: \"truncation to the high watermark\", \"fixed\" ..."},
          {.name = "seed",
           .type = seed,
           .doc = "Seed of all draws; --seed and --seeds replace it.",
           .fallback = "1"},
          {.name = "seed_pinned",
           .type = boolean,
           .doc = "It shows what it shows with its own seed: `brokersim test --rotate` runs it with no other "
                  "one. `shrink "
                  "--known` writes it.",
           .fallback = "false"},
          {.name = "duration",
           .type = duration,
           .doc = "Simulated length of the run.",
           .required = true,
           .min = ms,
           .max = run_max},
          {.name = "invariants",
           .type = boolean,
           .doc = "Also check the nine invariants of replication (INV1 to INV9) after every step; "
                  "--invariants does.",
           .fallback = "false"},
          {.name = "limits",
           .type = object,
           .doc = "What no sound model comes near: a run that passes one is stopped as a bug of ours (exit "
                  "code 70), and told "
                  "who did it.",
           .table = &limits_table()},
          {.name = "network",
           .type = object,
           .doc = "Distances between machines.",
           .table = &network_table()},
          {.name = "hosts",
           .type = list,
           .doc = "Groups of machines.",
           .required = true,
           .table = &host_table()},
          {.name = "systems",
           .type = map,
           .doc = "Systems under test, by name.",
           .required = true,
           .variants = &system_variants()},
          {.name = "workloads",
           .type = list,
           .doc = "Clients and what they do.",
           .variants = &workload_variants()},
          {.name = "admin",
           .type = list,
           .doc = "What an administrator does to a running system.",
           .variants = &admin_variants()},
          {.name = "faults",
           .type = list,
           .doc = "What goes wrong, whom it hits, and when.",
           .variants = &fault_variants()},
          {.name = "fault_plan",
           .type = object,
           .doc = "Faults drawn from the seed, beside those listed.",
           .table = &fault_plan_table()},
          {.name = "expect",
           .type = list,
           .doc = "What must hold of the outcome; without it, only the laws are checked.",
           .variants = &expectation_variants()},
          {.name = "published",
           .type = list,
           .doc = "What somebody measured on the real system, to be shown beside the prediction. Not judged.",
           .table = &published_table()},
      }};
  return table;
}

namespace {

const Table& trunk_table() {
  static const Table table{
      "network.trunk",
      "",
      "A link between two zones or regions, or a rack's uplink: its delay, and what all share of it.",
      {
          {.name = "level",
           .type = choice,
           .doc = "What it connects. rack: `from` is ZONE/RACK, and there is no `to`.",
           .required = true,
           .choices = {"rack", "zone", "region"}},
          {.name = "from", .type = text, .doc = "One end.", .required = true},
          {.name = "to", .type = text, .doc = "The other end."},
          {.name = "latency",
           .type = duration,
           .doc = "One way from host to host over it. Default: that of `network`. Not for racks.",
           .max = 10 * second},
          {.name = "bandwidth",
           .type = bandwidth,
           .doc = "Of each direction, shared by all. Default: no limit.",
           .min = 1'000,
           .max = bandwidth_max},
          {.name = "buffer",
           .type = size,
           .doc = "What waits before it drops; 0 B: everything. Only with `bandwidth`.",
           .fallback = "12 MB",
           .max = tib},
      }};
  return table;
}

const Table& tcp_table() {
  static const Table table{
      "network.tcp",
      "",
      "TCP of every host.",
      {
          {.name = "congestion_control",
           .type = choice,
           .doc = "net.ipv4.tcp_congestion_control.",
           .fallback = "cubic",
           .choices = {"cubic", "reno"}},
          {.name = "initial_window",
           .type = integer,
           .doc = "Segments that a new connection may send.",
           .fallback = "10",
           .min = 1,
           .max = 1'000'000},
          {.name = "slow_start_after_idle",
           .type = boolean,
           .doc = "net.ipv4.tcp_slow_start_after_idle.",
           .fallback = "true"},
          {.name = "tail_loss_probe",
           .type = boolean,
           .doc =
               "RFC 8985: a lost tail is found after two round trips, and a lost retransmission by what was "
               "sent after it, not by the retransmission timer.",
           .fallback = "true"},
          {.name = "rto_min",
           .type = duration,
           .doc = "Shortest retransmission timeout.",
           .fallback = "200 ms",
           .min = ms,
           .max = 60 * second},
          {.name = "send_buffer",
           .type = size,
           .doc = "Of a socket that sets none: the maximum of net.ipv4.tcp_wmem.",
           .fallback = "4 MiB",
           .min = 4'096,
           .max = 64 * gib},
          {.name = "receive_buffer",
           .type = size,
           .doc = "Of a socket that sets none: the maximum of net.ipv4.tcp_rmem.",
           .fallback = "6 MiB",
           .min = 4'096,
           .max = 64 * gib},
      }};
  return table;
}

}  // namespace

const Table& network_table() {
  static const Table table{
      "network",
      "",
      "One-way delays between machines, beside the time on the wire.",
      {
          {.name = "loopback",
           .type = duration,
           .doc = "Between processes of one host.",
           .fallback = "10 us",
           .max = second},
          {.name = "same_zone",
           .type = duration,
           .doc = "Between hosts of a zone, switch and stack included.",
           .fallback = "60 us",
           .max = 10 * second},
          {.name = "cross_zone",
           .type = duration,
           .doc = "Between zones of a region.",
           .fallback = "350 us",
           .max = 10 * second},
          {.name = "same_rack",
           .type = duration,
           .doc = "Between hosts of a rack. Default: as same_zone.",
           .max = 10 * second},
          {.name = "cross_region",
           .type = duration,
           .doc = "Between regions; at least cross_zone.",
           .fallback = "35 ms",
           .max = 10 * second},
          {.name = "jitter_permille",
           .type = integer,
           .doc = "Sigma, in permille, of the lognormal half of each delay; 300 under load.",
           .fallback = "0",
           .max = 2'000},
          {.name = "stalls",
           .type = boolean,
           .doc = "With jitter: 1 message in 1,000 takes five times the delay.",
           .fallback = "false"},
          {.name = "trunks",
           .type = list,
           .doc = "Links between racks, zones or regions that differ from the rest.",
           .table = &trunk_table()},
          {.name = "tcp",
           .type = object,
           .doc = "TCP of every host; the defaults are Linux's.",
           .table = &tcp_table()},
      }};
  return table;
}

const Table& fault_plan_table() {
  const auto count = [](const char* name, const char* doc) {
    return Field{.name = name, .type = integer, .doc = doc, .fallback = "0", .max = limits::faults};
  };
  static const Table counts{
      "fault_plan.counts",
      "",
      "How many faults of each kind are drawn.",
      {
          count("kill_process", "Broker processes killed."),
          count("controlled_shutdown", "Brokers shut down in order."),
          count("power_loss", "Broker hosts that lose mains."),
          count("kernel_panic", "Broker hosts that panic."),
          count("pause_process", "Broker processes paused."),
          count("partition", "Network partitions, full and one-way, of one or two brokers."),
          count("slow_disk", "Broker hosts whose disks slow down."),
          count("controller_kill", "Kills of the active controller."),
      }};
  static const Table table{
      "fault_plan",
      "",
      "Faults drawn from the seed when the world is built: so many of each kind, uniform over a span of time "
      "and over the targets.",
      {
          {.name = "of", .type = name, .doc = "The system that is hit. Default: the only one."},
          {.name = "counts",
           .type = object,
           .doc = "How many of each kind.",
           .required = true,
           .table = &counts},
          {.name = "between",
           .type = duration_range,
           .doc = "Earliest and latest start.",
           .required = true,
           .max = run_max},
          {.name = "lasts",
           .type = duration_range,
           .doc = "Shortest and longest pause, partition or slow disk.",
           .fallback = "[\"1 s\", \"20 s\"]",
           .max = run_max},
          {.name = "restart_after",
           .type = duration_range,
           .doc = "Shortest and longest time from a kill or power loss to the restart.",
           .fallback = "[\"1 s\", \"10 s\"]",
           .max = run_max},
      }};
  return table;
}

}  // namespace brokersim::scenario
