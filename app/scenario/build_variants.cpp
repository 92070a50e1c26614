// Lists of faults that branches may choose from.
#include <algorithm>

#include "app/scenario/build.h"
#include "app/scenario/limits.h"
#include "app/scenario/validate.h"

namespace brokersim::scenario {
namespace {

std::vector<NodeId> children(const Document& document, NodeId list) {
  std::vector<NodeId> nodes;
  for (NodeId n = document.tree[list].first; n != no_node; n = document.tree[n].next) nodes.push_back(n);
  return nodes;
}

/// One variant, by what the scenario's own builders know of hosts, systems and names.
void build_one(const Build& base, Document& document, sim::SimTime last_branch, const std::string& name,
               NodeId list, std::vector<FaultVariant>& out) {
  validate_faults(document, list);
  if (document.tree[list].kind != NodeKind::array) return;
  Scenario scenario = base.out;
  Build build(document, scenario);
  build.group_hosts = base.group_hosts;
  build.host_index = base.host_index;
  build.zones = base.zones;
  build.power_domains = base.power_domains;
  build.system_names = base.system_names;
  build.workload_names = base.workload_names;
  build.fault_names = base.fault_names;
  build.occurrences = base.occurrences;
  build.duration_known = true;
  build.branch_at = last_branch;
  out.push_back({name, build_fault_list(build, children(document, list))});
}

}  // namespace

void build_variants(const Build& base, Document& document, sim::SimTime last_branch,
                    std::vector<FaultVariant>& out) {
  const NodeId root = document.tree.root();
  const Tree& tree = document.tree;
  if (tree[root].kind == NodeKind::array) {
    build_one(base, document, last_branch, kOnlyVariant, root, out);
    return;
  }
  if (tree[root].kind != NodeKind::object) {
    document.error(root, "wrong-type",
                   "the variants must be a list of faults or an object of such lists, but this is " +
                       std::string(to_string(tree[root].kind)),
                   R"(such as {"power": [{"at": "0 s", "kind": "power_loss", "target": {"broker": 0}}]})");
    return;
  }
  const std::vector<NodeId> lists = children(document, root);
  if (lists.empty())
    document.error(root, "empty-list", "there is no variant in it", R"(a control is {"as it was": []})");
  std::size_t faults = 0;
  for (const NodeId list : lists) faults += tree[list].size;
  if (static_cast<std::int64_t>(lists.size()) > limits::variants ||
      static_cast<std::int64_t>(faults) > limits::faults) {
    document.error(root, "too-many-faults",
                   "there are " + counted(lists.size(), "variant") + " with " + counted(faults, "fault") +
                       ", but at most " + std::to_string(limits::variants) + " with " +
                       std::to_string(limits::faults) + " are taken");
    return;
  }
  for (const NodeId list : lists) {
    const std::string& name = tree[list].key;
    if (name.empty() || shown(name, 60) != name) {
      document.report(Severity::error, list, "bad-name", in_quotes(name) + " cannot name a variant",
                      "a name has 1 to 60 bytes without control characters", true);
      continue;
    }
    build_one(base, document, last_branch, name, list, out);
  }
}

}  // namespace brokersim::scenario
