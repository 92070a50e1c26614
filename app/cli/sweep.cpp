// sweep: one scenario, many settings and seeds.
#include <unistd.h>

#include <chrono>
#include <csignal>

#include "app/cli/cli.h"
#include "app/cli/commands.h"
#include "app/cli/talk.h"
#include "app/report/pages.h"
#include "app/scenario/limits.h"
#include "app/scenario/metrics.h"
#include "app/scenario/reader.h"
#include "app/scenario/suggest.h"
#include "app/sweep/runner.h"
#include "app/sweep/table.h"

namespace brokersim::cli {
namespace {

/// What the options ask for; `sound` is false after complaints.
struct Request {
  std::vector<sweep::Axis> axes;
  std::vector<std::uint64_t> seeds;
  std::vector<sweep::MetricName> metrics;
  std::vector<sweep::Precision> precision;
  bool sound = true;
};

sweep::MetricName metric_name(const std::string& text) {
  const std::size_t of = text.find(" of ");
  if (of == std::string::npos) return {text, ""};
  return {text.substr(0, of), text.substr(of + 4)};
}

Request request_of(const SweepOptions& options, std::ostream& err) {
  Request request;
  const auto refuse = [&](const std::string& place, const std::string& message, const std::string& hint) {
    complain(err, "sweep/usage", message, place, hint);
    request.sound = false;
  };
  for (const std::string& vary : options.vary) {
    auto axis = sweep::parse_axis(vary);
    if (const auto* wrong = std::get_if<std::string>(&axis)) {
      refuse("--vary " + vary, *wrong, "");
    } else {
      request.axes.push_back(std::move(std::get<sweep::Axis>(axis)));
    }
  }
  if (auto seeds = parse_seeds(options.seeds)) {
    request.seeds = std::move(*seeds);
  } else {
    refuse("--seeds", scenario::in_quotes(options.seeds) + " is not a seed or a range of seeds",
           "such as --seeds 1..20");
  }
  for (const std::string& text : options.metrics) {
    request.metrics.push_back(metric_name(text));
    const std::string& name = request.metrics.back().metric;
    if (scenario::find_metric(name) == nullptr)
      refuse("--metric", "there is no metric " + scenario::in_quotes(name),
             "brokersim list metrics shows them");
  }
  for (const std::string& text : options.precision) {
    auto precision = sweep::parse_precision(text);
    if (const auto* wrong = std::get_if<std::string>(&precision)) {
      refuse("--precision " + text, *wrong, "such as --precision latency.produce.p99_ms=5%");
      continue;
    }
    request.precision.push_back(std::move(std::get<sweep::Precision>(precision)));
  }
  return request;
}

/// The line that repeats the run of a row.
std::string replay_of(const sweep::Plan& plan, const sweep::Row& row) {
  const sweep::Setting& setting = plan.settings[row.setting];
  results::RunResult run;
  run.scenario = setting.scenario.file;
  run.facts.seed = row.record.seed;
  run.facts.overrides = setting.overrides;
  return run.replay();
}

report::SweepPage page_of(const sweep::Plan& plan, const SweepOptions& options,
                          const std::vector<sweep::MetricName>& shown) {
  report::SweepPage page;
  page.title = plan.settings.front().scenario.config.title;
  page.scenario = options.file;
  for (const sweep::Axis& axis : plan.axes) page.pointers.push_back(axis.pointer);
  for (const sweep::MetricName& name : shown) page.shown.push_back(name.text());
  return page;
}

}  // namespace

int sweep(const SweepOptions& options, std::ostream& out, std::ostream& err) {
  Request request = request_of(options, err);
  scenario::Problems problems;
  const auto text = scenario::read_file(options.file, scenario::limits::file_bytes, problems);
  if (!text) err << scenario::render(problems.all());
  if (!text || !request.sound) return exit_usage;
  const sweep::PlanResult planned =
      sweep::make_plan(*text, options.file, options.overrides, request.axes, request.seeds);
  err << scenario::render(planned.diagnostics);
  if (!planned.plan) return exit_usage;
  sweep::Store store;
  if (!options.store.empty()) {
    if (const std::string wrong = store.open(options.store); !wrong.empty()) {
      complain(err, "sweep/usage", wrong, "--store", "name another file");
      return exit_usage;
    }
  }

  const std::vector<sweep::MetricName> shown =
      request.metrics.empty() ? sweep::table_metrics() : request.metrics;
  sweep::Options how;
  how.jobs = options.jobs;
  how.metrics = request.metrics;
  for (const sweep::Precision& precision : request.precision)
    how.metrics.push_back(metric_name(precision.metric));
  how.precision = request.precision;
  how.store = options.store.empty() ? nullptr : &store;
  how.clock = [begin = std::chrono::steady_clock::now()] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  how.stop = [] { return Interrupts::noted(); };
  std::optional<Interrupts> interrupts(std::in_place);
  sweep::Table table(*planned.plan, shown);
  report::SweepPage page = page_of(*planned.plan, options, shown);
  const bool progress = isatty(STDERR_FILENO) != 0;
  const std::size_t most = planned.plan->settings.size() * planned.plan->seeds.size();
  const sweep::Ended ended = sweep::run(*planned.plan, how, [&](const sweep::Row& row) {
    table.add(row);
    if (options.json) out << sweep::row_json(*planned.plan, row, request.metrics) << '\n' << std::flush;
    if (!options.report.empty()) {
      page.rows.push_back(sweep::row_json(*planned.plan, row, request.metrics));
      page.replays.push_back(replay_of(*planned.plan, row));
    }
    if (progress)
      err << '\r' << table.runs() << " of " << (request.precision.empty() ? "" : "at most ") << most
          << " runs" << std::flush;
  });
  interrupts.reset();
  if (progress) err << "\r\033[K";
  if (!options.json && table.runs() > 0) out << table.render(options.colour);
  out.flush();
  if (!options.report.empty()) {
    if (const std::string why = write_whole(options.report, report::sweep_page(page)); !why.empty()) {
      complain(err, "sweep/usage", "the report cannot be written: " + why, options.report,
               "choose a file you may write with --report");
      return exit_usage;
    }
    err << "report: " << options.report << '\n';
  }
  if (table.known() > 0)
    err << table.known() << " of " << table.runs() << " runs were in " << options.store << '\n';
  if (!ended.error.empty()) {
    complain(err, "sweep/usage", ended.error, "sweep", "");
    return exit_usage;
  }
  if (!ended.whole) {
    err << "interrupted after " << table.runs() << " runs; what is above is complete"
        << (options.store.empty() ? "" : ", and the same command goes on from there") << '\n';
    return 130;
  }
  if (!out) {
    err << "error: the output could not be written (is the disk full?)\n";
    return exit_usage;
  }
  return table.exit_code();
}

}  // namespace brokersim::cli
