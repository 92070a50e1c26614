// systems: Kafka clusters, their hosts, rules and topics.
#include <algorithm>

#include "app/scenario/build.h"
#include "app/scenario/kafka_properties.h"
#include "app/scenario/limits.h"
#include "app/scenario/outbox_tables.h"
#include "app/scenario/planted_bugs.h"
#include "app/scenario/presets.h"
#include "app/scenario/property_set.h"
#include "app/scenario/validate.h"

namespace brokersim::scenario {
namespace {

using kafka::ClusterConfig;
using kafka::TopicSpec;

void build_rules(const View& rules, kafka::Version version, kafka::BrokerConfig& broker) {
  broker.eligible_leader_replicas =
      rules.boolean("eligible_leader_replicas").value_or(version == kafka::Version::v4_1);
  broker.strict_min_isr = *rules.boolean("strict_min_isr");
  broker.metadata_commit_wakes_fetch =
      rules.boolean("metadata_commit_wakes_fetch").value_or(version == kafka::Version::v4_1);
  const std::string truncation = rules.text("truncation").value_or("fetch");
  using kafka::TruncationMode;
  broker.truncation = truncation == "high_watermark" ? TruncationMode::high_watermark
                      : truncation == "kip101"       ? TruncationMode::kip101
                      : truncation == "kip279"       ? TruncationMode::kip279
                                                     : TruncationMode::fetch;
  broker.fetch_epoch_fencing = *rules.boolean("fetch_epoch_fencing");
  broker.consumer_offset_validation = *rules.boolean("consumer_offset_validation");
  broker.isr_admits_only_active = *rules.boolean("isr_admits_only_active");
  broker.isr_checks_broker_epoch = *rules.boolean("isr_checks_broker_epoch");
  broker.leader_epoch_rises_on_isr_shrink = *rules.boolean("leader_epoch_rises_on_isr_shrink");
  broker.last_known_leader_must_live = rules.boolean("last_known_leader_must_live");
  broker.detect_clean_shutdown = rules.boolean("detect_clean_shutdown");
  broker.periodic_fence_check = rules.boolean("periodic_fence_check");
  broker.pre_vote = rules.boolean("pre_vote");
  broker.transaction_version =
      static_cast<std::int32_t>(rules.integer("transaction_version").value_or(version == kafka::Version::v3_9 ? 1 : 2));
  if (rules.boolean("strict_marker_epochs").value_or(false)) {
    // Models take version 3 for 2 with the stricter markers. A marker of version 1 has the epoch of its batches: there is
    // nothing to be strict about.
    if (broker.transaction_version == 2) broker.transaction_version = 3;
  }
  broker.topic_ids = *rules.boolean("topic_ids");
  broker.high_watermark_wakes_fetches = *rules.boolean("high_watermark_wakes_fetches");
  broker.reelection_forgets_followers = *rules.boolean("reelection_forgets_followers");
  for (const std::string& bug : rules.texts("planted")) plant(broker.planted, bug);
}

void build_costs(const View& view, kafka::Costs& costs) {
  if (const auto profile = view.text("profile")) {
    if (const kafka::Costs* known = kafka::find_cost_profile(*profile)) costs = *known;
  }
  for (const kafka::CostField& field : kafka::cost_fields()) {
    if (!view.has(field.name)) continue;
    if (field.time != nullptr) {
      costs.*field.time = view.duration(field.name).value_or(costs.*field.time);
    } else {
      costs.*field.ps_per_byte = view.integer(field.name).value_or(costs.*field.ps_per_byte);
    }
  }
}

/// Broker properties that only make sense together.
void check_broker(const PropertySet& given, KafkaSettings& settings) {
  auto& broker = settings.broker;
  if (broker.replica_fetch_wait_max > broker.replica_lag_time_max) {
    given.report(
        Severity::error,
        given.has("replica.lag.time.max.ms") ? "replica.lag.time.max.ms" : "replica.fetch.wait.max.ms",
        "config", "replica.fetch.wait.max.ms must not be above replica.lag.time.max.ms",
        "else followers of idle partitions leave the ISR again and again");
  }
  if (broker.broker_session_timeout < broker.broker_heartbeat_interval) {
    given.report(
        Severity::warning,
        given.has("broker.session.timeout.ms") ? "broker.session.timeout.ms" : "broker.heartbeat.interval.ms",
        "config",
        "broker.session.timeout.ms is below broker.heartbeat.interval.ms, so live brokers are fenced between "
        "heartbeats",
        "");
  }
  // log.flush.interval.ms is null by default, and then means the scheduler's interval.
  if (!given.has("log.flush.interval.ms")) settings.topic.flush_ms = broker.log_flush_scheduler_interval;
}

void build_controllers(Build& build, const View& view, ClusterConfig& cluster) {
  const View controllers = view.object("controllers");
  const std::int64_t count = controllers.integer("count").value_or(1);
  if (const auto group = controllers.text("on"); group && controllers.has("on")) {
    std::vector<std::string> hosts = build.resolve_hosts(controllers, "on");
    if (!hosts.empty() && static_cast<std::int64_t>(hosts.size()) < count) {
      build.doc.error(controllers.place("count"), "too-few-hosts",
                      "there are " + std::to_string(count) + " controllers, but " + in_quotes(*group) +
                          " has " + counted(hosts.size(), "host"),
                      "lower count to " + std::to_string(hosts.size()));
    }
    hosts.resize(std::min(hosts.size(), static_cast<std::size_t>(count)));
    cluster.controller_hosts = std::move(hosts);
    return;
  }
  const std::vector<std::string> zones = build.zones_of(cluster.broker_hosts);
  host::HostConfig host;
  host.group = cluster.name + "-controller";
  host.hardware = find_preset("controller.default")->hardware;
  for (std::int64_t i = 0; i < count; ++i) {
    host.name = host.group + "-" + std::to_string(i);
    host.zone = zones[static_cast<std::size_t>(i) % zones.size()];
    host.region = build.region_of(host.zone);
    host.power_domain = host.name;
    cluster.controller_hosts.push_back(host.name);
    build.add_host(host, controllers.node() != no_node ? controllers.node() : view.node());
  }
}

class TopicBuilder {
 public:
  TopicBuilder(Build& build, const View& view, const View& system, const ClusterConfig& cluster,
               const std::vector<std::int32_t>& order, const KafkaSettings& inherited)
      : build_(build),
        doc_(build.doc),
        view_(view),
        system_(system),
        cluster_(cluster),
        order_(order),
        settings_(inherited) {}

  std::optional<TopicSpec> make() {
    const auto name = view_.text("name");
    if (!name) return std::nullopt;
    spec_.name = *name;
    check_name();
    read_assignment();
    counts();
    const PropertySet given(doc_, view_, PropertyScope::topic, cluster_.version);
    given.apply(settings_);
    spec_.config = settings_.topic;
    check_size();
    check_life();
    if (within_limit()) assign();
    const std::pair<const char*, const kafka::ThrottledReplicas*> throttled[] = {
        {"leader.replication.throttled.replicas", &spec_.config.leader_throttled},
        {"follower.replication.throttled.replicas", &spec_.config.follower_throttled}};
    for (const auto& [property, replicas] : throttled) {
      if (!replicas->malformed) continue;
      given.report(Severity::error, property, "config", std::string(property) + " is no list of replicas",
                   "write * for all, or PARTITION:BROKER,PARTITION:BROKER");
    }
    if (spec_.config.min_insync_replicas > spec_.replication_factor && spec_.replication_factor > 0) {
      const std::string message =
          "min.insync.replicas is " + std::to_string(spec_.config.min_insync_replicas) + ", but topic " +
          in_quotes(spec_.name) + " has " +
          counted(static_cast<std::size_t>(spec_.replication_factor), "replica") + " per partition";
      given.report(Severity::warning, "min.insync.replicas", "min-isr", message,
                   "Kafka then takes the count of replicas");
    }
    return spec_;
  }

 private:
  void check_name() {
    for (const TopicSpec& other : cluster_.topics) {
      if (other.name == spec_.name)
        doc_.error(view_.member("name"), "duplicate-name",
                   "there are two topics named " + in_quotes(spec_.name), "choose another name");
    }
    if (spec_.name == "." || spec_.name == "..")
      doc_.error(view_.member("name"), "bad-name", in_quotes(spec_.name) + " is not a legal topic name", "");
  }

  /// When it is created and deleted, and whose name it takes over.
  void check_life() {
    if (const auto at = view_.duration("created_at"); at && view_.has("created_at"))
      spec_.created_at = {at->ns};
    if (const auto at = view_.duration("deleted_at"); at && view_.has("deleted_at"))
      spec_.deleted_at = {at->ns};
    if (spec_.deleted_at <= spec_.created_at) {
      doc_.error(view_.member("deleted_at"), "deleted-too-early", "the topic is deleted before it is created",
                 "set deleted_at later");
    }
    if (!view_.has("recreates")) return;
    spec_.recreates = view_.text("recreates").value_or("");
    for (const TopicSpec& other : cluster_.topics) {
      if (other.name != spec_.recreates) continue;
      if (other.deleted_at < spec_.created_at) return;
      doc_.error(view_.member("recreates"), "still-there",
                 "topic " + in_quotes(other.name) + " is not deleted before this one is created",
                 "set its deleted_at before this topic's created_at");
      return;
    }
    doc_.error(view_.member("recreates"), "unknown-topic",
               "there is no topic " + in_quotes(spec_.recreates) + " above this one in the list", "");
  }

  void read_assignment() {
    for (const NodeId partition : view_.elements("assignment")) {
      std::vector<std::int32_t> replicas;
      if (doc_.tree[partition].kind != NodeKind::array) {
        broken_ = true;
        continue;
      }
      for (NodeId e = doc_.tree[partition].first; e != no_node; e = doc_.tree[e].next) {
        const auto parsed = parse_integer(doc_.tree[e].text);
        const auto* id = std::get_if<std::int64_t>(&parsed);
        if (doc_.tree[e].kind != NodeKind::number || id == nullptr || *id < 0 || *id > limits::hosts) {
          broken_ = true;
          continue;
        }
        const auto brokers = static_cast<std::int64_t>(cluster_.broker_hosts.size());
        if (*id >= brokers && brokers > 0 && build_.hosts_known) {
          doc_.error(e, "unknown-broker", "there is no broker " + std::to_string(*id),
                     "brokers are numbered 0 to " + std::to_string(brokers - 1));
          broken_ = true;
        }
        if (std::find(replicas.begin(), replicas.end(), *id) != replicas.end()) {
          doc_.error(e, "bad-assignment",
                     "broker " + std::to_string(*id) + " holds two replicas of one partition", "");
          broken_ = true;
        }
        replicas.push_back(static_cast<std::int32_t>(*id));
      }
      spec_.assignment.push_back(std::move(replicas));
    }
  }

  void counts() {
    const bool assigned = !spec_.assignment.empty();
    const auto partitions = view_.integer("partitions");
    const auto factor = view_.integer("replication_factor");
    spec_.partitions = static_cast<std::int32_t>(partitions.value_or(
        assigned ? static_cast<std::int64_t>(spec_.assignment.size()) : settings_.num_partitions));
    const auto first = assigned ? static_cast<std::int64_t>(spec_.assignment.front().size())
                                : settings_.default_replication_factor;
    spec_.replication_factor = static_cast<std::int32_t>(factor.value_or(first));
    if (!assigned || broken_) return;
    if (spec_.assignment.size() != static_cast<std::size_t>(spec_.partitions)) {
      broken_ = true;
      doc_.error(view_.member("assignment"), "bad-assignment",
                 "assignment lists " + counted(spec_.assignment.size(), "partition") +
                     ", but the topic has " + std::to_string(spec_.partitions),
                 "leave `partitions` out to take it from the assignment");
    }
    const auto lists = view_.elements("assignment");
    for (std::size_t p = 0; p < spec_.assignment.size(); ++p) {
      if (spec_.assignment[p].size() == static_cast<std::size_t>(spec_.replication_factor)) continue;
      broken_ = true;
      doc_.error(lists[p], "bad-assignment",
                 "partition " + std::to_string(p) + " has " + counted(spec_.assignment[p].size(), "replica") +
                     ", but replication_factor is " + std::to_string(spec_.replication_factor),
                 "");
    }
  }

  void check_size() {
    const auto brokers = cluster_.broker_hosts.size();
    if (brokers == 0 || !build_.hosts_known || broken_ || view_.wrong("replication_factor")) return;
    if (static_cast<std::size_t>(spec_.replication_factor) <= brokers) return;
    broken_ = true;
    doc_.error(view_.place(view_.has("replication_factor") ? "replication_factor" : "name"),
               "too-few-brokers",
               "replication_factor is " + std::to_string(spec_.replication_factor) +
                   ", but the cluster has " + counted(brokers, "broker"),
               "lower it to " + std::to_string(brokers) + raise_hint());
  }

  /// ", or raise /hosts/0/count (line 6) to 5", when the brokers are one group.
  std::string raise_hint() const {
    const auto groups = system_.elements("brokers_on");
    if (groups.size() != 1) return "";
    const auto group = build_.group_nodes.find(doc_.tree[groups.front()].text);
    if (group == build_.group_nodes.end()) return "";
    const NodeId count = doc_.tree.find(group->second, "count");
    const NodeId place = count != no_node ? count : group->second;
    return ", or raise " + doc_.tree.pointer(group->second) + "/count (" + doc_.where(place) + ") to " +
           std::to_string(spec_.replication_factor);
  }

  bool within_limit() {
    build_.replicas += static_cast<std::int64_t>(spec_.partitions) * spec_.replication_factor;
    if (build_.replicas <= limits::replicas) return !broken_;
    if (!build_.too_many_replicas) {
      build_.too_many_replicas = true;
      doc_.error(view_.place("partitions"), "too-many-replicas",
                 "the topics need more than " + std::to_string(limits::replicas) +
                     " replicas (partitions times replication_factor), the most that can be simulated",
                 "");
    }
    return false;
  }

  void assign() {
    if (!spec_.assignment.empty() || cluster_.broker_hosts.empty()) return;
    for (std::int32_t p = 0; p < spec_.partitions; ++p) {
      std::vector<std::int32_t> replicas;
      for (std::int32_t r = 0; r < spec_.replication_factor; ++r)
        replicas.push_back(order_[static_cast<std::size_t>(p + r) % order_.size()]);
      spec_.assignment.push_back(std::move(replicas));
    }
  }

  Build& build_;
  Document& doc_;
  const View& view_;
  const View& system_;
  const ClusterConfig& cluster_;
  const std::vector<std::int32_t>& order_;  ///< Brokers, interleaved by zone.
  KafkaSettings settings_;
  TopicSpec spec_;
  bool broken_ = false;
};

void build_kafka(Build& build, const std::string& name, const View& view) {
  ClusterConfig cluster;
  cluster.name = name;
  cluster.version = version_of(view.text("version").value_or("")).value_or(kafka::Version::v4_1);
  cluster.broker_hosts = build.resolve_hosts(view, "brokers_on");

  KafkaSettings settings;
  apply_defaults(settings, PropertyScope::broker, cluster.version);
  const PropertySet given(build.doc, view, PropertyScope::broker, cluster.version);
  given.apply(settings);
  check_broker(given, settings);
  build_rules(view.object("rules"), cluster.version, settings.broker);
  if (cluster.version == kafka::Version::v3_9 && settings.broker.transaction_version > 1)
    build.doc.error(
        view.object("rules").place("transaction_version"), "config",
        "Kafka 3.9 has transaction_version 1 only (KIP-890 part 2 came with 4.0)",
        "leave transaction_version and strict_marker_epochs out, or set the system's version to 4.0");
  cluster.broker = settings.broker;
  cluster.topic_defaults = settings.topic;

  build_costs(view.object("costs"), cluster.costs);
  const View jvm = view.object("jvm");
  const std::string collector = jvm.text("collector").value_or("none");
  cluster.jvm.collector = collector == "g1"    ? compute::Collector::g1
                          : collector == "zgc" ? compute::Collector::zgc
                                               : compute::Collector::none;
  cluster.jvm.gap_percent = static_cast<std::int32_t>(*jvm.integer("gap_percent"));
  cluster.jvm.pause_percent = static_cast<std::int32_t>(*jvm.integer("pause_percent"));

  build_controllers(build, view, cluster);
  const auto topics = view.elements("topics");
  if (static_cast<std::int64_t>(topics.size()) > limits::topics) {
    build.doc.error(view.member("topics"), "too-many-topics",
                    "there are " + std::to_string(topics.size()) + " topics, but at most " +
                        std::to_string(limits::topics) + " can be simulated");
  } else {
    const std::vector<std::int32_t> order = interleaved_by_zone(build, cluster.broker_hosts);
    const Table& topic_table = *view.table().find("topics")->table;
    for (const NodeId node : topics) {
      const View topic(build.doc, node, topic_table);
      if (auto spec = TopicBuilder(build, topic, view, cluster, order, settings).make())
        cluster.topics.push_back(std::move(*spec));
    }
  }
  build.out.config.clusters.push_back(std::move(cluster));
}

/// What tells one internal topic from the other.
struct InternalTopic {
  std::string name;
  std::string need;      ///< "a consumer group needs __consumer_offsets"
  std::string property;  ///< That its replication factor comes from.
  std::int32_t partitions = 0;
  std::int32_t replication_factor = 0;
  sim::Bytes segment_bytes;
};

void add_internal_topic(Build& build, ClusterConfig& cluster, const InternalTopic& topic, NodeId at) {
  for (const TopicSpec& known : cluster.topics) {
    if (known.name == topic.name) return;
  }
  TopicSpec spec;
  spec.name = topic.name;
  spec.internal = true;
  spec.partitions = topic.partitions;
  spec.replication_factor = topic.replication_factor;
  const auto brokers = static_cast<std::int32_t>(cluster.broker_hosts.size());
  if (spec.replication_factor > brokers) {
    build.doc.error(at, "too-few-brokers",
                    topic.need + " with " +
                        counted(static_cast<std::size_t>(spec.replication_factor), "replica") +
                        " per partition, but the cluster has " +
                        counted(static_cast<std::size_t>(brokers), "broker"),
                    "set " + topic.property + " of the system to " + std::to_string(brokers) +
                        ", or raise the count of brokers");
    return;
  }
  // Of its own it has the size of segments and the clean-up; the rest, min.insync.replicas too, is the brokers' default.
  spec.config = cluster.topic_defaults;
  spec.config.segment_bytes = topic.segment_bytes;
  spec.config.keeps_codec = true;
  if (topic.name == world::kTransactionsTopic || topic.name == world::kShareStateTopic) {
    spec.config.min_insync_replicas = topic.name == world::kShareStateTopic ? cluster.broker.share_state_min_isr
                                                                            : cluster.broker.transaction_state_min_isr;
    spec.config.unclean_leader_election = false;
    spec.config.compression.codec = compute::Codec::none;
  }
  // Not modelled: its compaction. Nothing of it is deleted, so a coordinator reads more than it would have to.
  spec.config.cleanup_delete = false;
  spec.config.cleanup_compact = false;
  const std::vector<std::int32_t> order = interleaved_by_zone(build, cluster.broker_hosts);
  for (std::int32_t p = 0; p < spec.partitions; ++p) {
    std::vector<std::int32_t> replicas;
    for (std::int32_t r = 0; r < spec.replication_factor; ++r)
      replicas.push_back(order[static_cast<std::size_t>(p + r) % order.size()]);
    spec.assignment.push_back(std::move(replicas));
  }
  build.replicas += static_cast<std::int64_t>(spec.partitions) * spec.replication_factor;
  cluster.topics.push_back(std::move(spec));
}

ClusterConfig* find_cluster(Build& build, const std::string& name) {
  for (ClusterConfig& cluster : build.out.config.clusters) {
    if (cluster.name == name && !cluster.broker_hosts.empty()) return &cluster;
  }
  return nullptr;
}

}  // namespace

void add_offsets_topic(Build& build, const std::string& name, NodeId at) {
  ClusterConfig* cluster = find_cluster(build, name);
  if (cluster == nullptr) return;
  const kafka::BrokerConfig& broker = cluster->broker;
  add_internal_topic(build, *cluster,
                     {"__consumer_offsets", "a consumer group needs __consumer_offsets",
                      "offsets.topic.replication.factor", broker.offsets_topic_num_partitions,
                      broker.offsets_topic_replication_factor, broker.offsets_topic_segment_bytes},
                     at);
}

void add_transactions_topic(Build& build, const std::string& name, NodeId at) {
  ClusterConfig* cluster = find_cluster(build, name);
  if (cluster == nullptr) return;
  const kafka::BrokerConfig& broker = cluster->broker;
  add_internal_topic(build, *cluster,
                     {world::kTransactionsTopic, "a transactional producer needs __transaction_state",
                      "transaction.state.log.replication.factor", broker.transaction_state_partitions,
                      broker.transaction_state_replication_factor, broker.transaction_state_segment_bytes},
                     at);
}

void add_share_state_topic(Build& build, const std::string& name, NodeId at) {
  ClusterConfig* cluster = find_cluster(build, name);
  if (cluster == nullptr) return;
  const kafka::BrokerConfig& broker = cluster->broker;
  add_internal_topic(build, *cluster,
                     {world::kShareStateTopic, "a share group needs __share_group_state",
                      "share.coordinator.state.topic.replication.factor", broker.share_state_partitions,
                      broker.share_state_replication_factor, broker.share_state_segment_bytes},
                     at);
}

void build_systems(Build& build, const View& scenario) {
  const auto systems = scenario.elements("systems");
  if (static_cast<std::int64_t>(systems.size()) > limits::systems) {
    build.doc.error(scenario.member("systems"), "too-many-systems",
                    "there are " + std::to_string(systems.size()) + " systems, but at most " +
                        std::to_string(limits::systems) + " can be simulated");
    return;
  }
  for (const NodeId node : systems) build.system_names.insert(build.doc.tree[node].key);
  for (const NodeId node : systems) {
    const Table* table = choose(build.doc, node, system_variants(), false);
    if (table == nullptr) continue;
    const std::string& name = build.doc.tree[node].key;
    const View view(build.doc, node, *table);
    if (table->tag == "database") {
      build_database(build, name, view);
    } else {
      build_kafka(build, name, view);
    }
  }
}

std::vector<std::int32_t> interleaved_by_zone(const Build& build, const std::vector<std::string>& hosts) {
  const auto zone_of = [&](const std::string& host) {
    return build.out.config.hosts[build.host_index.at(host)].zone;
  };
  const std::vector<std::string> zones = build.zones_of(hosts);
  std::vector<std::vector<std::int32_t>> by_zone(zones.size());
  for (std::size_t id = 0; id < hosts.size(); ++id) {
    const auto zone = std::find(zones.begin(), zones.end(), zone_of(hosts[id])) - zones.begin();
    by_zone[static_cast<std::size_t>(zone)].push_back(static_cast<std::int32_t>(id));
  }
  std::vector<std::int32_t> order;
  for (std::size_t round = 0; order.size() < hosts.size(); ++round) {
    for (const auto& ids : by_zone) {
      if (round < ids.size()) order.push_back(ids[round]);
    }
  }
  return order;
}

}  // namespace brokersim::scenario
