#include "app/trial/self_contained.h"

#include <algorithm>
#include <filesystem>

#include "app/scenario/limits.h"
#include "app/scenario/outside.h"
#include "app/scenario/reader.h"

namespace brokersim::trial {
namespace {

/// So much of a document's limits may be rows of one file.
constexpr std::size_t kRowsMax = scenario::limits::values / 2;
constexpr std::size_t kRowBytesMax = scenario::limits::text_bytes;
constexpr std::size_t kBytesMax = static_cast<std::size_t>(scenario::limits::file_bytes) / 4;

/// The lines of the text, which come to it again when they are joined by line breaks; nothing if a document cannot hold them.
std::optional<Json> rows_of(const std::string& text) {
  if (text.size() > kBytesMax) return std::nullopt;
  Json rows = Json::array();
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    if (end - from >= kRowBytesMax || rows.size() >= kRowsMax) return std::nullopt;
    if (end < text.size() || end > from) rows.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  try {
    static_cast<void>(rows.dump());
  } catch (const Json::exception&) {
    return std::nullopt;  // no UTF-8
  }
  return rows;
}

void write_rows(Json& trace, const std::string& path) {
  scenario::Problems problems;
  const auto text = scenario::read_file(path, scenario::limits::trace_bytes, problems);
  auto rows = text ? rows_of(*text) : std::nullopt;
  if (!rows) {
    trace["file"] = std::filesystem::absolute(path).lexically_normal().string();
    return;
  }
  trace.erase("file");
  trace["rows"] = std::move(*rows);
}

/// In front of the others.
void name(Json& object, const std::string& name) {
  Json named{{"name", name}};
  for (auto& [key, value] : object.items()) named[key] = std::move(value);
  object = std::move(named);
}

}  // namespace

std::optional<Json> self_contained(const std::string& text, const std::string& file,
                                   const std::vector<std::string>& overrides) {
  auto document = parse(text);
  if (!document) return std::nullopt;
  for (const std::string& change : overrides) {
    if (!apply_override(*document, change)) return std::nullopt;
  }
  const auto outside = scenario::outside_of(document->dump(), file);
  if (!outside || outside->empty()) return std::nullopt;
  const auto at = [&](const std::string& pointer) -> Json& {
    return (*document)[Json::json_pointer(pointer)];
  };
  for (const auto& property : outside->properties)
    at(property.owner)["config"][property.name] = property.value;
  for (const std::string& owner : outside->owners) at(owner).erase("properties");
  for (const auto& rows : outside->rows) write_rows(at(rows.trace), rows.path);
  for (const auto& [workload, its] : outside->names) name(at(workload), its);
  return document;
}

}  // namespace brokersim::trial
