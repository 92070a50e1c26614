// Faults of the network.
#include "app/scenario/fault_tables.h"
#include "app/scenario/ranges.h"

namespace brokersim::scenario {

using namespace ranges;
using enum FieldType;

std::vector<const Table*> network_faults() {
  static const Table partition = fault_table(
      "partition", "The network holds back messages between two sides.",
      {{.name = "from",
        .type = one_of_or_list,
        .doc = "Side one.",
        .required = true,
        .variants = &target_variants()},
       {.name = "to",
        .type = one_of_or_list,
        .doc = "Side two. Default: everybody who is not on side one.",
        .variants = &target_variants()},
       {.name = "shape",
        .type = choice,
        .doc = "full: nothing passes between the sides. one_way: nothing passes from side one to side two.",
        .fallback = "full",
        .choices = {"full", "one_way"}},
       lasts_field()},
      false);
  return {&partition};
}

}  // namespace brokersim::scenario
