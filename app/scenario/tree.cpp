#include "app/scenario/tree.h"

#include <algorithm>

namespace brokersim::scenario {
namespace {

std::string escaped_pointer_token(std::string_view key) {
  std::string out;
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::string length_prefixed(std::string_view text) {
  return std::to_string(text.size()) + ":" + std::string(text);
}

}  // namespace

std::string_view to_string(NodeKind kind) {
  switch (kind) {
    case NodeKind::null: return "null";
    case NodeKind::boolean: return "true or false";
    case NodeKind::number: return "a number";
    case NodeKind::text: return "a text";
    case NodeKind::array: return "a list";
    case NodeKind::object: return "an object";
  }
  return "a value";
}

NodeId Tree::add(NodeId parent, Node node) {
  const auto id = static_cast<NodeId>(nodes_.size());
  node.parent = parent;
  node.next = no_node;
  if (parent != no_node) {
    Node& up = nodes_[parent];
    node.index = up.size++;
    if (up.first == no_node) {
      up.first = id;
    } else {
      nodes_[up.last].next = id;
    }
    up.last = id;
  }
  nodes_.push_back(std::move(node));
  return id;
}

void Tree::replace(NodeId target, const Tree& other, std::uint32_t source) {
  // (from, to) pairs still to copy the children of; depth is bounded, width is not, so no recursion.
  std::vector<std::pair<NodeId, NodeId>> pending{{other.root(), target}};
  const auto take_value = [&](const Node& from, Node& to) {
    to.kind = from.kind;
    to.boolean = from.boolean;
    to.text = from.text;
    to.source = source;
    to.first = to.last = no_node;
    to.size = 0;
  };
  take_value(other[other.root()], nodes_[target]);
  for (std::size_t i = 0; i < pending.size(); ++i) {
    const auto [from, to] = pending[i];
    for (NodeId child = other[from].first; child != no_node; child = other[child].next) {
      Node copy;
      take_value(other[child], copy);
      copy.key = other[child].key;
      const NodeId added = add(to, std::move(copy));
      pending.emplace_back(child, added);
    }
  }
}

NodeId Tree::find(NodeId object, std::string_view key) const {
  if (object == no_node || nodes_[object].kind != NodeKind::object) return no_node;
  for (NodeId child = nodes_[object].first; child != no_node; child = nodes_[child].next) {
    if (nodes_[child].key == key) return child;
  }
  return no_node;
}

std::string Tree::pointer(NodeId id) const {
  std::string out;
  for (; id != no_node && nodes_[id].parent != no_node; id = nodes_[id].parent) {
    const Node& node = nodes_[id];
    const bool member = nodes_[node.parent].kind == NodeKind::object;
    out.insert(0, "/" + (member ? escaped_pointer_token(node.key) : std::to_string(node.index)));
  }
  return out;
}

std::string Tree::canonical(NodeId id, std::string_view without) const {
  const Node& node = nodes_[id];
  switch (node.kind) {
    case NodeKind::null: return "null";
    case NodeKind::boolean: return node.boolean ? "true" : "false";
    case NodeKind::number: return node.text;
    case NodeKind::text: return length_prefixed(node.text);
    case NodeKind::array: {
      std::string out = "[";
      for (NodeId child = node.first; child != no_node; child = nodes_[child].next)
        out += canonical(child) + ",";
      return out + "]";
    }
    case NodeKind::object: break;
  }
  std::vector<std::pair<std::string, NodeId>> members;
  for (NodeId child = node.first; child != no_node; child = nodes_[child].next) {
    if (without.empty() || nodes_[child].key != without) members.emplace_back(nodes_[child].key, child);
  }
  std::sort(members.begin(), members.end());
  std::string out = "{";
  for (const auto& [key, child] : members) out += length_prefixed(key) + "=" + canonical(child) + ",";
  return out + "}";
}

}  // namespace brokersim::scenario
