// What sweeps and assertions of the package share with the command line: content ids, the store, intervals, quantities.
#pragma once

#include <pybind11/pybind11.h>

#include "app/results/run_result.h"

namespace brokersim::python {

/// Adds SweepStore, content_id, run_id, model_version, the intervals, precise and quantity.
void add_sweeping(pybind11::module_& module);
/// Adds Run.record.
void add_record(pybind11::class_<results::RunResult>& run);

}  // namespace brokersim::python
