// Members of share groups, installed on hosts.
#include "models/world/kafka_cluster.h"

namespace brokersim::world {

void KafkaCluster::install_shares(const Config& config) {
  for (const ShareWorkload& workload : config.shares) {
    if (workload.cluster != cluster_.name) continue;
    for (std::size_t i = 0; i < workload.hosts.size(); ++i) {
      kafka::client::ShareConsumerParams params;
      params.name = workload.name + "-" + std::to_string(i);
      params.group = workload.group;
      params.group_id = history_.group(workload.group);
      history::ClientInfo info{params.name, workload.name, false, 0, false, 1, {}, params.group_id};
      info.share = true;
      params.client = history_.add_client(std::move(info));
      history_.add_share_group({params.group_id, cluster_.broker.group_share_delivery_count_limit});
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
            const kafka::client::ClientSite site{host.network(),
                                                 host.id(),
                                                 &host,
                                                 params.name,
                                                 host.incarnation(params.name),
                                                 host.config().hardware.nic.bandwidth};
            return std::make_unique<kafka::client::ShareConsumer>(process, site, params, batches_, history_);
          });
      clients_.push_back({workload.name, workload.hosts[i], params.name});
    }
  }
}

}  // namespace brokersim::world
