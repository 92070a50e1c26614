#include "python/bindings/sweeping.h"

#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "app/results/model_version.h"
#include "app/scenario/content.h"
#include "app/scenario/quantity.h"
#include "app/sweep/precision.h"
#include "app/sweep/record.h"
#include "app/sweep/store.h"
#include "sim/bootstrap.h"
#include "sim/statistics.h"

namespace py = pybind11;

namespace brokersim::python {
namespace {

using Pair = std::pair<double, double>;

Pair pair(const sim::Interval& interval) { return {interval.low, interval.high}; }

std::unique_ptr<sweep::Store> open_store(const std::string& path) {
  auto store = std::make_unique<sweep::Store>();
  if (const std::string wrong = store->open(path); !wrong.empty()) throw py::value_error(wrong);
  return store;
}

std::optional<std::string> find(const sweep::Store& store, const std::string& id) {
  const std::string* line = store.find(id);
  if (line == nullptr) return std::nullopt;
  return *line;
}

std::string record(const results::RunResult& result, const std::string& id,
                   const std::vector<std::pair<std::string, std::string>>& wanted) {
  std::vector<sweep::MetricName> names;
  for (const auto& [metric, of] : wanted) names.push_back({metric, of});
  return sweep::record_of(result, id, names).line();
}

sweep::Precision precision(bool share, double half_width, bool relative, double confidence,
                           std::int64_t runs_min) {
  sweep::Precision made;
  made.share = share;
  made.half_width = half_width;
  made.relative = relative;
  made.confidence = confidence;
  made.runs_min = runs_min;
  return made;
}

std::int64_t quantity(const std::string& text, const std::string& dimension) {
  using scenario::Dimension;
  const Dimension wanted = dimension == "duration"    ? Dimension::duration
                           : dimension == "size"      ? Dimension::size
                           : dimension == "bandwidth" ? Dimension::bandwidth
                                                      : Dimension::rate;
  const auto parsed = scenario::parse_quantity(text, wanted);
  if (const auto* number = std::get_if<std::int64_t>(&parsed)) return *number;
  const auto& wrong = std::get<scenario::QuantityError>(parsed);
  throw py::value_error("\"" + text + "\" " + wrong.message + "; write " +
                        std::string(scenario::to_string(wanted)) + " such as \"" +
                        std::string(scenario::example(wanted)) + "\"");
}

}  // namespace

void add_record(py::class_<results::RunResult>& run) {
  run.def("record", &record, py::arg("id"), py::arg("wanted"));
}

void add_sweeping(py::module_& module) {
  py::class_<sweep::Store>(module, "SweepStore")
      .def(py::init(&open_store), py::arg("path"))
      .def("find", &find, py::arg("id"))
      .def("add", &sweep::Store::add, py::arg("id"), py::arg("line"))
      .def("__len__", &sweep::Store::size)
      .def_property_readonly("torn", &sweep::Store::torn);
  module.def(
      "content_id",
      [](const std::string& text, const std::string& name, const std::vector<std::string>& overrides) {
        return scenario::content_id(text, name, overrides);
      },
      py::arg("text"), py::arg("name"), py::arg("overrides"));
  module.def(
      "hash_text", [](const std::string& text) { return scenario::hash_text(text); }, py::arg("text"));
  module.def("run_id", &sweep::run_id, py::arg("content"), py::arg("seed"));
  module.def("model_version", &results::model_version);
  module.def(
      "student_interval",
      [](const std::vector<double>& values, double confidence) {
        return pair(sim::student_interval(sim::summarise(values), confidence));
      },
      py::arg("values"), py::arg("confidence"));
  module.def(
      "clopper_pearson",
      [](std::int64_t hits, std::int64_t n, double confidence) {
        return pair(sim::clopper_pearson(hits, n, confidence));
      },
      py::arg("hits"), py::arg("n"), py::arg("confidence"));
  module.def(
      "bootstrap_mean",
      [](const std::vector<double>& values, double confidence) {
        sim::BootstrapOptions options;
        options.confidence = confidence;
        return pair(sim::bootstrap_mean(values, options));
      },
      py::arg("values"), py::arg("confidence"));
  module.def(
      "precise",
      [](const std::vector<double>& values, bool share, double half_width, bool relative, double confidence,
         std::int64_t runs_min) {
        return sweep::precise(values, precision(share, half_width, relative, confidence, runs_min));
      },
      py::arg("values"), py::arg("share"), py::arg("half_width"), py::arg("relative"), py::arg("confidence"),
      py::arg("runs_min"));
  module.def("quantity", &quantity, py::arg("text"), py::arg("dimension"));
}

}  // namespace brokersim::python
