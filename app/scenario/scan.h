// One pass over the raw bytes of a document, before any parser sees them.
//
// Why: what is cheap to refuse here is dear later: a parser keeps a 16 MiB word three times over, and
// quotes it in its message.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace brokersim::scenario {

struct ScanFault {
  std::size_t at = 0;  ///< Byte offset.
  std::string code;    ///< Without "scenario/".
  std::string message;
  std::string hint;
};

/// The first reason to refuse `text`: empty, NUL, invalid UTF-8 (RFC 3629), nesting, an endless text or
/// word. Nothing if a parser may see it.
[[nodiscard]] std::optional<ScanFault> scan(std::string_view text);

}  // namespace brokersim::scenario
