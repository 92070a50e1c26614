// What a run depends on besides its seed and the program, as one id: how a sweep knows what it has run already.
//
// Two scenarios with equal ids hold the same values, whatever the order of members, the white space and the way the
// values came in (the file, an override); the content of every .properties file and file of arrivals that they name counts, the file's own
// name and its `seed` do not. 128 bits of a fast hash, not made against people who look for collisions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim::scenario {

/// 32 hexadecimal digits. Nothing if `text` is no JSON, or an override or a .properties file cannot be applied or read:
/// load_text() says what is wrong. `name` and `overrides` as of load_text().
[[nodiscard]] std::optional<std::string> content_id(std::string_view text, const std::string& name,
                                                    const std::vector<std::string>& overrides);

/// 32 hexadecimal digits of any text.
[[nodiscard]] std::string hash_text(std::string_view text);

}  // namespace brokersim::scenario
