// A search for failures: trials in generations, guided by what they reach.
//
// Half of the trials are new by chance, the others are changes of trials that reached cells of the coverage map first,
// the rarest cells preferred. What trial n is depends on the spec, on n, and on the outcomes of the generations before
// its own: not on how many run at a time, which ends first, or whether the search was interrupted in between. So a
// search that was killed and resumed ends with the findings of one that was not.
//
// A failing trial first loses the faults that its failure does not need; the rule that it breaks and the kinds of faults
// left are its signature. One finding is kept of each signature.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "app/explore/finding.h"
#include "app/explore/genes.h"
#include "app/explore/spec.h"
#include "app/explore/store.h"
#include "app/trial/trial.h"

namespace brokersim::explore {

struct Options {
  int jobs = 1;
  std::uint64_t runs_max = 1'000;     ///< Trials.
  std::int64_t simulated_max_ns = 0;  ///< Simulated time of all trials; 0: no limit.
  std::int64_t cpu_max_ns = 0;        ///< Processor time of all trials and reductions; 0: no limit.
  bool first_only = false;            ///< Ends with the generation of the first finding.
};

struct Totals {
  std::uint64_t runs = 0;
  std::uint64_t failing = 0;
  std::uint64_t invalid = 0;      ///< Trials that were no scenarios; one of them is told in `problem`.
  std::uint64_t cut_short = 0;    ///< Trials that reached the limit of events, or died by a limit.
  std::uint64_t unexplained = 0;  ///< Failing trials that were not looked into: too many at a time.
  std::uint64_t corpus = 0;
  std::uint64_t cells = 0;
  std::int64_t cpu_ns = 0;
  std::int64_t simulated_ns = 0;
  std::string problem;
  std::map<std::uint32_t, std::uint64_t> probes;  ///< Hits by checkers::Probe.
};

struct Watching {
  std::function<void(const Totals&, const std::vector<Finding>&)> progress;
  std::function<void(const Finding&)> found;
  std::function<bool()> stop;
};

struct End {
  Totals totals;
  std::vector<Finding> findings;
  bool interrupted = false;  ///< `stop` said so.
  std::string error;         ///< What could not be written, "" if nothing.
};

/// Goes on with what `store` holds. The caller's process has one thread.
[[nodiscard]] End explore(const Spec& spec, Store& store, const Options& options, const Watching& watching);

/// What the store's first line must be, so that only the same search by the same program goes on in it.
[[nodiscard]] Json header_of(const Spec& spec, const std::string& program);

/// So many runs without the failure, seen in `seen` of `runs`, until it is gone with 99 %.
[[nodiscard]] std::uint64_t clean_runs_needed(std::uint64_t seen, std::uint64_t runs);

}  // namespace brokersim::explore
