// workloads of kind kafka_share_consumer, and the internal topic that share groups need.
#include <algorithm>

#include "app/scenario/kafka_properties.h"
#include "app/scenario/outbox_tables.h"
#include "app/scenario/property_set.h"

namespace brokersim::scenario {
namespace {

/// ShareConsumerConfig.SHARE_GROUP_UNSUPPORTED_CONFIGS.
constexpr const char* kUnsupported[] = {"auto.offset.reset",
                                        "enable.auto.commit",
                                        "group.instance.id",
                                        "isolation.level",
                                        "partition.assignment.strategy",
                                        "session.timeout.ms",
                                        "heartbeat.interval.ms",
                                        "group.protocol",
                                        "group.remote.assignor"};

class ShareBuilder {
 public:
  ShareBuilder(Build& build, const View& view) : build_(build), doc_(build.doc), view_(view) {}

  void make() {
    world::ShareWorkload w;
    w.name = build_.stable_name(view_);
    if (!build_.workload_names.insert(w.name).second) {
      doc_.error(view_.place("name"), "duplicate-name", "there are two workloads named " + in_quotes(w.name),
                 "choose another name");
      return;
    }
    const kafka::ClusterConfig* cluster = build_.resolve_system(view_);
    w.hosts = build_.client_hosts(view_, w.name, cluster);
    w.cluster = cluster != nullptr ? cluster->name : "";
    const kafka::Version version = cluster != nullptr ? cluster->version : kafka::Version::v4_1;
    if (version == kafka::Version::v3_9)
      doc_.error(view_.place("kind"), "config", "Kafka 3.9 has no share groups (KIP-932)",
                 "set the system's version to 4.1");
    w.topic = view_.text("topic").value_or("");
    check_topic(cluster);
    w.group = view_.text("group").value_or(w.name);
    w.start = {view_.duration("start")->ns};
    if (build_.duration_known && view_.has("start") && w.start.ns > build_.out.config.duration.ns)
      doc_.error(view_.member("start"), "after-the-end", "start is after the end of the run",
                 "raise /duration, or set it earlier");
    w.process_cost = *view_.duration("process_cost");
    w.poison_permille = static_cast<std::int32_t>(*view_.integer("poison_permille"));
    w.on_poison = view_.text("on_poison") == "reject" ? world::OnPoison::reject : world::OnPoison::release;
    KafkaSettings settings;
    apply_defaults(settings, PropertyScope::consumer, version);
    const PropertySet given(doc_, view_, PropertyScope::consumer, version);
    given.apply(settings);
    for (const char* property : kUnsupported) {
      if (given.has(property))
        given.report(
            Severity::error, property, "config", std::string(property) + " is not of share consumers",
            "leave it out; a share group has share.auto.offset.reset and group.share.* of the brokers");
    }
    w.config = settings.consumer;
    if (w.poison_permille > 0 && !w.config.explicit_acknowledgement)
      doc_.error(view_.place("poison_permille"), "config",
                 "with share.acknowledgement.mode=implicit every record that was given out is accepted",
                 "set share.acknowledgement.mode to explicit in /config");
    if (cluster != nullptr) {
      check_group(w, settings.share_group);
      add_offsets_topic(build_, cluster->name, view_.place("kind"));
      add_share_state_topic(build_, w.cluster, view_.place("kind"));
    }
    build_.out.config.shares.push_back(std::move(w));
  }

 private:
  void check_topic(const kafka::ClusterConfig* cluster) {
    const NodeId topic = view_.member("topic");
    if (cluster == nullptr || topic == no_node || doc_.tree[topic].kind != NodeKind::text) return;
    std::vector<std::string> known;
    for (const kafka::TopicSpec& spec : cluster->topics) {
      if (spec.name == doc_.tree[topic].text) return;
      known.push_back(spec.name);
    }
    doc_.error(
        topic, "unknown-topic",
        "there is no topic named " + in_quotes(doc_.tree[topic].text) + " in " + in_quotes(cluster->name),
        doc_.suggest(doc_.tree[topic].text, [&] { return known; }));
  }

  /// A group has its settings once.
  void check_group(const world::ShareWorkload& w, kafka::ShareGroupConfig group) {
    build_.add_group(w.cluster, w.group, kShareGroup, w.name, view_.place("group"));
    group.name = w.group;
    for (kafka::ClusterConfig& cluster : build_.out.config.clusters) {
      if (cluster.name != w.cluster) continue;
      for (const kafka::ShareGroupConfig& known : cluster.share_groups) {
        if (known.name != w.group) continue;
        if (known.auto_offset_reset != group.auto_offset_reset ||
            known.auto_offset_reset_ago != group.auto_offset_reset_ago ||
            known.record_lock_duration != group.record_lock_duration)
          doc_.error(
              view_.place("config"), "config", "two workloads set " + in_quotes(w.group) + " differently",
              "give share.auto.offset.reset and share.record.lock.duration.ms the same values in both");
        return;
      }
      cluster.share_groups.push_back(group);
    }
  }

  Build& build_;
  Document& doc_;
  const View& view_;
};

}  // namespace

bool build_share_workload(Build& build, const View& view) {
  if (view.table().tag != "kafka_share_consumer") return false;
  ShareBuilder(build, view).make();
  return true;
}

}  // namespace brokersim::scenario
