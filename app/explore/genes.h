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
/// combinations of few kinds get their runs, a pattern now and then, and random settings. In some trials most faults hit
/// one target: one bad machine, one unlucky partition, one application.
[[nodiscard]] Genes fresh(const Spec& spec, Choices& choose);

/// One to three small changes of `parent`; faults of `other` may be mixed in.
[[nodiscard]] Genes mutated(const Spec& spec, const Genes& parent, const Genes& other, Choices& choose);

/// The scenario of it.
[[nodiscard]] Json document_of(const Spec& spec, const Genes& genes);

/// Whom the faults of a trial hit.
struct Aim {
  std::int64_t victim = 0;  ///< The broker for what can take data, if the spec keeps to the budget.
  Json focus;               ///< The target of most of them; null: there is none.
};

[[nodiscard]] Aim random_aim(const Spec& spec, Choices& choose);

/// One fault of `kind`.
[[nodiscard]] Json random_fault(const Spec& spec, const std::string& kind, const Aim& aim, Choices& choose);

/// A combination that outages are known to be made of: last replica standing, double failover, zombie leader, rolling
/// power loss, catch-up-then-die, swizzled cuts, mains gone for all.
[[nodiscard]] Json random_pattern(const Spec& spec, const Aim& aim, Choices& choose);

}  // namespace brokersim::explore
