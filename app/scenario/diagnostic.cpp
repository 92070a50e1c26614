#include "app/scenario/diagnostic.h"

#include <algorithm>
#include <tuple>

namespace brokersim::scenario {
namespace {

constexpr std::size_t printed_max = 50;
constexpr std::size_t code_column = 53;  // Where [code] starts when the message is short.

void append_escaped(std::string& out, unsigned code_point) {
  static constexpr char hex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += hex[(code_point >> shift) & 0xF];
}

/// Length of the UTF-8 character at `text[at]`, 1 for a byte that starts none.
std::size_t character_length(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1;
  if (at + want > text.size() || lead > 0xF4) return 1;
  for (std::size_t i = 1; i < want; ++i) {
    if ((static_cast<unsigned char>(text[at + i]) & 0xC0) != 0x80) return 1;
  }
  return want;
}

unsigned decode(std::string_view character) {
  const auto byte = [&](std::size_t i) {
    return static_cast<unsigned>(static_cast<unsigned char>(character[i]));
  };
  if (character.size() == 2) return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
  if (character.size() == 3) return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
  return byte(0);
}

/// Controls (C0, DEL, C1), and the marks that turn the direction of text round.
bool dangerous(unsigned code_point) {
  return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) || code_point == 0x061C ||
         (code_point >= 0x200E && code_point <= 0x200F) || (code_point >= 0x2028 && code_point <= 0x202E) ||
         (code_point >= 0x2066 && code_point <= 0x2069);
}

void append_one(std::string& out, const Diagnostic& d) {
  const std::size_t start = out.size();
  out += d.severity == Severity::error ? "error: " : "warning: ";
  out += d.message;
  const std::size_t width = out.size() - start;
  out.append(width + 3 < code_column ? code_column - width : 3, ' ');
  out += "[" + d.code + "]\n";
  if (!d.file.empty()) {
    out += "  --> " + shown(d.file);
    if (d.line > 0) out += ":" + std::to_string(d.line) + ":" + std::to_string(d.column);
    if (!d.pointer.empty()) out += "   " + shown(d.pointer);
    out += "\n";
  }
  if (!d.hint.empty()) out += "  hint: " + d.hint + "\n";
}

}  // namespace

void Problems::add(Diagnostic diagnostic) {
  auto& count = diagnostic.severity == Severity::error ? errors_ : warnings_;
  ++count;
  if (count > kept_max) return;
  if (std::find(kept_.begin(), kept_.end(), diagnostic) != kept_.end()) return;
  kept_.push_back(std::move(diagnostic));
}

std::string shown(std::string_view text, std::size_t bytes_max) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_length(text, at);
    if (at + length > bytes_max) {
      out += "...";
      break;
    }
    const std::string_view character = text.substr(at, length);
    const bool stray = length == 1 && static_cast<unsigned char>(character[0]) >= 0x80;
    if (stray) {
      out += '?';
    } else if (dangerous(decode(character))) {
      append_escaped(out, decode(character));
    } else {
      out += character;
    }
    at += length;
  }
  return out;
}

std::string in_quotes(std::string_view text) { return "\"" + shown(text, 60) + "\""; }

std::string counted(std::size_t n, std::string_view noun) {
  return std::to_string(n) + " " + std::string(noun) + (n == 1 ? "" : "s");
}

std::string render(const std::vector<Diagnostic>& diagnostics) {
  std::vector<const Diagnostic*> order;
  order.reserve(diagnostics.size());
  for (const Diagnostic& d : diagnostics) order.push_back(&d);
  // Errors first: they are what stops the run. Then as the reader meets them in the file.
  std::stable_sort(order.begin(), order.end(), [](const Diagnostic* a, const Diagnostic* b) {
    return std::tie(a->severity, a->file, a->line, a->column) <
           std::tie(b->severity, b->file, b->line, b->column);
  });
  const auto errors = static_cast<std::size_t>(std::count_if(
      order.begin(), order.end(), [](const Diagnostic* d) { return d->severity == Severity::error; }));

  std::string out;
  for (std::size_t i = 0; i < std::min(order.size(), printed_max); ++i) append_one(out, *order[i]);
  if (order.size() > printed_max) out += "... and " + std::to_string(order.size() - printed_max) + " more\n";
  if (errors > 0) out += counted(errors, "error") + "; nothing was run.\n";
  return out;
}

}  // namespace brokersim::scenario
