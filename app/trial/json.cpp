#include "app/trial/json.h"

#include "app/scenario/quantity.h"

namespace brokersim::trial {
namespace {

constexpr std::size_t kColumns = 110;

/// On one line: {"a": 1, "b": [2, 3]}.
std::string one_line(const Json& json) {
  if (json.is_object()) {
    std::string out = "{";
    for (const auto& [key, value] : json.items()) {
      out += (out.size() > 1 ? ", " : "") + Json(key).dump() + ": " + one_line(value);
    }
    return out + "}";
  }
  if (json.is_array()) {
    std::string out = "[";
    for (const Json& value : json) out += (out.size() > 1 ? ", " : "") + one_line(value);
    return out + "]";
  }
  return json.dump();
}

void write(std::string& out, const Json& json, std::size_t indent, std::size_t used) {
  const std::string line = one_line(json);
  const bool structured = json.is_structured() && !json.empty();
  // The document itself always takes its lines.
  if (!structured || (indent > 0 && used + line.size() <= kColumns)) {
    out += line;
    return;
  }
  const std::string margin((indent + 1) * 2, ' ');
  out += json.is_object() ? "{\n" : "[\n";
  bool first = true;
  for (const auto& [key, value] : json.items()) {
    if (!first) out += ",\n";
    first = false;
    const std::string label = json.is_object() ? Json(key).dump() + ": " : "";
    out += margin + label;
    write(out, value, indent + 1, margin.size() + label.size());
  }
  out += "\n" + std::string(indent * 2, ' ') + (json.is_object() ? "}" : "]");
}

}  // namespace

std::optional<Json> parse(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

std::string pretty(const Json& json) {
  std::string out;
  write(out, json, 0, 0);
  return out + "\n";
}

bool apply_override(Json& document, const std::string& change) {
  const std::size_t equals = change.find('=');
  if (equals == std::string::npos) return false;
  Json value = parse(std::string_view(change).substr(equals + 1)).value_or(change.substr(equals + 1));
  try {
    document[Json::json_pointer(change.substr(0, equals))] = std::move(value);
  } catch (const Json::exception&) {
    return false;
  }
  return true;
}

const Json* member(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

const Json& object_at(const Json& object, const char* key) {
  static const Json none = Json::object();
  const Json* found = member(object, key);
  return found != nullptr && found->is_object() ? *found : none;
}

std::string text_of(const Json& object, const char* key) {
  const Json* found = member(object, key);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::int64_t> duration_of(const Json& object, const char* key) {
  const Json* found = member(object, key);
  if (found == nullptr || !found->is_string()) return std::nullopt;
  const auto parsed = scenario::parse_quantity(found->get<std::string>(), scenario::Dimension::duration);
  const auto* ns = std::get_if<std::int64_t>(&parsed);
  return ns == nullptr ? std::nullopt : std::optional(*ns);
}

std::string duration_text(std::int64_t ns) {
  return scenario::format_quantity(ns, scenario::Dimension::duration);
}

}  // namespace brokersim::trial
