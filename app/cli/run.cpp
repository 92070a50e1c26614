// run: scenario files through the simulator, one seed or many, on several threads.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

#include "app/cli/cli.h"
#include "app/cli/commands.h"
#include "app/cli/talk.h"
#include "app/report/report.h"
#include "app/results/execute.h"
#include "app/results/json.h"
#include "app/results/seeds.h"
#include "app/results/text.h"
#include "app/scenario/quantity.h"
#include "app/scenario/scenario.h"
#include "app/trace/trace.h"

namespace brokersim::cli {
namespace {

/// Reads digits only.
std::optional<std::uint64_t> parse_seed(std::string_view text) {
  std::uint64_t value = 0;
  if (text.empty() || text.size() > 20) return std::nullopt;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (~std::uint64_t{0} - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

/// Runs not yet handed out, results in order of the seeds whatever thread was first.
class Batch {
 public:
  Batch(const scenario::Scenario& scenario, const RunOptions& options, std::vector<std::uint64_t> seeds)
      : scenario_(scenario), options_(options), seeds_(std::move(seeds)), results_(seeds_.size()) {}

  /// Calls `done(result)` in order of the seeds, from one thread at a time.
  template <class Done>
  void run(Done done) {
    const auto work = [&] {
      for (;;) {
        const std::size_t i = next_.fetch_add(1);
        if (i >= seeds_.size() || Interrupts::noted()) return;
        results::RunResult result = timed(seeds_[i]);
        const std::lock_guard lock(mutex_);
        results_[i] = std::move(result);
        while (reported_ < results_.size() && results_[reported_]) {
          done(*results_[reported_]);
          results_[reported_].reset();
          ++reported_;
        }
      }
    };
    const std::size_t threads = std::min<std::size_t>(static_cast<std::size_t>(options_.jobs), seeds_.size());
    std::vector<std::thread> pool;
    for (std::size_t t = 1; t < threads; ++t) pool.emplace_back(work);
    work();
    for (auto& thread : pool) thread.join();
  }
  [[nodiscard]] std::size_t reported() const { return reported_; }
  /// The report of the run; "" without one, or if a bug of ours ended it.
  [[nodiscard]] const std::string& report() const { return report_; }

 private:
  results::RunResult timed(std::uint64_t seed) const {
    const auto begin = std::chrono::steady_clock::now();
    results::RunResult result =
        options_.report.empty() ? results::execute(scenario_, seed, options_.overrides) : with_report(seed);
    result.facts.wall_seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return result;
  }

  results::RunResult with_report(std::uint64_t seed) const {
    report::Recorded recorded = report::run(scenario_, seed, options_.overrides);
    report_ = std::move(recorded.html);
    return std::move(recorded.result);
  }

  const scenario::Scenario& scenario_;
  const RunOptions& options_;
  mutable std::string report_;  // there is one run then
  std::vector<std::uint64_t> seeds_;
  std::vector<std::optional<results::RunResult>> results_;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
  std::size_t reported_ = 0;
};

/// Leaves <stem><seed>.json in `directory`. False: it could not be written.
bool keep(const results::RunResult& result, const std::string& directory, const std::string& stem,
          std::ostream& err) {
  const std::filesystem::path path =
      std::filesystem::path(directory) / (stem + std::to_string(result.facts.seed) + ".json");
  std::ofstream file(path);
  file << results::to_pretty_json(result) << '\n';
  file.close();
  if (file) return true;
  err << "error: cannot write " << path.string() << "\n  hint: choose a folder you may write with --out\n";
  return false;
}

/// What of a run --trace asks for; nothing after complaints.
std::optional<trace::Options> trace_window(const RunOptions& options, std::ostream& err) {
  trace::Options asked;
  bool sound = true;
  const auto take = [&](const char* name, const std::string& text, sim::SimTime& time) {
    if (text.empty()) return;
    const auto ns = duration_option(name, text, err, /*may_be_zero=*/true);
    sound = sound && ns.has_value();
    time = {ns.value_or(0)};
  };
  sim::SimTime margin;
  take("--trace-from", options.trace_from, asked.from);
  take("--trace-to", options.trace_to, asked.to);
  take("--trace-failure", options.trace_failure, margin);
  if (!sound) return std::nullopt;
  const auto refuse = [&](const char* what, const char* hint) {
    complain(err, "run/usage", what, "--trace", hint);
    return std::nullopt;
  };
  const bool window = !options.trace_from.empty() || !options.trace_to.empty();
  if (options.trace.empty() && (window || !options.trace_failure.empty()))
    return refuse("there is no file for the trace", "add --trace run.pftrace");
  if (window && !options.trace_failure.empty())
    return refuse("a trace around a failure has its own window", "give --trace-failure alone");
  if (asked.to <= asked.from)
    return refuse("the trace ends before it begins", "--trace-from \"10 s\" --trace-to \"12 s\"");
  return asked;
}

/// Runs the seed again and writes its trace. 0, or exit_usage after a complaint.
int write_trace(const scenario::Scenario& scenario, std::uint64_t seed, const RunOptions& options,
                const trace::Options& window, std::ostream& err) {
  const trace::Traced traced = trace::run(scenario, seed, options.overrides, window);
  if (traced.file.empty()) return exit_ok;  // a bug of ours, which the run has shown
  if (window.from >= traced.result.facts.ended_at) {
    complain(err, "run/usage", "the trace begins when the run is over", "--trace-from", "set it earlier");
    return exit_usage;
  }
  if (const std::string why = write_whole(options.trace, traced.file); !why.empty()) {
    complain(err, "run/output", "the trace cannot be written: " + why, options.trace,
             "choose a file you may write with --trace");
    return exit_usage;
  }
  err << "trace: " << options.trace << ", seed " << seed << ", " << traced.slices << " slices";
  if (traced.left_out > 0)
    err << "; " << traced.left_out << " more found no room: give a window with --trace-from and --trace-to";
  err << "; open it at ui.perfetto.dev\n";
  return exit_ok;
}

/// Which run is traced, and which part of it; nothing: not this one.
std::optional<std::pair<std::uint64_t, trace::Options>> trace_of(const results::RunResult& result,
                                                                 const RunOptions& options,
                                                                 const trace::Options& window) {
  if (options.trace_failure.empty()) return std::pair{result.facts.seed, window};
  const auto instant = trace::first_failure(result);
  if (result.exit_code() != exit_failed || !instant) return std::nullopt;
  const auto margin =
      std::get<std::int64_t>(scenario::parse_quantity(options.trace_failure, scenario::Dimension::duration));
  return std::pair{result.facts.seed, trace::around(*instant, sim::Duration{margin})};
}

int run_one(const scenario::Scenario& scenario, const RunOptions& options,
            const std::vector<std::uint64_t>& seeds, const trace::Options& window, std::ostream& out,
            std::ostream& err) {
  const std::vector<std::uint64_t> wanted = seeds.empty() ? std::vector{scenario.config.seed} : seeds;
  const bool many = wanted.size() > 1;
  const bool progress = many && isatty(STDERR_FILENO) != 0;
  // Of several files each keeps its results under its own name.
  const std::string stem = options.files.size() > 1
                               ? std::filesystem::path(scenario.file).stem().string() + "-"
                               : std::string("result-");
  results::SeedTable table;
  std::optional<std::uint64_t> taped;                              // seed of the run that goes on tape
  std::optional<std::pair<std::uint64_t, trace::Options>> traced;  // the run that is traced, and when
  int code = exit_ok;
  std::size_t count = 0;
  Batch batch(scenario, options, wanted);
  batch.run([&](const results::RunResult& result) {
    ++count;
    code = worse(code, result.exit_code());
    const bool failed = result.exit_code() == exit_failed || result.exit_code() == exit_bug;
    if (!options.tape.empty() && !taped && (failed || (!many && options.files.size() == 1)))
      taped = result.facts.seed;
    if (!options.trace.empty() && !traced) traced = trace_of(result, options, window);
    if (!options.out.empty() && !keep(result, options.out, stem, err)) code = worse(code, exit_usage);
    if (options.json) {
      out << results::to_json(result) << '\n' << std::flush;
    } else if (!many) {
      out << results::render_text(result, {options.width, options.colour});
    } else {
      table.add(result);
      if (options.verbose) out << results::render_line(result, options.colour) << '\n';
    }
    if (progress) err << '\r' << count << " of " << wanted.size() << " runs" << std::flush;
  });
  if (!batch.report().empty()) {
    if (const std::string why = write_whole(options.report, batch.report()); why.empty()) {
      err << "report: " << options.report << '\n';
    } else {
      complain(err, "run/output", "the report cannot be written: " + why, options.report,
               "choose a file you may write with --report");
      code = worse(code, exit_usage);
    }
  }
  if (traced) code = worse(code, write_trace(scenario, traced->first, options, traced->second, err));
  if (progress) err << "\r\033[K";
  if (taped && !write_tape(options.tape, scenario.file, *taped, options.overrides, err))
    code = worse(code, exit_usage);
  if (many && !options.json && count > 0) out << table.render(options.width, options.colour);
  if (batch.reported() < wanted.size()) {
    err << "interrupted after " << batch.reported() << " of " << wanted.size()
        << " runs; what is above is complete\n";
    return 130;
  }
  return code;
}

}  // namespace

std::optional<std::vector<std::uint64_t>> parse_seeds(const std::string& text) {
  constexpr std::uint64_t seeds_max = 1'000'000;
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) {
    const auto seed = parse_seed(text);
    if (!seed) return std::nullopt;
    return std::vector{*seed};
  }
  const auto first = parse_seed(std::string_view(text).substr(0, dots));
  const auto last = parse_seed(std::string_view(text).substr(dots + 2));
  if (!first || !last || *last < *first || *last - *first >= seeds_max) return std::nullopt;
  std::vector<std::uint64_t> seeds;
  for (std::uint64_t seed = *first;; ++seed) {
    seeds.push_back(seed);
    if (seed == *last) return seeds;
  }
}

int run(const RunOptions& options, std::ostream& out, std::ostream& err) {
  std::vector<std::uint64_t> seeds;
  if (!options.seeds.empty()) {
    auto parsed = parse_seeds(options.seeds);
    if (!parsed) {
      err << "error: \"" << options.seeds
          << "\" is not a seed or a range of seeds\n  hint: --seed 42, or --seeds 1..100 "
          << "(at most a million)\n";
      return exit_usage;
    }
    seeds = std::move(*parsed);
  }
  if (!options.out.empty()) {
    std::error_code error;
    std::filesystem::create_directories(options.out, error);
    if (error) {
      err << "error: cannot make the folder " << options.out << ": " << error.message() << '\n';
      return exit_usage;
    }
  }
  const auto window = trace_window(options, err);
  if (!window) return exit_usage;
  if (!options.trace.empty() && options.trace_failure.empty() &&
      (options.files.size() > 1 || seeds.size() > 1)) {
    err << "error: a trace is of one run\n  hint: give one file and one seed: --seed 7 --trace run.pftrace; "
           "or "
           "--trace-failure \"2 s\" for the first run that fails\n";
    return exit_usage;
  }
  if (!options.report.empty() && (options.files.size() > 1 || seeds.size() > 1)) {
    err << "error: a report is of one run\n  hint: give one file and one seed: --seed 7 --report "
           "report.html\n";
    return exit_usage;
  }
  // A single run has nothing to keep half way; of several, those that are done are shown.
  std::optional<Interrupts> interrupts;
  if (seeds.size() > 1) interrupts.emplace();
  // All files are judged before the first runs: what is wrong comes at once, and "nothing was run" is true.
  std::vector<scenario::Diagnostic> problems;
  std::vector<scenario::Scenario> scenarios;
  for (const std::string& file : options.files) {
    scenario::LoadResult loaded = scenario::load_file(file, options.overrides);
    problems.insert(problems.end(), loaded.diagnostics.begin(), loaded.diagnostics.end());
    if (loaded.scenario) scenarios.push_back(std::move(*loaded.scenario));
  }
  err << scenario::render(problems);
  if (scenarios.size() < options.files.size()) return exit_usage;
  int code = exit_ok;
  RunOptions rest = options;
  for (const scenario::Scenario& scenario : scenarios) {
    const int one = run_one(scenario, rest, seeds, *window, out, err);
    if (one == 130) return 130;
    code = worse(code, one);
    if (one == exit_failed || one == exit_bug) {  // they hold the first failure
      rest.tape.clear();
      rest.trace.clear();
    }
  }
  out.flush();
  if (!out) {
    err << "error: the output could not be written (is the disk full?)\n";
    return worse(code, exit_usage);
  }
  return code;
}

}  // namespace brokersim::cli
