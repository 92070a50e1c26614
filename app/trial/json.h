// Scenario documents as values that can be changed and written again.
//
// Why: a search for smaller or other failures edits documents thousands of times; the order of a person's members and
// the numbers as they stand must survive that. What a document means is not known here: app/scenario judges it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace brokersim::trial {

/// Members keep their order.
using Json = nlohmann::ordered_json;

/// Nothing if `text` is no JSON.
[[nodiscard]] std::optional<Json> parse(std::string_view text);

/// For people: two blanks a level; what fits on a line of 110 columns stands on one. Ends with a line break.
[[nodiscard]] std::string pretty(const Json& json);

/// Makes the change "POINTER=VALUE" of --set. False if the pointer leads nowhere.
[[nodiscard]] bool apply_override(Json& document, const std::string& change);

/// The member, or null if there is none (or `object` is none).
[[nodiscard]] const Json* member(const Json& object, const char* key);
/// The member, or an empty object.
[[nodiscard]] const Json& object_at(const Json& object, const char* key);
/// A member's text, "" if there is none.
[[nodiscard]] std::string text_of(const Json& object, const char* key);
/// A duration in a member ("15 ms"), nothing if there is none.
[[nodiscard]] std::optional<std::int64_t> duration_of(const Json& object, const char* key);
/// "15 ms".
[[nodiscard]] std::string duration_text(std::int64_t ns);

}  // namespace brokersim::trial
