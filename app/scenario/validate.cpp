#include "app/scenario/validate.h"

#include <algorithm>

#include "app/scenario/limits.h"

namespace brokersim::scenario {
namespace {

std::vector<std::string> tags_of(const Variants& variants) {
  std::vector<std::string> tags;
  for (const Table* table : variants.tables) tags.push_back(table->tag);
  return tags;
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : std::string(separator)) + word;
  return out;
}

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 200) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

/// "kafka_producer workload", "host": what an object of that table is called in a message.
std::string called(const Table& table) {
  return table.tag.empty() ? table.name : table.tag + " " + table.name;
}

std::string with_article(const std::string& noun) {
  const bool vowel = !noun.empty() && std::string_view("aeiou").find(noun[0]) != std::string_view::npos;
  return (vowel ? "an " : "a ") + noun;
}

class Validator {
 public:
  explicit Validator(Document& document) : doc_(document), tree_(document.tree) {}

  void object(NodeId node, const Table& table) {
    if (!expect_kind(node, NodeKind::object, "an object")) return;
    for (NodeId child = tree_[node].first; child != no_node; child = tree_[child].next) {
      const Field* field = table.find(tree_[child].key);
      if (field == nullptr) {
        unknown_field(child, table);
      } else {
        value(child, *field);
      }
    }
    for (const Field& field : table.fields) {
      if (field.required && tree_.find(node, field.name) == no_node) {
        doc_.error(node, "missing-field", "the " + called(table) + " has no " + in_quotes(field.name),
                   hint_for(field));
      }
    }
  }

  void list(NodeId node, const Field& field) { value(node, field); }

 private:
  static std::string hint_for(const Field& field) {
    if (is_quantity(field.type)) {
      return "add \"" + field.name + "\": \"" + std::string(example(dimension_of(field.type))) + "\"";
    }
    return field.doc;
  }

  void unknown_field(NodeId child, const Table& table) {
    const std::string hint = doc_.suggest(tree_[child].key, [&] {
      std::vector<std::string> names;
      for (const Field& field : table.fields) names.push_back(field.name);
      return names;
    });
    std::string message = "unknown field " + in_quotes(tree_[child].key);
    if (!hint.starts_with("did you mean")) message += " of the " + called(table);
    doc_.report(Severity::error, child, "unknown-field", std::move(message), hint, true);
  }

  bool expect_kind(NodeId node, NodeKind kind, std::string_view what, std::string hint = {}) {
    if (tree_[node].kind == kind) return true;
    wrong_type(node, what, std::move(hint));
    return false;
  }

  void wrong_type(NodeId node, std::string_view what, std::string hint = {}) {
    const Node& n = tree_[node];
    const std::string subject = n.parent == no_node                        ? "the document"
                                : tree_[n.parent].kind == NodeKind::object ? n.key
                                                                           : "this element";
    doc_.error(
        node, "wrong-type",
        shown(subject, 60) + " must be " + std::string(what) + ", but is " + std::string(to_string(n.kind)),
        std::move(hint));
  }

  /// How a message names the value: its key, or that of the list it stands in.
  std::string subject(NodeId node) const {
    const Node& n = tree_[node];
    if (n.parent != no_node && tree_[n.parent].kind == NodeKind::array)
      return "an element of " + subject(n.parent);
    return shown(n.key, 60);
  }

  /// --set /systems/kafka/version=4.1 means the text that the field wants, though JSON reads a number.
  void take_as_text(NodeId node, FieldType type) {
    Node& n = doc_.tree.at(node);
    const bool text = type == FieldType::text || type == FieldType::name || type == FieldType::choice;
    if (n.source > 0 && text && n.kind == NodeKind::number) n.kind = NodeKind::text;
  }

  void value(NodeId node, const Field& field) {
    take_as_text(node, field.type);
    switch (field.type) {
      case FieldType::text: expect_kind(node, NodeKind::text, "a text"); break;
      case FieldType::name: name(node); break;
      case FieldType::boolean: expect_kind(node, NodeKind::boolean, "true or false"); break;
      case FieldType::yes: yes(node); break;
      case FieldType::integer: integer(node, field); break;
      case FieldType::decimal: decimal(node, field); break;
      case FieldType::seed: seed(node); break;
      case FieldType::duration:
      case FieldType::size:
      case FieldType::bandwidth:
      case FieldType::rate: quantity(node, field); break;
      case FieldType::choice: choice_or_object(node, field); break;
      case FieldType::choice_list: each(node, [&](NodeId e) { choice(e, field.choices); }); break;
      case FieldType::text_list:
        each(node, [&](NodeId e) { expect_kind(e, NodeKind::text, "a text"); });
        break;
      case FieldType::name_list:
        each(
            node, [&](NodeId e) { name(e); }, true);
        break;
      case FieldType::name_or_list: name_or_list(node); break;
      case FieldType::object: object(node, *field.table); break;
      case FieldType::list: each(node, [&](NodeId e) { member(e, field); }); break;
      case FieldType::map: map(node, field); break;
      case FieldType::one_of: member(node, field); break;
      case FieldType::one_of_or_list: one_of_or_list(node, field); break;
      case FieldType::preset: preset(node, field); break;
      case FieldType::properties: properties(node); break;
      case FieldType::assignment: assignment(node); break;
      case FieldType::duration_range: duration_range(node, field); break;
      case FieldType::limit: limit(node); break;
    }
  }

  template <typename Check>
  void each(NodeId node, Check check, bool not_empty = false) {
    if (!expect_kind(node, NodeKind::array, "a list", "put it in square brackets")) return;
    if (not_empty && tree_[node].size == 0)
      doc_.error(node, "empty-list", subject(node) + " is an empty list");
    for (NodeId child = tree_[node].first; child != no_node; child = tree_[child].next) check(child);
  }

  void member(NodeId node, const Field& field) {
    if (field.table != nullptr) return object(node, *field.table);
    if (const Table* table = choose(doc_, node, *field.variants, true)) object(node, *table);
  }

  void one_of_or_list(NodeId node, const Field& field) {
    if (tree_[node].kind == NodeKind::array)
      return each(
          node, [&](NodeId e) { member(e, field); }, true);
    member(node, field);
  }

  void map(NodeId node, const Field& field) {
    if (!expect_kind(node, NodeKind::object, "an object of named ones")) return;
    if (tree_[node].size == 0) doc_.error(node, "empty-list", subject(node) + " is empty");
    for (NodeId child = tree_[node].first; child != no_node; child = tree_[child].next) {
      if (!is_name(tree_[child].key)) bad_name(child, tree_[child].key);
      member(child, field);
    }
  }

  void bad_name(NodeId node, std::string_view given) {
    doc_.error(node, "bad-name", in_quotes(given) + " is not a name",
               "a name has 1 to 200 letters, digits, dots, underscores and dashes");
  }

  void name(NodeId node) {
    if (expect_kind(node, NodeKind::text, "a name") && !is_name(tree_[node].text))
      bad_name(node, tree_[node].text);
  }

  void name_or_list(NodeId node) {
    if (tree_[node].kind == NodeKind::array)
      return each(
          node, [&](NodeId e) { name(e); }, true);
    if (expect_kind(node, NodeKind::text, "a name or a list of names")) name(node);
  }

  void yes(NodeId node) {
    if (tree_[node].kind != NodeKind::boolean || !tree_[node].boolean) {
      doc_.error(node, "wrong-type", subject(node) + " must be true",
                 "leave it out, or choose another selector");
    }
  }

  void report(NodeId node, std::string_view shown_value, const QuantityError& error) {
    doc_.error(node, error.code,
               subject(node) + " is " + std::string(shown_value) + ", which " + error.message, error.hint);
  }

  void out_of_range(NodeId node, std::string_view given, const std::string& low, const std::string& high) {
    doc_.error(node, "out-of-range",
               subject(node) + " is " + std::string(given) + ", but must be from " + low + " to " + high);
  }

  void integer(NodeId node, const Field& field) {
    if (field.table != nullptr && tree_[node].kind == NodeKind::object) return object(node, *field.table);
    if (tree_[node].kind == NodeKind::text) {
      return wrong_type(node, "a whole number", "write it without quotes");
    }
    if (!expect_kind(node, NodeKind::number, "a whole number")) return;
    const std::string given = shown(tree_[node].text, 60);
    const auto parsed = parse_integer(tree_[node].text);
    if (const auto* error = std::get_if<QuantityError>(&parsed)) {
      if (error->code == "number-range")
        return out_of_range(node, given, std::to_string(field.min), std::to_string(field.max));
      return report(node, given, *error);
    }
    const std::int64_t n = std::get<std::int64_t>(parsed);
    if (n < field.min || n > field.max)
      out_of_range(node, given, std::to_string(field.min), std::to_string(field.max));
  }

  void decimal(NodeId node, const Field& field) {
    if (tree_[node].kind == NodeKind::text) return wrong_type(node, "a number", "write it without quotes");
    if (!expect_kind(node, NodeKind::number, "a number")) return;
    const std::string given = shown(tree_[node].text, 60);
    const auto parsed = parse_millionths(tree_[node].text);
    if (const auto* error = std::get_if<QuantityError>(&parsed);
        error != nullptr && error->code != "number-range")
      return report(node, given, *error);
    const auto* n = std::get_if<std::int64_t>(&parsed);
    if (n == nullptr || *n < field.min || *n > field.max)
      out_of_range(node, given, format_millionths(field.min), format_millionths(field.max));
  }

  void choice_or_object(NodeId node, const Field& field) {
    if (field.variants != nullptr && tree_[node].kind == NodeKind::object) return member(node, field);
    choice(node, field.choices);
  }

  void seed(NodeId node) {
    if (!expect_kind(node, NodeKind::number, "a whole number")) return;
    const std::string& text = tree_[node].text;
    const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || text.size() > 20 || (text.size() == 20 && text > "18446744073709551615")) {
      out_of_range(node, shown(text, 60), "0", "18446744073709551615");
    }
  }

  void quantity(NodeId node, const Field& field) {
    const Dimension dimension = dimension_of(field.type);
    if (field.variants != nullptr && tree_[node].kind == NodeKind::object) return member(node, field);
    if (tree_[node].kind == NodeKind::number) {
      const std::string text = shown(tree_[node].text, 30);
      const std::string_view shape = example(dimension);
      doc_.error(node, "wrong-unit", subject(node) + " is " + text + ", which has no unit",
                 "write " + std::string(to_string(dimension)) + ": \"" + text +
                     std::string(shape.substr(shape.find(' '))) + "\"");
      return;
    }
    if (!expect_kind(node, NodeKind::text, to_string(dimension),
                     "such as \"" + std::string(example(dimension)) + "\""))
      return;
    const std::string given = in_quotes(tree_[node].text);
    const auto parsed = parse_quantity(tree_[node].text, dimension);
    if (const auto* error = std::get_if<QuantityError>(&parsed)) return report(node, given, *error);
    const std::int64_t n = std::get<std::int64_t>(parsed);
    if (n < field.min || n > field.max) {
      out_of_range(node, given, format_quantity(field.min, dimension), format_quantity(field.max, dimension));
    }
  }

  void choice(NodeId node, const std::vector<std::string>& choices) {
    if (!expect_kind(node, NodeKind::text, "a text")) return;
    if (std::find(choices.begin(), choices.end(), tree_[node].text) != choices.end()) return;
    doc_.error(node, "unknown-value", subject(node) + " cannot be " + in_quotes(tree_[node].text),
               doc_.suggest(tree_[node].text, [&] { return choices; }));
  }

  void preset(NodeId node, const Field& field) {
    if (tree_[node].kind == NodeKind::object) return object(node, *field.table);
    if (!expect_kind(node, NodeKind::text, "the name of a preset or an object")) return;
    choice(node, field.choices);
  }

  void properties(NodeId node) {
    // Names and values are checked where they are built, beside those of a .properties file.
    if (!expect_kind(node, NodeKind::object, "an object of properties")) return;
    for (NodeId child = tree_[node].first; child != no_node; child = tree_[child].next) {
      if (tree_[child].kind == NodeKind::array || tree_[child].kind == NodeKind::object ||
          tree_[child].kind == NodeKind::null) {
        wrong_type(child, "a text, a number, true or false");
      }
    }
  }

  void assignment(NodeId node) {
    static const Field id{.name = "broker", .type = FieldType::integer, .doc = "", .max = limits::hosts};
    each(
        node,
        [&](NodeId partition) {
          each(
              partition, [&](NodeId broker) { integer(broker, id); }, true);
        },
        true);
  }

  void duration_range(NodeId node, const Field& field) {
    if (!expect_kind(node, NodeKind::array, "a list of two durations", "such as [\"5 s\", \"50 s\"]")) return;
    if (tree_[node].size != 2) {
      doc_.error(node, "wrong-type",
                 subject(node) + " must have two durations, but has " + std::to_string(tree_[node].size),
                 "such as [\"5 s\", \"50 s\"]");
      return;
    }
    const Field element{
        .name = field.name, .type = FieldType::duration, .doc = "", .min = field.min, .max = field.max};
    quantity(tree_[node].first, element);
    quantity(tree_[node].last, element);
    const auto low = parse_quantity(tree_[tree_[node].first].text, Dimension::duration);
    const auto high = parse_quantity(tree_[tree_[node].last].text, Dimension::duration);
    const auto* low_ns = std::get_if<std::int64_t>(&low);
    const auto* high_ns = std::get_if<std::int64_t>(&high);
    if (low_ns != nullptr && high_ns != nullptr && *low_ns > *high_ns) {
      doc_.error(node, "out-of-range", subject(node) + " ends before it begins", "swap the two durations");
    }
  }

  void limit(NodeId node) {
    // Its dimension is the metric's; checked where the expectation is built.
    if (tree_[node].kind != NodeKind::number && tree_[node].kind != NodeKind::text)
      wrong_type(node, "a number or a quantity");
  }

  Document& doc_;
  const Tree& tree_;
};

}  // namespace

const Table* choose(Document& document, NodeId node, const Variants& variants, bool report) {
  const Tree& tree = document.tree;
  const auto fail = [&](NodeId at, const char* code, std::string message, std::string hint) -> const Table* {
    if (report) document.error(at, code, std::move(message), std::move(hint));
    return nullptr;
  };
  if (tree[node].kind != NodeKind::object) {
    return fail(node, "wrong-type",
                with_article(variants.name) + " must be an object, but this is " +
                    std::string(to_string(tree[node].kind)),
                "");
  }
  const std::vector<std::string> tags = tags_of(variants);
  if (!variants.discriminator.empty()) {
    const NodeId kind = tree.find(node, variants.discriminator);
    if (kind == no_node) {
      return fail(node, "missing-field",
                  "the " + variants.name + " has no " + in_quotes(variants.discriminator),
                  "known: " + joined(tags, ", "));
    }
    if (tree[kind].kind != NodeKind::text)
      return fail(kind, "wrong-type", variants.discriminator + " must be a text",
                  "known: " + joined(tags, ", "));
    for (const Table* table : variants.tables) {
      if (table->tag == tree[kind].text) return table;
    }
    return fail(kind, "unknown-value",
                "there is no " + variants.name + " of kind " + in_quotes(tree[kind].text),
                document.suggest(tree[kind].text, [&] { return tags; }));
  }

  const Table* chosen = nullptr;
  for (const Table* table : variants.tables) {
    const NodeId present = tree.find(node, table->tag);
    if (present == no_node) continue;
    if (chosen != nullptr) {
      return fail(present, "two-selectors",
                  with_article(variants.name) + " has both " + in_quotes(chosen->tag) + " and " +
                      in_quotes(table->tag),
                  "keep one of them");
    }
    chosen = table;
  }
  if (chosen != nullptr) return chosen;
  // Perhaps a mistyped one: say so at the key, where the eye goes.
  for (NodeId child = tree[node].first; report && child != no_node && document.hints_given < limits::hints;
       child = tree[child].next) {
    const std::string hint = document.suggest(tree[child].key, [&] { return tags; });
    if (!hint.starts_with("did you mean")) continue;
    document.report(Severity::error, child, "unknown-field", "unknown field " + in_quotes(tree[child].key),
                    hint, true);
    return nullptr;
  }
  return fail(node, "missing-field", "the " + variants.name + " needs one of: " + joined(tags, ", "), "");
}

void validate(Document& document) { Validator(document).object(document.tree.root(), scenario_table()); }

void validate_faults(Document& document, NodeId list) {
  Validator(document).list(list, *scenario_table().find("faults"));
}

}  // namespace brokersim::scenario
