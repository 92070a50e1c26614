// From a failing run to a minimal scenario that fails in the same way.
//
// Method: delta debugging by passes (cuts.h). First what makes a run large: the end just behind the failure, faults in
// pieces, time, workloads, topics, brokers, records, again and again with the seed as it is; then the same with a few other
// seeds where a cut shifts draws, when runs have become cheap; then settings and digits; until every cut was tried in vain
// since the last one that was possible. Each candidate runs in a process of its own. The first candidate of a list that still
// fails is taken, whichever came first, so that the result is the same for any number of processes.
// Budget: of wall time it is kept to a tenth of a second, whatever runs; of processor time to a second of each process. A
// candidate that runs away is ended when it has taken many times what the run as it was given took.
// Not done: moving faults between machines, and cuts of two unrelated things at once.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "app/shrink/cuts.h"
#include "app/shrink/goal.h"

namespace brokersim::shrink {

struct Options {
  std::vector<std::string> keep;  ///< Rules to keep; empty: the headline of what fails.
  int jobs = 1;
  bool any_loss = false;      ///< With "lost": a loss of another kind (trial::loss_kind) will do, too.
  std::int64_t seeds = 3;     ///< Seeds to try where a cut shifts draws, its own included. 1 or more.
  std::int64_t runs_max = 0;  ///< Runs in all; 0: no limit.
  std::int64_t cpu_max_ns =
      0;  ///< Processor time of all runs; 0: no limit. What a busy machine cannot shorten.
  /// The file shall pass while the failure is there: for what is known and stays.
  bool known = false;
};

struct Progress {
  std::string cut;  ///< What is being left out.
  std::int64_t runs = 0;
  std::int64_t taken = 0;   ///< Cuts that were possible.
  std::int64_t cpu_ns = 0;  ///< Processor time of the runs.
  Size size;
  std::int64_t records = 0;  ///< Sent in the best run so far.
};

struct Watching {
  /// Told before each list of candidates and after each cut that was taken.
  std::function<void(const Progress&)> progress;
  /// A better file; false: it could not be kept, and the search ends.
  std::function<bool(const std::string& text)> better;
  /// Asked ten times a second: whether to be content with what there is.
  std::function<bool()> stop;
};

struct Result {
  std::string error;               ///< Why there is no result: the run does not fail ...; "" if there is one.
  std::string text;                ///< The scenario file.
  std::vector<std::string> rules;  ///< All that its run breaks, the headline first.
  std::string loss;                ///< Kind of loss that was kept (trial::loss_kind), "" if none was.
  std::vector<std::string> defects;      ///< Behind the failure: texts of Defect.
  std::vector<std::string> fault_kinds;  ///< In the file, each once.
  std::string story;
  bool fails_again = false;    ///< The file was run again from its text: same rules, same fingerprint.
  bool has_control = false;    ///< A cause is known ...
  bool control_holds = false;  ///< ... and without it the file's run does not fail so.
  bool minimal = false;        ///< No cut is left; false: stopped before.
  std::uint64_t fingerprint = 0;
  Size before;
  Progress after;
};

/// `text` is the document, `name` its path, for relative paths and words. The caller's process has one thread.
[[nodiscard]] Result shrink(const std::string& text, const std::string& name,
                            const std::vector<std::string>& overrides, const Options& options,
                            const Watching& watching);

}  // namespace brokersim::shrink
