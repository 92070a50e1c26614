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
  std::string out;     ///< Folder for result-<seed>.json; empty: none.
  std::string report;  ///< File for the report of the one run, as HTML; empty: none.
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
  std::string junit;   ///< File for a JUnit report; empty: none.
  bool twice = false;  ///< Run each scenario twice and compare fingerprints.
  bool colour = false;
  std::size_t width = 100;
};
/// test DIR...: every scenario below, one line each; the text of those that are not as expected.
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

struct SweepOptions {
  std::string file;
  std::vector<std::string> overrides;
  std::vector<std::string> vary;  ///< "POINTER=V1,V2" each; none: only seeds.
  std::string seeds = "1..10";
  int jobs = 1;
  std::vector<std::string> metrics;  ///< "NAME" or "NAME of WORKLOAD"; none: a few in the table, all in JSON.
  std::vector<std::string> precision;  ///< "METRIC=5%"; see sweep::parse_precision.
  std::string store;                   ///< File that keeps the runs; empty: none.
  bool json = false;
  bool colour = false;
};
/// sweep FILE: JSON Lines (a row each) or a table to `out`, talk to `err`. 130 if interrupted; what was printed is
/// complete.
[[nodiscard]] int sweep(const SweepOptions& options, std::ostream& out, std::ostream& err);

/// What branch() starts: serves one request on standard input.
[[nodiscard]] int branch_worker();

}  // namespace brokersim::cli
