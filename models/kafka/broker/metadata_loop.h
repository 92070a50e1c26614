// Follows the metadata log as an observer and applies what is committed (kafka-behaviour.md sections 5.1, 5.6).
//
// One fetch outstanding. A record is applied once the controller's high watermark covers it, in order, on this one
// task: while a replica's epoch file is written, the next change waits, as on the broker's metadata thread.
#pragma once

#include <cstdint>
#include <vector>

#include "models/kafka/broker/replica_manager.h"
#include "models/kafka/broker/rpc_channel.h"
#include "models/kafka/wire/image.h"

namespace brokersim::kafka::broker {

class MetadataLoop {
 public:
  MetadataLoop(sim::Component& owner, const ClusterShape& cluster, RpcChannel& controller,
               ReplicaManager& replicas, wire::ClusterImage& image)
      : owner_(owner), cluster_(cluster), controller_(controller), replicas_(replicas), image_(image) {}

  /// The fetching loop; spawn once.
  [[nodiscard]] sim::Task<void> run();
  /// From now on partitions are acted on, beginning with all that are known (the first publish, after the logs were
  /// loaded). Before, records only build the image.
  [[nodiscard]] sim::Task<void> publish();

  /// One past the last record applied to the image.
  [[nodiscard]] std::int64_t applied() const { return applied_; }
  /// Notified whenever applied() has grown.
  [[nodiscard]] sim::Signal& progress() { return progress_; }

 private:
  void forget();
  [[nodiscard]] sim::Task<void> apply_committed(std::int64_t high_watermark);

  sim::Component& owner_;
  const ClusterShape& cluster_;
  RpcChannel& controller_;
  ReplicaManager& replicas_;
  wire::ClusterImage& image_;
  std::vector<wire::MetadataRecord> fetched_;  // not yet applied: offsets applied_ ...
  std::int64_t applied_ = 0;
  std::int64_t high_watermark_ = 0;
  std::int32_t last_epoch_ = -1;  // of the last record fetched
  bool publishing_ = false;
  sim::Signal progress_;
};

}  // namespace brokersim::kafka::broker
