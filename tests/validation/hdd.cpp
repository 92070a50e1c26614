#include "tests/validation/areas.h"

namespace brokersim::validation {

void validate_hdd(Report& /*report*/) {}

}  // namespace brokersim::validation
