// A Kafka producer and the application that feeds it: one life of a client process.
//
// The application's thread calls send() (record_intake.h); the sender drains batches into requests, one batch
// per partition and request, and drives retries, sequences, metadata and connections. Both run here as events:
// about one timer per batch, one response per request.
//
// Rules: RecordAccumulator.ready/drain, Sender.sendProducerData/completeBatch (kafka-behaviour.md sections 1.7, 3,
// 3.1, 3.2). delivery.timeout.ms runs from the opening of a batch. A batch that ends without an acknowledgement
// is `failed` if every attempt is known to have stored nothing, else `unknown`. With acks=0 a batch is acknowledged
// when the socket has taken its request; one lost before that is retried like any other (broker_connections.h).
// Of a transactional producer (transactional_producer.h) ids, epochs and permission to send come from outside.
// A topic that is deleted and made anew: what has no outcome yet goes to the new one, under the numbers that it had
// (RecordAccumulator and TransactionManager know partitions by name), except of a transactional producer, which stays with
// the deleted topic here. In the history such a batch is taken back from the old partition (a Sent of negative count) and
// sent to the new one.
// With a profile of costs that has client threads, the sender is one: it looks when it has woken or has done what it was
// at, takes one request for each broker that is ready, and is busy for what they cost before it looks again. It reads a
// clock of milliseconds and waits whole ones (Sender.runOnce, Selector.select): with linger.ms=1 a batch waits from nothing
// to a little over two milliseconds, depending on where ticks, answers and the batch's opening fall.
// Not modelled: that a request leaves only when its own CPU time is over.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "models/devices/host/service.h"
#include "models/history/history.h"
#include "models/history/record_law.h"
#include "models/kafka/client/accumulator.h"
#include "models/kafka/client/broker_connections.h"
#include "models/kafka/client/metadata.h"
#include "models/kafka/client/params.h"
#include "models/kafka/client/record_intake.h"
#include "models/kafka/client/sequences.h"
#include "sim/sync.h"

namespace brokersim::kafka::client {

class Producer final : public host::Service, private ConnectionListener {
 public:
  /// `ledger` (the workload's identities over all lives) and `history` must outlive the producer.
  Producer(sim::Process& process, const ClientSite& site, ProducerParams params, ProducerLedger& ledger,
           history::History& history);

  /// Connects, asks for metadata and a producer id; records flow from params.start on.
  void start() override;
  /// close(): no new records, sends what is buffered, then exits when every batch has its outcome.
  void terminate() override;

  /// Arrivals::application: send() of one record with a key that belongs to partition number `partition` (of
  /// params.partitions), on behalf of the caller's own thread. Its ticket: what the listener hears of it by. Waits, in
  /// order, for memory and metadata, at most max.block.ms; so a caller that must not go on waits for on_joined.
  /// `row`: its key (and size), if the workload's law lists them.
  std::uint64_t send(std::int32_t partition, const history::ListedRecord& row = {});

  // --- as a part of a transactional producer -----------------------------------------------------------------
  /// What batches are numbered with from now on. Nothing is in flight.
  void set_producer(std::int64_t id, std::int16_t epoch);
  /// Something that SendGate::may_send() looks at has changed.
  void wake() {
    begin();
    settle();
  }
  /// flush(): everything is sent without linger until there is nothing left.
  void flush() {
    flushing_ = true;
    wake();
  }
  /// Batches that were never sent fail; what was sent goes on to its outcome (RecordAccumulator.abortUndrainedBatches).
  void abort_unsent();
  /// Every record has its outcome.
  [[nodiscard]] bool drained() const { return accumulator_.live() == 0 && submissions_.empty(); }
  /// A sequence is in doubt: the next transaction needs a new epoch (KIP-360).
  [[nodiscard]] bool needs_new_epoch() const { return sequences_.wants_new_epoch(); }

  /// Whether a request with these records has been sent. False for what has its outcome. O(batches alive).
  [[nodiscard]] bool has_sent(const history::RecordRange& records) const;
  /// Notified whenever a request is sent.
  [[nodiscard]] sim::Signal& request_sent() { return request_sent_; }

  [[nodiscard]] const Accumulator& accumulator() const { return accumulator_; }
  [[nodiscard]] const LeaderTable& leaders() const { return metadata_.leaders(); }

 private:
  // producer.cpp: life and events.
  void on_broker_ready(wire::BrokerId broker) override;
  void on_response(wire::BrokerId broker, RequestTag tag, const wire::Message& response) override;
  void on_request_written(wire::BrokerId broker, RequestTag tag) override;
  void on_request_lost(wire::BrokerId broker, RequestTag tag) override;
  void on_disconnected(wire::BrokerId broker) override;
  void on_wake();
  void on_deadline();
  void begin();
  void settle();
  void note_leaders();
  void arm();
  void arm_wake(sim::SimTime at);
  void exit_if_done();

  // producer_send.cpp: from the queues to the brokers.
  [[nodiscard]] sim::SimTime ready_time(Slot head) const;
  [[nodiscard]] sim::SimTime on_its_clock(sim::SimTime at) const;
  [[nodiscard]] sim::SimTime next_look(sim::SimTime look, sim::SimTime ready) const;
  [[nodiscard]] bool is_held_back(std::int32_t partition, Slot head) const;
  void send_ready();
  void on_sender();
  void find_ready();
  void choose_batches(wire::BrokerId broker);
  void send_one(wire::BrokerId broker);
  [[nodiscard]] log::BatchData pack(Slot slot);
  void ask_for_producer_id();

  // producer_outcome.cpp: from answers to outcomes.
  void on_produce_response(wire::BrokerId broker, std::uint32_t number,
                           const wire::ProduceResponse& response);
  void on_produce_written(std::uint32_t number);
  void on_produce_lost(wire::BrokerId broker, std::uint32_t number);
  void on_producer_id(const wire::InitProducerIdResponse& response);
  void answer(wire::BrokerId broker, Slot slot, const wire::ProduceResult& result);
  void try_again(Slot slot);
  void release_request(std::uint32_t number);
  void split(Slot slot);
  void finish(Slot slot, history::Outcome outcome, wire::ErrorCode error, wire::BrokerId broker,
              std::int64_t base_offset);
  void fail(Slot slot, wire::ErrorCode error, wire::BrokerId broker);
  void expire();
  void refuse_blocked();
  void submit_waiting();
  void record_sent();
  void meet_successors();
  void address(Batch& batch);
  [[nodiscard]] history::RecordRange range(const Batch& batch) const;
  /// Sum of the record sizes.
  [[nodiscard]] std::int64_t payload_of(const Batch& batch) const {
    return params_.law != nullptr ? batch.payload : batch.count * params_.record_size.n;
  }

  [[nodiscard]] sim::SimTime now() const { return component_.now(); }
  [[nodiscard]] const ProducerConfig& config() const { return params_.config; }

  /// A batch in a request; of another generation if it has expired since.
  struct Sent {
    Slot slot = kNoSlot;
    std::uint32_t generation = 0;
    std::int32_t partition = -1;
    wire::PartitionId id;  ///< Of the partition then: a topic may be deleted and made anew meanwhile.
  };
  /// A produce request in flight.
  struct Request {
    std::vector<Sent> batches;
  };
  /// A send() of the application that has not got its place.
  struct Submission {
    std::uint64_t ticket = 0;
    std::int32_t partition = -1;
    sim::SimTime since;
    history::ListedRecord row;
  };

  static constexpr sim::Duration kTick = {1'000'000};  // of System.currentTimeMillis()

  sim::Component component_;
  ClientSite site_;
  ProducerParams params_;
  history::History& history_;
  compute::CodecModel codec_;
  Accumulator accumulator_;
  RecordIntake intake_;
  Sequences sequences_;
  std::unique_ptr<compute::ThreadPool> thread_;  // the sender; null: it needs no time
  BrokerConnections connections_;
  MetadataUpdater metadata_;
  sim::Stream retry_jitter_;
  sim::Stream id_broker_;

  std::deque<Submission> submissions_;
  std::uint64_t next_ticket_ = 0;
  std::vector<Request> requests_;
  std::vector<std::uint32_t> free_requests_;
  std::vector<std::int32_t> in_flight_;        // per partition, for max.in.flight = 1
  std::vector<std::int32_t> drain_from_;       // per broker: partition index to begin with
  std::vector<wire::BrokerId> ready_brokers_;  // scratch
  std::vector<std::int32_t> drained_;          // scratch

  sim::SimTime head_ready_ = sim::SimTime::max();  // earliest time at which a queued batch turns sendable
  sim::EventHandle wake_;
  sim::SimTime wake_at_ = sim::SimTime::max();
  sim::EventHandle deadline_;
  sim::SimTime deadline_at_ = sim::SimTime::max();

  sim::Signal request_sent_{"producer.sent"};
  bool sending_ = false;       // the sender's turn
  bool sender_due_ = false;    // it has a turn coming
  sim::Duration spent_;        // what it has sent in this turn costs
  sim::Duration clock_phase_;  // since its clock's last tick when time began
  bool ordered_;               // idempotent
  bool id_under_way_ = false;
  sim::SimTime id_not_before_;
  std::int64_t id_failures_ = 0;
  std::uint64_t id_requests_ = 0;
  bool flushing_ = false;
  bool closing_ = false;
  bool exited_ = false;
};

}  // namespace brokersim::kafka::client
