#include "tests/validation/areas.h"

namespace brokersim::validation {

void validate_compute(Report& /*report*/) {}

}  // namespace brokersim::validation
