// One function per area: runs the models and hands the predictions to the report.
#pragma once

#include "tests/validation/report.h"

namespace brokersim::validation {

void validate_hdd(Report& report);
void validate_demerit(Report& report);
void validate_streams(Report& report);
void validate_ssd(Report& report);
void validate_cloud(Report& report);
void validate_page_cache(Report& report);
void validate_network(Report& report);
void validate_compute(Report& report);
void validate_statistics(Report& report);

}  // namespace brokersim::validation
