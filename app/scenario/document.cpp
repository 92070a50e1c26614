#include "app/scenario/document.h"

#include "app/scenario/limits.h"
#include "app/scenario/suggest.h"

namespace brokersim::scenario {

void Document::report(Severity severity, NodeId node, std::string code, std::string message, std::string hint,
                      bool at_key) {
  Diagnostic d{severity, "scenario/" + std::move(code), std::move(message), name, 0, 0, "", std::move(hint)};
  if (node != no_node && !tree.empty()) {
    const Node& n = tree[node];
    d.pointer = tree.pointer(node);
    if (n.source > 0) {
      d.file = "--set " + overrides[n.source - 1];
    } else if (at_key && n.key_line > 0) {
      d.line = n.key_line;
      d.column = n.key_column;
    } else {
      d.line = n.line;
      d.column = n.column;
    }
  }
  problems.add(std::move(d));
}

std::string Document::suggest(std::string_view word,
                              const std::function<std::vector<std::string>()>& candidates) {
  if (hints_given >= limits::hints) return "";
  ++hints_given;
  return suggestion(word, candidates());
}

std::string Document::where(NodeId node) const {
  return tree[node].source > 0 ? "--set" : "line " + std::to_string(tree[node].line);
}

}  // namespace brokersim::scenario
