#include "tests/validation/areas.h"

namespace brokersim::validation {

void validate_statistics(Report& /*report*/) {}

}  // namespace brokersim::validation
