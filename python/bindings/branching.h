// brokersim.branch as the package calls it: a plan, its outcomes, and the worker's entry.
#pragma once

#include <pybind11/pybind11.h>

#include <vector>

#include "app/scenario/diagnostic.h"

namespace brokersim::python {

/// Adds BranchPlan, Outcome, plan_branches, drive_branches and serve_branches.
void add_branching(pybind11::module_& module);

/// Diagnostics as the package's Diagnostic takes them.
[[nodiscard]] pybind11::list diagnostics_of(const std::vector<scenario::Diagnostic>& diagnostics);

}  // namespace brokersim::python
