// Faults of file systems and the page cache.
#include "app/scenario/fault_tables.h"
#include "app/scenario/ranges.h"

namespace brokersim::scenario {

using namespace ranges;
using enum FieldType;

std::vector<const Table*> file_system_faults() {
  static const Table fsync = fault_table("fsync_error",
                                         "The next fsyncs of the host fail, once each; what they should have "
                                         "written is marked clean and is on no disk.",
                                         {lasts_field(),
                                          log_dir_field(),
                                          {.name = "times",
                                           .type = integer,
                                           .doc = "How many fsyncs of each file system.",
                                           .fallback = "1",
                                           .min = 1,
                                           .max = 1'000'000}});
  static const Table write = fault_table("write_error",
                                         "Write-back of the host fails: the bytes count as clean and are on "
                                         "no disk; the next fsync tells it, once.",
                                         {lasts_field(), log_dir_field()});
  static const Table journal = fault_table(
      "journal_error",
      "The next journal commit fails: ext4 turns read-only, XFS shuts down, until the machine boots again.",
      {log_dir_field()});
  static const Table unreadable =
      fault_table("unreadable_sectors",
                  "Reads of one drawn place in every log file of the host fail. Cached pages stay readable.",
                  {{.name = "length",
                    .type = size,
                    .doc = "Bytes from that place on, in whole sectors.",
                    .fallback = "4 KiB",
                    .min = 1,
                    .max = gib},
                   log_dir_field()});
  static const Table full = fault_table(
      "disk_full", "Somebody else fills the disks of the host; appends are cut short and fail.",
      {lasts_field(),
       log_dir_field(),
       {.name = "left", .type = size, .doc = "Room that is left.", .fallback = "0 B", .max = 64 * tib}});
  static const Table truncated = fault_table(
      "file_truncated", "One log file of each disk, by a draw, is shorter, durably, and nobody was told.",
      {{.name = "bytes",
        .type = size,
        .doc = "What goes from its end.",
        .fallback = "64 KiB",
        .min = 1,
        .max = tib},
       log_dir_field()});
  static const Table memory = fault_table(
      "memory_pressure", "Other processes take memory: the page cache and with it the dirty limits shrink.",
      {lasts_field(),
       {.name = "share_percent",
        .type = integer,
        .doc = "How much of the page cache's memory they take. Several such faults add up.",
        .fallback = "90",
        .min = 1,
        .max = 100}});
  static const Table caches = fault_table("drop_caches", "Every clean page of the host is gone.", {});
  return {&fsync, &write, &journal, &unreadable, &full, &truncated, &memory, &caches};
}

}  // namespace brokersim::scenario
