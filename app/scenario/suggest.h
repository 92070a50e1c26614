// "did you mean": the known word nearest to a mistyped one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace brokersim::scenario {

/// The candidate at the smallest edit distance (insert, delete, replace, swap of neighbours; case does
/// not count), if near enough to be a typing error: at most a third of the word. Else "".
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// `did you mean "x"?`, or `known: a, b, c` when nothing is near and the list is short, or "".
[[nodiscard]] std::string suggestion(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace brokersim::scenario
