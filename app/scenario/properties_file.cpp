// parse_properties(): the format that java.util.Properties.load() reads.
#include "app/scenario/property_set.h"

namespace brokersim::scenario {
namespace {

bool blank(char c) { return c == ' ' || c == '\t' || c == '\f'; }

void append_utf8(std::string& out, unsigned code_point) {
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(0xC0 | code_point >> 6);
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | code_point >> 12);
    out += static_cast<char>(0x80 | (code_point >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Logical lines: continued ones joined, comments and empty ones left out.
std::vector<PropertyLine> logical_lines(std::string_view text) {
  std::vector<PropertyLine> lines;
  std::int32_t number = 0;
  bool continued = false;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    while (!line.empty() && blank(line.front())) line.remove_prefix(1);
    if (!continued) {
      if (line.empty() || line.front() == '#' || line.front() == '!') continue;
      lines.push_back({"", "", number});
    }
    std::size_t slashes = 0;
    while (slashes < line.size() && line[line.size() - 1 - slashes] == '\\') ++slashes;
    continued = slashes % 2 == 1;
    if (continued) line.remove_suffix(1);
    lines.back().value += line;
  }
  return lines;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    if (c == 'u' && i + 4 < text.size() + 0 && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0 &&
        hex_digit(text[i + 3]) >= 0 && hex_digit(text[i + 4]) >= 0) {
      unsigned code_point = 0;
      for (int k = 1; k <= 4; ++k)
        code_point =
            code_point << 4 | static_cast<unsigned>(hex_digit(text[i + static_cast<std::size_t>(k)]));
      append_utf8(out, code_point);
      i += 4;
    } else {
      out += c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c == 'f' ? '\f' : c;
    }
  }
  return out;
}

}  // namespace

std::vector<PropertyLine> parse_properties(std::string_view text) {
  std::vector<PropertyLine> lines = logical_lines(text);
  for (PropertyLine& line : lines) {
    const std::string whole = std::move(line.value);
    std::size_t end = 0;
    while (end < whole.size() && whole[end] != '=' && whole[end] != ':' && !blank(whole[end]))
      end += whole[end] == '\\' ? 2 : 1;
    end = std::min(end, whole.size());
    std::size_t start = end;
    while (start < whole.size() && blank(whole[start])) ++start;
    if (start < whole.size() && (whole[start] == '=' || whole[start] == ':')) ++start;
    while (start < whole.size() && blank(whole[start])) ++start;
    line.name = unescaped(std::string_view(whole).substr(0, end));
    line.value = unescaped(std::string_view(whole).substr(start));
  }
  return lines;
}

}  // namespace brokersim::scenario
