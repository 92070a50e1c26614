// The processes of one Kafka cluster and its clients, installed on hosts.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/devices/host/host.h"
#include "models/history/history.h"
#include "models/kafka/broker/broker_service.h"
#include "models/kafka/client/admin_client.h"
#include "models/kafka/client/consumer.h"
#include "models/kafka/client/pipeline.h"
#include "models/kafka/client/producer.h"
#include "models/kafka/client/share_consumer.h"
#include "models/kafka/client/transaction_load.h"
#include "models/kafka/controller/controller_service.h"
#include "models/log/batch.h"
#include "models/world/config.h"

namespace brokersim::world {

struct ProducerLaw;
class ProducerLaws;

inline constexpr const char* kBrokerProgram = "kafka-broker";
inline constexpr const char* kControllerProgram = "kafka-controller";
/// From the start of a broker's Java process to its first action, drawn for each start but the first (a run begins with
/// processes that are up). Assumption: one to three seconds on server hardware; no published distribution is known.
inline constexpr sim::Duration kProcessStartMin = {1'000'000'000};
inline constexpr sim::Duration kProcessStartMax = {3'000'000'000};

class KafkaCluster {
 public:
  using Hosts = std::map<std::string, std::unique_ptr<host::Host>>;

  /// Registers partitions and clients with the history and installs every process.
  KafkaCluster(const kafka::ClusterConfig& cluster, const Config& config, Hosts& hosts,
               history::History& history);

  /// Starts controllers, brokers and clients at the present instant, in that order.
  void start();

  /// From now on `onlooker`, which outlives this, sees requests and flushes of all brokers.
  void show_to(kafka::broker::Onlooker& onlooker) const { shape_.onlooker = &onlooker; }

  [[nodiscard]] const kafka::ClusterConfig& config() const { return cluster_; }
  [[nodiscard]] const log::BatchStore& store() const { return batches_; }
  /// Broker id on a host, -1: none.
  [[nodiscard]] std::int32_t broker_on(const std::string& host) const;
  /// Node id of the controller on a host, -1: none.
  [[nodiscard]] std::int32_t controller_on(const std::string& host) const;
  /// The image committed by the active controller; null while there is none.
  [[nodiscard]] const kafka::wire::ClusterImage* committed() const;
  [[nodiscard]] host::Host* active_controller_host() const;
  /// Of the metadata quorum; nothing while nobody leads it.
  [[nodiscard]] std::optional<std::size_t> active_controller() const;
  /// Null while its process is not running.
  [[nodiscard]] const kafka::controller::ControllerService* controller(std::size_t node) const;
  [[nodiscard]] host::Host& broker_host(std::int32_t broker) const;
  /// Null while its process is not running.
  [[nodiscard]] kafka::broker::BrokerService* broker(std::int32_t broker) const;
  [[nodiscard]] history::PartitionId partition(const std::string& topic, std::int32_t number) const;
  [[nodiscard]] std::vector<history::PartitionId> partitions_of(const std::string& topic) const;
  [[nodiscard]] std::vector<kafka::wire::BrokerEndpoint> bootstrap() const;

  struct Client {
    std::string workload;
    std::string host;
    std::string program;
  };
  [[nodiscard]] const std::vector<Client>& clients() const { return clients_; }

 private:
  void add_partitions(history::History& history, const Config& config);
  [[nodiscard]] std::string name_in_cluster(const kafka::TopicSpec& topic) const;
  [[nodiscard]] std::int32_t rack_number(const host::HostConfig& host);
  void install_controllers();
  void install_brokers();
  void install_producers(const Config& config, ProducerLaws& laws);
  void install_consumers(const Config& config);
  void install_admin(const Config& config);
  void install_transactions(const Config& config, ProducerLaws& laws);
  void install_pipelines(const Config& config, ProducerLaws& laws);
  void install_shares(const Config& config);
  /// A consumer's identity in the history.
  [[nodiscard]] history::ClientId add_reader(const std::string& name, const std::string& workload,
                                             const std::string& group, const kafka::ConsumerConfig& config,
                                             bool share);
  /// A consumer with all partitions of `topic`; what processing and commits are is for the caller to add.
  [[nodiscard]] kafka::client::ConsumerParams reader(const std::string& name, const std::string& workload,
                                                     const std::string& topic, const std::string& group,
                                                     const kafka::ConsumerConfig& config);
  [[nodiscard]] kafka::client::ProducerParams transactional(const std::string& name,
                                                            const std::string& workload,
                                                            const std::string& topic, sim::Bytes record_size,
                                                            const kafka::ProducerConfig& config,
                                                            const ProducerLaw& law);

  const kafka::ClusterConfig& cluster_;
  Hosts& hosts_;
  history::History& history_;
  log::BatchStore batches_;
  kafka::wire::GroupRecordStore contents_;
  kafka::wire::TransactionRecordStore transaction_records_;
  kafka::wire::ShareRecordStore share_records_;
  kafka::controller::MetadataStore metadata_;
  kafka::broker::ClusterShape shape_;
  std::vector<kafka::controller::PartitionSpec> specs_;
  std::map<std::string, std::vector<history::PartitionId>> topics_;
  std::vector<std::string> racks_;  // of the brokers, by number
  std::vector<Client> clients_;
  std::vector<std::unique_ptr<kafka::client::ProducerLedger>> ledgers_;
  std::vector<std::unique_ptr<kafka::client::TransactionLedger>> transaction_ledgers_;
  std::vector<std::unique_ptr<kafka::client::PipelineLedger>> pipeline_ledgers_;
};

}  // namespace brokersim::world
