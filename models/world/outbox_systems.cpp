#include "models/world/outbox_systems.h"

#include <algorithm>

#include "models/devices/storage/file_system.h"
#include "models/outbox/schema.h"
#include "models/world/client_site.h"
#include "sim/check.h"

namespace brokersim::world {

OutboxSystems::OutboxSystems(sim::Simulation& sim, const Config& config, Hosts& hosts, KafkaCluster* kafka,
                             history::History& history)
    : sim_(sim), hosts_(hosts), kafka_(kafka), history_(history), supervisor_(sim, "supervisor") {
  history_.attach(book_);
  install_databases(config);
  describe_pipelines(config);
  install_services(config);
  install_publishers(config);
  install_inboxes(config);
}

void OutboxSystems::install_databases(const Config& config) {
  for (const database::DatabaseConfig& one : config.databases) {
    databases_.push_back(std::make_unique<Database>());
    Database& made = *databases_.back();
    made.config = &one;
    made.id = history_.add_database({one.name, outbox::table_names(), one.synchronous_commit, one.fsync});
    database::ServerParams params;
    params.config = &one;
    params.storage = &made.storage;
    params.history = &history_;
    params.id = made.id;
    params.supervisor = &supervisor_;
    params.program = kDatabaseProgram;
    hosts_.at(one.host)->install(kDatabaseProgram, [params](sim::Process& process, host::Host& host) {
      return std::make_unique<database::Server>(process, host, params);
    });
    clients_.push_back({one.name, one.host, kDatabaseProgram, {}});
  }
}

OutboxSystems::Database& OutboxSystems::named(const std::string& name) {
  const auto found = std::find_if(databases_.begin(), databases_.end(),
                                  [&](const auto& database) { return database->config->name == name; });
  SIM_CHECK(found != databases_.end(), "there is no database named " + name);
  return **found;
}

network::HostId OutboxSystems::host_of(const std::string& database) {
  return hosts_.at(named(database).config->host)->id();
}

/// Several workloads that publish one outbox do what the least careful of them does; rows are kept from each other only where
/// all find them the same way.
void OutboxSystems::add_publishers(const Config& config, const outbox::ServiceConfig& service,
                                   history::PipelineInfo& info) {
  using Locking = outbox::PublisherConfig::Locking;
  for (const outbox::PublisherConfig& publisher : config.outbox_publishers) {
    if (publisher.database != service.database || publisher.topic != service.topic) continue;
    const bool locked = publisher.order != history::OutboxOrder::flag || publisher.locking != Locking::none;
    const bool first = info.publishers.empty();
    const bool apart = !first && (publisher.order != info.order || publisher.sharded || info.sharded);
    info.publishers.push_back(publisher.name);
    info.rows_locked = (first || info.rows_locked) && locked && !apart;
    info.sharded = first && publisher.sharded;
    // What one misses another one may find: the most thorough counts.
    if (first || publisher.order == history::OutboxOrder::flag) info.order = publisher.order;
    info.ordered_by_id = (first || info.ordered_by_id) && !publisher.by_created_at;
    info.workers += static_cast<std::int32_t>(publisher.hosts.size());
    info.marks_first = (!first && info.marks_first) || publisher.mark_first;
    info.batch = std::max(info.batch, static_cast<std::int32_t>(publisher.batch));
    info.idempotent = (first || info.idempotent) && kafka::client::is_idempotent(publisher.producer);
    info.acks_all = (first || info.acks_all) && publisher.producer.acks == kafka::Acks::all;
  }
}

/// What the checkers must know: per topic and database its services, and who publishes for them.
void OutboxSystems::describe_pipelines(const Config& config) {
  std::int64_t instance = 0;
  for (const outbox::ServiceConfig& service : config.outbox_services) {
    history::PipelineInfo info;
    info.name = service.name;
    info.first_event = instance * outbox::kEventsPerInstance;
    instance += static_cast<std::int64_t>(service.hosts.size());
    info.end_event = instance * outbox::kEventsPerInstance;
    info.idempotent = kafka::client::is_idempotent(service.producer);
    info.database = named(service.database).id;
    info.partitions = kafka_->partitions_of(service.topic);
    info.publishing = service.publishing;
    info.aggregate_locked = service.lock_aggregate;
    info.acks_all = service.producer.acks == kafka::Acks::all;
    info.business_table = outbox::table::business;
    info.outbox_table = outbox::table::outbox;
    info.cursor_table = outbox::table::cursor;
    add_publishers(config, service, info);
    history_.add_pipeline(std::move(info));
  }
}

outbox::SenderParams OutboxSystems::sender(const std::string& name, const std::string& workload,
                                           const std::string& topic, const kafka::ProducerConfig& producer,
                                           sim::Bytes event_size) {
  outbox::SenderParams params;
  kafka::client::ProducerParams& p = params.producer;
  p.name = name;
  p.client = history_.add_client({name, workload, true, static_cast<std::int8_t>(producer.acks),
                                  kafka::client::is_idempotent(producer), producer.max_in_flight});
  p.record_size = event_size;
  p.config = producer;
  p.partitions = kafka_->partitions_of(topic);
  p.bootstrap = kafka_->bootstrap();
  producers_.push_back(std::make_unique<kafka::client::ProducerLedger>());
  params.ledger = producers_.back().get();
  return params;
}

outbox::CrashSite OutboxSystems::crash_site(const std::string& host, const std::string& program,
                                            const std::string& workload) {
  outbox::CrashSite site;
  site.host = hosts_.at(host).get();
  site.program = program;
  site.workload = workload;
  site.history = &history_;
  site.supervisor = &supervisor_;
  return site;
}

void OutboxSystems::install_services(const Config& config) {
  std::int64_t instance = 0;
  for (const outbox::ServiceConfig& service : config.outbox_services) {
    const auto count = static_cast<std::int64_t>(service.hosts.size());
    for (std::int64_t i = 0; i < count; ++i) {
      const std::string& host = service.hosts[static_cast<std::size_t>(i)];
      outbox::ServiceParams params;
      params.config = &service;
      params.instance = instance++;
      params.rate_per_second_milli =
          std::max<std::int64_t>(share_of(service.rate_per_second_milli, i, count), 1);
      params.phase = {1'000'000'000'000 / params.rate_per_second_milli * i / count};
      params.database = host_of(service.database);
      params.database_id = named(service.database).id;
      const std::string name = service.name + "-" + std::to_string(i);
      params.sender = sender(name, service.name, service.topic, service.producer, service.event_size);
      params.crash = crash_site(host, name, service.name);
      ledgers_.push_back(std::make_unique<outbox::ServiceLedger>());
      params.ledger = ledgers_.back().get();
      params.crash.count = &params.ledger->crashes;
      hosts_.at(host)->install(name, [params, name](sim::Process& process, host::Host& at) {
        return std::make_unique<outbox::Service>(process, at, site_of(at, name), params);
      });
      clients_.push_back({service.name, host, name, params.sender.producer.client});
    }
  }
}

void OutboxSystems::install_publishers(const Config& config) {
  for (const outbox::PublisherConfig& publisher : config.outbox_publishers) {
    const auto count = static_cast<std::int64_t>(publisher.hosts.size());
    for (std::int64_t i = 0; i < count; ++i) {
      const std::string& host = publisher.hosts[static_cast<std::size_t>(i)];
      outbox::PublisherParams params;
      params.config = &publisher;
      params.worker = i;
      params.workers = count;
      params.database = host_of(publisher.database);
      params.database_id = named(publisher.database).id;
      const std::string name = publisher.name + "-" + std::to_string(i);
      params.sender = sender(name, publisher.name, publisher.topic, publisher.producer, publisher.event_size);
      params.crash = crash_site(host, name, publisher.name);
      crashes_.push_back(std::make_unique<outbox::CrashCount>());
      params.crash.count = crashes_.back().get();
      hosts_.at(host)->install(name, [params, name](sim::Process& process, host::Host& at) {
        return std::make_unique<outbox::Publisher>(process, at, site_of(at, name), params);
      });
      clients_.push_back({publisher.name, host, name, params.sender.producer.client});
    }
  }
}

void OutboxSystems::install_inboxes(const Config& config) {
  for (const outbox::InboxConfig& inbox : config.inbox_consumers) {
    const std::size_t count = inbox.hosts.size();
    const std::vector<history::PartitionId> all = kafka_->partitions_of(inbox.topic);
    history::InboxInfo info;
    info.workload = inbox.name;
    info.database = named(inbox.database).id;
    info.partitions = all;
    info.inbox = inbox.inbox;
    info.effect_table = outbox::table::effect;
    history_.add_inbox(std::move(info));
    for (std::size_t i = 0; i < count; ++i) {
      const std::string name = inbox.name + "-" + std::to_string(i);
      outbox::InboxParams params;
      params.config = &inbox;
      params.consumer.name = name;
      params.consumer.client = history_.add_client({name, inbox.name, false, 0, false, 1});
      params.consumer.config = inbox.consumer;
      for (std::size_t p = i; p < all.size(); p += count) params.consumer.partitions.push_back(all[p]);
      params.consumer.bootstrap = kafka_->bootstrap();
      params.database = host_of(inbox.database);
      params.store = &kafka_->store();
      params.book = &book_;
      params.crash = crash_site(inbox.hosts[i], name, inbox.name);
      crashes_.push_back(std::make_unique<outbox::CrashCount>());
      params.crash.count = crashes_.back().get();
      hosts_.at(inbox.hosts[i])->install(name, [params, name](sim::Process& process, host::Host& at) {
        return std::make_unique<outbox::InboxConsumer>(process, at, site_of(at, name), params);
      });
      clients_.push_back({inbox.name, inbox.hosts[i], name, params.consumer.client});
    }
  }
}

void OutboxSystems::start() {
  for (const Client& client : clients_) hosts_.at(client.host)->start(client.program);
}

const database::Server* OutboxSystems::server(std::size_t number) const {
  return static_cast<const database::Server*>(
      hosts_.at(databases_.at(number)->config->host)->service(kDatabaseProgram));
}

void OutboxSystems::on_crash_report(const host::Host& host, const storage::CrashReport& report) {
  for (const auto& database : databases_) {
    if (database->config->host != host.name()) continue;
    for (const storage::LostRange& lost : report.lost) {
      if (database::wal_segment(lost.file)) database->storage.residue.lost.push_back(lost);
    }
  }
}

void OutboxSystems::record_stop(const Client& client, history::DatabaseEvent event) {
  if (client.client.n >= 0) {
    history_.record(history::ClientStopped{sim_.now(), client.client});
    return;
  }
  if (event == history::DatabaseEvent::stopped) return;  // it has said so itself
  history_.record(history::DatabaseChanged{sim_.now(), named(client.workload).id, event, 0});
}

void OutboxSystems::on_killed(const host::Host& host, std::string_view program) {
  for (const Client& client : clients_) {
    if (client.host == host.name() && client.program == program)
      record_stop(client, history::DatabaseEvent::killed);
  }
}

void OutboxSystems::on_exited(const host::Host& host, std::string_view program) {
  for (const Client& client : clients_) {
    if (client.host == host.name() && client.program == program)
      record_stop(client, history::DatabaseEvent::stopped);
  }
}

void OutboxSystems::on_host_down(const host::Host& host) {
  for (const Client& client : clients_) {
    if (client.host == host.name()) record_stop(client, history::DatabaseEvent::power_lost);
  }
}

}  // namespace brokersim::world
