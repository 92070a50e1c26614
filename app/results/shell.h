// Words for lines that are pasted into a shell.
#pragma once

#include <string>

namespace brokersim::results {

/// `word` as one word of a POSIX shell: as it is if nothing in it means anything there, else in single quotes.
[[nodiscard]] std::string shell_quoted(const std::string& word);

}  // namespace brokersim::results
