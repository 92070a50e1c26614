// From a file or a text to a Tree, whatever is thrown at it.
//
// Why: this is the only code that meets bytes nobody has checked. It refuses by size before it reads,
// scans the bytes once for what would be dear later (nesting, endless words, wrong UTF-8, NUL), and only
// then lets the JSON parser see them. Memory and time are bounded by limits.h, never by the input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "app/scenario/diagnostic.h"
#include "app/scenario/tree.h"

namespace brokersim::scenario {

/// The content of a regular file of at most `bytes_max`. Else nothing, with one problem that says why:
/// missing, a directory, a device, unreadable, too large.
[[nodiscard]] std::optional<std::string> read_file(const std::string& path, std::int64_t bytes_max,
                                                   Problems& problems);

/// Parses JSON. `name` is the place in diagnostics. Nothing if the text is not well-formed or exceeds a
/// limit; duplicate keys are problems too, but leave a tree (the first one holds) so that checking goes on.
[[nodiscard]] std::optional<Tree> parse_json(std::string_view text, const std::string& name,
                                             Problems& problems);

}  // namespace brokersim::scenario
