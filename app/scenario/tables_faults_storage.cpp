// Faults of disks and file systems.
#include "app/scenario/fault_tables.h"
#include "app/scenario/ranges.h"

namespace brokersim::scenario {

using namespace ranges;
using enum FieldType;

namespace {

Field required(Field field) {
  field.required = true;
  return field;
}

}  // namespace

std::vector<const Table*> storage_faults() {
  static const Table slow = fault_table("slow_disk", "Every disk of the host serves more slowly.",
                                        {lasts_field(),
                                         log_dir_field(),
                                         {.name = "factor_percent",
                                          .type = integer,
                                          .doc = "Service time in percent of normal.",
                                          .fallback = "1000",
                                          .min = 100,
                                          .max = 100'000'000}});
  static const Table stall =
      fault_table("stall_disk", "Every disk of the host hangs: requests wait, none fails.",
                  {required(lasts_field()), log_dir_field()});
  static const Table lying = fault_table("lying_flush",
                                         "The host's drives acknowledge flushes without doing them; a power "
                                         "loss meanwhile takes what was synced. Only "
                                         "drives with a volatile cache can lie.",
                                         {lasts_field(), log_dir_field()});
  static const Table failed = fault_table(
      "disk_failed",
      "Every request to the disk fails: reads of what is not cached, fsyncs, the journal's next commit.",
      {lasts_field(), log_dir_field()});
  static const Table replaced =
      fault_table("disk_replaced", "The host loses mains and gets empty disks; later it boots with them.",
                  {restart_after_field(), log_dir_field()});
  static const Table rolled_back = fault_table("disk_rolled_back",
                                               "A snapshot of the frozen file systems is taken: as programs "
                                               "see them, what is dirty is written out first. When the fault "
                                               "is over, the machine stops and boots from that snapshot.",
                                               {required(lasts_field()), log_dir_field()});
  static const Table rot = fault_table(
      "bit_rot",
      "A drawn place of every log file changes on the medium. It shows when it "
      "is read from there, or after a power loss. Only what is on the medium rots, and cached pages hide "
      "it: a kill leaves them, drop_caches does not.",
      {{.name = "length",
        .type = size,
        .doc = "Bytes from that place on, in whole sectors.",
        .fallback = "1 B",
        .min = 1,
        .max = gib},
       log_dir_field()});
  const Field times{.name = "times",
                    .type = integer,
                    .doc = "How many writes of file data, on each disk.",
                    .fallback = "1",
                    .min = 1,
                    .max = 1'000'000};
  static const Table lost =
      fault_table("lost_writes", "The next writes are acknowledged and not done. Cached pages hide it.",
                  {lasts_field(), times, log_dir_field()});
  static const Table misdirected =
      fault_table("misdirected_writes",
                  "The next writes land on other places that hold data, by a draw, instead of their own.",
                  {lasts_field(), times, log_dir_field()});
  return {&slow, &stall, &lying, &failed, &replaced, &rolled_back, &rot, &lost, &misdirected};
}

}  // namespace brokersim::scenario
