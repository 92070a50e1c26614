// A JSON document that remembers where each value stands.
//
// Why: a message about a value is only useful with its line, its column and its JSON pointer, and no
// JSON library keeps all three. Nodes live in one array and refer to each other by index, so a document
// of any shape is built, walked and freed without recursion.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim::scenario {

using NodeId = std::uint32_t;
inline constexpr NodeId no_node = 0xFFFF'FFFF;

enum class NodeKind : std::uint8_t { null, boolean, number, text, array, object };

/// "an object", "a number": for messages.
[[nodiscard]] std::string_view to_string(NodeKind kind);

struct Node {
  NodeKind kind = NodeKind::null;
  bool boolean = false;
  std::uint32_t source = 0;   ///< 0 = the file, n = the n-th override.
  std::int32_t line = 0;      ///< Of the value, from 1.
  std::int32_t column = 0;    ///< In bytes, from 1.
  std::int32_t key_line = 0;  ///< Of the key, members of objects only.
  std::int32_t key_column = 0;
  NodeId parent = no_node;
  NodeId first = no_node;   ///< First child.
  NodeId last = no_node;    ///< Last child.
  NodeId next = no_node;    ///< Next sibling.
  std::uint32_t size = 0;   ///< Count of children.
  std::uint32_t index = 0;  ///< Position among the siblings.
  std::string key;          ///< Member name, decoded.
  std::string text;         ///< A text's value, decoded; a number as it was written.
};

class Tree {
 public:
  /// Appends a node under `parent` (no_node for the root, which must be the first).
  NodeId add(NodeId parent, Node node);

  /// Replaces the value of `target` (not its key or place) by a copy of `other`'s root, marked as
  /// coming from `source`.
  void replace(NodeId target, const Tree& other, std::uint32_t source);

  [[nodiscard]] bool empty() const { return nodes_.empty(); }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] NodeId root() const { return 0; }
  [[nodiscard]] const Node& operator[](NodeId id) const { return nodes_[id]; }
  [[nodiscard]] Node& at(NodeId id) { return nodes_[id]; }

  /// The member of that name, or no_node. Linear in the size of the object.
  [[nodiscard]] NodeId find(NodeId object, std::string_view key) const;

  /// "/systems/kafka/topics/0", with ~0 and ~1 escapes; "" for the root.
  [[nodiscard]] std::string pointer(NodeId id) const;

  /// The value as compact JSON with sorted members: equal for equal content, wherever it stands.
  /// Members named `without` are left out at the top level.
  [[nodiscard]] std::string canonical(NodeId id, std::string_view without = {}) const;

 private:
  std::vector<Node> nodes_;
};

}  // namespace brokersim::scenario
