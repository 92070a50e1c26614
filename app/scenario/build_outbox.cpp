// Databases, services that publish events, publishers and inbox consumers.
#include <algorithm>
#include <array>

#include "app/scenario/kafka_properties.h"
#include "app/scenario/outbox_tables.h"
#include "app/scenario/property_set.h"
#include "models/outbox/crash.h"
#include "models/outbox/schema.h"

namespace brokersim::scenario {
namespace {

using outbox::Step;

bool planted(const View& view, std::string_view bug) {
  const std::vector<std::string> bugs = view.texts("planted");
  return std::find(bugs.begin(), bugs.end(), bug) != bugs.end();
}

history::Publishing publishing_of(const std::string& text) {
  if (text == "row_then_event") return history::Publishing::row_then_event;
  if (text == "event_then_row") return history::Publishing::event_then_row;
  if (text == "event_in_transaction") return history::Publishing::event_in_transaction;
  return history::Publishing::outbox;
}

class OutboxBuilder {
 public:
  OutboxBuilder(Build& build, const View& view) : build_(build), doc_(build.doc), view_(view) {}

  void make() {
    name_ = build_.stable_name(view_);
    if (!build_.workload_names.insert(name_).second) {
      doc_.error(view_.place("name"), "duplicate-name", "there are two workloads named " + in_quotes(name_),
                 "choose another name");
      return;
    }
    cluster_ = build_.resolve_system(view_);
    database_ = resolve_database();
    check_topic();
    hosts_ = build_.client_hosts(view_, name_, cluster_);
    const std::string& kind = view_.table().tag;
    if (kind == "outbox_service") {
      service();
    } else if (kind == "outbox_publisher") {
      publisher();
    } else {
      inbox();
    }
  }

 private:
  std::string resolve_database() {
    const auto& databases = build_.out.config.databases;
    const NodeId node = view_.member("database");
    const auto names = [&] {
      std::vector<std::string> all;
      for (const auto& one : databases) all.push_back(one.name);
      return all;
    };
    if (node == no_node) {
      if (databases.size() == 1) return databases.front().name;
      if (databases.empty()) {
        doc_.error(view_.node(), "unknown-system", "there is no database",
                   "add one to /systems: {\"kind\": \"database\", \"on\": HOST}");
      } else {
        doc_.error(view_.node(), "missing-field",
                   "there are " + std::to_string(databases.size()) +
                       " databases, so \"database\" must say which is meant",
                   doc_.suggest("", names));
      }
      return "";
    }
    if (doc_.tree[node].kind != NodeKind::text) return "";
    const std::string& text = doc_.tree[node].text;
    for (const auto& one : databases) {
      if (one.name == text) return text;
    }
    doc_.error(node, "unknown-system", "there is no database named " + in_quotes(text),
               doc_.suggest(text, names));
    return "";
  }

  void check_topic() {
    const NodeId topic = view_.member("topic");
    if (cluster_ == nullptr || topic == no_node || doc_.tree[topic].kind != NodeKind::text) return;
    std::vector<std::string> known;
    for (const kafka::TopicSpec& spec : cluster_->topics) {
      if (spec.name == doc_.tree[topic].text) return;
      known.push_back(spec.name);
    }
    doc_.error(
        topic, "unknown-topic",
        "there is no topic named " + in_quotes(doc_.tree[topic].text) + " in " + in_quotes(cluster_->name),
        doc_.suggest(doc_.tree[topic].text, [&] { return known; }));
  }

  /// The steps of a kind are those from `first` to `last`.
  outbox::CrashPlan crash(Step first, Step last) {
    outbox::CrashPlan plan;
    if (!view_.has("crash")) return plan;
    const View crash = view_.object("crash");
    const auto text = crash.text("at");
    for (int n = static_cast<int>(Step::before_transaction); n <= static_cast<int>(Step::after_effect_commit);
         ++n) {
      if (text == outbox::to_string(static_cast<Step>(n))) plan.at = static_cast<Step>(n);
    }
    if (plan.at != Step::none && (plan.at < first || plan.at > last)) {
      std::string known;
      for (int n = static_cast<int>(first); n <= static_cast<int>(last); ++n)
        known += (known.empty() ? "" : ", ") + std::string(outbox::to_string(static_cast<Step>(n)));
      doc_.error(crash.place("at"), "unknown-value",
                 "the workload " + in_quotes(name_) + " has no step " + in_quotes(*text), "known: " + known);
    }
    plan.every = *crash.integer("every");
    plan.restart_after = *crash.duration("restart_after");
    return plan;
  }

  kafka::Version version() const { return cluster_ != nullptr ? cluster_->version : kafka::Version::v4_1; }

  kafka::ProducerConfig producer() {
    KafkaSettings settings;
    apply_defaults(settings, PropertyScope::producer, version());
    const PropertySet given(doc_, view_, PropertyScope::producer, version());
    given.apply(settings);
    check_delivery_timeout(given, settings.producer);
    return settings.producer;
  }

  template <class Config>
  Config common() {
    Config config;
    config.name = name_;
    config.database = database_;
    config.cluster = cluster_ != nullptr ? cluster_->name : "";
    config.topic = view_.text("topic").value_or("");
    config.hosts = std::move(hosts_);
    return config;
  }

  void service() {
    auto config = common<outbox::ServiceConfig>();
    config.publishing = publishing_of(*view_.text("publishing"));
    config.rate_per_second_milli = view_.quantity("rate").value_or(1'000);
    config.poisson = view_.text("arrivals") == "poisson";
    config.aggregates = *view_.integer("aggregates");
    config.lock_aggregate = *view_.boolean("lock_aggregate");
    config.work = *view_.duration("work");
    config.slow_permille = static_cast<std::int32_t>(*view_.integer("slow_permille"));
    config.slow_work = *view_.duration("slow_work");
    config.rollback_permille = static_cast<std::int32_t>(*view_.integer("rollback_permille"));
    config.event_size = *view_.bytes("event_size");
    config.pool_size = static_cast<std::int32_t>(*view_.integer("pool_size"));
    config.start = {view_.duration("start")->ns};
    const sim::Duration run = build_.out.config.duration;
    config.end = {view_.duration("stop").value_or(sim::Duration{run.ns - run.ns / 6}).ns};
    config.crash = crash(Step::before_transaction, Step::after_ack);
    config.producer = producer();
    build_.out.config.outbox_services.push_back(std::move(config));
  }

  void publisher() {
    auto config = common<outbox::PublisherConfig>();
    const std::string find = *view_.text("find");
    config.order = find == "cursor"    ? history::OutboxOrder::cursor
                   : find == "horizon" ? history::OutboxOrder::horizon
                                       : history::OutboxOrder::flag;
    config.by_created_at = view_.text("order_by") == "created_at";
    const std::string locking = *view_.text("locking");
    config.locking = locking == "none"          ? outbox::PublisherConfig::Locking::none
                     : locking == "skip_locked" ? outbox::PublisherConfig::Locking::skip_locked
                                                : outbox::PublisherConfig::Locking::for_update;
    config.sharded = *view_.boolean("sharded");
    config.batch = *view_.integer("batch");
    config.interval = *view_.duration("interval");
    config.erase = view_.text("done") == "delete";
    config.mark_first = *view_.boolean("mark_first");
    config.event_size = *view_.bytes("event_size");
    config.ignores_send_failures = planted(view_, "ignores_send_failures");
    if (find != "flag") {
      for (const char* field : {"order_by", "locking", "done"}) {
        if (view_.has(field))
          doc_.warn(view_.member(field), "no-effect",
                    std::string(field) + " has no effect with \"find\": " + in_quotes(find), "leave it out");
      }
    }
    config.crash = crash(Step::after_select, Step::after_mark_commit);
    config.producer = producer();
    build_.out.config.outbox_publishers.push_back(std::move(config));
  }

  void inbox() {
    auto config = common<outbox::InboxConfig>();
    config.inbox = *view_.boolean("inbox");
    config.same_transaction = !planted(view_, "inbox_in_its_own_transaction");
    config.work = *view_.duration("work");
    config.commit_interval = *view_.duration("commit_interval");
    config.crash = crash(Step::before_effect, Step::after_effect_commit);
    KafkaSettings settings;
    apply_defaults(settings, PropertyScope::consumer, version());
    const PropertySet given(doc_, view_, PropertyScope::consumer, version());
    given.apply(settings);
    config.consumer = settings.consumer;
    build_.out.config.inbox_consumers.push_back(std::move(config));
  }

  Build& build_;
  Document& doc_;
  const View& view_;
  const kafka::ClusterConfig* cluster_ = nullptr;
  std::string database_;
  std::string name_;
  std::vector<std::string> hosts_;
};

}  // namespace

void build_database(Build& build, const std::string& name, const View& view) {
  database::DatabaseConfig config;
  config.name = name;
  const std::vector<std::string> hosts = build.resolve_hosts(view, "on");
  if (hosts.size() > 1) {
    build.doc.error(view.member("on"), "too-many-hosts",
                    "a database runs on one host, but " + in_quotes(*view.text("on")) + " has " +
                        std::to_string(hosts.size()),
                    "name one of them: \"" + hosts.front() + "\"");
  }
  if (!hosts.empty()) config.host = hosts.front();
  for (const auto& other : build.out.config.databases) {
    if (!config.host.empty() && other.host == config.host)
      build.doc.error(view.member("on"), "duplicate-name",
                      "the databases " + in_quotes(other.name) + " and " + in_quotes(name) + " share a host",
                      "give each a host of its own");
  }
  const View given = view.object("config");
  config.synchronous_commit = given.text("synchronous_commit") == "on";
  config.fsync = given.text("fsync") == "on";
  config.commit_delay = *given.duration("commit_delay");
  config.commit_siblings = static_cast<std::int32_t>(*given.integer("commit_siblings"));
  config.wal_writer_delay = *given.duration("wal_writer_delay");
  config.wal_segment_size = *given.bytes("wal_segment_size");
  config.checkpoint_timeout = *given.duration("checkpoint_timeout");
  config.max_wal_size = *given.bytes("max_wal_size");
  config.max_connections = static_cast<std::int32_t>(*given.integer("max_connections"));
  config.deadlock_timeout = *given.duration("deadlock_timeout");
  config.lock_timeout = *given.duration("lock_timeout");
  config.idle_in_transaction_session_timeout = *given.duration("idle_in_transaction_session_timeout");
  config.planted.answers_before_flush = planted(view, "answers_before_flush");
  config.planted.reads_uncommitted = planted(view, "reads_uncommitted");
  config.tables = outbox::tables();
  build.out.config.databases.push_back(std::move(config));
}

bool build_outbox_workload(Build& build, const View& view) {
  const std::string& kind = view.table().tag;
  if (kind != "outbox_service" && kind != "outbox_publisher" && kind != "inbox_consumer") return false;
  OutboxBuilder(build, view).make();
  return true;
}

}  // namespace brokersim::scenario
