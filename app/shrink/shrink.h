// From a failing run to a minimal scenario that fails in the same way.
//
// Method: delta debugging by passes (cuts.h). First what makes a run large: the end just behind the failure, faults in
// pieces, time, workloads, topics, brokers, records, again and again with the seed as it is; then the same with a few other
// seeds where a cut shifts draws, when runs have become cheap; then settings and digits; then drawn brokers by their numbers, and
// two cuts at once; until every cut was tried in vain since the last one that was possible. What is large then gets more seeds.
// A candidate that breaks a law that the run as it was given kept is another incident, and refused.
// Last, 20 other seeds: a file that hangs on its seed gets a little load back (sturdier.cpp), and says how many of them fail.
// Each candidate runs in a process of its own. The first candidate of a list that still
// fails is taken, whichever came first, so that the result is the same for any number of processes.
// Budget: of wall time it is kept to a tenth of a second, whatever runs; of processor time to a second of each process. A
// candidate that runs away is ended when it has taken many times what the run as it was given took.
// Not done: moving faults between machines, and cuts of three unrelated things at once.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/shrink/lab.h"

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

struct Watching {
  /// Told before each list of candidates and after each cut that was taken.
  std::function<void(const Progress&)> progress;
  /// A better file; false: it could not be kept, and the search ends.
  std::function<bool(const std::string& text)> better;
  /// Asked ten times a second: whether to be content with what there is.
  std::function<bool()> stop;
};

struct Result {
  std::string error;  ///< Why there is no result: the run does not fail ...; "" if there is one.
  std::string text;   ///< The scenario file.
  std::vector<std::string>
      rules;  ///< All that its run breaks, the headline first. No law that is not in rules_before.
  std::vector<std::string> rules_before;  ///< All that the run broke as it was given.
  std::string loss;                       ///< Kind of loss that was kept (trial::loss_kind), "" if none was.
  std::vector<std::string> defects;       ///< Behind the failure: texts of Defect.
  std::vector<std::string> fault_kinds;   ///< In the file, each once.
  std::string story;
  bool fails_again = false;    ///< The file was run again from its text: same rules, same fingerprint.
  bool has_control = false;    ///< A cause is known ...
  bool control_holds = false;  ///< ... and without it the file's run does not fail so.
  bool minimal = false;        ///< No cut is left; false: stopped before.
  /// Of other seeds how many fail in the same way: of the result, and of the smallest file, before load was put back.
  std::optional<OtherSeeds> others;
  OtherSeeds others_of_smallest;
  std::uint64_t fingerprint = 0;
  Size before;
  Progress after;
};

/// `text` is the document, `name` its path, for relative paths and words. The caller's process has one thread.
[[nodiscard]] Result shrink(const std::string& text, const std::string& name,
                            const std::vector<std::string>& overrides, const Options& options,
                            const Watching& watching);

}  // namespace brokersim::shrink
