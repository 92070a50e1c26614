// Branches: the driver of app/branch with the interpreter lock given up while it waits, and signals looked at.
#include "python/bindings/branching.h"

#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include <unistd.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "app/branch/driver.h"
#include "app/branch/summary.h"
#include "app/branch/worker.h"
#include "app/scenario/limits.h"
#include "app/scenario/quantity.h"
#include "app/scenario/reader.h"
#include "sim/check.h"

namespace py = pybind11;

namespace brokersim::python {
namespace {

/// A request and what became of it. Read-only once made.
struct BranchPlan {
  branch::Request request;
  branch::PlanResult made;

  [[nodiscard]] const branch::Plan& plan() const {
    SIM_CHECK(made.plan.has_value(), "the package drives no plan that has errors");
    return *made.plan;
  }
};

struct Driven {
  std::vector<branch::Outcome> outcomes;
  std::string summary;
  std::string error;
};

std::int64_t nanoseconds(const std::string& name, const std::string& text) {
  const auto parsed = scenario::parse_quantity(text, scenario::Dimension::duration);
  if (const auto* ns = std::get_if<std::int64_t>(&parsed)) return *ns;
  throw py::value_error(name + " is " + scenario::in_quotes(text) + ", which " +
                        std::get<scenario::QuantityError>(parsed).message + "; write it as \"30 s\"");
}

/// `text`, or the content of the file `name`; nothing after a problem.
std::optional<scenario::NamedText> named_text(const std::string& name, std::optional<std::string> text,
                                              scenario::Problems& problems) {
  if (!text) text = scenario::read_file(name, scenario::limits::file_bytes, problems);
  if (!text) return std::nullopt;
  return scenario::NamedText{name, std::move(*text)};
}

using OptionalText = std::optional<std::string>;

BranchPlan plan_branches(const std::string& name, OptionalText text, std::vector<std::string> overrides,
                         std::optional<std::uint64_t> seed, const std::vector<std::string>& at,
                         const OptionalText& every, std::uint64_t first, std::uint64_t last,
                         const OptionalText& faults_name, OptionalText faults_text, int jobs,
                         const std::vector<std::pair<std::string, std::string>>& metrics,
                         std::size_t text_width) {
  BranchPlan plan;
  branch::Request& request = plan.request;
  scenario::Problems problems;
  const auto scenario = named_text(name, std::move(text), problems);
  if (faults_name) request.variants = named_text(*faults_name, std::move(faults_text), problems);
  for (const std::string& one : at) request.at.push_back({nanoseconds("at", one)});
  if (every) {
    request.every = {nanoseconds("every", *every)};
    if (request.every.ns <= 0) throw py::value_error("every is " + *every + "; it must be positive");
  }
  request.overrides = std::move(overrides);
  request.seed = seed;
  request.first = first;
  request.last = last;
  request.jobs = jobs;
  request.text_width = text_width;
  for (const auto& [metric, of] : metrics) request.metrics.push_back({metric, of});
  if (problems.any_error()) {
    plan.made.diagnostics = problems.take();
    return plan;
  }
  request.scenario = *scenario;
  plan.made = branch::make_plan(request);
  return plan;
}

/// Called without the interpreter lock. A signal's exception, or one of `progress`, ends the worker and comes through.
Driven drive_branches(const BranchPlan& plan, const std::vector<std::string>& worker,
                      const std::optional<std::function<void(std::uint64_t, std::uint64_t)>>& progress) {
  Driven driven;
  branch::Summary summary(plan.request, plan.plan());
  const auto take = [&](const branch::Outcome& outcome) {
    summary.add(outcome);
    driven.outcomes.push_back(outcome);
    if (!progress) return;
    const py::gil_scoped_acquire lock;
    (*progress)(driven.outcomes.size(), plan.plan().tasks());
  };
  const auto look_at_signals = [] {
    const py::gil_scoped_acquire lock;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    return false;
  };
  driven.error = branch::drive(worker, plan.request, plan.plan(), take, look_at_signals).error;
  driven.summary = summary.json();
  return driven;
}

}  // namespace

py::list diagnostics_of(const std::vector<scenario::Diagnostic>& diagnostics) {
  py::list list;
  for (const scenario::Diagnostic& diagnostic : diagnostics) {
    py::dict entry;
    entry["severity"] = diagnostic.severity == scenario::Severity::error ? "error" : "warning";
    entry["code"] = diagnostic.code;
    entry["message"] = diagnostic.message;
    entry["file"] = diagnostic.file;
    entry["line"] = diagnostic.line;
    entry["column"] = diagnostic.column;
    entry["pointer"] = diagnostic.pointer;
    entry["hint"] = diagnostic.hint;
    list.append(std::move(entry));
  }
  return list;
}

void add_branching(py::module_& module) {
  using branch::Outcome;
  using Unlocked = py::call_guard<py::gil_scoped_release>;

  py::class_<BranchPlan>(module, "BranchPlan")
      .def_property_readonly("runnable", [](const BranchPlan& plan) { return plan.made.plan.has_value(); })
      .def_property_readonly("seed", [](const BranchPlan& plan) { return plan.plan().seed; })
      .def_property_readonly("diagnostics",
                             [](const BranchPlan& plan) { return diagnostics_of(plan.made.diagnostics); })
      .def_property_readonly("rendered",
                             [](const BranchPlan& plan) { return scenario::render(plan.made.diagnostics); })
      .def("at_s",
           [](const BranchPlan& plan, std::size_t point) { return plan.plan().at.at(point).seconds(); })
      .def("variant",
           [](const BranchPlan& plan, std::size_t variant) { return plan.plan().variants.at(variant).name; });

  py::class_<Outcome>(module, "BranchOutcome")
      .def_property_readonly("point", [](const Outcome& outcome) { return outcome.task.point; })
      .def_property_readonly("variant", [](const Outcome& outcome) { return outcome.task.variant; })
      .def_property_readonly("branch", [](const Outcome& outcome) { return outcome.task.id; })
      .def_readonly("died", &Outcome::died)
      .def_readonly("bug", &Outcome::bug)
      .def_readonly("cpu_seconds", &Outcome::cpu_seconds)
      .def_readonly("wall_seconds", &Outcome::wall_seconds)
      .def_readonly("exit_code", &Outcome::exit_code)
      .def_readonly("verdict", &Outcome::verdict)
      .def_readonly("fingerprint", &Outcome::fingerprint)
      .def_readonly("metrics", &Outcome::metrics)
      .def_readonly("measured_names", &Outcome::measured_names)
      .def_readonly("json", &Outcome::json)
      .def_readonly("text", &Outcome::text);

  py::class_<Driven>(module, "Driven")
      .def_readonly("outcomes", &Driven::outcomes)
      .def_readonly("summary", &Driven::summary)
      .def_readonly("error", &Driven::error);

  module.def("plan_branches", &plan_branches, py::arg("name"), py::arg("text"), py::arg("overrides"),
             py::arg("seed"), py::arg("at"), py::arg("every"), py::arg("first"), py::arg("last"),
             py::arg("faults_name"), py::arg("faults_text"), py::arg("jobs"), py::arg("metrics"),
             py::arg("text_width"), Unlocked());
  module.def("drive_branches", &drive_branches, py::arg("plan"), py::arg("worker"), py::arg("progress"),
             Unlocked());
  module.def(
      "serve_branches",
      [](const std::function<double()>& clock) { return branch::serve(STDIN_FILENO, clock); },
      py::arg("clock"), "The worker's whole life, in a process of its own with one thread.");
}

}  // namespace brokersim::python
