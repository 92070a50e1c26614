// A CSV text cell by cell, with the place of each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim::scenario {

struct CsvCell {
  std::string_view text;    ///< As it stands; without the quotes if `quoted`, "" in it still doubled.
  std::int32_t column = 0;  ///< In bytes, from 1.
  bool quoted = false;
  /// What the cell holds.
  [[nodiscard]] std::string value() const;
};

/// What is wrong with a line; `message` empty: nothing.
struct CsvFault {
  std::int32_t column = 0;
  std::string message;
  std::string hint;
};

class CsvLines {
 public:
  /// `text` outlives this; a byte order mark is left out.
  CsvLines(std::string_view text, char delimiter);
  /// The next line that is not empty; false at the end, or if something is wrong with it.
  [[nodiscard]] bool next();
  [[nodiscard]] const std::vector<CsvCell>& cells() const { return cells_; }
  [[nodiscard]] std::int32_t line() const { return line_; }
  [[nodiscard]] const CsvFault& fault() const { return fault_; }

 private:
  [[nodiscard]] bool split(std::string_view line);

  std::string_view rest_;
  char delimiter_;
  std::int32_t line_ = 0;
  std::vector<CsvCell> cells_;
  CsvFault fault_;
};

}  // namespace brokersim::scenario
