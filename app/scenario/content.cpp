#include "app/scenario/content.h"

#include <filesystem>

#include "app/scenario/document.h"
#include "app/scenario/limits.h"
#include "app/scenario/reader.h"
#include "sim/fingerprint.h"
#include "sim/hash.h"

namespace brokersim::scenario {

std::string hash_text(std::string_view text) {
  // Two hashes with different beginnings over words of eight bytes, the length last.
  std::uint64_t a = 0x243F6A8885A308D3ull;
  std::uint64_t b = 0x13198A2E03707344ull;
  std::uint64_t word = 0;
  std::size_t in_word = 0;
  const auto take = [&] {
    a = sim::combine(a, word);
    b = sim::combine(word, b);
    word = 0;
    in_word = 0;
  };
  for (const char c : text) {
    word = word << 8 | static_cast<unsigned char>(c);
    if (++in_word == 8) take();
  }
  take();
  word = text.size();
  take();
  return sim::hex16(a) + sim::hex16(b);
}

std::optional<std::string> content_id(std::string_view text, const std::string& name,
                                      const std::vector<std::string>& overrides) {
  if (text.size() > static_cast<std::size_t>(limits::file_bytes)) return std::nullopt;
  Problems problems;
  auto tree = parse_json(text, name, problems);
  if (!tree || problems.any_error()) return std::nullopt;
  Document document{std::move(*tree), name, overrides, {}};
  apply_overrides(document);
  if (document.problems.any_error()) return std::nullopt;
  const Tree& values = document.tree;
  std::string content = values.canonical(values.root(), "seed");
  std::int64_t bytes = 0;
  for (NodeId id = 0; id < values.size(); ++id) {
    const Node& node = values[id];
    if (node.kind != NodeKind::text) continue;
    const bool trace = node.key == "file" && node.parent != no_node && values[node.parent].key == "arrivals";
    if (node.key != "properties" && !trace) continue;
    const std::filesystem::path path = std::filesystem::path(name).parent_path() / node.text;
    const auto file =
        read_file(path.string(), trace ? limits::trace_bytes : limits::properties_bytes, problems);
    if (!file) return std::nullopt;
    if (!trace) bytes += static_cast<std::int64_t>(file->size());
    if (bytes > limits::properties_bytes_all) return std::nullopt;
    content += "\n" + values.pointer(id) + "\n" + hash_text(*file);
  }
  return hash_text(content);
}

}  // namespace brokersim::scenario
