#include "app/scenario/scan.h"

#include "app/scenario/limits.h"

namespace brokersim::scenario {
namespace {

/// Length of the valid UTF-8 character at `at`, or 0. No surrogates, no overlong forms, at most U+10FFFF.
std::size_t valid_character(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (!tail(1) || !tail(2)) return 0;
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;
    if (lead == 0xED && byte(1) > 0x9F) return 0;
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if (lead == 0xF0 && byte(1) < 0x90) return 0;
    if (lead == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

bool white(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool punctuation(char c) {
  return c == ',' || c == ':' || c == '[' || c == ']' || c == '{' || c == '}' || c == '"';
}

}  // namespace

std::optional<ScanFault> scan(std::string_view text) {
  std::size_t depth = 0;
  bool in_text = false;
  bool any = false;
  std::size_t token_start = 0;
  std::size_t word_length = 0;
  std::size_t at = text.substr(0, 3) == "\xEF\xBB\xBF" ? 3 : 0;  // A byte order mark is harmless.
  while (at < text.size()) {
    const char c = text[at];
    const std::size_t length = valid_character(text, at);
    if (length == 0) {
      return ScanFault{at, "not-utf8", "this byte is not valid UTF-8",
                       "save the file with the encoding UTF-8"};
    }
    if (c == '\0') return ScanFault{at, "syntax", "the file holds a NUL byte", "is it the right file?"};
    if (in_text) {
      if (at - token_start > limits::text_bytes) {
        return ScanFault{token_start, "too-large",
                         "a text is longer than " + std::to_string(limits::text_bytes >> 10) + " KiB",
                         "is its closing quote missing?"};
      }
      if (c == '"') in_text = false;
      at += c == '\\' && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0x80 &&
                    text[at + 1] != '\0'
                ? 2
                : length;
      continue;
    }
    if (!white(c)) any = true;
    if (c == '"') {
      in_text = true;
      token_start = at;
    }
    if (c == '[' || c == '{') {
      if (++depth > limits::depth) {
        return ScanFault{at, "too-deep",
                         "values are nested more than " + std::to_string(limits::depth) + " deep",
                         "a scenario needs fewer than 10 levels"};
      }
    }
    if ((c == ']' || c == '}') && depth > 0) --depth;
    word_length = white(c) || punctuation(c) ? 0 : word_length + length;
    if (word_length > limits::word_bytes) {
      return ScanFault{
          at + length - word_length, "too-large",
          "a number or word is longer than " + std::to_string(limits::word_bytes) + " characters", ""};
    }
    at += length;
  }
  if (!any)
    return ScanFault{0, "empty", "the file is empty",
                     "`brokersim schema` and scenarios/quickstart/ show what belongs in it"};
  return std::nullopt;
}

}  // namespace brokersim::scenario
