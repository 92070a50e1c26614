// Members of share groups, installed on hosts.
#include "models/world/client_site.h"
#include "models/world/kafka_cluster.h"

namespace brokersim::world {

void KafkaCluster::install_shares(const Config& config) {
  const kafka::BrokerConfig& broker = cluster_.broker;
  for (const kafka::ShareGroupConfig& group : cluster_.share_groups) {
    history_.add_share_group({history_.group(group.name), broker.group_share_delivery_count_limit,
                              group.record_lock_duration.value_or(broker.group_share_record_lock_duration),
                              broker.group_share_session_timeout, broker.group_share_heartbeat_interval});
  }
  for (const ShareWorkload& workload : config.shares) {
    if (workload.cluster != cluster_.name) continue;
    for (std::size_t i = 0; i < workload.hosts.size(); ++i) {
      kafka::client::ShareConsumerParams params;
      params.name = workload.name + "-" + std::to_string(i);
      params.group = workload.group;
      params.group_id = history_.group(workload.group);
      params.client = add_reader(params.name, workload.name, workload.group, workload.config, /*share=*/true);
      params.topic = workload.topic;
      params.start = workload.start;
      params.costs = cluster_.costs;
      params.process_cost = workload.process_cost + cluster_.costs.client_poll_record;
      params.poison_permille = workload.poison_permille;
      params.rejects_poison = workload.on_poison == OnPoison::reject;
      params.config = workload.config;
      params.partitions = partitions_of(workload.topic);
      params.bootstrap = bootstrap();
      hosts_.at(workload.hosts[i])
          ->install(params.name, [this, params](sim::Process& process, host::Host& host) {
            return std::make_unique<kafka::client::ShareConsumer>(process, site_of(host, params.name), params,
                                                                  batches_, history_);
          });
      clients_.push_back({workload.name, workload.hosts[i], params.name});
    }
  }
}

}  // namespace brokersim::world
