// One function per area: runs the models and hands the predictions to the report.
#pragma once

#include <string>

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
/// Runs shipped scenarios with the command line `brokersim`; nothing if that is "".
void validate_broker_effects(Report& report, const std::string& brokersim);

}  // namespace brokersim::validation
