#include "python/bindings/recording.h"

#include <pybind11/stl.h>

#include <cstdint>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "app/report/pages.h"
#include "app/report/report.h"
#include "app/results/run_result.h"
#include "app/trace/trace.h"
#include "python/bindings/loaded.h"
#include "sim/fingerprint.h"

namespace py = pybind11;

namespace brokersim::python {
namespace {

/// What a column's memory looks like to NumPy and memoryview. Both keep the column alive.
py::buffer_info buffer_of(report::Column& column) {
  const auto made = [&](auto& values) {
    using Value = typename std::decay_t<decltype(values)>::value_type;
    constexpr auto size = static_cast<py::ssize_t>(sizeof(Value));
    const auto width = static_cast<py::ssize_t>(column.width);
    const auto rows = static_cast<py::ssize_t>(values.size()) / width;
    if (width == 1) return py::buffer_info(values.data(), rows, true);
    return py::buffer_info(values.data(), size, py::format_descriptor<Value>::format(), 2, {rows, width},
                           {width * size, size}, true);
  };
  return column.numbers.empty() ? made(column.integers) : made(column.numbers);
}

using Columns = std::vector<std::pair<std::string, py::object>>;

/// The run again, recorded: (fingerprint, HTML, timeline as JSON, its series as memory that is not copied).
std::tuple<std::string, std::string, std::string, Columns> record_run(const Loaded& loaded,
                                                                      std::uint64_t seed,
                                                                      const std::string& replay,
                                                                      const std::string& source) {
  report::Recorded recorded;
  {
    const py::gil_scoped_release unlocked;
    recorded = report::run(loaded.scenario(), seed, loaded.overrides, replay, source);
  }
  Columns columns;
  for (report::Column& column : recorded.columns) {
    const std::string name = column.name;
    columns.emplace_back(name, py::memoryview(py::cast(std::move(column))));
  }
  return {sim::hex16(recorded.result.facts.fingerprint), std::move(recorded.html),
          std::move(recorded.timeline), std::move(columns)};
}

/// The run again, traced: (fingerprint, trace, slices, slices left out). Instants in nanoseconds, to_ns below 0: the end.
std::tuple<std::string, py::bytes, std::int64_t, std::int64_t> trace_run(const Loaded& loaded,
                                                                         std::uint64_t seed,
                                                                         std::int64_t from_ns,
                                                                         std::int64_t to_ns,
                                                                         std::int64_t slices_max) {
  trace::Traced traced;
  {
    const py::gil_scoped_release unlocked;
    trace::Options options{.from = {from_ns}, .to = sim::SimTime::max()};
    if (to_ns >= 0) options.to = {to_ns};
    options.slices_max = static_cast<std::size_t>(slices_max);
    traced = trace::run(loaded.scenario(), seed, loaded.overrides, options);
  }
  return {sim::hex16(traced.result.facts.fingerprint), py::bytes(traced.file), traced.slices,
          traced.left_out};
}

/// The line of the command line that repeats a run.
std::string replay_line(const std::string& scenario, std::uint64_t seed,
                        const std::vector<std::string>& overrides) {
  results::RunResult run;
  run.scenario = scenario;
  run.facts.seed = seed;
  run.facts.overrides = overrides;
  return run.replay();
}

std::string sweep_page(const std::string& title, const std::string& scenario, const std::string& source,
                       const std::vector<std::string>& pointers, const std::vector<std::string>& rows,
                       const std::vector<std::string>& replays, const std::vector<std::string>& shown) {
  report::SweepPage page;
  page.title = title;
  page.scenario = scenario;
  page.source = source;
  page.pointers = pointers;
  page.rows = rows;
  page.replays = replays;
  page.shown = shown;
  return report::sweep_page(page);
}

}  // namespace

void add_recording(py::module_& module) {
  using UnlockedCall = py::call_guard<py::gil_scoped_release>;
  py::class_<report::Column>(module, "_Column", py::buffer_protocol()).def_buffer(&buffer_of);
  module.def("record_run", &record_run, py::arg("loaded"), py::arg("seed"), py::arg("replay"),
             py::arg("source"));
  module.def("trace_run", &trace_run, py::arg("loaded"), py::arg("seed"), py::arg("from_ns"),
             py::arg("to_ns"), py::arg("slices_max"));
  module.def("replay_line", &replay_line, py::arg("scenario"), py::arg("seed"), py::arg("overrides"));
  module.def("sweep_page", &sweep_page, py::arg("title"), py::arg("scenario"), py::arg("source"),
             py::arg("pointers"), py::arg("rows"), py::arg("replays"), py::arg("shown"), UnlockedCall());
}

}  // namespace brokersim::python
