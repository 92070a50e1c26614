#include "app/scenario/csv_cells.h"

#include <algorithm>

namespace brokersim::scenario {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string CsvCell::value() const {
  std::string out(text);
  if (!quoted) return out;
  for (std::size_t at = out.find("\"\""); at != std::string::npos; at = out.find("\"\"", at + 1))
    out.erase(at, 1);
  return out;
}

CsvLines::CsvLines(std::string_view text, char delimiter) : rest_(text), delimiter_(delimiter) {
  if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
}

bool CsvLines::next() {
  while (!rest_.empty()) {
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++line_;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (without_blanks(line).empty()) continue;
    return split(line);
  }
  return false;
}

bool CsvLines::split(std::string_view line) {
  cells_.clear();
  const auto wrong = [&](std::size_t at, std::string message, std::string hint) {
    fault_ = {static_cast<std::int32_t>(at) + 1, std::move(message), std::move(hint)};
    return false;
  };
  if (const std::size_t nul = line.find('\0'); nul != std::string_view::npos)
    return wrong(nul, "the line holds a NUL byte", "is it a text file?");
  if (const std::size_t cr = line.find('\r'); cr != std::string_view::npos)
    return wrong(cr, "a carriage return stands in the middle of the line", "lines end with LF or CRLF");
  std::size_t at = 0;
  while (true) {
    while (at < line.size() && line[at] == ' ') ++at;
    if (at < line.size() && line[at] == '"') {
      const std::size_t first = at + 1;
      std::size_t close = first;
      while (true) {
        close = line.find('"', close);
        if (close == std::string_view::npos)
          return wrong(at, "a quote is not closed on its line", "a cell does not go over a line's end");
        if (close + 1 >= line.size() || line[close + 1] != '"') break;
        close += 2;
      }
      cells_.push_back({line.substr(first, close - first), static_cast<std::int32_t>(at) + 1, true});
      at = close + 1;
      while (at < line.size() && line[at] == ' ') ++at;
      if (at < line.size() && line[at] != delimiter_)
        return wrong(at, "something follows the closing quote of a cell",
                     "a quote in a cell is written twice");
    } else {
      const std::size_t end = std::min(line.find(delimiter_, at), line.size());
      cells_.push_back({without_blanks(line.substr(at, end - at)), static_cast<std::int32_t>(at) + 1, false});
      at = end;
    }
    if (at >= line.size()) return true;
    ++at;  // the delimiter
  }
}

}  // namespace brokersim::scenario
