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
  return {&kill, &shutdown, &power, &panic, &pause};
}

}  // namespace brokersim::scenario
