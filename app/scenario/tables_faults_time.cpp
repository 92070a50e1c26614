// Faults of clocks.
#include "app/scenario/fault_tables.h"
#include "app/scenario/ranges.h"

namespace brokersim::scenario {

using namespace ranges;
using enum FieldType;

std::vector<const Table*> time_faults() { return {}; }

}  // namespace brokersim::scenario
