#include "models/world/kafka_cluster.h"

#include <algorithm>

#include "models/kafka/client/compression.h"
#include "models/world/client_site.h"
#include "models/world/producer_laws.h"
#include "sim/check.h"

namespace brokersim::world {

namespace {

kafka::client::Arrivals arrivals_of(Arrivals arrivals) {
  switch (arrivals) {
    case Arrivals::constant: return kafka::client::Arrivals::constant;
    case Arrivals::poisson: return kafka::client::Arrivals::poisson;
    case Arrivals::saturate: return kafka::client::Arrivals::saturate;
    case Arrivals::listed: return kafka::client::Arrivals::listed;
    case Arrivals::closed: return kafka::client::Arrivals::closed;
  }
  return kafka::client::Arrivals::constant;
}

kafka::client::Commit commit_of(CommitMode mode) {
  switch (mode) {
    case CommitMode::automatic: return kafka::client::Commit::automatic;
    case CommitMode::before_processing: return kafka::client::Commit::before_processing;
    case CommitMode::after_processing: return kafka::client::Commit::after_processing;
  }
  return kafka::client::Commit::automatic;
}

}  // namespace

KafkaCluster::KafkaCluster(const kafka::ClusterConfig& cluster, const Config& config, Hosts& hosts,
                           history::History& history)
    : cluster_(cluster), hosts_(hosts), history_(history) {
  add_partitions(history, config);
  shape_.config = cluster.broker;
  shape_.version = cluster.version;
  shape_.costs = cluster.costs;
  shape_.share_groups = cluster.share_groups;
  for (const auto& name : cluster.broker_hosts) shape_.broker_hosts.push_back(hosts.at(name)->id());
  for (const auto& name : cluster.broker_hosts)
    shape_.broker_racks.push_back(rack_number(hosts.at(name)->config()));
  SIM_CHECK(!cluster.controller_hosts.empty());
  for (const auto& name : cluster.controller_hosts) shape_.controller_hosts.push_back(hosts.at(name)->id());
  shape_.start_up = {kProcessStartMin, kProcessStartMax, /*heartbeat_phase=*/true};
  install_controllers();
  install_brokers();
  ProducerLaws laws(config, cluster_, topics_, hosts_.begin()->second->sim());
  install_producers(config, laws);
  install_consumers(config);
  install_transactions(config, laws);
  install_pipelines(config, laws);
  install_shares(config);
  install_admin(config);
}

/// broker.rack: the host's rack, or its zone where racks are not told apart (as clouds set it).
std::int32_t KafkaCluster::rack_number(const host::HostConfig& host) {
  const std::string& name = host.rack.empty() ? host.zone : host.rack;
  const auto known = std::find(racks_.begin(), racks_.end(), name);
  if (known == racks_.end()) racks_.push_back(name);
  return static_cast<std::int32_t>(std::find(racks_.begin(), racks_.end(), name) - racks_.begin());
}

/// Topics that recreate each other bear the name of the first.
std::string KafkaCluster::name_in_cluster(const kafka::TopicSpec& topic) const {
  std::string name = topic.name;
  std::string before = topic.recreates;
  for (std::size_t left = cluster_.topics.size(); !before.empty() && left > 0; --left) {
    name = before;
    const auto earlier = std::find_if(cluster_.topics.begin(), cluster_.topics.end(),
                                      [&](const auto& other) { return other.name == name; });
    before = earlier == cluster_.topics.end() ? std::string{} : earlier->recreates;
  }
  return name;
}

void KafkaCluster::add_partitions(history::History& history, const Config& config) {
  for (const auto& topic : cluster_.topics) {
    for (std::int32_t number = 0; number < topic.partitions; ++number) {
      history::PartitionInfo info;
      info.topic = topic.name;
      info.partition = number;
      info.replicas = topic.assignment.at(static_cast<std::size_t>(number));
      info.compacted = topic.config.cleanup_compact;
      const std::vector<std::int32_t> assigned = info.replicas;
      for (const Config::AdminActions& admin : config.admin) {
        for (const kafka::AdminAction& action : admin.actions) {
          if (admin.cluster != cluster_.name || action.topic != topic.name || action.partition != number)
            continue;
          // Whoever will hold it, so that checkers can follow it there.
          for (const std::int32_t broker : action.replicas) {
            if (!kafka::wire::contains(info.replicas, broker)) info.replicas.push_back(broker);
          }
        }
      }
      info.min_insync_replicas = topic.config.min_insync_replicas;
      info.unclean_leader_election = topic.config.unclean_leader_election;
      info.eligible_leader_replicas = cluster_.broker.eligible_leader_replicas;
      info.flush_messages = topic.config.flush_messages;
      info.strict_min_isr = cluster_.broker.strict_min_isr;
      info.internal = topic.internal;
      const history::PartitionId id = history.add_partition(info);
      topics_[topic.name].push_back(id);
      SIM_CHECK(static_cast<std::size_t>(id.n) == shape_.partitions.size(),
                "one Kafka cluster per scenario for now");
      kafka::broker::InternalKind kind = kafka::broker::InternalKind::offsets;
      if (topic.name == kTransactionsTopic) kind = kafka::broker::InternalKind::transactions;
      if (topic.name == kShareStateTopic) kind = kafka::broker::InternalKind::shares;
      const std::string bears = name_in_cluster(topic);
      const bool shares = std::any_of(cluster_.topics.begin(), cluster_.topics.end(), [&](const auto& other) {
        return &other != &topic && name_in_cluster(other) == bears;
      });
      const auto first = std::find_if(cluster_.topics.begin(), cluster_.topics.end(),
                                      [&](const auto& other) { return other.name == bears; });
      shape_.partitions.push_back(
          {id, bears + "-" + std::to_string(number), topic.config, shares, topic.internal ? number : -1, kind});
      if (!topic.internal) {
        shape_.topics[topic.name].push_back(id);
      } else if (kind == kafka::broker::InternalKind::transactions) {
        shape_.transactions_topic.push_back(id);
      } else {
        (kind == kafka::broker::InternalKind::shares ? shape_.shares_topic : shape_.offsets_topic).push_back(id);
      }
      specs_.push_back({id, assigned, info.min_insync_replicas, info.unclean_leader_election,
                        /*on_request=*/topic.created_at.ns > 0 ||
                            (topic.partitions_at_start > 0 && number >= topic.partitions_at_start),
                        static_cast<std::int32_t>(first - cluster_.topics.begin())});
    }
  }
}

void KafkaCluster::install_controllers() {
  kafka::controller::ControllerServiceConfig config;
  config.process_name = kControllerProgram;
  config.version = cluster_.version;
  config.broker = cluster_.broker;
  config.partitions = specs_;
  config.voters = shape_.controller_hosts;
  for (std::size_t node = 0; node < cluster_.controller_hosts.size(); ++node) {
    config.node = static_cast<kafka::wire::NodeId>(node);
    hosts_.at(cluster_.controller_hosts[node])
        ->install(kControllerProgram, [this, config](sim::Process& process, host::Host& host) {
          return std::make_unique<kafka::controller::ControllerService>(process, host, config, metadata_,
                                                                        history_);
        });
  }
}

void KafkaCluster::install_brokers() {
  for (std::size_t id = 0; id < cluster_.broker_hosts.size(); ++id) {
    kafka::broker::BrokerParams params;
    params.id = static_cast<std::int32_t>(id);
    params.program = kBrokerProgram;
    params.cluster = &shape_;
    params.store = &batches_;
    params.contents = &contents_;
    params.transaction_records = &transaction_records_;
    params.share_records = &share_records_;
    if (!shape_.offsets_topic.empty() || !shape_.transactions_topic.empty()) {
      history::ClientInfo writer;
      writer.name = "group-coordinator-" + std::to_string(id);
      writer.workload = "group-coordinator";
      writer.max_in_flight = 1;
      writer.internal = true;
      params.internal_writer = history_.add_client(std::move(writer));
    }
    params.history = &history_;
    hosts_.at(cluster_.broker_hosts[id])
        ->install(kBrokerProgram, [params](sim::Process& process, host::Host& host) {
          return std::make_unique<kafka::broker::BrokerService>(process, host, params);
        });
    hosts_.at(cluster_.broker_hosts[id])->set_jvm(kBrokerProgram, cluster_.jvm);
  }
}

std::vector<history::PartitionId> KafkaCluster::partitions_of(const std::string& topic) const {
  return topics_.at(topic);
}

std::vector<kafka::wire::BrokerEndpoint> KafkaCluster::bootstrap() const {
  std::vector<kafka::wire::BrokerEndpoint> endpoints;
  for (std::size_t id = 0; id < shape_.broker_hosts.size(); ++id) {
    endpoints.push_back({static_cast<std::int32_t>(id), shape_.broker_hosts[id]});
  }
  return endpoints;
}

void KafkaCluster::install_producers(const Config& config, ProducerLaws& laws) {
  for (const ProducerWorkload& workload : config.producers) {
    if (workload.cluster != cluster_.name) continue;
    const auto count = static_cast<std::int64_t>(workload.hosts.size());
    const ProducerLaw law = laws.of(workload);
    for (std::int64_t i = 0; i < count; ++i) {
      kafka::client::ProducerParams params;
      params.name = workload.name + "-" + std::to_string(i);
      params.client = history_.add_client({params.name,
                                           workload.name,
                                           true,
                                           static_cast<std::int8_t>(workload.config.acks),
                                           workload.config.enable_idempotence,
                                           workload.config.max_in_flight,
                                           law.keys,
                                           {}});
      batches_.set_keys(params.client, law.keys);
      params.law = law.law;
      params.partitions_at_start = partitions_at_start(cluster_, workload.topic);
      params.arrivals = arrivals_of(workload.arrivals);
      params.rate_per_second_milli = share_of(workload.rate_per_second_milli, i, count);
      if (params.rate_per_second_milli > 0) {
        const auto gap = static_cast<__int128>(workload.records_per_send) * 1'000'000'000'000 /
                         params.rate_per_second_milli;
        params.phase = {static_cast<std::int64_t>(gap * i / count)};
      }
      if (workload.arrivals == Arrivals::listed) list_arrivals(workload, static_cast<std::size_t>(i), params);
      params.record_size = workload.record_size;
      params.records_per_send = workload.records_per_send;
      params.records_per_send_max = workload.records_per_send_max;
      params.records_max = share_of(workload.records_max, i, count);
      params.start = workload.start;
      params.end = workload.end;
      params.compressed_percent = workload.compressed_percent;
      params.costs = cluster_.costs;
      params.send_cost = workload.send_cost + cluster_.costs.client_record +
                         kafka::per_byte(workload.record_size.n, cluster_.costs.client_record_ps_per_byte) +
                         kafka::client::compression_cost(workload.config, workload.record_size.n,
                                                         workload.compressed_percent);
      params.config = workload.config;
      params.partitions = partitions_of(workload.topic);
      params.bootstrap = bootstrap();
      ledgers_.push_back(std::make_unique<kafka::client::ProducerLedger>());
      kafka::client::ProducerLedger* ledger = ledgers_.back().get();
      const std::string& host_name = workload.hosts[static_cast<std::size_t>(i)];
      hosts_.at(host_name)->install(params.name,
                                    [this, params, ledger](sim::Process& process, host::Host& host) {
                                      return std::make_unique<kafka::client::Producer>(
                                          process, site_of(host, params.name), params, *ledger, history_);
                                    });
      clients_.push_back({workload.name, host_name, params.name});
    }
  }
}

history::ClientId KafkaCluster::add_reader(const std::string& name, const std::string& workload,
                                           const std::string& group, const kafka::ConsumerConfig& config,
                                           bool share) {
  history::ClientInfo info;
  info.name = name;
  info.workload = workload;
  info.producer = false;
  info.acks = 0;
  info.idempotent = false;
  info.max_in_flight = 1;
  if (!group.empty()) info.group = history_.group(group);
  info.read_committed = !share && config.read_committed;
  info.share = share;
  return history_.add_client(std::move(info));
}

kafka::client::ConsumerParams KafkaCluster::reader(const std::string& name, const std::string& workload,
                                                   const std::string& topic, const std::string& group,
                                                   const kafka::ConsumerConfig& config) {
  kafka::client::ConsumerParams params;
  params.name = name;
  params.client = add_reader(name, workload, group, config, /*share=*/false);
  params.topic = topic;
  params.group = group;
  params.validate_offsets = cluster_.broker.consumer_offset_validation;
  params.config = config;
  params.partitions = partitions_of(topic);
  params.partitions_at_start = partitions_at_start(cluster_, topic);
  if (!group.empty()) params.topics = &topics_;
  params.bootstrap = bootstrap();
  return params;
}

void KafkaCluster::install_consumers(const Config& config) {
  for (const ConsumerWorkload& workload : config.consumers) {
    if (workload.cluster != cluster_.name) continue;
    const std::size_t count = workload.hosts.size();
    const std::vector<history::PartitionId> all = partitions_of(workload.topic);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string name = workload.name + "-" + std::to_string(i);
      kafka::client::ConsumerParams params =
          reader(name, workload.name, workload.topic, workload.group, workload.config);
      if (workload.static_members) params.instance = params.name;
      params.commit = commit_of(workload.commit);
      params.in_background = workload.in_background;
      params.start = workload.start;
      params.costs = cluster_.costs;
      params.process_cost = workload.process_cost + cluster_.costs.client_poll_record;
      const auto rack = std::find(racks_.begin(), racks_.end(), workload.config.client_rack);
      if (rack != racks_.end()) params.rack = static_cast<std::int32_t>(rack - racks_.begin());
      if (workload.group.empty()) {
        const auto at_start = static_cast<std::size_t>(params.partitions_at_start);
        params.partitions.clear();
        params.partitions_at_start = 0;
        for (std::size_t p = i; p < all.size(); p += count) {
          if (p < at_start) ++params.partitions_at_start;
          params.partitions.push_back(all[p]);
        }
      }
      hosts_.at(workload.hosts[i])
          ->install(params.name, [this, params](sim::Process& process, host::Host& host) {
            return std::make_unique<kafka::client::Consumer>(process, site_of(host, params.name), params,
                                                             batches_, history_);
          });
      clients_.push_back({workload.name, workload.hosts[i], params.name});
    }
  }
}

void KafkaCluster::install_admin(const Config& config) {
  for (const Config::AdminActions& admin : config.admin) {
    if (admin.cluster != cluster_.name) continue;
    kafka::client::AdminParams params;
    params.name = "admin";
    params.bootstrap = bootstrap();
    for (const kafka::AdminAction& action : admin.actions) {
      std::vector<history::PartitionId> topic = partitions_of(action.topic);
      if (action.kind == kafka::AdminKind::create_partitions)
        topic = {topic.begin() + action.partitions_before, topic.begin() + action.partitions_after};
      if (action.kind == kafka::AdminKind::create_topic && partitions_at_start(cluster_, action.topic) > 0)
        topic.resize(static_cast<std::size_t>(partitions_at_start(cluster_, action.topic)));
      params.actions.push_back({action, partition(action.topic, action.partition), std::move(topic)});
    }
    hosts_.at(admin.host)->install(params.name, [this, params](sim::Process& process, host::Host& host) {
      const kafka::client::ClientSite site{host.network(),
                                           host.id(),
                                           &host,
                                           params.name,
                                           host.incarnation(params.name),
                                           host.config().hardware.nic.bandwidth};
      return std::make_unique<kafka::client::AdminClient>(process, site, params, history_);
    });
    clients_.push_back({"admin", admin.host, params.name});
  }
}

void KafkaCluster::start() {
  for (const auto& name : cluster_.controller_hosts) hosts_.at(name)->start(kControllerProgram);
  for (const auto& name : cluster_.broker_hosts) hosts_.at(name)->start(kBrokerProgram);
  for (const Client& client : clients_) hosts_.at(client.host)->start(client.program);
}

std::int32_t KafkaCluster::broker_on(const std::string& host) const {
  const auto found = std::find(cluster_.broker_hosts.begin(), cluster_.broker_hosts.end(), host);
  return found == cluster_.broker_hosts.end()
             ? -1
             : static_cast<std::int32_t>(found - cluster_.broker_hosts.begin());
}

std::int32_t KafkaCluster::controller_on(const std::string& host) const {
  const auto found = std::find(cluster_.controller_hosts.begin(), cluster_.controller_hosts.end(), host);
  return found == cluster_.controller_hosts.end()
             ? -1
             : static_cast<std::int32_t>(found - cluster_.controller_hosts.begin());
}

const kafka::controller::ControllerService* KafkaCluster::controller(std::size_t node) const {
  return static_cast<const kafka::controller::ControllerService*>(
      hosts_.at(cluster_.controller_hosts.at(node))->service(kControllerProgram));
}

std::optional<std::size_t> KafkaCluster::active_controller() const {
  // An isolated one may believe for a while that it still is: the latest epoch counts.
  std::optional<std::size_t> active;
  for (std::size_t node = 0; node < cluster_.controller_hosts.size(); ++node) {
    const auto* service = controller(node);
    if (service == nullptr || !service->active()) continue;
    if (!active || service->quorum().epoch() > controller(*active)->quorum().epoch()) active = node;
  }
  return active;
}

host::Host* KafkaCluster::active_controller_host() const {
  const auto node = active_controller();
  return node ? hosts_.at(cluster_.controller_hosts[*node]).get() : nullptr;
}

const kafka::wire::ClusterImage* KafkaCluster::committed() const {
  const auto node = active_controller();
  return node ? &controller(*node)->committed() : nullptr;
}

host::Host& KafkaCluster::broker_host(std::int32_t broker) const {
  return *hosts_.at(cluster_.broker_hosts.at(static_cast<std::size_t>(broker)));
}

kafka::broker::BrokerService* KafkaCluster::broker(std::int32_t broker) const {
  return static_cast<kafka::broker::BrokerService*>(broker_host(broker).service(kBrokerProgram));
}

history::PartitionId KafkaCluster::partition(const std::string& topic, std::int32_t number) const {
  const auto found = topics_.find(topic);
  if (found == topics_.end() || number < 0 || static_cast<std::size_t>(number) >= found->second.size())
    return {};
  return found->second[static_cast<std::size_t>(number)];
}

}  // namespace brokersim::world
