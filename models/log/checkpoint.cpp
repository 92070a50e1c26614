#include "models/log/checkpoint.h"

#include <charconv>

namespace brokersim::log {

namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (;;) {
    const std::size_t at = text.find(separator, from);
    parts.push_back(text.substr(from, at - from));
    if (at == std::string::npos) return parts;
    from = at + 1;
  }
}

}  // namespace

std::string checkpoint_text(const std::vector<std::string>& rows) {
  std::string text = "0\n" + std::to_string(rows.size()) + "\n";
  for (const auto& row : rows) text += row + "\n";
  return text;
}

std::optional<std::int64_t> parse_int(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::vector<std::vector<std::string>>> parse_checkpoint(const std::string& text,
                                                                      std::size_t columns) {
  const std::vector<std::string> lines = split(text, '\n');
  if (lines.size() < 3 || lines[0] != "0" || !lines.back().empty()) return std::nullopt;
  const auto count = parse_int(lines[1]);
  if (!count || *count < 0 || static_cast<std::size_t>(*count) + 3 != lines.size()) return std::nullopt;
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 2; i + 1 < lines.size(); ++i) {
    rows.push_back(split(lines[i], ' '));
    if (rows.back().size() != columns) return std::nullopt;
  }
  return rows;
}

}  // namespace brokersim::log
