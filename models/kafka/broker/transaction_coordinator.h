// The transaction coordinator of a broker: for every partition of __transaction_state that it leads, the ids that belong there.
//
// A shell: transactions::Transaction decides. Here requests find their id, records are appended with acks=all to the
// partition that keeps them and answered once the high watermark has passed, markers go to the leaders of the
// transaction's partitions until every one is written, and what has been open for too long is aborted
// (TransactionCoordinator, TransactionStateManager, TransactionMarkerChannelManager of 4.1; kafka-behaviour.md section 7).
// Life of a partition here: elected -> its log is read from the start (requests get COORDINATOR_LOAD_IN_PROGRESS) -> active,
// and the markers of what was prepared are sent anew -> leadership goes: everything is forgotten, who waits hears
// NOT_COORDINATOR.
// An append that is not committed within request.timeout.ms is answered COORDINATOR_NOT_AVAILABLE; it may count after all.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/kafka/broker/producer_ids.h"
#include "models/kafka/broker/replica_manager.h"
#include "models/kafka/broker/request_server.h"
#include "models/kafka/broker/sharded_coordinator.h"
#include "models/kafka/broker/transaction_peers.h"
#include "models/kafka/transactions/transaction.h"

namespace brokersim::kafka::broker {

/// What a shard knows.
struct TransactionShard {
  std::map<std::string, transactions::Transaction> ids;
};
/// A record that is appended and not committed yet.
struct TransactionWrite {
  std::int64_t next_offset = 0;
  std::uint32_t payload = 0;
  sim::SimTime deadline;
  RequestId request;
  wire::Api answers = wire::Api::metadata;        ///< What `request` is; metadata: nobody waits.
  std::size_t count = 1;                          ///< add_partitions_to_txn: of its partitions.
  wire::ErrorCode error = wire::ErrorCode::none;  ///< To be answered all the same.
  bool timed_out = false;                         ///< Told already.
};

class TransactionCoordinator final : public ShardedCoordinator<TransactionShard, TransactionWrite> {
 public:
  TransactionCoordinator(sim::Component& owner, const BrokerParams& params, ReplicaManager& replicas,
                         RequestServer& server, TransactionPeers& peers, ProducerIds& ids);

  /// Serves one of the requests of transactions. Answers now or later.
  void handle(RequestId id, wire::Message& request);
  /// Aborts what is open for too long, forgets what nobody uses. Spawn once.
  [[nodiscard]] sim::Task<void> expiry_loop();

 private:
  using Write = TransactionWrite;
  struct Found {
    std::size_t shard = 0;
    transactions::Transaction* transaction = nullptr;
    wire::ErrorCode error = wire::ErrorCode::none;
  };

  void find_coordinator(RequestId id, const wire::FindCoordinatorRequest& request);
  [[nodiscard]] sim::Task<void> init(RequestId id, wire::InitProducerIdRequest* request);
  void add_partitions(RequestId id, const wire::AddPartitionsToTxnRequest& request);
  void add_offsets(RequestId id, const wire::AddOffsetsToTxnRequest& request);
  [[nodiscard]] sim::Task<void> end(RequestId id, wire::EndTxnRequest* request);

  /// The shard of an id that this broker speaks for; its transaction, null if the id is not known.
  [[nodiscard]] Found find(const std::string& transactional_id);
  /// Answers at once, or appends and answers later.
  void carry_out(Found found, transactions::Step step, RequestId request, wire::Api api, std::size_t count = 1);
  void answer(const Write& write, wire::ErrorCode error);
  void answer(RequestId request, wire::Api api, wire::ErrorCode error, std::size_t count,
              const transactions::Transaction* transaction);

  [[nodiscard]] wire::ErrorCode append(std::size_t shard, wire::TransactionRecord record, Write write);
  [[nodiscard]] std::int64_t answered_end(const Replica& replica) const override;
  [[nodiscard]] sim::Task<void> load(std::size_t shard, std::uint64_t term) override;
  void settle(std::size_t shard) override;
  void forget(std::size_t shard) override;
  void expire_writes() override;
  [[nodiscard]] bool is_told(const Write& write) const override { return write.timed_out; }

  // transaction_markers.cpp
  [[nodiscard]] sim::Task<void> complete(std::size_t shard, std::uint64_t term, std::string id);
  [[nodiscard]] sim::Task<void> send_markers(std::unique_ptr<wire::WriteTxnMarkersRequest> markers,
                                             std::vector<wire::PartitionId>* left);

  const BrokerParams& params_;
  const ClusterShape& cluster_;
  ReplicaManager& replicas_;
  RequestServer& server_;
  TransactionPeers& peers_;
  ProducerIds& producer_ids_;
};

}  // namespace brokersim::kafka::broker
