// What a minimal scenario says of itself: title, story, where it comes from, and what its failure hangs on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/shrink/goal.h"

namespace brokersim::shrink {

/// Of other seeds than its own, how many make the scenario fail in the same way.
struct OtherSeeds {
  std::int64_t failing = 0;
  std::int64_t tried = 0;
  std::int64_t records_max = 0;  ///< Sent with one of them.
};

struct Label {
  std::string origin;      ///< The file that it was made from.
  std::uint64_t seed = 1;  ///< Its seed there.
  bool known = false;      ///< The file passes while the failure is there.
  std::string story;       ///< "" while it is not known.
  std::optional<OtherSeeds> others;
};

/// Kinds of the document's faults, each once.
[[nodiscard]] std::vector<std::string> fault_kinds_of(const Json& document);
/// The goal's defects in words.
[[nodiscard]] std::vector<std::string> defect_texts(const Goal& goal, const Json& document);

/// The document with that in front. A file for what is known and stays is pinned to its seed: with another one the failure may
/// not come, and the file would be red for no reason.
[[nodiscard]] Json labelled(const Json& document, const Goal& goal, const Label& label);

}  // namespace brokersim::shrink
