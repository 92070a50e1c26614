// Reports and traces: what a run leaves when it is repeated to be looked at, and the page of a sweep.
#pragma once

#include <pybind11/pybind11.h>

namespace brokersim::python {

void add_recording(pybind11::module_& module);

}  // namespace brokersim::python
