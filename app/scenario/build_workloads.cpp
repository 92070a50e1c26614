// workloads: producers and consumers, the hosts they run on, and Kafka's own checks of their settings.
#include <algorithm>

#include "app/scenario/build.h"
#include "app/scenario/build_shapes.h"
#include "app/scenario/kafka_properties.h"
#include "app/scenario/limits.h"
#include "app/scenario/outbox_tables.h"
#include "app/scenario/property_set.h"
#include "app/scenario/validate.h"
#include "models/kafka/client/size_estimate.h"
#include "models/log/batch.h"
#include "models/world/workload_shape.h"

namespace brokersim::scenario {
namespace {

using kafka::ProducerConfig;

constexpr std::int32_t idempotent_in_flight_max = 5;  // Producer state on the broker keeps five batches.

/// enable.idempotence as ProducerConfig.postProcessAndValidateIdempotenceConfigs treats it: asked for, a
/// conflict is an error; by default, it gives way silently (since 4.0 not to too many in flight).
void check_idempotence(const PropertySet& given, kafka::Version version, ProducerConfig& config) {
  if (!config.enable_idempotence) return;
  const bool asked = given.has("enable.idempotence");
  const auto conflict = [&](std::string_view property, const std::string& rule) {
    if (asked) {
      given.report(Severity::error, property, "config", "enable.idempotence needs " + rule,
                   "change it, or leave enable.idempotence out");
    }
    config.enable_idempotence = false;
  };
  if (config.retries == 0) conflict("retries", "retries above 0");
  if (config.acks != kafka::Acks::all) conflict("acks", "acks=all");
  if (config.max_in_flight <= idempotent_in_flight_max) return;
  const std::string rule =
      "max.in.flight.requests.per.connection of at most " + std::to_string(idempotent_in_flight_max);
  if (config.enable_idempotence && !asked && version != kafka::Version::v3_9) {
    given.report(Severity::error, "max.in.flight.requests.per.connection", "config",
                 "enable.idempotence (on by default) needs " + rule,
                 "lower it, or set enable.idempotence to false; before 4.0 it was switched off silently");
  } else {
    conflict("max.in.flight.requests.per.connection", rule);
  }
}

/// 4.0 has no UniformStickyPartitioner any more (KIP-794 deprecated it in 3.3); a class of the user's own is not known here.
void check_partitioner(const PropertySet& given, kafka::Version version, const ProducerConfig& config) {
  if (!given.has("partitioner.class")) return;
  if (config.partitioner == kafka::Partitioner::built_in) {
    given.report(Severity::warning, "partitioner.class", "config",
                 "the model does not know this class: records go where the built-in rule has them",
                 "it knows org.apache.kafka.clients.producer.UniformStickyPartitioner");
  } else if (version != kafka::Version::v3_9) {
    given.report(Severity::error, "partitioner.class", "config",
                 "UniformStickyPartitioner was removed in 4.0",
                 "leave partitioner.class out, or choose version 3.9");
  }
}

class WorkloadBuilder {
 public:
  WorkloadBuilder(Build& build, const View& view) : build_(build), doc_(build.doc), view_(view) {}

  void make() {
    name_ = build_.stable_name(view_);
    if (!build_.workload_names.insert(name_).second) {
      doc_.error(view_.place("name"), "duplicate-name", "there are two workloads named " + in_quotes(name_),
                 "choose another name");
      return;
    }
    cluster_ = build_.resolve_system(view_);
    if (cluster_ != nullptr) check_topic();
    hosts_ = build_.client_hosts(view_, name_, cluster_);
    if (view_.table().tag == "kafka_producer") {
      make_producer();
    } else {
      make_consumer();
    }
  }

 private:
  void check_topic() {
    const NodeId topic = view_.member("topic");
    if (topic == no_node || doc_.tree[topic].kind != NodeKind::text) return;
    std::vector<std::string> known;
    for (const kafka::TopicSpec& spec : cluster_->topics) {
      if (spec.name == doc_.tree[topic].text) {
        topic_ = &spec;
        warn_if_recreated(topic);
        return;
      }
      known.push_back(spec.name);
    }
    std::string hint = "declare it in /systems/" + cluster_->name + "/topics";
    for (const std::string& name : known)
      hint += (name == known.front() ? "; known: " : ", ") + shown(name, 60);
    doc_.error(
        topic, "unknown-topic",
        "there is no topic named " + in_quotes(doc_.tree[topic].text) + " in " + in_quotes(cluster_->name),
        hint);
  }

  /// Kafka's clients know a topic by its name, and go over to the one that bears it again. Members of groups and
  /// transactional producers do not here.
  void warn_if_recreated(NodeId place) {
    if (!view_.knows("group") || !view_.has("group")) return;
    for (const kafka::TopicSpec& later : cluster_->topics) {
      if (later.recreates != topic_->name) continue;
      const bool stops = view_.knows("stop") && view_.has("stop");
      const auto stop = stops ? view_.duration("stop") : std::nullopt;
      if (stop && sim::SimTime{stop->ns} <= topic_->deleted_at) continue;
      doc_.warn(place, "topic-recreated",
                in_quotes(topic_->name) + " is deleted and made anew as " + in_quotes(later.name) +
                    "; this group stays with the deleted one",
                "the simulation binds groups to one life of a topic: stop it before, and give " +
                    in_quotes(later.name) + " a group of its own");
    }
  }

  kafka::Version version() const { return cluster_ != nullptr ? cluster_->version : kafka::Version::v4_1; }

  void check_time(std::string_view field, sim::Duration at) {
    if (build_.duration_known && view_.has(field) && at > build_.out.config.duration) {
      doc_.error(view_.member(field), "after-the-end",
                 std::string(field) + " is " + format_quantity(at.ns, Dimension::duration) +
                     ", but the run ends at " +
                     format_quantity(build_.out.config.duration.ns, Dimension::duration),
                 "raise /duration, or set it earlier");
    }
  }

  void make_producer() {
    world::ProducerWorkload w;
    w.name = name_;
    w.cluster = cluster_ != nullptr ? cluster_->name : "";
    w.topic = view_.text("topic").value_or("");
    w.hosts = std::move(hosts_);
    const NodeId given_arrivals = view_.member("arrivals");
    const bool traced = given_arrivals != no_node && doc_.tree[given_arrivals].kind == NodeKind::object;
    const std::string arrivals = traced ? "listed" : *view_.text("arrivals");
    w.arrivals = arrivals == "poisson"    ? world::Arrivals::poisson
                 : arrivals == "saturate" ? world::Arrivals::saturate
                 : arrivals == "closed"   ? world::Arrivals::closed
                 : arrivals == "listed"   ? world::Arrivals::listed
                                          : world::Arrivals::constant;
    w.rate_per_second_milli = view_.quantity("rate").value_or(0);
    const bool without_rate =
        w.arrivals != world::Arrivals::constant && w.arrivals != world::Arrivals::poisson;
    if (without_rate && view_.has("rate")) {
      doc_.error(view_.member("rate"), "two-selectors",
                 w.arrivals == world::Arrivals::listed ? "a workload with listed arrivals has no rate"
                                                       : "a workload that saturates or is closed has no rate",
                 "leave one of rate and arrivals out");
    }
    if (!without_rate && !view_.has("rate")) {
      doc_.error(view_.node(), "missing-field", "the kafka_producer workload has no \"rate\"",
                 "add \"rate\": \"20000 /s\", or \"arrivals\": \"saturate\"");
    }
    w.records_per_send = static_cast<std::int32_t>(*view_.integer("records_per_send"));
    w.records_per_send_max = static_cast<std::int32_t>(view_.integer("records_per_send_max").value_or(0));
    if (view_.has("records_per_send_max") && w.records_per_send_max < w.records_per_send) {
      doc_.error(view_.member("records_per_send_max"), "out-of-range",
                 "records_per_send_max is below records_per_send", "raise it, or leave it out");
    }
    if (view_.has("records_per_send_max") && w.arrivals != world::Arrivals::closed) {
      doc_.error(view_.member("records_per_send_max"), "two-selectors",
                 "records_per_send_max is of closed arrivals only", "leave it out");
    }
    if (traced && w.records_per_send != 1) {
      doc_.error(view_.member("records_per_send"), "two-selectors",
                 "a file of arrivals says how many records come",
                 "leave records_per_send out; count_column names a column with counts");
    }
    w.records_max = view_.integer("records").value_or(0);
    w.start = {view_.duration("start")->ns};
    const sim::Duration run = build_.out.config.duration;
    w.end = {view_.duration("stop").value_or(sim::Duration{run.ns - run.ns / 6}).ns};
    if (!traced) {
      take_times(w);
    } else if (view_.has("times")) {
      doc_.error(view_.member("times"), "two-selectors", "the times are in the file of arrivals",
                 "leave times out");
    }
    check_time("start", {w.start.ns});
    check_time("stop", {w.end.ns});
    if (build_.duration_known && w.end <= w.start && !view_.wrong("stop") && !view_.wrong("start")) {
      doc_.error(view_.place("stop"), "out-of-range",
                 "the workload stops at " + format_quantity(w.end.ns, Dimension::duration) +
                     ", but starts at " + format_quantity(w.start.ns, Dimension::duration),
                 "stop is at 5/6 of the run unless given");
    }
    w.send_cost = *view_.duration("send_cost");
    w.compressed_percent = static_cast<std::int32_t>(view_.integer("compressed_percent").value_or(0));
    KafkaSettings settings;
    apply_defaults(settings, PropertyScope::producer, version());
    const PropertySet given(doc_, view_, PropertyScope::producer, version());
    given.apply(settings);
    check_idempotence(given, version(), settings.producer);
    check_delivery_timeout(given, settings.producer);
    check_partitioner(given, version(), settings.producer);
    w.config = settings.producer;
    if (!w.config.transactional_id.empty()) {
      given.report(Severity::error, "transactional.id", "config",
                   "a kafka_producer sends without transactions",
                   "use the kind kafka_transactions, or leave transactional.id out");
    }
    build_shape(build_, view_, topic_, w);
    check_record_size(w, given);
    build_.out.config.producers.push_back(std::move(w));
  }

  /// Of listed arrivals, which end where others do: with `stop`.
  void take_times(world::ProducerWorkload& w) {
    const bool listed = w.arrivals == world::Arrivals::listed;
    if (listed != view_.has("times")) {
      doc_.error(listed ? view_.node() : view_.member("times"), listed ? "missing-field" : "two-selectors",
                 listed ? "arrivals are listed, but there are no \"times\"" : "times are of listed arrivals",
                 listed ? "add \"times\": [\"1 s\", \"1250 ms\"]"
                        : "add \"arrivals\": \"listed\", or leave times out");
    }
    if (!listed) return;
    const auto wrong = [&](std::size_t index, const std::string& text, const std::string& what) {
      doc_.error(view_.member("times"), "wrong-times",
                 "times[" + std::to_string(index) + "] " + in_quotes(text) + " " + what,
                 "times are durations from the start of the run, ascending, from the workload's start to its "
                 "stop");
    };
    const std::vector<std::string> texts = view_.texts("times");
    w.times.reserve(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto parsed = parse_quantity(texts[i], Dimension::duration);
      const auto* ns = std::get_if<std::int64_t>(&parsed);
      if (ns == nullptr) return wrong(i, texts[i], "is no time: " + std::get<QuantityError>(parsed).message);
      const sim::SimTime at{*ns};
      if (at < w.start) return wrong(i, texts[i], "is before the workload's start");
      if (!w.times.empty() && at < w.times.back()) return wrong(i, texts[i], "is before the one before it");
      if (build_.duration_known && !view_.wrong("stop") && at >= w.end)
        return wrong(
            i, texts[i],
            "is not before the workload's stop at " + format_quantity(w.end.ns, Dimension::duration));
      w.times.push_back(at);
    }
  }

  /// A record that no request or batch may hold fails at send(); legal, but rarely meant.
  void check_record_size(const world::ProducerWorkload& w, const PropertySet& given) {
    if (w.shape != nullptr && w.shape->trace && w.shape->trace->sizes) return;
    const bool differ = w.shape != nullptr && w.shape->sizes.has_value();
    const std::int64_t size = differ ? w.shape->sizes->min : w.record_size.n;
    const std::int64_t estimate = kafka::client::size_upper_bound(size);  // what send() looks at
    const std::int64_t batch = log::batch_bytes(1, size, {}, {});         // what a broker gets at least
    if (estimate > w.config.buffer_memory.n) {
      given.report(Severity::warning, "buffer.memory", "record-too-large",
                   "every record is larger than buffer.memory (" + std::to_string(w.config.buffer_memory.n) +
                       "), so every send fails",
                   "lower record_size, or raise buffer.memory");
    } else if (estimate > w.config.max_request_size.n) {
      given.report(Severity::warning, "max.request.size", "record-too-large",
                   "every record is larger than max.request.size (" +
                       std::to_string(w.config.max_request_size.n) + "), so every send fails",
                   "lower record_size, or raise max.request.size and max.message.bytes");
    } else if (topic_ != nullptr && batch > topic_->config.max_message_bytes.n) {
      doc_.warn(view_.place("record_size"), "record-too-large",
                "every record is larger than the topic's max.message.bytes (" +
                    std::to_string(topic_->config.max_message_bytes.n) + "), so brokers refuse them",
                "lower record_size, or raise max.message.bytes");
    } else if (topic_ != nullptr && batch > topic_->config.segment_bytes.n) {
      doc_.warn(view_.place("record_size"), "record-too-large",
                "every record is larger than the topic's segment.bytes (" +
                    std::to_string(topic_->config.segment_bytes.n) + "), so brokers refuse them",
                "lower record_size, or raise segment.bytes");
    }
  }

  void make_consumer() {
    world::ConsumerWorkload w;
    w.name = name_;
    w.cluster = cluster_ != nullptr ? cluster_->name : "";
    w.topic = view_.text("topic").value_or("");
    w.hosts = std::move(hosts_);
    w.start = {view_.duration("start")->ns};
    check_time("start", {w.start.ns});
    w.process_cost = *view_.duration("process_cost");
    KafkaSettings settings;
    apply_defaults(settings, PropertyScope::consumer, version());
    const PropertySet given(doc_, view_, PropertyScope::consumer, version());
    given.apply(settings);
    w.config = settings.consumer;
    make_member(w, given);
    build_.out.config.consumers.push_back(std::move(w));
  }

  /// What only members of a group have.
  void make_member(world::ConsumerWorkload& w, const PropertySet& given) {
    w.group = view_.text("group").value_or("");
    const std::string commit = *view_.text("commit");
    w.commit = commit == "before_processing"  ? world::CommitMode::before_processing
               : commit == "after_processing" ? world::CommitMode::after_processing
                                              : world::CommitMode::automatic;
    w.in_background = *view_.text("processing") == "background";
    w.static_members = view_.boolean("static_members").value_or(false);
    if (w.group.empty()) {
      for (const char* field : {"commit", "processing", "static_members"}) {
        if (view_.has(field))
          doc_.error(view_.member(field), "needs-group", std::string(field) + " is of members of a group",
                     "add \"group\", or leave it out");
      }
      return;
    }
    if (w.commit != world::CommitMode::automatic) {
      if (given.has("enable.auto.commit") && w.config.enable_auto_commit) {
        given.report(Severity::error, "enable.auto.commit", "config",
                     "enable.auto.commit and commit " + commit + " are two ways of committing",
                     "leave one of them out");
      }
      w.config.enable_auto_commit = false;
      if (w.in_background)
        doc_.error(view_.member("commit"), "config", "a background worker goes with automatic commits only",
                   "leave commit or processing out");
    }
    if (w.config.heartbeat_interval >= w.config.session_timeout) {
      given.report(Severity::error, "heartbeat.interval.ms", "config",
                   "heartbeat.interval.ms must be below session.timeout.ms", "a third of it is usual");
    }
    if (cluster_ == nullptr) return;
    add_offsets_topic(build_, cluster_->name, view_.member("group"));
    build_.add_group(cluster_->name, w.group, group_kind(w.config), name_, view_.member("group"));
  }

  Build& build_;
  Document& doc_;
  const View& view_;
  const kafka::ClusterConfig* cluster_ = nullptr;
  const kafka::TopicSpec* topic_ = nullptr;
  std::string name_;
  std::vector<std::string> hosts_;
};

}  // namespace

void build_workloads(Build& build, const View& scenario) {
  const auto workloads = scenario.elements("workloads");
  if (static_cast<std::int64_t>(workloads.size()) > limits::workloads) {
    build.doc.error(scenario.member("workloads"), "too-many-workloads",
                    "there are " + std::to_string(workloads.size()) + " workloads, but at most " +
                        std::to_string(limits::workloads) + " can be simulated");
    return;
  }
  for (const NodeId node : workloads) {
    const Table* table = choose(build.doc, node, workload_variants(), false);
    if (table == nullptr) continue;
    const View view(build.doc, node, *table);
    if (build_outbox_workload(build, view) || build_transactional_workload(build, view) ||
        build_share_workload(build, view))
      continue;
    WorkloadBuilder(build, view).make();
  }
  check_keys_of_pipelines(build);
}

}  // namespace brokersim::scenario
