// Faults that a failure does not need are left out: enough to tell failures apart, and cheap.
#pragma once

#include <string>

#include "app/explore/genes.h"
#include "app/trial/trial.h"

namespace brokersim::explore {

struct Reduced {
  Genes genes;
  trial::Outcome outcome;
  std::int64_t runs = 0;
};

/// In this process; at most `runs_max` runs. `outcome` is that of `genes`, which breaks `rule`.
[[nodiscard]] Reduced reduce(const Spec& spec, Genes genes, trial::Outcome outcome, const std::string& rule,
                             const trial::Limits& limits, std::int64_t runs_max);

}  // namespace brokersim::explore
