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
    if (view_.table().tag == "create_partitions") {
      action_.kind = AdminKind::create_partitions;
      if (!take_growth(cluster->name)) return;
    }
    actions_of(build_, view_, *cluster).push_back(std::move(action_));
  }

 private:
  /// The topic gets the partitions that are to come, told apart from those that it begins with.
  bool take_growth(const std::string& cluster_name) {
    const auto name = view_.text("topic");
    const auto wanted = view_.integer("partitions");
    if (!name || !wanted) return false;
    for (kafka::ClusterConfig& cluster : build_.out.config.clusters) {
      if (cluster.name != cluster_name) continue;
      for (kafka::TopicSpec& topic : cluster.topics) {
        if (topic.name == *name && !topic.internal)
          return grow(cluster, topic, static_cast<std::int32_t>(*wanted));
      }
    }
    doc_.error(view_.member("topic"), "unknown-topic", "there is no topic named " + in_quotes(*name),
               "declare it in the system's topics");
    return false;
  }

  /// A workload of a kind that keeps to the partitions that it began with; "" if there is none.
  std::string stays_behind(const std::string& topic) const {
    const world::Config& config = build_.out.config;
    const auto user = [&](const auto& workloads) -> std::string {
      for (const auto& workload : workloads) {
        if (workload.topic == topic) return in_quotes(workload.name);
      }
      return "";
    };
    for (const std::string& who :
         {user(config.transactions), user(config.pipelines), user(config.shares),
          user(config.outbox_services), user(config.outbox_publishers), user(config.inbox_consumers)}) {
      if (!who.empty()) return who;
    }
    for (const auto& pipeline : config.pipelines) {
      if (pipeline.from == topic) return in_quotes(pipeline.name);
    }
    return "";
  }

  /// Legal, and as assign() is in Kafka, and seldom meant.
  void warn_of_unread(const kafka::ClusterConfig& cluster, const std::string& topic) const {
    for (const world::ConsumerWorkload& consumer : build_.out.config.consumers) {
      if (consumer.topic != topic || consumer.cluster != cluster.name || !consumer.group.empty()) continue;
      doc_.warn(view_.member("partitions"), "keeps-partitions",
                in_quotes(consumer.name) +
                    " has no group, so it keeps to the partitions that it began with: what is written to the "
                    "new ones "
                    "stays unread (records.unread) unless somebody else reads them",
                "give it a group");
    }
  }

  bool grow(const kafka::ClusterConfig& cluster, kafka::TopicSpec& topic, std::int32_t wanted) {
    const auto refuse = [&](std::string_view field, const std::string& message, const std::string& hint) {
      doc_.error(view_.member(field), "bad-growth", message, hint);
      return false;
    };
    if (topic.created_at.ns > 0 || topic.deleted_at != sim::SimTime::max() || !topic.recreates.empty())
      return refuse("topic", in_quotes(topic.name) + " is created or deleted while the run goes on",
                    "partitions are added to topics that are there from begin to end");
    if (const std::string who = stays_behind(topic.name); !who.empty())
      return refuse("topic", who + " does not learn of new partitions",
                    "kafka_producer and kafka_consumer workloads do");
    if (wanted <= topic.partitions)
      return refuse(
          "partitions",
          in_quotes(topic.name) + " has " + std::to_string(topic.partitions) + " partitions already",
          "partitions can only be added; actions stand in order of time");
    for (const auto& admin : build_.out.config.admin) {
      for (const AdminAction& earlier : admin.actions) {
        if (earlier.kind == AdminKind::create_partitions && earlier.topic == topic.name &&
            earlier.at > action_.at)
          return refuse("at", "the action before it comes later", "put the actions in order of time");
      }
    }
    const std::int64_t more =
        std::int64_t{wanted - topic.partitions} * static_cast<std::int64_t>(topic.replication_factor);
    build_.replicas += more;
    if (build_.replicas > limits::replicas)
      return refuse("partitions", "there are more than " + std::to_string(limits::replicas) + " replicas",
                    "");
    warn_of_unread(cluster, topic.name);
    action_.topic = topic.name;
    action_.partition = topic.partitions;
    action_.partitions_before = topic.partitions;
    action_.partitions_after = wanted;
    if (topic.partitions_at_start == 0) topic.partitions_at_start = topic.partitions;
    const std::vector<std::int32_t> order = interleaved_by_zone(build_, cluster.broker_hosts);
    for (std::int32_t p = topic.partitions; p < wanted; ++p) {
      std::vector<std::int32_t> replicas;
      for (std::int32_t r = 0; r < topic.replication_factor; ++r)
        replicas.push_back(order[static_cast<std::size_t>(p + r) % order.size()]);
      topic.assignment.push_back(std::move(replicas));
    }
    topic.partitions = wanted;
    return true;
  }

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
