#include "tests/validation/areas.h"

namespace brokersim::validation {

void validate_cloud(Report& /*report*/) {}

}  // namespace brokersim::validation
