// The names of the planted bugs and where each is switched on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/kafka/config.h"

namespace brokersim::scenario {

/// The fields of kafka::PlantedBugs, in their order.
[[nodiscard]] std::vector<std::string> planted_bug_names();

/// Switches on the bug of that name. False if there is none.
bool plant(kafka::PlantedBugs& bugs, std::string_view name);

}  // namespace brokersim::scenario
