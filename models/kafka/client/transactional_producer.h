// A transactional producer as an application uses it: init, begin, send, offsets, commit, abort (KafkaProducer, KIP-98).
//
// Around a Producer, which batches, numbers and sends, this is the TransactionManager: it gets id and epoch from the
// coordinator, adds partitions before their first batch goes (TV1; with TV2 the broker does), lets offsets of a group count
// with the transaction, and ends it. Errors are of three kinds, as in Kafka:
//   abortable: the transaction must be aborted, then all is well again (a failed batch, a fenced group member);
//   fenced:    somebody else has the transactional id, or the coordinator gave this producer up; it is of no use any more;
//   fatal:     the coordinator refuses what should be right.
// What may be tried again is tried again here, without end (max.block.ms throws a TimeoutException, upon which an application
// calls again). After a batch whose sequence is in doubt TV1 asks for a new epoch (KIP-360).
// Calls must not overlap. Not modelled: the sender thread's own order of requests; delivery.timeout.ms within EndTxn.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "models/history/history.h"
#include "models/kafka/client/coordinator_calls.h"
#include "models/kafka/client/group_member.h"
#include "models/kafka/client/producer.h"
#include "sim/sync.h"
#include "sim/task.h"

namespace brokersim::kafka::client {

/// How a call of a transactional producer ended.
enum class TransactionResult : std::uint8_t { ok, abortable, fenced, fatal };

class TransactionalProducer final : private SendListener, private SendGate {
 public:
  /// `params.config.transactional_id` is set. `version`: transaction.version of the cluster, 1 or 2.
  TransactionalProducer(sim::Process& process, const ClientSite& site, const ProducerParams& params,
                        ProducerLedger& ledger, history::History& history, std::int32_t version);

  void start() { producer_.start(); }
  /// Ends the process at once; a transaction that is open stays open until its timeout.
  void terminate() { producer_.terminate(); }

  /// initTransactions(): whoever had the id before is fenced. ok or fatal. As a new producer, whatever it was before.
  [[nodiscard]] sim::Task<TransactionResult> init();
  /// beginTransaction(). `number`: of the application, for the history.
  void begin(std::int64_t number);
  /// send() within the transaction, to partition number `partition`. `row`: as of Producer::send().
  void send(std::int32_t partition, const history::RecordRange& source = {}, std::int64_t amount = 0,
            const history::ListedRecord& row = {});
  /// sendOffsetsToTransaction().
  [[nodiscard]] sim::Task<TransactionResult> send_offsets(std::vector<wire::PartitionOffset> offsets,
                                                          GroupIdentity group);
  /// commitTransaction(), flush included. abortable: it is not committed, abort() must follow.
  [[nodiscard]] sim::Task<TransactionResult> commit();
  [[nodiscard]] sim::Task<TransactionResult> abort();
  /// flush(), and whether all is well.
  [[nodiscard]] sim::Task<TransactionResult> flush();

  [[nodiscard]] wire::ErrorCode error() const { return error_; }
  [[nodiscard]] std::int64_t records() const { return records_; }
  [[nodiscard]] sim::SimTime began() const { return began_; }

 private:
  struct Sending {
    history::RecordRange source;
    std::int64_t amount = 0;
  };
  void on_joined(std::uint64_t ticket, const history::RecordRange& record) override;
  void on_refused(std::uint64_t ticket) override;
  void on_outcome(const history::ProduceOutcome& outcome) override;
  [[nodiscard]] bool may_send(std::int32_t partition) const override;

  [[nodiscard]] sim::Task<TransactionResult> initialize(bool anew);
  [[nodiscard]] sim::Task<void> add_partitions();
  [[nodiscard]] sim::Task<TransactionResult> end(bool commit);
  [[nodiscard]] sim::Task<void> drain();
  /// True: to be asked again, after a pause.
  [[nodiscard]] bool is_passing(CoordinatorCalls::Of of, const wire::Message* answer, wire::ErrorCode error);
  void fail(TransactionResult state, wire::ErrorCode error);
  template <class Request>
  [[nodiscard]] std::unique_ptr<Request> request() const {
    auto made = std::make_unique<Request>();
    made->transactional_id = id();
    made->producer_id = producer_id_;
    made->producer_epoch = epoch_;
    return made;
  }
  [[nodiscard]] const std::string& id() const { return params_.config.transactional_id; }
  [[nodiscard]] static ProducerParams with(ProducerParams params, TransactionalProducer* self, std::int32_t version);

  sim::Component component_;
  history::History& history_;
  bool raises_epoch_;  // TV2
  ProducerParams params_;
  CoordinatorCalls calls_;
  sim::Signal changed_{"client.transaction"};
  std::int64_t producer_id_ = -1;
  std::int16_t epoch_ = -1;
  TransactionResult state_ = TransactionResult::ok;
  wire::ErrorCode error_ = wire::ErrorCode::none;
  bool open_ = false;     // between begin() and the end
  bool started_ = false;  // the coordinator may know of the transaction
  std::int64_t number_ = -1;
  std::int64_t records_ = 0;
  sim::SimTime began_;
  std::set<std::int32_t> added_;      // TV1: partitions in the transaction
  std::set<std::int32_t> wanted_;     // TV1: to be added
  bool adding_ = false;
  std::map<std::uint64_t, Sending> pending_;  // by ticket, until the record has its place
  std::uint64_t next_ticket_ = 0;
  std::uint64_t draws_ = 0;
  Producer producer_;
};

}  // namespace brokersim::kafka::client
