// workloads of kind kafka_transactions and kafka_pipeline, and the internal topics that they need.
#include <algorithm>

#include "app/scenario/build_shapes.h"
#include "app/scenario/kafka_properties.h"
#include "app/scenario/outbox_tables.h"
#include "app/scenario/property_set.h"
#include "models/world/workload_shape.h"
#include "sim/check.h"

namespace brokersim::scenario {
namespace {

/// A compacted topic refuses records without keys.
void warn_without_keys(Document& doc, const View& view, const kafka::TopicSpec* topic,
                       const std::string& hint) {
  if (topic != nullptr && topic->config.cleanup_compact)
    doc.warn(view.node(), "no-keys", "the topic is compacted, so brokers refuse records without a key", hint);
}

class TransactionalBuilder {
 public:
  TransactionalBuilder(Build& build, const View& view) : build_(build), doc_(build.doc), view_(view) {}

  void make() {
    name_ = build_.stable_name(view_);
    if (!build_.workload_names.insert(name_).second) {
      doc_.error(view_.place("name"), "duplicate-name", "there are two workloads named " + in_quotes(name_),
                 "choose another name");
      return;
    }
    cluster_ = build_.resolve_system(view_);
    hosts_ = build_.client_hosts(view_, name_, cluster_);
    topic_ = check_topic("topic");
    if (view_.table().tag == "kafka_transactions") {
      make_transactions();
    } else {
      (void)check_topic("from");
      make_pipeline();
    }
  }

 private:
  kafka::Version version() const { return cluster_ != nullptr ? cluster_->version : kafka::Version::v4_1; }
  std::string cluster_name() const { return cluster_ != nullptr ? cluster_->name : ""; }

  /// The topic that a field names; null if there is none.
  const kafka::TopicSpec* check_topic(std::string_view field) {
    const NodeId topic = view_.member(field);
    if (cluster_ == nullptr || topic == no_node || doc_.tree[topic].kind != NodeKind::text) return nullptr;
    std::vector<std::string> known;
    for (const kafka::TopicSpec& spec : cluster_->topics) {
      if (spec.name == doc_.tree[topic].text) return &spec;
      known.push_back(spec.name);
    }
    doc_.error(
        topic, "unknown-topic",
        "there is no topic named " + in_quotes(doc_.tree[topic].text) + " in " + in_quotes(cluster_->name),
        doc_.suggest(doc_.tree[topic].text, [&] { return known; }));
    return nullptr;
  }

  /// Keys of a transfer are its accounts; others are as those of a kafka_producer.
  void take_keys(world::TransactionWorkload& w) {
    if (w.accounts == 0) {
      world::ProducerWorkload as;
      as.name = w.name;
      build_shape(build_, view_, topic_, as);
      w.keys = as.keys;
      w.shape = as.shape;
      return;
    }
    for (const char* field : {"keys", "tombstone_permille"}) {
      if (view_.has(field))
        doc_.error(view_.member(field), "two-selectors",
                   "a transfer has two records, whose keys are its accounts",
                   "leave accounts or " + std::string(field) + " out");
    }
    if (!world::keys_of_accounts(w)) warn_without_keys(doc_, view_, topic_, "raise record_size");
  }

  void check_time(std::string_view field, sim::Duration at) {
    if (build_.duration_known && view_.has(field) && at > build_.out.config.duration)
      doc_.error(view_.member(field), "after-the-end", std::string(field) + " is after the end of the run",
                 "raise /duration, or set it earlier");
  }

  /// What makes a producer a transactional one is not a choice (TransactionManager needs idempotence).
  kafka::ProducerConfig producer(bool transactional) {
    KafkaSettings settings;
    apply_defaults(settings, PropertyScope::producer, version());
    const PropertySet given(doc_, view_, PropertyScope::producer, version());
    given.apply(settings);
    check_delivery_timeout(given, settings.producer);
    kafka::ProducerConfig config = settings.producer;
    const auto needs = [&](std::string_view property, const std::string& rule) {
      given.report(Severity::error, property, "config", "a transactional producer needs " + rule,
                   "change it, or leave it out");
    };
    if (transactional) {
      if (config.acks != kafka::Acks::all) needs("acks", "acks=all");
      if (!config.enable_idempotence) needs("enable.idempotence", "enable.idempotence=true");
      if (config.max_in_flight > 5)
        needs("max.in.flight.requests.per.connection", "max.in.flight.requests.per.connection of at most 5");
      if (cluster_ != nullptr && config.transaction_timeout > cluster_->broker.transaction_max_timeout)
        needs("transaction.timeout.ms", "a transaction.timeout.ms of at most the brokers' transaction.max.timeout.ms");
      if (cluster_ != nullptr) add_transactions_topic(build_, cluster_->name, view_.place("kind"));
    } else if (!config.transactional_id.empty()) {
      given.report(Severity::error, "transactional.id", "config", "without transactions it has no transactional.id",
                   "leave it out, or set guarantee to exactly_once");
    }
    return config;
  }

  void warn_of_shared_id() {
    doc_.warn(view_.node(), "shared-transactional-id",
              "all instances have the same transactional.id, so each fences the one before it",
              "leave transactional.id out: each instance then has its own name");
  }

  void make_transactions() {
    world::TransactionWorkload w;
    w.name = name_;
    w.cluster = cluster_name();
    w.topic = view_.text("topic").value_or("");
    w.hosts = std::move(hosts_);
    w.rate_per_second_milli = view_.quantity("rate").value_or(1'000);
    w.records = static_cast<std::int32_t>(*view_.integer("records_per_transaction"));
    w.accounts = view_.integer("accounts").value_or(0);
    if (w.accounts > 0 && view_.has("records_per_transaction"))
      doc_.error(view_.member("records_per_transaction"), "two-selectors", "a transfer has two records",
                 "leave one of accounts and records_per_transaction out");
    if (w.accounts > 0) w.records = 2;
    w.record_size = *view_.bytes("record_size");
    take_keys(w);
    w.work = *view_.duration("work");
    w.abort_permille = static_cast<std::int32_t>(*view_.integer("abort_permille"));
    w.restarts_when_fenced = view_.text("on_fenced") == "restart";
    w.start = {view_.duration("start")->ns};
    const sim::Duration run = build_.out.config.duration;
    w.end = {view_.duration("stop").value_or(sim::Duration{run.ns - run.ns / 6}).ns};
    check_time("start", {w.start.ns});
    check_time("stop", {w.end.ns});
    w.config = producer(true);
    if (w.hosts.size() > 1 && !w.config.transactional_id.empty()) warn_of_shared_id();
    build_.out.config.transactions.push_back(std::move(w));
  }

  void make_pipeline() {
    world::PipelineWorkload w;
    w.name = name_;
    w.cluster = cluster_name();
    w.from = view_.text("from").value_or("");
    w.topic = view_.text("topic").value_or("");
    w.hosts = std::move(hosts_);
    w.group = view_.text("group").value_or(name_);
    w.exactly_once = view_.text("guarantee") == "exactly_once";
    w.commits_first = view_.text("guarantee") == "at_most_once";
    w.work = *view_.duration("work");
    w.record_size = *view_.bytes("record_size");
    w.start = {view_.duration("start")->ns};
    check_time("start", {w.start.ns});
    w.producer = producer(w.exactly_once);
    KafkaSettings settings;
    apply_defaults(settings, PropertyScope::consumer, version());
    settings.consumer.auto_offset_reset = kafka::OffsetReset::earliest;
    settings.consumer.read_committed = w.exactly_once;
    if (view_.has("consumer")) {
      const View consumer = view_.object("consumer");
      const PropertySet given(doc_, consumer, PropertyScope::consumer, version());
      given.apply(settings);
      if (given.has("enable.auto.commit") && settings.consumer.enable_auto_commit)
        given.report(Severity::warning, "enable.auto.commit", "no-effect",
                     "enable.auto.commit has no effect: a pipeline commits when it has made its records",
                     "leave it out; guarantee says when a pipeline commits");
    }
    w.consumer = settings.consumer;
    if (w.exactly_once && w.hosts.size() > 1 && !w.producer.transactional_id.empty()) warn_of_shared_id();
    if (cluster_ != nullptr) {
      add_offsets_topic(build_, cluster_->name, view_.place("kind"));
      build_.add_group(cluster_->name, w.group, group_kind(w.consumer), name_, view_.place("group"));
    }
    build_.out.config.pipelines.push_back(std::move(w));
    build_.pipelines.push_back(view_.node());
  }

  Build& build_;
  Document& doc_;
  const View& view_;
  const kafka::ClusterConfig* cluster_ = nullptr;
  const kafka::TopicSpec* topic_ = nullptr;
  std::string name_;
  std::vector<std::string> hosts_;
};

/// Some workload writes keys to the topic, of whatever kind.
bool has_keys(const world::Config& config, const std::string& cluster, const std::string& topic) {
  const auto writes = [&](const auto& writer) { return writer.cluster == cluster && writer.topic == topic; };
  const auto keyed = [&](const auto& writer) {
    const bool by_shape =
        writer.shape && (writer.shape->keys || (writer.shape->trace && !writer.shape->trace->keys.empty()));
    return writes(writer) && (writer.keys.keys > 0 || by_shape);
  };
  return std::any_of(config.producers.begin(), config.producers.end(), keyed) ||
         std::any_of(config.transactions.begin(), config.transactions.end(), [&](const auto& writer) {
           return keyed(writer) || (writes(writer) && writer.accounts > 0);
         });
}

void check_keys(Build& build, const View& view, const world::PipelineWorkload& pipeline) {
  const world::Config& config = build.out.config;
  if (const auto keys = world::keys_in(config, pipeline.cluster, pipeline.from)) {
    const std::int64_t needed = keys->text_bytes(keys->count - 1) + world::kBesideKey;
    if (pipeline.record_size.n < needed)
      build.doc.error(view.place("record_size"), "out-of-range",
                      "records with the keys of " + in_quotes(pipeline.from) + " need at least " +
                          std::to_string(needed) + " bytes",
                      "raise record_size");
    return;
  }
  if (has_keys(config, pipeline.cluster, pipeline.from))
    build.doc.warn(view.member("from"), "keys-not-kept",
                   "what is written to " + in_quotes(pipeline.from) +
                       " has keys of several kinds, or keys without a text, or records without one: "
                       "what the pipeline makes has none",
                   "give all that write there the same \"keys\", as an object");
  for (const kafka::ClusterConfig& cluster : config.clusters) {
    if (cluster.name != pipeline.cluster) continue;
    for (const kafka::TopicSpec& spec : cluster.topics) {
      if (spec.name == pipeline.topic)
        warn_without_keys(build.doc, view, &spec, "write keys to the topic that it reads");
    }
  }
}

}  // namespace

void check_keys_of_pipelines(Build& build) {
  const std::vector<world::PipelineWorkload>& pipelines = build.out.config.pipelines;
  SIM_CHECK(pipelines.size() == build.pipelines.size());
  for (std::size_t i = 0; i < pipelines.size(); ++i)
    check_keys(build, View(build.doc, build.pipelines[i], pipeline_table()), pipelines[i]);
}

bool build_transactional_workload(Build& build, const View& view) {
  const std::string& kind = view.table().tag;
  if (kind != "kafka_transactions" && kind != "kafka_pipeline") return false;
  TransactionalBuilder(build, view).make();
  return true;
}

}  // namespace brokersim::scenario
