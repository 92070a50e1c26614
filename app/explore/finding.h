// What a search has found: one failure of each kind, and the files that tell it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/explore/genes.h"
#include "app/trial/trial.h"

namespace brokersim::explore {

struct Finding {
  std::string folder;  ///< Within the store: "findings/001-S1".
  std::uint64_t trial = 0;
  std::string rule;
  std::string loss;                ///< Of a loss: what kind (trial::loss_kind).
  std::vector<std::string> kinds;  ///< Of the faults that it needs, sorted, each once.
  std::vector<std::string> rules;  ///< All that its run breaks.
  std::string story;
  std::uint64_t seen = 0;  ///< Trials that it explains.
  std::int64_t cpu_failing_ns =
      0;                    ///< Of the search until a trial failed so, with the rest of its generation.
  std::int64_t cpu_ns = 0;  ///< Until that was looked into, too.
  std::uint64_t runs = 0;

  /// "S1 + power_loss", "lost (acks=1) + kill_process".
  [[nodiscard]] std::string signature() const;
};

/// The failure that a run of `genes` has come to, without its place in a search.
[[nodiscard]] Finding finding_of(const Genes& genes, const trial::Outcome& outcome);

/// scenario.json: the trial as a scenario that fails as long as the failure is there, its own expectation included. It names no
/// other file.
[[nodiscard]] std::string scenario_of(const Finding& finding, const Spec& spec, const Genes& genes);

/// finding.json.
[[nodiscard]] std::string told(const Finding& finding);

}  // namespace brokersim::explore
