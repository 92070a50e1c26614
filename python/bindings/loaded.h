// A scenario as loaded, errors and all. Read-only once made, so that threads may share it.
#pragma once

#include <string>
#include <vector>

#include "app/scenario/scenario.h"
#include "sim/check.h"

namespace brokersim::python {

struct Loaded {
  scenario::LoadResult result;
  std::vector<std::string> overrides;

  [[nodiscard]] const scenario::Scenario& scenario() const {
    SIM_CHECK(result.scenario.has_value(), "the package runs no scenario that has errors");
    return *result.scenario;
  }
};

}  // namespace brokersim::python
