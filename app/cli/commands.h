// One function per command; each returns its exit code.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace brokersim::cli {

/// check FILE...: what is wrong with the files. One line of `out` per sound file, diagnostics to `err`.
[[nodiscard]] int check(const std::vector<std::string>& files, const std::vector<std::string>& overrides,
                        std::ostream& out, std::ostream& err);

/// list hardware|faults|checks|metrics|probes.
[[nodiscard]] int list(const std::string& what, std::ostream& out);
[[nodiscard]] std::vector<std::string> list_subjects();

struct RunOptions {
  std::vector<std::string> files;
  std::vector<std::string> overrides;
  std::string seeds;  ///< "42" or "1..100"; empty: each scenario's own.
  int jobs = 1;
  bool json = false;
  bool verbose = false;  ///< With several seeds: a line for each run, too.
  bool colour = false;
  std::size_t width = 100;
  std::string out;         ///< Folder for result-<seed>.json; empty: none.
  std::string report;      ///< File for the report of the one run, as HTML; empty: none.
  std::string trace;       ///< File for a Perfetto trace of one run; empty: none.
  std::string trace_from;  ///< A duration: the window of the trace. Empty: from the start.
  std::string trace_to;    ///< Empty: to the end.
  std::string
      trace_failure;  ///< A duration: trace the first run that fails, so long before and after its failure.
  /// File for the tape of the first run that fails; of a single run, whatever it comes to.
  std::string tape;
};
/// run FILE...: JSON Lines or text to `out`, talk to `err`. 130 if interrupted; what was printed is complete.
[[nodiscard]] int run(const RunOptions& options, std::ostream& out, std::ostream& err);

/// "42" or "1..100", both ends included, at most a million; nothing if it is neither.
[[nodiscard]] std::optional<std::vector<std::uint64_t>> parse_seeds(const std::string& text);

struct DiffOptions {
  std::vector<std::string>
      files;  ///< One or two: scenario files, or results of earlier runs. One: both sides.
  std::vector<std::string> overrides;
  std::vector<std::string> overrides_a;  ///< After `overrides`.
  std::vector<std::string> overrides_b;
  std::string seed;  ///< Of both sides; empty: each file's own.
  std::string seed_a;
  std::string seed_b;
  bool json = false;
  bool colour = false;
};
/// diff A [B]: where two runs part, and why. 0 identical, 1 not, 2 usage, 70 our own bug.
[[nodiscard]] int diff(const DiffOptions& options, std::ostream& out, std::ostream& err);

struct ExportLogOptions {
  std::string file;
  std::string broker;     ///< Id or host name.
  std::string directory;  ///< New or empty.
  std::string seed;       ///< Empty: the scenario's own.
  std::string at;         ///< "30 s"; empty: the end of the run.
  std::vector<std::string> overrides;
};
/// export-log FILE BROKER DIR: runs the scenario and writes the broker's log directories as real Kafka files.
[[nodiscard]] int export_log(const ExportLogOptions& options, std::ostream& out, std::ostream& err);

struct InspectLogOptions {
  std::string directory;
  bool json = false;
  bool batches = false;  ///< One JSON line for each kept batch instead of the report.
};
/// inspect-log DIR: what a restart of a broker would keep of a real log directory. Writes nothing there.
[[nodiscard]] int inspect_log(const InspectLogOptions& options, std::ostream& out, std::ostream& err);

struct TestOptions {
  std::vector<std::string> paths;
  std::vector<std::string> overrides;
  std::string junit;                  ///< File for a JUnit report; empty: none.
  std::vector<std::string> canaries;  ///< Scenario files that must fail.
  std::optional<std::uint64_t>
      rotate;  ///< With `more` seeds besides each scenario's own; others for another number.
  std::int64_t more = 3;
  std::string tapes;   ///< Folder for <scenario>-<seed>.tape.json of what is not as expected; empty: none.
  bool twice = false;  ///< Run each scenario twice and compare fingerprints.
  bool colour = false;
  std::size_t width = 100;
};
/// test DIR...: every scenario below, one line each; the text of those that are not as expected. The last line is "N
/// passed, N failed".
[[nodiscard]] int test(const TestOptions& options, std::ostream& out, std::ostream& err);

struct BranchOptions {
  std::string file;
  std::vector<std::string> overrides;
  std::vector<std::string> at;  ///< Instants, as durations.
  std::string every;            ///< A duration; empty: none.
  std::optional<std::uint64_t> branches;
  std::string only;     ///< "17" or "1..100"; empty: 1 to `branches`.
  std::string faults;   ///< File of variants; empty: none.
  std::string variant;  ///< Only this one; empty: all.
  std::string seed;     ///< Empty: the scenario's own.
  int jobs = 1;
  bool json = false;
  bool colour = false;
  std::size_t width = 100;
  std::optional<std::string> out;   ///< Folder for a file for each branch and summary.json.
  std::vector<std::string> worker;  ///< Command that serves the request: this program itself.
};
/// branch FILE: JSON Lines or a summary to `out`, talk to `err`. 130 if interrupted; what was printed is complete.
[[nodiscard]] int branch(const BranchOptions& options, std::ostream& out, std::ostream& err);

struct CapacityOptions {
  std::string file;
  std::vector<std::string> overrides;
  std::vector<std::string> slos;  ///< "produce p99 <= 20 ms" each.
  std::string seeds = "1..3";
  double precision = 1;                ///< Percent.
  std::int64_t rate_max = 10'000'000;  ///< Records per second.
  int jobs = 1;
  bool json = false;
};
/// capacity FILE --slo ...: the highest rate that keeps the service level, its interval, the bottleneck. 0, or 3 if the
/// question has no answer.
[[nodiscard]] int capacity(const CapacityOptions& options, std::ostream& out, std::ostream& err);

struct SweepOptions {
  std::string file;
  std::vector<std::string> overrides;
  std::vector<std::string> vary;  ///< "POINTER=V1,V2" each; none: only seeds.
  std::string seeds = "1..10";
  int jobs = 1;
  std::vector<std::string> metrics;  ///< "NAME" or "NAME of WORKLOAD"; none: a few in the table, all in JSON.
  std::vector<std::string> precision;  ///< "METRIC=5%"; see sweep::parse_precision.
  std::string store;                   ///< File that keeps the runs; empty: none.
  std::string report;                  ///< File for the report as HTML; empty: none.
  bool json = false;
  bool colour = false;
};
/// sweep FILE: JSON Lines (a row each) or a table to `out`, talk to `err`. 130 if interrupted; what was printed is
/// complete.
[[nodiscard]] int sweep(const SweepOptions& options, std::ostream& out, std::ostream& err);

/// What branch() starts: serves one request on standard input.
[[nodiscard]] int branch_worker();

struct ExploreOptions {
  std::string file;
  std::vector<std::string> overrides;
  std::string out;     ///< Folder; a search that stands there goes on.
  std::string report;  ///< File for the report as HTML; empty: none.
  std::string seed;    ///< Of the search; empty: the spec's own.
  std::uint64_t runs = 1'000;
  std::string budget;     ///< A duration of wall time; empty: none.
  std::string simulated;  ///< The same of simulated time.
  std::string cpu;        ///< The same of processor time.
  bool first = false;
  bool shrink = false;
  bool json = false;
  int jobs = 1;
};
/// explore SPEC: searches for failures. 0 none found, 1 some, 2 usage, output or a search that makes no scenarios, 3 nothing was
/// tested, 130 interrupted.
[[nodiscard]] int explore(const ExploreOptions& options, std::ostream& out, std::ostream& err);

struct ReplayOptions {
  std::vector<std::string> files;
  bool json = false;
};
/// replay TAPE...: 0 the same run or the same failure, 1 another failure, 3 it passes now, 2 no tape or no scenario, 70
/// the same program came to another run.
[[nodiscard]] int replay(const ReplayOptions& options, std::ostream& out, std::ostream& err);

/// Runs the scenario again and writes its tape. False after a complaint.
[[nodiscard]] bool write_tape(const std::string& path, const std::string& scenario_file, std::uint64_t seed,
                              const std::vector<std::string>& overrides, std::ostream& err);

struct ShrinkOptions {
  std::string file;
  std::vector<std::string> overrides;
  std::string seed;               ///< Empty: the scenario's own.
  std::string out;                ///< Empty: FILE.min.json beside FILE.
  std::vector<std::string> keep;  ///< Rules; empty: the headline of what fails.
  std::string budget;             ///< A duration of wall time; empty: until nothing can be left out.
  std::string cpu;                ///< The same of processor time.
  std::int64_t runs = 0;          ///< At most so many; 0: no limit.
  std::int64_t seeds = 3;
  int jobs = 1;
  bool known = false;
  bool any_loss = false;  ///< Of whatever acks, and of partitions without a leader at the end, too.
};
/// shrink FILE: the smallest scenario that fails as FILE does. 0 written, 1 it does not fail in the same way again, 2
/// usage or no failure, 130 interrupted; the best so far is in the file.
[[nodiscard]] int shrink(const ShrinkOptions& options, std::ostream& out, std::ostream& err);

}  // namespace brokersim::cli
