#include "tests/validation/areas.h"

namespace brokersim::validation {

void validate_page_cache(Report& /*report*/) {}

}  // namespace brokersim::validation
