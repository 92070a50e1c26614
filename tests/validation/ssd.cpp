#include "tests/validation/areas.h"

namespace brokersim::validation {

void validate_ssd(Report& /*report*/) {}

}  // namespace brokersim::validation
