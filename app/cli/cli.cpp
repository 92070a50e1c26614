#include "app/cli/cli.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include <CLI/CLI.hpp>

#include "app/cli/commands.h"
#include "app/scenario/scenario.h"

namespace brokersim::cli {
namespace {

/// What `branch` starts this program with; see app/branch/worker.h.
constexpr const char* kWorkerCommand = "branch-worker";

constexpr const char* set_help =
    "Replace the value at a JSON pointer before anything is checked: --set /duration=\"30 s\". May be "
    "repeated.";

/// What the commands were given; CLI11 fills it, one command then reads its part.
struct Options {
  std::vector<std::string> files;
  std::vector<std::string> overrides;
  std::string subject;
  bool markdown = false;
  bool faults = false;
  bool invariants = false;
  RunOptions run;
  TestOptions test;
  DiffOptions diff;
  ExportLogOptions export_log;
  InspectLogOptions inspect_log;
  BranchOptions branch;
  SweepOptions sweep;
  CapacityOptions capacity;
  ExploreOptions explore;
  ReplayOptions replay;
  ShrinkOptions shrink;
};

/// Columns of the terminal, 100 where there is none.
std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) return size.ws_col;
  return 100;
}
bool terminal_colour() { return isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr; }

void add_set(CLI::App& command, Options& options) {
  command.add_option("--set", options.overrides, set_help)
      ->type_name("POINTER=VALUE")
      ->allow_extra_args(false)
      ->take_all();
}

/// A folder's name that a script has left empty must not mean "keep nothing".
std::string not_empty(const std::string& folder) { return folder.empty() ? "the folder has no name" : ""; }

}  // namespace

int worse(int a, int b) {
  static constexpr std::array order{exit_ok, exit_inconclusive, exit_failed, exit_usage, exit_bug};
  const auto rank = [](int code) { return std::find(order.begin(), order.end(), code) - order.begin(); };
  return rank(a) >= rank(b) ? a : b;
}

int run_command_line(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  Options options;
  CLI::App app(
      "Runs real message-broker logic on virtual time: which acknowledged records a fault destroys, and why.",
      "brokersim");
  app.require_subcommand(1);

  CLI::App* run_command = app.add_subcommand("run", "Run scenario files and say what happened, and why.");
  run_command->add_option("FILE", options.run.files, "Scenario files.")->required();
  CLI::Option* seed_option =
      run_command->add_option("--seed", options.run.seeds, "Seed instead of the scenario's own.");
  run_command->add_option("--seeds", options.run.seeds, "Range of seeds, A..B: one run for each.")
      ->excludes(seed_option);
  run_command->add_option("--jobs", options.run.jobs, "Runs at a time.")->check(CLI::Range(1, 256));
  run_command->add_flag("--json", options.run.json, "One JSON object per run and line.");
  const char* invariants_help = "Also check the nine invariants after every step (--set /invariants=true).";
  run_command->add_flag("--invariants", options.invariants, invariants_help);
  run_command->add_flag("--verbose", options.run.verbose, "With several seeds: a line for each run, too.");
  run_command->add_option("--out", options.run.out, "Folder for result-<seed>.json of each run.")
      ->check(not_empty);
  run_command
      ->add_option("--report", options.run.report,
                   "File for an HTML report of the run, of one file and one seed: timelines, losses, replay.")
      ->check(not_empty);
  run_command
      ->add_option("--trace", options.run.trace,
                   "File for a Perfetto trace (ui.perfetto.dev) of the run, of one file and one seed.")
      ->check(not_empty);
  run_command->add_option("--trace-from", options.run.trace_from,
                          "The trace begins at this instant, such as \"10 s\".");
  run_command->add_option("--trace-to", options.run.trace_to, "The trace ends at this instant.");
  run_command->add_option("--trace-failure", options.run.trace_failure,
                          "Trace only the first run that fails, so long before and after the instant of its "
                          "failure, such as \"2 s\"; with several seeds, too.");
  run_command->add_option("--tape", options.run.tape,
                          "File for the tape of the first run that fails; of a single run in any case.");
  add_set(*run_command, options);

  CLI::App* sweep_command = app.add_subcommand(
      "sweep", "Try values at places of a scenario over many seeds: what does each cost and save?");
  sweep_command->add_option("FILE", options.sweep.file, "Scenario file.")->required();
  sweep_command
      ->add_option(
          "--vary", options.sweep.vary,
          "Values to try at a JSON pointer: POINTER=V1,V2, or POINTER=[JSON, ...]. May be repeated: all "
          "combinations are run.")
      ->type_name("POINTER=VALUES")
      ->allow_extra_args(false)
      ->take_all();
  sweep_command->add_option("--seeds", options.sweep.seeds, "Seeds of every combination, A..B.")
      ->capture_default_str();
  sweep_command->add_option("--jobs", options.sweep.jobs, "Runs at a time.")->check(CLI::Range(1, 256));
  sweep_command
      ->add_option(
          "--metric", options.sweep.metrics,
          "What to show: NAME, or \"NAME of WORKLOAD\". May be repeated; else a few (with --json all).")
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->take_all();
  sweep_command
      ->add_option(
          "--precision", options.sweep.precision,
          "A combination is done before its last seed once the 95 % interval is as narrow as this: "
          "METRIC=5% (of the mean), METRIC=0.5 (in its unit), \"any METRIC=0.02\" (share of runs above 0). "
          "At least 10 runs. May be repeated.")
      ->type_name("METRIC=WIDTH")
      ->allow_extra_args(false)
      ->take_all();
  sweep_command
      ->add_option("--store", options.sweep.store,
                   "File that keeps every run: the same command goes on after an interruption.")
      ->check(not_empty);
  sweep_command
      ->add_option("--report", options.sweep.report,
                   "File for an HTML report: every setting with its intervals, the frontier, what failed.")
      ->check(not_empty);
  sweep_command->add_flag("--json", options.sweep.json,
                          "One JSON object per run and line instead of the table.");
  add_set(*sweep_command, options);

  CLI::App* capacity_command =
      app.add_subcommand("capacity", "Find the highest rate that keeps a service level, and what limits it.");
  capacity_command->add_option("FILE", options.capacity.file, "Scenario file; its rates are scaled.")
      ->required();
  capacity_command
      ->add_option(
          "--slo", options.capacity.slos,
          "What must hold: \"produce p99 <= 20 ms\". produce, produce_ok or end_to_end; mean, p50, p95, "
          "p99, p999 or max. May be repeated.")
      ->required()
      ->allow_extra_args(false)
      ->take_all();
  capacity_command->add_option("--seeds", options.capacity.seeds, "Seeds, A..B.")->capture_default_str();
  capacity_command->add_option("--precision", options.capacity.precision, "Width of the bracket, in percent.")
      ->check(CLI::Range(0.01, 50.0))
      ->capture_default_str();
  capacity_command
      ->add_option("--max", options.capacity.rate_max, "Highest rate to try, in records per second.")
      ->check(CLI::Range(1, 1'000'000'000))
      ->capture_default_str();
  capacity_command->add_option("--jobs", options.capacity.jobs, "Seeds at a time.")
      ->check(CLI::Range(1, 256));
  capacity_command->add_flag("--json", options.capacity.json, "One JSON object instead of text.");
  add_set(*capacity_command, options);

  CLI::App* branch_command =
      app.add_subcommand("branch", "Run to an instant, then on into many futures: how likely is a failure?");
  branch_command->add_option("FILE", options.branch.file, "Scenario file.")->required();
  branch_command
      ->add_option("--at", options.branch.at, "Instant where the run branches, as \"30 s\". May be repeated.")
      ->allow_extra_args(false)
      ->take_all();
  branch_command->add_option("--every", options.branch.every,
                             "Branch at every multiple of this: the likelihood as a function of time.");
  CLI::Option* branches_option = branch_command->add_option(
      "--branches", options.branch.branches, "Futures per instant (and variant), numbered from 1.");
  branch_command
      ->add_option("--only", options.branch.only,
                   "This branch only, or A..B. 0 is the run as it goes on unbranched.")
      ->excludes(branches_option);
  branch_command->add_option("--faults", options.branch.faults,
                             "File of fault lists, each tried from the instant on.");
  branch_command->add_option("--variant", options.branch.variant, "Only the fault list of this name.");
  branch_command->add_option("--seed", options.branch.seed, "Seed instead of the scenario's own.");
  branch_command->add_option("--jobs", options.branch.jobs, "Branches at a time.")->check(CLI::Range(1, 256));
  branch_command->add_flag("--json", options.branch.json, "One JSON object per branch and line.");
  branch_command
      ->add_option("--out", options.branch.out, "Folder for a JSON file of each branch and summary.json.")
      ->check(not_empty);
  branch_command->add_option("--worker", options.branch.worker)->group("");  // for tests
  add_set(*branch_command, options);
  CLI::App* worker_command = app.add_subcommand(kWorkerCommand)->group("");  // not for people

  CLI::App* test_command = app.add_subcommand("test", "Run every scenario below a folder as a test.");
  test_command->add_option("DIR", options.test.paths, "Folders or scenario files.")
      ->required()
      ->check(CLI::ExistingPath);
  test_command->add_flag("--invariants", options.invariants, invariants_help);
  test_command->add_flag("--twice", options.test.twice, "Run each twice; fingerprints must be equal.");
  test_command->add_option("--junit", options.test.junit, "File for a JUnit report.");
  test_command
      ->add_option(
          "--canary", options.test.canaries,
          "Scenario that must fail, or the test does: proof that failures are seen. May be repeated.")
      ->allow_extra_args(false)
      ->take_all();
  CLI::Option* const rotate = test_command->add_option(
      "--rotate", options.test.rotate,
      "Number of this test run: a few seeds that depend on it, besides each scenario's own.");
  rotate->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000'000}));
  test_command->add_option("--more", options.test.more, "How many such seeds.")
      ->needs(rotate)
      ->check(CLI::Range(1, 1'000'000));
  test_command->add_option("--tapes", options.test.tapes, "Folder for tapes of what is not as expected.")
      ->check(not_empty);
  add_set(*test_command, options);

  CLI::App* diff_command = app.add_subcommand(
      "diff", "Name the first event at which two runs part, and what led to it on either side.");
  diff_command
      ->add_option(
          "FILE", options.diff.files,
          "A and B: scenario files, or results of earlier runs (--json, --out). One file: both sides.")
      ->required()
      ->expected(1, 2);
  diff_command->add_option("--seed", options.diff.seed, "Seed of both instead of their own.");
  diff_command->add_option("--seed-a", options.diff.seed_a,
                           "Seed of A; of a file with several results, which one.");
  diff_command->add_option("--seed-b", options.diff.seed_b, "The same for B.");
  diff_command->add_flag("--json", options.diff.json, "One JSON object instead of text.");
  add_set(*diff_command, options);
  const auto add_set_of = [&](const char* name, std::vector<std::string>& overrides, const char* side) {
    diff_command->add_option(name, overrides, std::string("As --set, of ") + side + " alone.")
        ->type_name("POINTER=VALUE")
        ->allow_extra_args(false)
        ->take_all();
  };
  add_set_of("--set-a", options.diff.overrides_a, "A");
  add_set_of("--set-b", options.diff.overrides_b, "B");

  CLI::App* explore_command = app.add_subcommand(
      "explore", "Search faults, settings and seeds for failures, guided by what runs reach.");
  explore_command->add_option("SPEC", options.explore.file, "What may change, and of which scenario.")
      ->required();
  explore_command
      ->add_option("--out", options.explore.out, "Folder of the results; a search that stands there goes on.")
      ->required()
      ->check(not_empty);
  explore_command->add_option("--runs", options.explore.runs, "Trials in all.")
      ->check(CLI::Range(1, 100'000'000));
  explore_command->add_option("--budget", options.explore.budget, "Wall time, as \"10 min\".");
  explore_command->add_option("--simulated", options.explore.simulated,
                              "Simulated time of all trials, as \"10 h\".");
  explore_command->add_option("--cpu", options.explore.cpu, "Processor time of all trials, as \"60 s\".");
  explore_command->add_option("--seed", options.explore.seed,
                              "Seed of the search instead of the spec's own.");
  explore_command->add_option("--jobs", options.explore.jobs, "Trials at a time.")->check(CLI::Range(1, 256));
  explore_command->add_flag("--first", options.explore.first, "End with the first finding.");
  explore_command->add_flag("--shrink", options.explore.shrink, "Then make each finding minimal.");
  explore_command->add_flag("--json", options.explore.json, "One JSON object instead of text.");
  explore_command
      ->add_option("--report", options.explore.report,
                   "File for an HTML report: findings with their stories, what was reached and what never.")
      ->check(not_empty);
  add_set(*explore_command, options);
  explore_command->get_option("--set")->description(
      "Replace the value at a JSON pointer into the search's scenario: --set /duration=\"30 s\". The "
      "search's own fields "
      "(faults, knobs) are changed in its file. May be repeated.");

  CLI::App* replay_command =
      app.add_subcommand("replay", "Run a tape again: the same run, the same failure, or where they part?");
  replay_command->add_option("TAPE", options.replay.files, "Files of --tape, --tapes or explore.")
      ->required();
  replay_command->add_flag("--json", options.replay.json, "One JSON object for each tape and line.");

  CLI::App* shrink_command =
      app.add_subcommand("shrink", "From a failing run to the smallest scenario that fails in the same way.");
  shrink_command->add_option("FILE", options.shrink.file, "Scenario file whose run fails.")->required();
  shrink_command->add_option("--seed", options.shrink.seed, "Seed instead of the scenario's own.");
  shrink_command->add_option("--out", options.shrink.out, "File for the result; FILE.min.json if not given.")
      ->check(not_empty);
  shrink_command
      ->add_option(
          "--keep", options.shrink.keep,
          "What must stay broken: a law (S1), \"lost\", or \"expect: TEXT\". May be repeated; if not given, "
          "the first thing that fails.")
      ->allow_extra_args(false)
      ->take_all();
  shrink_command->add_flag(
      "--any-loss", options.shrink.any_loss,
      "Where a loss is kept: with other acks, or of a partition that nobody leads at the end, "
      "too. If not given, it stays the kind of loss that it is.");
  shrink_command->add_option("--budget", options.shrink.budget,
                             "Wall time, as \"60 s\"; then the best so far is it.");
  shrink_command->add_option("--cpu", options.shrink.cpu, "Processor time of all runs, as \"120 s\".");
  shrink_command
      ->add_option("--runs", options.shrink.runs, "At most so many runs; a few more end the last cut.")
      ->check(CLI::Range(1, 100'000'000));
  shrink_command
      ->add_option("--reseed", options.shrink.seeds,
                   "Seeds to try where a cut shifts draws, its own included.")
      ->check(CLI::Range(1, 1'000));
  shrink_command->add_option("--jobs", options.shrink.jobs, "Runs at a time.")->check(CLI::Range(1, 256));
  shrink_command->add_flag("--known", options.shrink.known,
                           "The result expects the failure, and passes while it is there.");
  add_set(*shrink_command, options);

  CLI::App* check_command =
      app.add_subcommand("check", "Say everything that is wrong with scenario files; run nothing.");
  check_command->add_option("FILE", options.files, "Scenario files.")->required();
  add_set(*check_command, options);

  CLI::App* schema_command = app.add_subcommand("schema", "Print the JSON Schema of scenario files.");
  schema_command->add_flag("--markdown", options.markdown, "Print the reference page instead.");
  schema_command->add_flag("--faults", options.faults, "Print the page of faults instead.");

  CLI::App* list_command = app.add_subcommand("list", "List what scenarios may name.");
  list_command->add_option("WHAT", options.subject, "hardware, faults, checks, metrics or probes.")
      ->required()
      ->check(CLI::IsMember(list_subjects()));

  CLI::App* export_command =
      app.add_subcommand("export-log", "Run a scenario and write a broker's logs as real Kafka files.");
  export_command->add_option("FILE", options.export_log.file, "Scenario file.")->required();
  export_command->add_option("BROKER", options.export_log.broker, "Id of the broker, or its host.")
      ->required();
  export_command->add_option("DIR", options.export_log.directory, "New or empty directory.")->required();
  export_command->add_option("--seed", options.export_log.seed, "Seed instead of the scenario's own.");
  export_command->add_option("--at", options.export_log.at,
                             "Instant, such as \"30 s\"; the end if not given.");
  add_set(*export_command, options);

  CLI::App* inspect_command = app.add_subcommand(
      "inspect-log", "Say what a broker's restart would keep of a real Kafka log directory.");
  inspect_command
      ->add_option("DIR", options.inspect_log.directory, "A log directory, or one partition of it.")
      ->required();
  inspect_command->add_flag("--json", options.inspect_log.json, "One JSON object.");
  inspect_command->add_flag("--batches", options.inspect_log.batches,
                            "One JSON line for each batch it would keep.");

  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // As CLI11 wants them.
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    // Help is data that was asked for; anything else is a mistake in the command line.
    return app.exit(error, out, err) == 0 ? exit_ok : exit_usage;
  }
  if (options.invariants) options.overrides.emplace_back("/invariants=true");
  options.run.overrides = options.overrides;
  options.run.width = options.test.width = terminal_width();
  options.run.colour = options.test.colour = terminal_colour();
  options.test.overrides = options.overrides;
  options.diff.overrides = options.overrides;
  options.diff.colour = terminal_colour();
  options.branch.overrides = options.overrides;
  options.branch.width = options.run.width;
  options.branch.colour = options.run.colour;
  if (options.branch.worker.empty()) options.branch.worker = {"/proc/self/exe"};
  options.branch.worker.push_back(kWorkerCommand);
  options.sweep.overrides = options.overrides;
  options.sweep.colour = terminal_colour();
  if (worker_command->parsed()) return branch_worker();
  options.capacity.overrides = options.overrides;
  if (capacity_command->parsed()) return capacity(options.capacity, out, err);
  if (sweep_command->parsed()) return sweep(options.sweep, out, err);
  if (branch_command->parsed()) return branch(options.branch, out, err);
  if (run_command->parsed()) return run(options.run, out, err);
  if (test_command->parsed()) return test(options.test, out, err);
  if (diff_command->parsed()) return diff(options.diff, out, err);
  options.shrink.overrides = options.overrides;
  options.explore.overrides = options.overrides;
  if (explore_command->parsed()) return explore(options.explore, out, err);
  if (replay_command->parsed()) return replay(options.replay, out, err);
  if (shrink_command->parsed()) return shrink(options.shrink, out, err);
  options.export_log.overrides = options.overrides;
  if (export_command->parsed()) return export_log(options.export_log, out, err);
  if (inspect_command->parsed()) return inspect_log(options.inspect_log, out, err);
  if (check_command->parsed()) return check(options.files, options.overrides, out, err);
  if (list_command->parsed()) return list(options.subject, out);
  if (schema_command->parsed())
    out << (options.faults     ? scenario::fault_page_markdown()
            : options.markdown ? scenario::format_markdown()
                               : scenario::schema_json());
  return exit_ok;
}

}  // namespace brokersim::cli
