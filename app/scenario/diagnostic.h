// What is wrong with a scenario, where, and the way out.
//
// Why: a user mends a scenario fastest when every problem is shown at once, each with its place in the
// file, the fact, the rule and a hint. Problems collects them; render() prints them in one fixed form.
// Text that came from the user is escaped and shortened first (in_quotes()), so that a hostile file can
// neither drive a terminal nor fill a screen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim::scenario {

enum class Severity : std::uint8_t {
  error,    ///< The scenario cannot run.
  warning,  ///< It can, but perhaps not as its author thinks.
};

struct Diagnostic {
  Severity severity = Severity::error;
  std::string code;         ///< "scenario/unknown-field": stable, for tests and searches.
  std::string message;      ///< The fact and the rule, without a full stop.
  std::string file;         ///< The file's path as given, or "--set POINTER=VALUE".
  std::int32_t line = 0;    ///< From 1; 0 when the problem has no line (a missing file).
  std::int32_t column = 0;  ///< From 1, counted in bytes; 0 with line 0.
  std::string pointer;      ///< JSON pointer of the value, "" for the document or a problem with the file.
  std::string hint;         ///< The way out, or "" when there is none to give.

  bool operator==(const Diagnostic&) const = default;
};

/// Collects problems; keeps the first `kept_max` of each severity and counts the rest.
class Problems {
 public:
  static constexpr std::size_t kept_max = 1'000;

  void add(Diagnostic diagnostic);

  [[nodiscard]] bool any_error() const { return errors_ > 0; }
  [[nodiscard]] const std::vector<Diagnostic>& all() const { return kept_; }
  [[nodiscard]] std::vector<Diagnostic> take() { return std::move(kept_); }

 private:
  std::vector<Diagnostic> kept_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
};

/// All of `diagnostics` in the order of their place, at most 50 of them, then "... and N more", then
/// "N errors; nothing was run." if there is an error. Ends with a line break unless empty.
[[nodiscard]] std::string render(const std::vector<Diagnostic>& diagnostics);

/// `text` in double quotes, control characters escaped, cut after 60 bytes (between UTF-8 characters).
[[nodiscard]] std::string in_quotes(std::string_view text);

/// `text` with control characters escaped, cut after `bytes_max` bytes.
[[nodiscard]] std::string shown(std::string_view text, std::size_t bytes_max = 200);

/// "1 error", "2 errors".
[[nodiscard]] std::string counted(std::size_t n, std::string_view noun);

}  // namespace brokersim::scenario
