// Faults for branches: what may happen from an instant on, as lists to choose from.
//
// A document of its own, because it is a question about a scenario and not part of it. Either one list of faults, or
// an object of named lists:
//
//   {"as it was": [], "power": [{"at": "0 s", "kind": "power_loss", "target": {"leader_of": "orders/0"}}]}
//
// The faults are those of a scenario (docs/scenario-format.md), but `at` counts from the branch: one file serves every
// instant. An empty list is a variant too: the control.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/scenario/scenario.h"

namespace brokersim::scenario {

/// Name of the variant of a document that is a bare list.
inline constexpr const char* kOnlyVariant = "faults";

struct FaultVariant {
  std::string name;
  std::vector<faults::FaultConfig> faults;  ///< `at` counts from the branch.

  bool operator==(const FaultVariant&) const = default;
};

struct NamedText {
  std::string name;  ///< Path, or what stands for it in diagnostics.
  std::string text;

  bool operator==(const NamedText&) const = default;
};

struct VariantsResult {
  LoadResult loaded;  ///< Without a scenario if either document has an error; diagnostics of both.
  std::vector<FaultVariant> variants;
};

/// As load_text() of `scenario`, and the variants for it. No fault of theirs may come after the end of a run that
/// branches at `last_branch`.
[[nodiscard]] VariantsResult load_with_variants(const NamedText& scenario,
                                                const std::vector<std::string>& overrides,
                                                const NamedText& variants, sim::SimTime last_branch);

}  // namespace brokersim::scenario
