// admin: what is done to a running system, when, and from which host.
#include "app/scenario/build.h"
#include "app/scenario/limits.h"
#include "app/scenario/presets.h"
#include "app/scenario/validate.h"

namespace brokersim::scenario {
namespace {

using kafka::AdminAction;
using kafka::AdminKind;

class AdminBuilder {
 public:
  AdminBuilder(Build& build, const View& view) : build_(build), doc_(build.doc), view_(view) {}

  void make() {
    const kafka::ClusterConfig* cluster = build_.resolve_system(view_);
    if (cluster == nullptr) return;
    action_.name = build_.stable_name(view_);
    action_.at = {view_.duration("at").value_or(sim::Duration{0}).ns};
    if (build_.duration_known && view_.has("at") && action_.at.ns > build_.out.config.duration.ns) {
      doc_.error(view_.member("at"), "after-the-end",
                 "the action comes at " + format_quantity(action_.at.ns, Dimension::duration) +
                     ", but the run ends at " +
                     format_quantity(build_.out.config.duration.ns, Dimension::duration),
                 "raise /duration, or set it earlier");
    }
    take_partition(*cluster);
    if (view_.table().tag == "delete_records") {
      action_.kind = AdminKind::delete_records;
      action_.before_offset = view_.integer("before_offset").value_or(-1);
    }
    actions_of(*cluster).push_back(std::move(action_));
  }

 private:
  void take_partition(const kafka::ClusterConfig& cluster) {
    if (view_.table().find("partition") == nullptr) return;
    const NodeId node = view_.member("partition");
    if (node == no_node || doc_.tree[node].kind != NodeKind::text) return;
    if (const auto partition = resolve_partition(build_, cluster, node)) {
      action_.topic = partition->topic;
      action_.partition = partition->partition;
    }
  }

  /// The list of the cluster's client; the first action gives it a host of its own.
  std::vector<AdminAction>& actions_of(const kafka::ClusterConfig& cluster) {
    auto& all = build_.out.config.admin;
    for (auto& admin : all) {
      if (admin.cluster == cluster.name) return admin.actions;
    }
    host::HostConfig host;
    host.group = "admin";
    host.name = all.empty() ? "admin" : "admin-" + cluster.name;
    host.hardware = find_preset("client.default")->hardware;
    host.zone = build_.zones_of(cluster.broker_hosts).front();
    host.region = build_.region_of(host.zone);
    host.power_domain = host.name;
    all.push_back({cluster.name, host.name, {}});
    build_.add_host(std::move(host), view_.node());
    return all.back().actions;
  }

  Build& build_;
  Document& doc_;
  const View& view_;
  AdminAction action_;
};

}  // namespace

void build_admin(Build& build, const View& scenario) {
  const auto actions = scenario.elements("admin");
  if (static_cast<std::int64_t>(actions.size()) > limits::admin_actions) {
    build.doc.error(scenario.member("admin"), "too-many-actions",
                    "there are " + std::to_string(actions.size()) + " administrator's actions, but at most " +
                        std::to_string(limits::admin_actions) + " can be simulated");
    return;
  }
  for (const NodeId node : actions) {
    const Table* table = choose(build.doc, node, admin_variants(), false);
    if (table != nullptr) AdminBuilder(build, View(build.doc, node, *table)).make();
  }
}

}  // namespace brokersim::scenario
