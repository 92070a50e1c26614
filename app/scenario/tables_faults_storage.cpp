// Faults of disks and file systems.
#include "app/scenario/fault_tables.h"
#include "app/scenario/ranges.h"

namespace brokersim::scenario {

using namespace ranges;
using enum FieldType;

std::vector<const Table*> storage_faults() {
  static const Table slow = fault_table("slow_disk", "Every disk of the host serves more slowly.",
                                        {lasts_field(),
                                         {.name = "factor_percent",
                                          .type = integer,
                                          .doc = "Service time in percent of normal.",
                                          .fallback = "1000",
                                          .min = 100,
                                          .max = 100'000'000}});
  return {&slow};
}

}  // namespace brokersim::scenario
