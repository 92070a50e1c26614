#include "app/scenario/view.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace brokersim::scenario {
namespace {

/// The texts of a default written as a JSON list: ["a", "b"].
std::vector<std::string> listed(std::string_view fallback) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t open = fallback.find('"');
    if (open == std::string_view::npos) return out;
    const std::size_t close = fallback.find('"', open + 1);
    out.emplace_back(fallback.substr(open + 1, close - open - 1));
    fallback.remove_prefix(close + 1);
  }
}

std::optional<std::int64_t> in_range(const std::variant<std::int64_t, QuantityError>& parsed,
                                     const Field& field) {
  const auto* n = std::get_if<std::int64_t>(&parsed);
  if (n == nullptr || *n < field.min || *n > field.max) return std::nullopt;
  return *n;
}

}  // namespace

const Field& View::field(std::string_view name) const {
  const Field* found = table_->find(name);
  // A builder that asks for a field no table has is our bug, found by the first test that loads anything.
  if (found == nullptr) throw std::logic_error("no field " + std::string(name) + " in table " + table_->name);
  return *found;
}

NodeId View::member(std::string_view name) const {
  (void)field(name);
  return document_->tree.find(node_, name);
}

NodeId View::place(std::string_view name) const {
  const NodeId found = member(name);
  return found != no_node ? found : node_;
}

std::optional<std::string> View::text(std::string_view name) const {
  const Field& f = field(name);
  const NodeId at = member(name);
  const Tree& tree = document_->tree;
  if (at != no_node && tree[at].kind == NodeKind::text) {
    const auto& choices = f.choices;
    if (f.type != FieldType::choice ||
        std::find(choices.begin(), choices.end(), tree[at].text) != choices.end())
      return tree[at].text;
  }
  if (f.fallback.empty()) return std::nullopt;
  return f.fallback;
}

std::optional<bool> View::boolean(std::string_view name) const {
  const Field& f = field(name);
  const NodeId at = member(name);
  if (at != no_node && document_->tree[at].kind == NodeKind::boolean) return document_->tree[at].boolean;
  if (f.fallback.empty()) return std::nullopt;
  return f.fallback == "true";
}

std::optional<std::int64_t> View::given(std::string_view name) const {
  const Field& f = field(name);
  const NodeId at = member(name);
  if (at == no_node) return std::nullopt;
  const Node& node = document_->tree[at];
  if (is_quantity(f.type)) {
    return node.kind == NodeKind::text ? in_range(parse_quantity(node.text, dimension_of(f.type)), f)
                                       : std::nullopt;
  }
  if (node.kind != NodeKind::number) return std::nullopt;
  return in_range(f.type == FieldType::decimal ? parse_millionths(node.text) : parse_integer(node.text), f);
}

std::optional<double> View::decimal(std::string_view name) const {
  auto n = given(name);
  const Field& f = field(name);
  if (!n && !f.fallback.empty()) n = in_range(parse_millionths(f.fallback), f);
  return n ? std::optional(static_cast<double>(*n) / 1e6) : std::nullopt;
}

std::optional<std::int64_t> View::integer(std::string_view name) const {
  if (const auto n = given(name)) return n;
  const Field& f = field(name);
  return f.fallback.empty() ? std::nullopt : in_range(parse_integer(f.fallback), f);
}

std::optional<std::int64_t> View::quantity(std::string_view name) const {
  if (const auto n = given(name)) return n;
  const Field& f = field(name);
  return f.fallback.empty() ? std::nullopt : in_range(parse_quantity(f.fallback, dimension_of(f.type)), f);
}

std::optional<sim::Duration> View::duration(std::string_view name) const {
  const auto n = quantity(name);
  return n ? std::optional(sim::Duration{*n}) : std::nullopt;
}

std::optional<sim::Bytes> View::bytes(std::string_view name) const {
  const auto n = quantity(name);
  return n ? std::optional(sim::Bytes{*n}) : std::nullopt;
}

std::optional<std::pair<sim::Duration, sim::Duration>> View::duration_range(std::string_view name) const {
  const Field& f = field(name);
  const NodeId at = member(name);
  std::vector<std::string> ends;
  if (at != no_node && document_->tree[at].kind == NodeKind::array) {
    for (NodeId e = document_->tree[at].first; e != no_node; e = document_->tree[e].next)
      ends.push_back(document_->tree[e].text);
  } else {
    ends = listed(f.fallback);
  }
  if (ends.size() != 2) return std::nullopt;
  const auto low = in_range(parse_quantity(ends[0], Dimension::duration), f);
  const auto high = in_range(parse_quantity(ends[1], Dimension::duration), f);
  if (!low || !high || *low > *high) return std::nullopt;
  return std::pair{sim::Duration{*low}, sim::Duration{*high}};
}

std::uint64_t View::seed(std::string_view name) const {
  const NodeId at = member(name);
  const std::string& text = at != no_node && document_->tree[at].kind == NodeKind::number
                                ? document_->tree[at].text
                                : field(name).fallback;
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::vector<NodeId> View::elements(std::string_view name) const {
  const NodeId at = member(name);
  std::vector<NodeId> out;
  if (at == no_node) return out;
  const Tree& tree = document_->tree;
  const FieldType type = field(name).type;
  if (tree[at].kind == NodeKind::array || (type == FieldType::map && tree[at].kind == NodeKind::object)) {
    for (NodeId e = tree[at].first; e != no_node; e = tree[e].next) out.push_back(e);
  } else if (type == FieldType::name || type == FieldType::name_or_list ||
             type == FieldType::one_of_or_list || type == FieldType::one_of) {
    out.push_back(at);
  }
  return out;
}

std::vector<std::string> View::texts(std::string_view name) const {
  std::vector<std::string> out;
  for (const NodeId e : elements(name)) {
    if (document_->tree[e].kind == NodeKind::text) out.push_back(document_->tree[e].text);
  }
  return out.empty() ? listed(field(name).fallback) : out;
}

View View::object(std::string_view name) const {
  const Field& f = field(name);
  const NodeId at = member(name);
  const bool there = at != no_node && document_->tree[at].kind == NodeKind::object;
  return {*document_, there ? at : no_node, *f.table};
}

}  // namespace brokersim::scenario
