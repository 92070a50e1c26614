// The history of a run, event by event, for checkers written in Python.
#pragma once

#include <pybind11/pybind11.h>

namespace brokersim::python {

void add_watching(pybind11::module_& module);

}  // namespace brokersim::python
