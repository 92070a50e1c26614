// The entries of a scenario's `expect` that say what a failure broke.
#pragma once

#include <string>
#include <vector>

#include "app/trial/json.h"

namespace brokersim::trial {

/// The rule (failure.h) is the id of a law or an invariant.
[[nodiscard]] bool is_law(const std::string& rule);

/// The entry that fails while the rule is broken; with `known` the one that passes then. Null for what no entry of its own
/// tells: "bug: ...", "died: ..." and "expect: ...".
[[nodiscard]] Json expectation_of(const std::string& rule, bool known = false);

/// The document's expectations for a file that keeps these rules: those of expectation_of(), and those of its own whose
/// texts are rules that are kept. `name` as for scenario::load_text().
[[nodiscard]] Json expectations_of(const Json& document, const std::vector<std::string>& keep,
                                   const std::string& name, bool known);

/// The rule is the document's own word that nothing acknowledged may be lost ("expect: records.lost_acknowledged ..."),
/// which says the same as the rule "lost".
[[nodiscard]] bool says_lost(const std::string& rule, const Json& document, const std::string& name);

}  // namespace brokersim::trial
