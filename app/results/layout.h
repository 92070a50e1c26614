// Text on a terminal: colours, wrapped sentences, aligned columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim::results {

enum class Tint { plain, good, bad, doubtful, strong, faint };

/// `text` in ANSI colour, or as it is.
[[nodiscard]] std::string tinted(const std::string& text, Tint tint, bool colour);

/// `text` safe for a terminal: control characters and marks that turn text round are escaped as \u001b. Line breaks
/// stay, and so do the colours of tinted() if `colour`: what a scenario's author wrote can do no more than colour.
[[nodiscard]] std::string printable(std::string_view text, bool colour);

/// `text` in lines of at most `width` characters, broken at spaces, each behind `indent` spaces; ends with a line
/// break. A word longer than a line stands alone.
[[nodiscard]] std::string wrapped(const std::string& text, std::size_t indent, std::size_t width);

/// Rows of cells with two spaces between columns, behind `indent` spaces. The columns of `right` are flush right.
class Columns {
 public:
  explicit Columns(std::vector<bool> right = {}) : right_(std::move(right)) {}
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::string text(std::size_t indent) const;

 private:
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace brokersim::results
