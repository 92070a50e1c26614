#include "app/results/layout.h"

#include <algorithm>
#include <array>

#include "app/scenario/diagnostic.h"

namespace brokersim::results {
namespace {

/// Characters shown: bytes that do not continue a UTF-8 sequence.
std::size_t shown_width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// "s", "ms", "%" and the like, with or without punctuation behind: belongs to the number before it.
bool is_unit(const std::string& word) {
  const std::string bare = word.substr(0, word.find_last_not_of(".,;:)") + 1);
  return bare == "s" || bare == "ms" || bare == "%" || bare == "/s" || bare == "MiB/s";
}

}  // namespace

std::string tinted(const std::string& text, Tint tint, bool colour) {
  if (!colour || tint == Tint::plain) return text;
  const char* code = "";
  switch (tint) {
    case Tint::good: code = "\x1b[1;32m"; break;
    case Tint::bad: code = "\x1b[1;31m"; break;
    case Tint::doubtful: code = "\x1b[1;33m"; break;
    case Tint::strong: code = "\x1b[1m"; break;
    case Tint::faint: code = "\x1b[2m"; break;
    case Tint::plain: break;
  }
  return code + text + "\x1b[0m";
}

std::string printable(std::string_view text, bool colour) {
  static constexpr std::array<std::string_view, 7> kept{"\n",      "\x1b[1;32m", "\x1b[1;31m", "\x1b[1;33m",
                                                        "\x1b[1m", "\x1b[2m",    "\x1b[0m"};
  std::string out;
  std::size_t from = 0;
  const auto flush = [&](std::size_t to) {
    const std::string_view piece = text.substr(from, to - from);
    out += scenario::shown(piece, piece.size());
  };
  for (std::size_t at = text.find_first_of("\n\x1b"); at < text.size();
       at = text.find_first_of("\n\x1b", std::max(at + 1, from))) {
    for (const std::string_view code : kept) {
      if (!text.substr(at).starts_with(code) || (!colour && code != "\n")) continue;
      flush(at);
      out += code;
      from = at + code.size();
      break;
    }
  }
  flush(text.size());
  return out;
}

std::string wrapped(const std::string& text, std::size_t indent, std::size_t width) {
  const std::string margin(indent, ' ');
  const std::size_t room = width > indent + 20 ? width - indent : 20;
  std::string out;
  std::string line;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t space = std::min(text.find(' ', at), text.size());
    if (space < text.size()) {
      const std::size_t next = std::min(text.find(' ', space + 1), text.size());
      if (is_unit(text.substr(space + 1, next - space - 1))) space = next;
    }
    const std::string word = text.substr(at, space - at);
    at = space + 1;
    if (word.empty()) continue;
    if (!line.empty() && shown_width(line) + 1 + shown_width(word) > room) {
      out += margin + line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  if (!line.empty()) out += margin + line + "\n";
  return out;
}

std::string Columns::text(std::size_t indent) const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], shown_width(row[i]));
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line(indent, ' ');
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string gap(widths[i] - shown_width(row[i]), ' ');
      const bool right = i < right_.size() && right_[i];
      if (i > 0) line += "  ";
      line += right ? gap + row[i] : row[i] + gap;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace brokersim::results
