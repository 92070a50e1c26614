// What tells one trial of a search from another: seed, settings, faults; and how new ones are made.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/explore/choices.h"
#include "app/explore/spec.h"

namespace brokersim::explore {

struct Genes {
  std::uint64_t seed = 1;
  std::vector<std::uint32_t> knobs;  ///< By knob of the spec: 0 as it is, n the n-th alternative.
  Json faults = Json::array();       ///< As in a scenario file, each with a name.

  bool operator==(const Genes&) const = default;
};

/// A trial by chance: a random part of the kinds of faults (swarm testing: Groce et al., ISSTA 2012), so that rare
/// combinations of few kinds get their runs, a pattern now and then, and random settings.
[[nodiscard]] Genes fresh(const Spec& spec, Choices& choose);

/// One to three small changes of `parent`; faults of `other` may be mixed in.
[[nodiscard]] Genes mutated(const Spec& spec, const Genes& parent, const Genes& other, Choices& choose);

/// The scenario of it.
[[nodiscard]] Json document_of(const Spec& spec, const Genes& genes);

/// One fault of `kind`; `victim`: the broker for what can take data, if the spec keeps to the budget.
[[nodiscard]] Json random_fault(const Spec& spec, const std::string& kind, std::int64_t victim,
                                Choices& choose);

/// A combination that outages are known to be made of: last replica standing, double failover, zombie leader, rolling
/// power loss, catch-up-then-die, swizzled cuts.
[[nodiscard]] Json random_pattern(const Spec& spec, std::int64_t victim, Choices& choose);

}  // namespace brokersim::explore
