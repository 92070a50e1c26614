// One function per command; each returns its exit code.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace brokersim::cli {

/// check FILE...: what is wrong with the files. One line of `out` per sound file, diagnostics to `err`.
[[nodiscard]] int check(const std::vector<std::string>& files, const std::vector<std::string>& overrides,
                        std::ostream& out, std::ostream& err);

/// list hardware|faults|checks|metrics.
[[nodiscard]] int list(const std::string& what, std::ostream& out);
[[nodiscard]] std::vector<std::string> list_subjects();

}  // namespace brokersim::cli
