// --set POINTER=VALUE: a change of the tree before anything is checked.
#include <optional>
#include <utility>

#include "app/scenario/document.h"
#include "app/scenario/limits.h"
#include "app/scenario/quantity.h"
#include "app/scenario/reader.h"

namespace brokersim::scenario {
namespace {

/// The tokens of a JSON pointer (RFC 6901), or nothing if it is none.
std::optional<std::vector<std::string>> pointer_tokens(std::string_view pointer) {
  std::vector<std::string> tokens;
  if (pointer.empty() || pointer[0] != '/') return std::nullopt;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      tokens.emplace_back();
    } else if (pointer[i] == '~') {
      if (i + 1 >= pointer.size() || (pointer[i + 1] != '0' && pointer[i + 1] != '1')) return std::nullopt;
      tokens.back() += pointer[++i] == '0' ? '~' : '/';
    } else {
      tokens.back() += pointer[i];
    }
  }
  return tokens;
}

Tree value_tree(const std::string& value) {
  Problems ignored;  // What is not JSON is text: --set /duration=10 s.
  if (auto tree = parse_json(value, "", ignored); tree && !ignored.any_error()) return std::move(*tree);
  Tree text;
  Node node;
  node.kind = NodeKind::text;
  node.text = value;
  text.add(no_node, std::move(node));
  return text;
}

class Override {
 public:
  Override(Document& document, std::uint32_t source)
      : document_(document), source_(source), given_(document.overrides[source - 1]) {}

  void apply() {
    const std::size_t equals = given_.find('=');
    if (given_.size() > limits::override_bytes) return fail("is longer than 1 MiB", "");
    if (equals == std::string::npos)
      return fail("has no \"=\"", "write --set POINTER=VALUE, as in --set /duration=\"60 s\"");
    const std::string pointer = given_.substr(0, equals);
    const auto tokens = pointer_tokens(pointer);
    if (!tokens) {
      return fail("does not start with a JSON pointer",
                  "write --set /systems/kafka/config/acks=1, with ~1 for a slash in a name");
    }
    if (tokens->size() > limits::depth) return fail("leads too deep", "");
    NodeId at = document_.tree.root();
    for (const std::string& token : *tokens) {
      at = step(at, token);
      if (at == no_node) return;
    }
    document_.tree.replace(at, value_tree(given_.substr(equals + 1)), source_);
  }

 private:
  /// The member or element, made if it may be; no_node after a failure was reported.
  NodeId step(NodeId at, const std::string& token) {
    Tree& tree = document_.tree;
    if (tree[at].kind == NodeKind::object) {
      const NodeId member = tree.find(at, token);
      if (member != no_node) return member;
      if (tree.size() >= limits::values) return fail_step("makes too many values", "");
      return tree.add(at, made(token));
    }
    if (tree[at].kind == NodeKind::array) {
      const auto index = parse_integer(token);
      const auto* number = std::get_if<std::int64_t>(&index);
      const auto size = static_cast<std::int64_t>(tree[at].size);
      if (token == "-" || (number != nullptr && *number == size)) return tree.add(at, made(""));
      if (number == nullptr || *number < 0 || *number > size) {
        return fail_step("has no element " + in_quotes(token) + " at " + in_quotes(tree.pointer(at)) +
                             ", which has " + counted(tree[at].size, "element"),
                         "");
      }
      NodeId child = tree[at].first;
      for (std::int64_t i = 0; i < *number; ++i) child = tree[child].next;
      return child;
    }
    return fail_step("leads through " + in_quotes(tree.pointer(at)) + ", which is " +
                         std::string(to_string(tree[at].kind)),
                     "");
  }

  /// A member on the way to the last token is an object until its value replaces it.
  Node made(const std::string& key) const {
    Node node;
    node.kind = NodeKind::object;
    node.key = key;
    node.source = source_;
    return node;
  }

  NodeId fail_step(std::string why, std::string hint) {
    fail(std::move(why), std::move(hint));
    return no_node;
  }
  void fail(std::string why, std::string hint) {
    document_.problems.add({Severity::error, "scenario/override", "this override " + std::move(why),
                            "--set " + given_, 0, 0, "", std::move(hint)});
  }

  Document& document_;
  std::uint32_t source_;
  std::string given_;
};

}  // namespace

void apply_overrides(Document& document) {
  for (std::uint32_t i = 0; i < document.overrides.size(); ++i) Override(document, i + 1).apply();
}

}  // namespace brokersim::scenario
