// The document itself, the network, and the drawn faults.
#include "app/scenario/field.h"
#include "app/scenario/ranges.h"

namespace brokersim::scenario {

using namespace ranges;
using enum FieldType;

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
          {.name = "seed",
           .type = seed,
           .doc = "Seed of all draws; --seed and --seeds replace it.",
           .fallback = "1"},
          {.name = "duration",
           .type = duration,
           .doc = "Simulated length of the run.",
           .required = true,
           .min = ms,
           .max = run_max},
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

const Table& network_table() {
  static const Table table{"network",
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
