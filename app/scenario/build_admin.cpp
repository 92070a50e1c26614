// admin: what is done to a running system, when, and from which host.
#include <algorithm>

#include "app/scenario/build.h"
#include "app/scenario/limits.h"
#include "app/scenario/presets.h"
#include "app/scenario/validate.h"

namespace brokersim::scenario {
namespace {

using kafka::AdminAction;
using kafka::AdminKind;

/// The list of the cluster's client; the first action gives it a host of its own.
std::vector<AdminAction>& actions_of(Build& build, const View& view, const kafka::ClusterConfig& cluster) {
  auto& all = build.out.config.admin;
  for (auto& admin : all) {
    if (admin.cluster == cluster.name) return admin.actions;
  }
  host::HostConfig host;
  host.group = "admin";
  host.name = all.empty() ? "admin" : "admin-" + cluster.name;
  host.hardware = find_preset("client.default")->hardware;
  host.zone = build.zones_of(cluster.broker_hosts).front();
  host.region = build.region_of(host.zone);
  host.power_domain = host.name;
  all.push_back({cluster.name, host.name, {}});
  build.add_host(std::move(host), view.node());
  return all.back().actions;
}

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
    if (view_.table().tag == "elect_leader") {
      action_.kind = AdminKind::elect_leader;
      action_.unclean = view_.text("election").value_or("") == "unclean";
    }
    if (view_.table().tag == "reassign") {
      action_.kind = AdminKind::reassign;
      take_replicas(*cluster);
    }
    actions_of(build_, view_, *cluster).push_back(std::move(action_));
  }

 private:
  void take_replicas(const kafka::ClusterConfig& cluster) {
    if (!view_.has("replicas")) return;
    for (const std::string& host : build_.resolve_hosts(view_, "replicas")) {
      const auto& brokers = cluster.broker_hosts;
      const auto at = std::find(brokers.begin(), brokers.end(), host);
      if (at == brokers.end()) {
        doc_.error(view_.member("replicas"), "unknown-broker", "no broker runs on " + in_quotes(host),
                   "brokers_on of the system lists their hosts");
        continue;
      }
      action_.replicas.push_back(static_cast<std::int32_t>(at - brokers.begin()));
    }
    check_replicas(cluster);
  }

  /// As the controller would refuse it (validateManualPartitionAssignment); and fewer replicas than acks=all needs.
  void check_replicas(const kafka::ClusterConfig& cluster) {
    std::vector<std::string> seen;
    for (const std::string& host : view_.texts("replicas")) {
      if (std::find(seen.begin(), seen.end(), host) != seen.end()) {
        doc_.error(view_.member("replicas"), "duplicate-replica",
                   "the assignment includes " + in_quotes(host) + " more than once",
                   "a broker holds one replica of a partition");
      }
      seen.push_back(host);
    }
    for (const auto& topic : cluster.topics) {
      if (topic.name != action_.topic || action_.replicas.empty()) continue;
      const auto count = static_cast<std::int32_t>(action_.replicas.size());
      if (topic.config.min_insync_replicas <= count) continue;
      doc_.warn(view_.member("replicas"), "below-min-isr",
                "min.insync.replicas is " + std::to_string(topic.config.min_insync_replicas) + ", but " +
                    std::to_string(count) + (count == 1 ? " replica is" : " replicas are") + " left",
                "Kafka takes the smaller of the two: acks=all needs " + std::to_string(count) + " then");
    }
  }

  void take_partition(const kafka::ClusterConfig& cluster) {
    if (view_.table().find("partition") == nullptr) return;
    const NodeId node = view_.member("partition");
    if (node == no_node || doc_.tree[node].kind != NodeKind::text) return;
    if (const auto partition = resolve_partition(build_, cluster, node)) {
      action_.topic = partition->topic;
      action_.partition = partition->partition;
    }
  }

  Build& build_;
  Document& doc_;
  const View& view_;
  AdminAction action_;
};

/// Creations and deletions of topics are actions too; their fields are the topics'.
void build_topic_lives(Build& build, const View& scenario) {
  for (const kafka::ClusterConfig& cluster : build.out.config.clusters) {
    if (cluster.broker_hosts.empty()) continue;
    for (const kafka::TopicSpec& topic : cluster.topics) {
      AdminAction action;
      action.topic = topic.name;
      if (topic.created_at.ns > 0) {
        action.kind = AdminKind::create_topic;
        action.name = "create-" + topic.name;
        action.at = topic.created_at;
        actions_of(build, scenario, cluster).push_back(action);
      }
      if (topic.deleted_at != sim::SimTime::max()) {
        action.kind = AdminKind::delete_topic;
        action.name = "delete-" + topic.name;
        action.at = topic.deleted_at;
        actions_of(build, scenario, cluster).push_back(action);
      }
    }
  }
}

}  // namespace

void build_admin(Build& build, const View& scenario) {
  build_topic_lives(build, scenario);
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
