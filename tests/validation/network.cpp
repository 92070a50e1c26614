#include "tests/validation/areas.h"

namespace brokersim::validation {

void validate_network(Report& /*report*/) {}

}  // namespace brokersim::validation
