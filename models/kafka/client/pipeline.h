// Consume, process, produce: a member of a group that turns every record of one topic into one of another (KIP-98, KIP-447).
//
// exactly_once: what poll() returned is one transaction: a record out for each in, and the offsets with it
// (sendOffsetsToTransaction). When it has to be aborted the consumer seeks back and the records are taken again.
// at_least_once: records out are flushed, then offsets are committed; what was sent before a crash is sent again after it.
// at_most_once: offsets are committed before anything is made of their records, and nothing is sent twice by the application.
// Where the law of its records lists keys, a record has the key of the one that it was made from, and goes where that key hashes
// to; else it goes to the partition with the number of the one it was read from.
// A fenced producer begins anew, as an application does that closes it and opens another, and the consumer goes on at what
// the group has committed (as ExactlyOnceMessageProcessor of Kafka's examples does when it is started again): what was
// asked to be committed may be committed, although its client heard PRODUCER_FENCED. When init() is through, the markers of
// the transaction before are written, so the offsets are certain.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>

#include "models/devices/host/service.h"
#include "models/kafka/client/consumer.h"
#include "models/kafka/client/transactional_producer.h"

namespace brokersim::kafka::client {

struct PipelineParams {
  ProducerParams producer;
  ConsumerParams consumer;
  std::int32_t version = 2;   ///< transaction.version
  bool exactly_once = true;
  bool commits_first = false;  ///< at_most_once: the consumer commits before it hands out. Not with exactly_once.
  sim::Duration work;         ///< Of the application, for each record.
};

struct PipelineLedger {
  ProducerLedger producer;
  std::int64_t next = 0;  ///< Number of the next transaction, or batch.
};

class Pipeline final : public host::Service, private ConsumerApplication, private SendListener {
 public:
  Pipeline(sim::Process& process, const ClientSite& site, const PipelineParams& params,
           const log::BatchStore& store, PipelineLedger& ledger, history::History& history);

  void start() override;
  void terminate() override { consumer_.terminate(); }

 private:
  struct Taken {
    std::size_t index = 0;  // of the partition
    std::int64_t offset = 0;
    history::RecordRange record;  // one
  };
  [[nodiscard]] std::int64_t first_position(std::size_t) override { return -1; }
  void on_records(std::size_t index, const history::Consumed& records) override;
  [[nodiscard]] bool busy() const override { return !taken_.empty(); }
  // at_least_once
  void on_joined(std::uint64_t ticket, const history::RecordRange& record) override;
  void on_refused(std::uint64_t ticket) override;
  void on_outcome(const history::ProduceOutcome& outcome) override;

  [[nodiscard]] sim::Task<void> run();
  [[nodiscard]] sim::Task<TransactionResult> transact();
  [[nodiscard]] sim::Task<bool> pass_on();
  /// The key of a record that is read; of those that it makes, too.
  [[nodiscard]] history::ListedRecord key_of(const history::RecordRange& record) const;
  [[nodiscard]] std::int32_t partition_for(const Taken& taken, const history::ListedRecord& row) const;
  [[nodiscard]] std::map<std::size_t, std::int64_t> beginnings() const;
  void seek_back();
  void seek_to_committed();
  [[nodiscard]] static ConsumerParams with_application(const PipelineParams& params, Pipeline* self);
  [[nodiscard]] static ProducerParams with_listener(const PipelineParams& params, Pipeline* self);

  sim::Component component_;
  ClientSite site_;
  PipelineParams params_;
  PipelineLedger& ledger_;
  history::History& history_;
  std::deque<Taken> taken_;
  sim::Signal more_{"pipeline.records"};
  std::map<std::uint64_t, history::RecordRange> sent_;  // ticket -> source
  std::uint64_t next_ticket_ = 0;
  std::int64_t number_ = 0;
  bool failed_ = false;
  std::unique_ptr<TransactionalProducer> transactions_;
  std::unique_ptr<Producer> producer_;
  Consumer consumer_;
};

}  // namespace brokersim::kafka::client
