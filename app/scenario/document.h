// A scenario file while it is being checked: its tree, where its values came from, and its problems.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/scenario/diagnostic.h"
#include "app/scenario/tree.h"

namespace brokersim::scenario {

struct Document {
  Tree tree;
  std::string name;                    ///< Path, or what stands for it.
  std::vector<std::string> overrides;  ///< "POINTER=VALUE"; source n of a node is overrides[n - 1].
  Problems problems;
  int hints_given = 0;                     ///< Out of limits::hints.
  std::int64_t properties_bytes_read = 0;  ///< Out of limits::properties_bytes_all.

  /// What outside_of() tells (outside.h), by node.
  struct FromFile {
    NodeId owner = no_node;
    std::string name;
    std::string value;
  };
  std::vector<FromFile> from_files;
  std::vector<NodeId> with_files;                      ///< Objects that name a .properties file.
  std::vector<std::pair<NodeId, std::string>> traces;  ///< Objects that name a file of arrivals, its path.
  std::vector<std::pair<NodeId, std::string>>
      named_by_content;  ///< Objects without a name, and what they are called.

  /// A problem with a value (or, with `at_key`, with its member name), placed in the file or the override.
  void report(Severity severity, NodeId node, std::string code, std::string message, std::string hint = {},
              bool at_key = false);

  void error(NodeId node, std::string code, std::string message, std::string hint = {}) {
    report(Severity::error, node, std::move(code), std::move(message), std::move(hint));
  }
  void warn(NodeId node, std::string code, std::string message, std::string hint = {}) {
    report(Severity::warning, node, std::move(code), std::move(message), std::move(hint));
  }

  /// suggestion() among `candidates`, as long as the hints last.
  [[nodiscard]] std::string suggest(std::string_view word,
                                    const std::function<std::vector<std::string>()>& candidates);

  /// "line 7" or "--set", for hints that point at another value.
  [[nodiscard]] std::string where(NodeId node) const;
};

/// Applies document.overrides to its tree: replaces values, creates missing members of objects (and
/// missing objects on the way), appends to a list at its end. Reports pointers that lead nowhere.
void apply_overrides(Document& document);

}  // namespace brokersim::scenario
