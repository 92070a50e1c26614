// One object of a checked document, read by the names of its table.
//
// Why: the builders must not repeat defaults, ranges or types, and must go on after an error so that all
// problems are found at once. A View gives a field's value if the file has a valid one, else the table's
// default, else nothing; what is wrong with a value validate() has already said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/scenario/document.h"
#include "app/scenario/field.h"
#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::scenario {

class View {
 public:
  /// `node` may be no_node: then every field has its default.
  View(Document& document, NodeId node, const Table& table)
      : document_(&document), node_(node), table_(&table) {}

  [[nodiscard]] NodeId node() const { return node_; }
  [[nodiscard]] const Table& table() const { return *table_; }

  /// The member's node, or no_node if the file does not have it. The name must be in the table.
  [[nodiscard]] NodeId member(std::string_view name) const;
  /// Whether the table has such a field at all: for what builders of several tables share.
  [[nodiscard]] bool knows(std::string_view name) const { return table_->find(name) != nullptr; }
  [[nodiscard]] bool has(std::string_view name) const { return member(name) != no_node; }

  /// The member's node if it is there, else the object's own: a place for messages.
  [[nodiscard]] NodeId place(std::string_view name) const;

  /// The file has this integer or quantity, but it is not valid.
  [[nodiscard]] bool wrong(std::string_view name) const { return has(name) && !given(name); }

  [[nodiscard]] std::optional<std::string> text(std::string_view name) const;  ///< text, name, choice
  [[nodiscard]] std::optional<bool> boolean(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name) const;   ///< integer
  [[nodiscard]] std::optional<double> decimal(std::string_view name) const;         ///< decimal
  [[nodiscard]] std::optional<std::int64_t> quantity(std::string_view name) const;  ///< in base units
  [[nodiscard]] std::optional<sim::Duration> duration(std::string_view name) const;
  [[nodiscard]] std::optional<sim::Bytes> bytes(std::string_view name) const;
  [[nodiscard]] std::optional<std::pair<sim::Duration, sim::Duration>> duration_range(
      std::string_view name) const;
  [[nodiscard]] std::uint64_t seed(std::string_view name) const;

  /// Nodes of a list's elements; of a name or object that stands for a list of one, itself.
  [[nodiscard]] std::vector<NodeId> elements(std::string_view name) const;
  /// Texts of text_list, name_list, choice_list or name_or_list; the default's if absent.
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;

  /// The object under `name` by its table; a View of defaults if absent or of another type.
  [[nodiscard]] View object(std::string_view name) const;

 private:
  const Field& field(std::string_view name) const;
  /// The valid value of an integer or quantity that the file has.
  [[nodiscard]] std::optional<std::int64_t> given(std::string_view name) const;

  Document* document_;
  NodeId node_;
  const Table* table_;
};

}  // namespace brokersim::scenario
