// Copies partitions from one leader broker (ReplicaFetcherThread): one request outstanding.
//
// Rules of kafka-behaviour.md sections 4.1, 4.2 and 4.4: partitions carry their current leader epoch and the epoch
// of their last record; the leader answers with data, an error, or where the epochs part; a connection error
// or a retriable error delays a partition by replica.fetch.backoff.ms.
#pragma once

#include <memory>
#include <vector>

#include "models/kafka/broker/replica_manager.h"
#include "models/kafka/broker/rpc_channel.h"
#include "sim/sync.h"

namespace brokersim::kafka::broker {

class Fetcher {
 public:
  /// Fetches from `leader` for `params.id`. `broker_epoch` lives as long as the broker.
  Fetcher(sim::Process& process, const std::string& path, network::Network& network, network::HostId self,
          const BrokerParams& params, wire::BrokerId leader, const std::int64_t* broker_epoch,
          ReplicaManager& replicas);

  /// Adds or removes a partition; a request under way is judged by its epoch when it returns.
  void add(Replica& replica);
  void remove(Replica& replica);
  void start() { component_.spawn(run()); }

 private:
  struct Fetched {
    Replica* replica = nullptr;
    std::int32_t leader_epoch = 0;
    sim::SimTime not_before;        ///< Backing off until then.
    bool failed = false;            ///< Fenced in its own epoch: waits for a newer one.
    std::int64_t sent_offset = -1;  ///< What the last request said, for the incremental session's size.
  };

  [[nodiscard]] sim::Task<void> run();
  [[nodiscard]] std::unique_ptr<wire::FetchRequest> build(sim::SimTime now);
  [[nodiscard]] sim::Task<void> process(wire::FetchedPart part, std::int64_t asked_offset,
                                        std::int32_t asked_epoch);
  [[nodiscard]] sim::Task<void> out_of_range(Replica* replica, std::int32_t asked_epoch);
  [[nodiscard]] sim::Task<void> behind_log_start(Replica* replica, std::int32_t asked_epoch);
  void follow_log_start(Replica& replica, std::int64_t leader_log_start);
  void note_high_watermark(const wire::FetchedPart& part, std::int64_t asked_offset,
                           std::int32_t asked_epoch);
  void on_error(Fetched& fetched, const wire::FetchedPart& part);
  [[nodiscard]] Fetched* find(wire::PartitionId id);
  void back_off_all();
  [[nodiscard]] sim::Duration until_ready(sim::SimTime now) const;

  sim::Component component_;
  const BrokerParams& params_;
  const ClusterShape& cluster_;
  const std::int64_t* broker_epoch_;
  ReplicaManager& replicas_;
  RpcChannel channel_;
  std::vector<Fetched> partitions_;
  std::int32_t session_changes_ = 0;
  bool new_session_ = true;
  sim::Signal changed_;
};

/// One Fetcher for each leader, made when first needed.
class FetcherManager final : public FollowerSet {
 public:
  FetcherManager(sim::Process& process, std::string path, network::Network& network, network::HostId self,
                 const BrokerParams& params, const std::int64_t* broker_epoch, ReplicaManager& replicas);

  void follow(Replica& replica) override;
  void unfollow(Replica& replica) override;

 private:
  sim::Process& process_;
  std::string path_;
  network::Network& network_;
  network::HostId self_;
  const BrokerParams& params_;
  const std::int64_t* broker_epoch_;
  ReplicaManager& replicas_;
  std::vector<std::unique_ptr<Fetcher>> fetchers_;  // by leader id
};

}  // namespace brokersim::kafka::broker
