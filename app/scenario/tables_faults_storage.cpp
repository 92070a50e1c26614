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
                                         {.name = "factor_percent",
                                          .type = integer,
                                          .doc = "Service time in percent of normal.",
                                          .fallback = "1000",
                                          .min = 100,
                                          .max = 100'000'000}});
  static const Table stall = fault_table(
      "stall_disk", "Every disk of the host hangs: requests wait, none fails.", {required(lasts_field())});
  static const Table lying = fault_table("lying_flush",
                                         "The host's drives acknowledge flushes without doing them; a power "
                                         "loss meanwhile takes what was synced. Only "
                                         "drives with a volatile cache can lie.",
                                         {lasts_field()});
  return {&slow, &stall, &lying};
}

}  // namespace brokersim::scenario
