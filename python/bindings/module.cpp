// The module brokersim._brokersim: load, execute, and read the outcome. Everything a user meets is in python/brokersim.
//
// Why so thin: the package's types, docstrings and messages are Python, where readers and type checkers see them; the
// two things that must be C++ are here: the one entry that the CLI uses too (results::execute), and giving up the
// interpreter lock while it runs. Wall time is measured by the package: no clock here.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "app/results/execute.h"
#include "app/results/json.h"
#include "app/results/metric_value.h"
#include "app/results/run_result.h"
#include "app/results/text.h"
#include "app/scenario/metrics.h"
#include "app/scenario/scenario.h"
#include "app/sweep/record.h"
#include "app/trace/trace.h"
#include "python/bindings/branching.h"
#include "python/bindings/failing_check.h"
#include "python/bindings/loaded.h"
#include "python/bindings/recording.h"
#include "python/bindings/sweeping.h"
#include "python/bindings/watching.h"
#include "sim/check.h"
#include "sim/fingerprint.h"

namespace py = pybind11;

namespace brokersim::python {
namespace {

Loaded load_file(const std::string& path, std::vector<std::string> overrides) {
  scenario::LoadResult result = scenario::load_file(path, overrides);
  return {std::move(result), std::move(overrides)};
}

Loaded load_text(const std::string& text, const std::string& name, std::vector<std::string> overrides) {
  scenario::LoadResult result = scenario::load_text(text, name, overrides);
  return {std::move(result), std::move(overrides)};
}

results::RunResult execute(const Loaded& loaded, std::uint64_t seed) {
  return results::execute(loaded.scenario(), seed, loaded.overrides);
}

std::optional<std::int64_t> first_failure(const results::RunResult& result) {
  const auto instant = trace::first_failure(result);
  if (!instant) return std::nullopt;
  return instant->ns;
}

results::RunResult execute_with_false_promise(const Loaded& loaded, std::uint64_t seed) {
  return execute_with_failing_check(loaded.scenario(), seed, loaded.overrides);
}

py::list diagnostics(const Loaded& loaded) { return diagnostics_of(loaded.result.diagnostics); }

std::optional<double> metric(const results::RunResult& result, const std::string& name,
                             const std::string& of) {
  const std::optional<results::MetricValue> value = results::metric_value(result, name, of);
  if (!value) return std::nullopt;
  return value->value;
}

std::vector<std::pair<std::string, std::string>> metrics() {
  std::vector<std::pair<std::string, std::string>> names;
  for (const scenario::Metric& one : scenario::metrics()) names.emplace_back(one.name, one.doc);
  return names;
}

}  // namespace
}  // namespace brokersim::python

PYBIND11_MODULE(_brokersim, module) {
  using namespace brokersim;
  using python::Loaded;
  using UnlockedCall = py::call_guard<py::gil_scoped_release>;

  module.doc() = "The simulator as the command line runs it. Use the package brokersim.";

  // A bug outside the event loop (world::run catches those within): building a world, judging a run.
  py::register_exception<sim::Bug>(module, "Bug", PyExc_RuntimeError);

  py::class_<Loaded>(module, "Loaded")
      .def_property_readonly("runnable",
                             [](const Loaded& loaded) { return loaded.result.scenario.has_value(); })
      .def_property_readonly("seed", [](const Loaded& loaded) { return loaded.scenario().config.seed; })
      .def_property_readonly("title", [](const Loaded& loaded) { return loaded.scenario().config.title; })
      .def_property_readonly("diagnostics", &python::diagnostics)
      .def_property_readonly(
          "rendered", [](const Loaded& loaded) { return scenario::render(loaded.result.diagnostics); });

  py::class_<results::RunResult> run(module, "Run");
  python::add_record(run);
  run.def_property(
         "wall_seconds", [](const results::RunResult& result) { return result.facts.wall_seconds; },
         [](results::RunResult& result, double seconds) { result.facts.wall_seconds = seconds; })
      .def_property_readonly("bug", [](const results::RunResult& result) { return result.facts.bug; })
      .def_property_readonly("replay", &results::RunResult::replay)
      .def_property_readonly("measured_names", &sweep::measured_names)
      .def_property_readonly(
          "fingerprint",
          [](const results::RunResult& result) { return sim::hex16(result.facts.fingerprint); })
      .def_property_readonly("exit_code", &results::RunResult::exit_code)
      .def_property_readonly("verdict", &results::RunResult::verdict)
      .def_property_readonly("first_failure_ns", &python::first_failure)
      .def("metric", &python::metric, py::arg("name"), py::arg("of") = "")
      .def("json", &results::to_json, UnlockedCall())
      .def(
          "text",
          [](const results::RunResult& result, std::size_t width) {
            return results::render_text(result, {.width = width});
          },
          py::arg("width"), UnlockedCall());

  module.def("load_file", &python::load_file, py::arg("path"), py::arg("overrides"), UnlockedCall());
  module.def("load_text", &python::load_text, py::arg("text"), py::arg("name"), py::arg("overrides"),
             UnlockedCall());
  module.def("execute", &python::execute, py::arg("loaded"), py::arg("seed"), UnlockedCall());
  module.def("_execute_with_failing_check", &python::execute_with_false_promise, py::arg("loaded"),
             py::arg("seed"), UnlockedCall());
  module.def("schema_json", &scenario::schema_json);
  module.def("metrics", &python::metrics);
  python::add_branching(module);
  python::add_sweeping(module);
  python::add_recording(module);
  python::add_watching(module);
}
