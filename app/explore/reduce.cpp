#include "app/explore/reduce.h"

#include <algorithm>

namespace brokersim::explore {

Reduced reduce(const Spec& spec, Genes genes, trial::Outcome outcome, const std::string& rule,
               const trial::Limits& limits, std::int64_t runs_max) {
  Reduced best{std::move(genes), std::move(outcome), 0};
  const std::string loss = rule == "lost" && !best.outcome.losses.empty() ? best.outcome.losses.front() : "";
  const auto still = [&](const Genes& fewer) {
    if (best.runs >= runs_max) return false;
    ++best.runs;
    trial::Outcome now = trial::run_text(document_of(spec, fewer).dump(), spec.base_name, limits);
    if (!now.ran() || !now.failure.breaks(rule) || !now.loses(loss)) return false;
    best.genes = fewer;
    best.outcome = std::move(now);
    return true;
  };
  for (std::size_t piece = best.genes.faults.size(); piece > 0; piece /= 2) {
    for (std::size_t from = 0; from < best.genes.faults.size();) {
      Genes fewer = best.genes;
      const std::size_t to = std::min(from + piece, fewer.faults.size());
      fewer.faults.erase(fewer.faults.begin() + static_cast<std::ptrdiff_t>(from),
                         fewer.faults.begin() + static_cast<std::ptrdiff_t>(to));
      if (!still(fewer)) from += piece;
    }
  }
  // The settings as they were, too.
  for (std::size_t k = 0; k < best.genes.knobs.size(); ++k) {
    if (best.genes.knobs[k] == 0) continue;
    Genes plain = best.genes;
    plain.knobs[k] = 0;
    static_cast<void>(still(plain));
  }
  return best;
}

}  // namespace brokersim::explore
