// The share coordinator of a broker: for every partition of __share_group_state that it leads, what leaders of share-partitions
// have written there (ShareCoordinatorService, ShareCoordinatorShard of 4.1; kafka-behaviour.md section 6.5).
//
// A leader reads the state when it takes a share-partition over, and writes every change that is to survive it. A write is a
// ShareUpdate, every share.coordinator.snapshot.update.records.per.snapshot-th one a ShareSnapshot of everything; it is
// answered once the high watermark has passed. A leader of an older epoch is fenced: the first reading of a newer one is
// written, too (readStateAndMaybeUpdateLeaderEpoch), or a coordinator that takes over would let the older one write again.
// Life of a partition here: sharded_coordinator.h.
// Not modelled: share.coordinator.append.linger.ms (every write is appended at once), the pruning of what snapshots have made
// superfluous (DeleteRecords of the coordinator; compaction takes it later), InitializeShareGroupState.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "models/kafka/broker/replica_manager.h"
#include "models/kafka/broker/request_server.h"
#include "models/kafka/broker/sharded_coordinator.h"
#include "models/kafka/wire/share_messages.h"

namespace brokersim::kafka::broker {

/// A share-partition, as of the last record appended.
struct ShareStateHeld {
  wire::ShareRecord now;
  std::int32_t updates = 0;  ///< Since the last snapshot.
};
/// What a shard knows.
struct ShareShard {
  std::map<std::pair<std::string, wire::PartitionId>, ShareStateHeld> keys;
};
/// A record that is appended and not committed yet.
struct ShareWrite {
  std::int64_t next_offset = 0;
  sim::SimTime deadline;
  RequestId request;
  std::shared_ptr<const wire::ReadShareStateResponse>
      read;           ///< What a reader is answered; null: a writer waits.
  bool told = false;  ///< It has timed out; it counts all the same if it is committed later.
};

class ShareCoordinator final : public ShardedCoordinator<ShareShard, ShareWrite> {
 public:
  ShareCoordinator(sim::Component& owner, const BrokerParams& params, ReplicaManager& replicas,
                   RequestServer& server);

  /// ReadShareGroupState and WriteShareGroupState. Answers now or later.
  void handle(RequestId id, wire::Message& request);

 private:
  using State = ShareStateHeld;
  using Write = ShareWrite;

  /// The shard of the share-partition, or why this broker cannot speak for it now.
  [[nodiscard]] wire::ErrorCode shard_of(const std::string& group, wire::PartitionId partition,
                                         std::size_t& shard) const;
  void read(RequestId id, const wire::ReadShareStateRequest& request);
  void write(RequestId id, const wire::WriteShareStateRequest& request);
  void answer(RequestId id, wire::ErrorCode error);
  void answer(const Write& write, wire::ErrorCode error);
  /// Appends the record, or a snapshot of what it leads to; an error: nothing has changed.
  [[nodiscard]] wire::ErrorCode append(Shard& shard, State& state, wire::ShareRecord record, Write write);
  static void apply(State& state, const wire::ShareRecord& record);
  [[nodiscard]] sim::Task<void> load(std::size_t shard, std::uint64_t term) override;
  void settle(std::size_t shard) override;
  void forget(std::size_t shard) override;
  void expire_writes() override;
  [[nodiscard]] bool is_told(const Write& write) const override { return write.told; }

  const BrokerParams& params_;
  const ClusterShape& cluster_;
  ReplicaManager& replicas_;
  RequestServer& server_;
};

}  // namespace brokersim::kafka::broker
