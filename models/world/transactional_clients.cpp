// Clients of a Kafka cluster that write in transactions, installed on hosts.
#include <algorithm>

#include "models/world/client_site.h"
#include "models/world/kafka_cluster.h"
#include "models/world/producer_laws.h"

namespace brokersim::world {

kafka::client::ProducerParams KafkaCluster::transactional(const std::string& name,
                                                          const std::string& workload,
                                                          const std::string& topic, sim::Bytes record_size,
                                                          const kafka::ProducerConfig& config,
                                                          const ProducerLaw& law) {
  kafka::client::ProducerParams params;
  params.name = name;
  history::ClientInfo info;
  info.name = name;
  info.workload = workload;
  info.max_in_flight = config.max_in_flight;
  info.acks = static_cast<std::int8_t>(config.acks);
  info.idempotent = kafka::client::is_idempotent(config);
  info.transactional = !config.transactional_id.empty();
  info.transaction_timeout = config.transaction_timeout + cluster_.broker.transaction_abort_interval;
  info.keys = law.keys;
  params.client = history_.add_client(std::move(info));
  batches_.set_keys(params.client, law.keys);
  params.law = law.law;
  params.record_size = record_size;
  params.config = config;
  params.costs = cluster_.costs;
  params.partitions = partitions_of(topic);
  params.bootstrap = bootstrap();
  return params;
}

void KafkaCluster::install_transactions(const Config& config, ProducerLaws& laws) {
  for (const TransactionWorkload& workload : config.transactions) {
    if (workload.cluster != cluster_.name) continue;
    const auto count = static_cast<std::int64_t>(workload.hosts.size());
    const ProducerLaw law = laws.of(workload);
    for (std::int64_t i = 0; i < count; ++i) {
      const std::string name = workload.name + "-" + std::to_string(i);
      kafka::client::TransactionLoadParams params;
      kafka::ProducerConfig producer = workload.config;
      if (producer.transactional_id.empty()) producer.transactional_id = name;
      params.producer =
          transactional(name, workload.name, workload.topic, workload.record_size, producer, law);
      params.version = cluster_.broker.transaction_version;
      params.gap = {1'000'000'000'000 * count / std::max<std::int64_t>(workload.rate_per_second_milli, 1)};
      params.phase = params.gap * i / count;
      params.records = workload.records;
      params.accounts = workload.accounts;
      params.work = workload.work;
      params.abort_permille = workload.abort_permille;
      params.restarts_when_fenced = workload.restarts_when_fenced;
      params.start = workload.start;
      params.end = workload.end;
      transaction_ledgers_.push_back(std::make_unique<kafka::client::TransactionLedger>());
      kafka::client::TransactionLedger* ledger = transaction_ledgers_.back().get();
      const std::string& host_name = workload.hosts[static_cast<std::size_t>(i)];
      hosts_.at(host_name)->install(
          name, [this, params, ledger, name](sim::Process& process, host::Host& host) {
            return std::make_unique<kafka::client::TransactionLoad>(process, site_of(host, name), params, *ledger,
                                                                    history_);
          });
      clients_.push_back({workload.name, host_name, name});
    }
  }
}

void KafkaCluster::install_pipelines(const Config& config, ProducerLaws& laws) {
  for (const PipelineWorkload& workload : config.pipelines) {
    if (workload.cluster != cluster_.name) continue;
    const ProducerLaw law = laws.of(workload);
    for (std::size_t i = 0; i < workload.hosts.size(); ++i) {
      const std::string name = workload.name + "-" + std::to_string(i);
      kafka::client::PipelineParams params;
      kafka::ProducerConfig producer = workload.producer;
      if (workload.exactly_once && producer.transactional_id.empty()) producer.transactional_id = name;
      if (!workload.exactly_once) producer.transactional_id.clear();
      params.producer =
          transactional(name, workload.name, workload.topic, workload.record_size, producer, law);
      params.version = cluster_.broker.transaction_version;
      params.exactly_once = workload.exactly_once;
      params.commits_first = workload.commits_first;
      params.work = workload.work;
      kafka::client::ConsumerParams& consumer = params.consumer;
      consumer = reader(name + "-reader", workload.name, workload.from, workload.group, workload.consumer);
      consumer.start = workload.start;
      consumer.config.enable_auto_commit = false;
      consumer.commit = workload.exactly_once    ? kafka::client::Commit::automatic
                        : workload.commits_first ? kafka::client::Commit::before_processing
                                                 : kafka::client::Commit::after_processing;
      history_.add_transformation({workload.name, history_.group(workload.group), partitions_of(workload.from),
                                   partitions_of(workload.topic), workload.exactly_once});
      pipeline_ledgers_.push_back(std::make_unique<kafka::client::PipelineLedger>());
      kafka::client::PipelineLedger* ledger = pipeline_ledgers_.back().get();
      hosts_.at(workload.hosts[i])
          ->install(name, [this, params, ledger, name](sim::Process& process, host::Host& host) {
            return std::make_unique<kafka::client::Pipeline>(process, site_of(host, name), params, batches_,
                                                             *ledger, history_);
          });
      clients_.push_back({workload.name, workload.hosts[i], name});
    }
  }
}

}  // namespace brokersim::world
