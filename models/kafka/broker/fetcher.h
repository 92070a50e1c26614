// Copies partitions from one leader broker (ReplicaFetcherThread): one request outstanding.
//
// Rules of kafka-behaviour.md sections 4.1, 4.2 and 4.4: partitions carry their current leader epoch and the epoch
// of their last record; the leader answers with data, an error, or where the epochs part; a connection error
// or a retriable error delays a partition by replica.fetch.backoff.ms.
// Throttled (KIP-73): a partition of follower.replication.throttled.replicas that is not in sync is left out of requests
// while the broker's quota is used up.
// Older rules by BrokerConfig::truncation: a partition is truncated first, to its high watermark (before 0.11) or by an
// OffsetsForLeaderEpoch request (KIP-101, KIP-279), and its fetches then say nothing of epochs.
#pragma once

#include <memory>
#include <vector>

#include "models/kafka/broker/replica_manager.h"
#include "models/kafka/broker/rpc_channel.h"
#include "models/kafka/replication/replication_quota.h"
#include "models/kafka/wire/fetch_session_handler.h"
#include "sim/sync.h"

namespace brokersim::kafka::broker {

class Fetcher {
 public:
  /// Fetches from `leader` for `params.id`. `broker_epoch` lives as long as the broker. `task`: of its host, what the page
  /// cache knows its thread by.
  Fetcher(sim::Process& process, const std::string& path, network::Network& network, network::HostId self,
          const BrokerParams& params, wire::BrokerId leader, const std::int64_t* broker_epoch,
          ReplicaManager& replicas, replication::ReplicationQuota& quota, std::int32_t task);

  /// Adds or removes a partition; a request under way is judged by its epoch when it returns.
  void add(Replica& replica);
  void remove(Replica& replica);
  void log_start_moved(Replica& replica);
  void start() { component_.spawn(run()); }

 private:
  struct Fetched {
    Replica* replica = nullptr;
    std::int32_t leader_epoch = 0;
    sim::SimTime not_before;         ///< Backing off until then.
    bool failed = false;             ///< Fenced in its own epoch: waits for a newer one.
    bool in_sync = false;            ///< As of the last data: at the leader's high watermark (KIP-73).
    bool truncating = false;         ///< Before KIP-595: not fetched until the leader has said where to cut.
    bool changed = false;            ///< In changed_: the session does not have it as it is.
    std::int64_t asked_offset = -1;  ///< What the last request that was about it said; -1: none yet.
  };

  [[nodiscard]] sim::Task<void> run();
  [[nodiscard]] std::unique_ptr<wire::FetchRequest> build(sim::SimTime now);
  /// Before KIP-595: asks the leader about every partition that is still truncating. False: nobody is.
  [[nodiscard]] sim::Task<bool> truncate_first();
  void truncate_by(const wire::EpochAnswer& answer, const wire::EpochQuestion& asked);
  [[nodiscard]] sim::Task<void> process(wire::FetchedPart part, std::int64_t asked_offset,
                                        std::int32_t asked_epoch);
  [[nodiscard]] sim::Task<void> out_of_range(Replica* replica, std::int32_t asked_epoch);
  [[nodiscard]] sim::Task<void> behind_log_start(Replica* replica, std::int32_t asked_epoch);
  void follow_log_start(Replica& replica, std::int64_t leader_log_start);
  void note_high_watermark(const wire::FetchedPart& part, std::int64_t asked_offset,
                           std::int32_t asked_epoch);
  void on_error(Fetched& fetched, const wire::FetchedPart& part);
  [[nodiscard]] Fetched* find(wire::PartitionId id);
  /// The session may have to be told of it with the next request.
  void touch(Fetched& fetched);
  void back_off(Fetched& fetched);
  void back_off_all();
  [[nodiscard]] sim::Duration until_ready(sim::SimTime now) const;

  sim::Component component_;
  const BrokerParams& params_;
  const ClusterShape& cluster_;
  const std::int64_t* broker_epoch_;
  ReplicaManager& replicas_;
  replication::ReplicationQuota& quota_;  // of the broker
  const std::int32_t task_;
  RpcChannel channel_;
  std::vector<Fetched> partitions_;
  wire::FetchSessionHandler session_;
  std::vector<wire::PartitionId> changed_list_;
  std::vector<wire::PartitionId> delayed_;  // backing off
  sim::Signal changed_;
};

/// num.replica.fetchers Fetchers for each leader, made when first needed.
class FetcherManager final : public FollowerSet {
 public:
  FetcherManager(sim::Process& process, std::string path, network::Network& network, network::HostId self,
                 const BrokerParams& params, const std::int64_t* broker_epoch, ReplicaManager& replicas);

  void follow(Replica& replica) override;
  void unfollow(Replica& replica) override;
  void log_start_moved(Replica& replica) override;
  /// Follows nobody any more, whatever the metadata will say.
  void stop();

 private:
  [[nodiscard]] std::size_t thread_of(const Replica& replica) const;

  sim::Process& process_;
  std::string path_;
  network::Network& network_;
  network::HostId self_;
  const BrokerParams& params_;
  const std::int64_t* broker_epoch_;
  ReplicaManager& replicas_;
  replication::ReplicationQuota quota_;
  std::size_t threads_;                             // num.replica.fetchers
  std::vector<std::unique_ptr<Fetcher>> fetchers_;  // by leader id and thread
  bool stopped_ = false;
};

}  // namespace brokersim::kafka::broker
