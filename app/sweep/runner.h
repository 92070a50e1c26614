// Runs a plan on several threads of this process: rows come in the order of settings and seeds, whoever was first.
//
// Nothing is shared between runs but the loaded scenarios, which nobody changes.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/sweep/plan.h"
#include "app/sweep/precision.h"
#include "app/sweep/record.h"
#include "app/sweep/store.h"

namespace brokersim::sweep {

struct Options {
  int jobs = 1;                      ///< Threads, 1 or more.
  std::vector<MetricName> metrics;   ///< Beside those of the whole run.
  std::vector<Precision> precision;  ///< A setting is done once all of these hold; empty: with its last seed.
  Store* store = nullptr;            ///< Null: nothing is kept, nothing is known.
  std::function<double()> clock;     ///< Wall seconds, from any thread.
  std::function<bool()> stop;        ///< From any thread; true: start no further run.
};

struct Row {
  std::size_t setting = 0;
  Record record;
  bool known = false;  ///< From the store: not run now.
};

struct Ended {
  bool whole = false;  ///< False: stopped, or `error`.
  std::string error;   ///< The store could not be written, or a metric is of nobody.
};

/// Calls `take` for every row, one at a time. With a precision a setting has its first n seeds, n the smallest number
/// that is enough: the same rows whatever `jobs`.
[[nodiscard]] Ended run(const Plan& plan, const Options& options,
                        const std::function<void(const Row&)>& take);

}  // namespace brokersim::sweep
