// Follows the metadata log as an observer and applies what is committed (kafka-behaviour.md sections 5.1, 5.6).
//
// Finds the leader of the quorum (any voter tells who leads), fetches from it with its epoch, follows it when it changes:
// what was fetched and not committed may be replaced, what lies further back than the leader's log comes as a snapshot.
// One fetch outstanding. A record is applied once the leader's high watermark covers it, in order, on this one task: while
// a replica's epoch file is written, the next change waits, as on the broker's metadata thread.
// Not modelled: the broker's own copy of the log on its disk; a broker that starts fetches everything.
#pragma once

#include <cstdint>
#include <vector>

#include "models/kafka/broker/controller_channel.h"
#include "models/kafka/broker/replica_manager.h"
#include "models/kafka/broker/rpc_channel.h"
#include "models/kafka/raft/epoch_log.h"
#include "models/kafka/wire/image.h"

namespace brokersim::kafka::broker {

class MetadataLoop {
 public:
  MetadataLoop(sim::Component& owner, const BrokerParams& params, RpcChannel& quorum,
               ReplicaManager& replicas, wire::ClusterImage& image)
      : owner_(owner),
        params_(params),
        cluster_(*params.cluster),
        quorum_(quorum),
        replicas_(replicas),
        image_(image) {}

  /// The fetching loop; spawn once.
  [[nodiscard]] sim::Task<void> run();
  /// From now on partitions are acted on, beginning with all that are known (the first publish, after the logs were
  /// loaded). Before, records only build the image.
  [[nodiscard]] sim::Task<void> publish();

  /// One past the last record applied to the image.
  [[nodiscard]] std::int64_t applied() const { return applied_; }
  /// Notified whenever applied() has grown.
  [[nodiscard]] sim::Signal& progress() { return progress_; }
  [[nodiscard]] KnownLeader& leader() { return leader_; }
  /// The thread that applies what was committed stands still (a fault); fetching goes on. Afterwards everything that has
  /// come in between is one delta.
  void set_stalled(bool stalled) { stalled_ = stalled; }

 private:
  [[nodiscard]] wire::NodeId whom_to_ask();
  void learn(std::int32_t epoch, wire::NodeId leader);
  [[nodiscard]] sim::Task<bool> fetch(wire::NodeId from);
  [[nodiscard]] sim::Task<bool> fetch_snapshot(wire::OffsetEpoch id);
  void cut(wire::OffsetEpoch diverging);
  void forget();
  [[nodiscard]] sim::Task<void> apply_committed();
  [[nodiscard]] sim::Task<void> act_on(std::vector<wire::PartitionId> changed, bool brokers_changed);

  sim::Component& owner_;
  const BrokerParams& params_;
  const ClusterShape& cluster_;
  RpcChannel& quorum_;
  ReplicaManager& replicas_;
  wire::ClusterImage& image_;
  KnownLeader leader_;
  bool leader_failed_ = false;  // the last request to it came to nothing: ask another
  std::uint64_t draws_ = 0;
  raft::EpochLog held_;                              // of everything fetched
  std::vector<const wire::MetadataBatch*> fetched_;  // not yet applied: from applied_ on
  std::int64_t applied_ = 0;
  std::int64_t high_watermark_ = 0;
  bool publishing_ = false;
  bool stalled_ = false;
  sim::Signal progress_;
};

}  // namespace brokersim::kafka::broker
