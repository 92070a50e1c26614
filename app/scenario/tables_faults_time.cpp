// Faults of clocks.
#include "app/scenario/fault_tables.h"
#include "app/scenario/ranges.h"

namespace brokersim::scenario {

using namespace ranges;
using enum FieldType;

namespace {

Field direction() {
  return {.name = "direction",
          .type = choice,
          .doc = "forward: the clock is ahead. back: it is behind.",
          .fallback = "forward",
          .choices = {"forward", "back"}};
}

Field correction() {
  return {.name = "correction",
          .type = choice,
          .doc = "How it is set right after `lasts`: at once, or slewed at 500 ppm.",
          .fallback = "step",
          .choices = {"step", "slew"}};
}

Field offset() {
  return {
      .name = "offset", .type = duration, .doc = "By how much.", .required = true, .min = 1, .max = run_max};
}

}  // namespace

std::vector<const Table*> time_faults() {
  static const Table step = fault_table("clock_step", "The host's wall clock is set wrong at once.",
                                        {lasts_field(), offset(), direction(), correction()});
  static const Table drift = fault_table(
      "clock_drift", "The host's wall clock gains or loses, and the timers of its programs run fast or slow.",
      {lasts_field(),
       {.name = "ppm",
        .type = integer,
        .doc = "Millionths of the time. A quartz is within 100.",
        .required = true,
        .min = 1,
        .max = 100'000},
       direction(),
       correction()});
  static const Table strobe = fault_table("clock_strobe", "The host's wall clock jumps to and fro.",
                                          {lasts_field(),
                                           offset(),
                                           {.name = "period",
                                            .type = duration,
                                            .doc = "From one jump to the next.",
                                            .fallback = "1 s",
                                            .min = 1'000'000,
                                            .max = run_max},
                                           direction(),
                                           correction()});
  return {&step, &drift, &strobe};
}

}  // namespace brokersim::scenario
