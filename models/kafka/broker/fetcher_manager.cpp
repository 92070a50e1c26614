// Which fetcher thread copies which partition (AbstractFetcherManager).
#include <cstdint>
#include <cstdlib>

#include "models/kafka/broker/fetcher.h"
#include "sim/check.h"

namespace brokersim::kafka::broker {

FetcherManager::FetcherManager(sim::Process& process, std::string path, network::Network& network,
                               network::HostId self, const BrokerParams& params,
                               const std::int64_t* broker_epoch, ReplicaManager& replicas)
    : process_(process),
      path_(std::move(path)),
      network_(network),
      self_(self),
      params_(params),
      broker_epoch_(broker_epoch),
      replicas_(replicas),
      quota_(params.cluster->config.follower_throttled_rate),
      threads_(static_cast<std::size_t>(params.cluster->config.num_replica_fetchers)),
      fetchers_(params.cluster->broker_hosts.size() * threads_) {}

/// abs(31 x hash(topic) + partition) mod num.replica.fetchers, with Java's hash of a string (AbstractFetcherManager).
std::size_t FetcherManager::thread_of(const Replica& replica) const {
  const std::string& directory = replica.name().directory;
  const std::size_t dash = directory.rfind('-');
  std::uint32_t hash = 0;
  for (std::size_t i = 0; i < dash; ++i) hash = 31 * hash + static_cast<unsigned char>(directory[i]);
  const auto number = static_cast<std::uint32_t>(std::stoul(directory.substr(dash + 1)));
  const auto key = static_cast<std::int32_t>(31 * hash + number);
  return static_cast<std::size_t>(key == INT32_MIN ? 0 : std::abs(key)) % threads_;
}

void FetcherManager::stop() {
  stopped_ = true;
  for (Replica* replica : replicas_.replicas()) unfollow(*replica);
}

void FetcherManager::follow(Replica& replica) {
  if (stopped_) return;
  const wire::BrokerId leader = replica.leader_id();
  SIM_CHECK(leader >= 0);
  const std::size_t thread = threads_ == 1 ? 0 : thread_of(replica);
  const std::size_t index = static_cast<std::size_t>(leader) * threads_ + thread;
  auto& fetcher = fetchers_[index];
  if (!fetcher) {
    std::string path = path_ + "/fetcher/" + std::to_string(leader);
    if (thread > 0) path += "/" + std::to_string(thread);
    fetcher = std::make_unique<Fetcher>(
        process_, path, network_, self_, params_, leader, broker_epoch_, replicas_, quota_,
        params_.cluster->config.num_io_threads + static_cast<std::int32_t>(index));
    fetcher->start();
  }
  fetcher->add(replica);
}

void FetcherManager::log_start_moved(Replica& replica) {
  for (auto& fetcher : fetchers_) {
    if (fetcher) fetcher->log_start_moved(replica);
  }
}

void FetcherManager::unfollow(Replica& replica) {
  for (auto& fetcher : fetchers_) {
    if (fetcher) fetcher->remove(replica);
  }
}

}  // namespace brokersim::kafka::broker
