// Databases, and the services, publishers and inbox consumers that use them, installed on hosts.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/database/server.h"
#include "models/devices/host/host.h"
#include "models/history/history.h"
#include "models/outbox/inbox_consumer.h"
#include "models/outbox/publisher.h"
#include "models/outbox/service.h"
#include "models/world/config.h"
#include "models/world/kafka_cluster.h"

namespace brokersim::world {

inline constexpr const char* kDatabaseProgram = "database";

class OutboxSystems {
 public:
  using Hosts = KafkaCluster::Hosts;

  /// Registers databases, pipelines and clients with the history and installs every process. `kafka` may be null if
  /// nothing needs it; it, `config` and `hosts` outlive this.
  OutboxSystems(sim::Simulation& sim, const Config& config, Hosts& hosts, KafkaCluster* kafka,
                history::History& history);

  /// Starts databases, then their clients, at the present instant.
  void start();
  /// A database's log on that host lost something.
  void on_crash_report(const host::Host& host, const storage::CrashReport& report);
  /// A program of that host, or the host, went down.
  void on_killed(const host::Host& host, std::string_view program);
  void on_exited(const host::Host& host, std::string_view program);
  void on_host_down(const host::Host& host);

  struct Client {
    std::string workload;
    std::string host;
    std::string program;
    history::ClientId client;  ///< -1: a database.
  };
  /// Processes that faults can name: those of workloads, and each database by its system's name.
  [[nodiscard]] const std::vector<Client>& clients() const { return clients_; }
  /// Null while it does not run.
  [[nodiscard]] const database::Server* server(std::size_t number) const;

 private:
  struct Database {
    const database::DatabaseConfig* config = nullptr;
    history::DatabaseId id;
    database::Storage storage;
  };
  void install_databases(const Config& config);
  void install_services(const Config& config);
  void install_publishers(const Config& config);
  void install_inboxes(const Config& config);
  void describe_pipelines(const Config& config);
  static void add_publishers(const Config& config, const outbox::ServiceConfig& service,
                             history::PipelineInfo& info);
  void record_stop(const Client& client, history::DatabaseEvent event);
  [[nodiscard]] Database& named(const std::string& name);
  [[nodiscard]] network::HostId host_of(const std::string& database);
  [[nodiscard]] outbox::SenderParams sender(const std::string& name, const std::string& workload,
                                            const std::string& topic, const kafka::ProducerConfig& producer,
                                            sim::Bytes event_size);
  [[nodiscard]] outbox::CrashSite crash_site(const std::string& host, const std::string& program,
                                             const std::string& workload);

  sim::Simulation& sim_;
  Hosts& hosts_;
  KafkaCluster* kafka_;
  history::History& history_;
  database::Supervisor supervisor_;
  outbox::EventBook book_;
  std::vector<std::unique_ptr<Database>> databases_;
  std::vector<std::unique_ptr<outbox::ServiceLedger>> ledgers_;
  std::vector<std::unique_ptr<outbox::CrashCount>> crashes_;
  std::vector<std::unique_ptr<kafka::client::ProducerLedger>> producers_;
  std::vector<Client> clients_;
};

}  // namespace brokersim::world
