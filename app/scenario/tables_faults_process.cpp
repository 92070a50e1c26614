// Faults of processes and hosts.
#include "app/scenario/fault_tables.h"
#include "app/scenario/ranges.h"

namespace brokersim::scenario {

using namespace ranges;
using enum FieldType;

std::vector<const Table*> process_faults() {
  static const Table kill = fault_table(
      "kill_process", "The process dies at once (SIGKILL); the page cache stays.", {restart_after_field()});
  static const Table shutdown = fault_table(
      "controlled_shutdown", "The process is asked to end (SIGTERM): leaders move away, the log is flushed.",
      {restart_after_field()});
  static const Table power =
      fault_table("power_loss", "The host loses mains: page cache and volatile drive caches are gone.",
                  {restart_after_field()});
  static const Table panic =
      fault_table("kernel_panic", "The kernel stops: the page cache is gone, the drives stay powered.",
                  {restart_after_field()});
  static const Table pause = fault_table(
      "pause_process", "The process stands still (SIGSTOP), later it goes on (SIGCONT).", {lasts_field()});
  static const Table loop = fault_table(
      "crash_loop", "The process dies again and again: it is killed and started, killed and started.",
      {{.name = "times", .type = integer, .doc = "Deaths in all.", .fallback = "3", .min = 1, .max = 10'000},
       {.name = "down_for",
        .type = duration,
        .doc = "From a death to the next start.",
        .fallback = "1 s",
        .max = run_max},
       {.name = "up_for",
        .type = duration,
        .doc = "From a start to the next death.",
        .fallback = "5 s",
        .max = run_max}});
  static const Table frozen = fault_table(
      "frozen_host",
      "The machine stands still, kernel and network included, and later goes on (a VM is stunned).",
      {lasts_field(),
       {.name = "clock_stops",
        .type = boolean,
        .doc = "Its wall clock stands still too, and is behind afterwards.",
        .fallback = "false"}});
  static const Table stalled =
      fault_table("stalled_threads",
                  "Some threads of a broker stand still: they take no more requests, or (metadata) apply no more "
                  "of what the controller committed, or (heartbeats) tell the controller nothing, so that it fences "
                  "a broker that serves; everything else goes on.",
                  {lasts_field(),
                   {.name = "pool",
                    .type = choice,
                    .doc = "Which threads.",
                    .fallback = "request_handlers",
                    .choices = {"request_handlers", "network", "metadata", "heartbeats"}},
                   {.name = "threads",
                    .type = integer,
                    .doc = "How many; more than there are: all.",
                    .fallback = "1",
                    .min = 1,
                    .max = 10'000}});
  static const Table slow = fault_table("slow_cpu", "Everything on the host computes more slowly.",
                                        {lasts_field(),
                                         {.name = "factor_percent",
                                          .type = integer,
                                          .doc = "Time for the same work in percent of normal.",
                                          .fallback = "400",
                                          .min = 100,
                                          .max = 1'000'000}});
  static const Table neighbour =
      fault_table("noisy_neighbour", "Somebody else's threads compute all the time on the host's cores.",
                  {lasts_field(),
                   {.name = "threads",
                    .type = integer,
                    .doc = "How many, each with the same right to a core as one of ours.",
                    .fallback = "8",
                    .min = 1,
                    .max = 100'000}});
  static const Table lost = fault_table("lost_cores", "Some of the host's cores are taken away; one is left.",
                                        {lasts_field(),
                                         {.name = "cores",
                                          .type = integer,
                                          .doc = "How many hardware threads.",
                                          .fallback = "1",
                                          .min = 1,
                                          .max = 100'000}});
  return {&kill, &shutdown, &power, &panic, &pause, &loop, &frozen, &stalled, &slow, &neighbour, &lost};
}

}  // namespace brokersim::scenario
