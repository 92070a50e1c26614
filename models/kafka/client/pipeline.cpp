#include "models/kafka/client/pipeline.h"

#include <algorithm>
#include <utility>

#include "models/history/record_law.h"
#include "sim/check.h"

namespace brokersim::kafka::client {

ConsumerParams Pipeline::with_application(const PipelineParams& params, Pipeline* self) {
  ConsumerParams given = params.consumer;
  given.application = self;
  return given;
}

ProducerParams Pipeline::with_listener(const PipelineParams& params, Pipeline* self) {
  ProducerParams given = params.producer;
  given.arrivals = Arrivals::application;
  given.listener = self;
  return given;
}

Pipeline::Pipeline(sim::Process& process, const ClientSite& site, const PipelineParams& params,
                   const log::BatchStore& store, PipelineLedger& ledger, history::History& history)
    : component_(process, process.path() + "/pipeline"),
      site_(site),
      params_(params),
      ledger_(ledger),
      history_(history),
      consumer_(process, site, with_application(params, this), store, history) {
  if (params.exactly_once) {
    transactions_ = std::make_unique<TransactionalProducer>(process, site, params.producer, ledger.producer,
                                                            history, params.version);
  } else {
    producer_ = std::make_unique<Producer>(process, site, with_listener(params, this), ledger.producer, history);
  }
}

void Pipeline::start() {
  if (transactions_) {
    transactions_->start();
  } else {
    producer_->start();
  }
  component_.spawn(run());
}

void Pipeline::on_records(std::size_t index, const history::Consumed& records) {
  for (std::int64_t i = 0; i < records.records.count; ++i) {
    history::RecordRange one = records.records;
    one.first += i;
    one.count = 1;
    taken_.push_back({index, records.base_offset + i, one});
  }
  more_.notify_all();
}

sim::Task<void> Pipeline::run() {
  if (transactions_) {
    sim::Task<TransactionResult> initialising = transactions_->init();
    if (co_await initialising != TransactionResult::ok) co_return;
  }
  consumer_.start();
  for (;;) {
    while (taken_.empty()) co_await more_.wait();
    // poll() hands out everything within one event; it is complete when this runs.
    if (transactions_) {
      sim::Task<TransactionResult> transacting = transact();
      TransactionResult state = co_await transacting;
      if (state == TransactionResult::abortable) seek_back();
      while (state == TransactionResult::fenced) {
        sim::Task<TransactionResult> again = transactions_->init();
        state = co_await again;
        if (state == TransactionResult::ok) seek_to_committed();
      }
      if (state == TransactionResult::fatal) co_return;
    } else {
      sim::Task<bool> passing = pass_on();
      const bool passed = co_await passing;
      if (!passed && !params_.commits_first) seek_back();
    }
    taken_.clear();
    consumer_.go_on();
  }
}

history::ListedRecord Pipeline::key_of(const history::RecordRange& record) const {
  const history::RecordLaw* law = params_.producer.law.get();
  if (law == nullptr || !law->lists_keys()) return {};
  const history::KeySpace& keys = history_.client(record.producer).keys;
  SIM_CHECK(keys.shared, "a record without a key of its topic");
  return {static_cast<std::uint32_t>(keys.law->key_of(record.producer, record.partition, record.first)), 0};
}

std::int32_t Pipeline::partition_for(const Taken& taken, const history::ListedRecord& row) const {
  const history::RecordLaw* law = params_.producer.law.get();
  const auto partitions = static_cast<std::int32_t>(params_.producer.partitions.size());
  if (law != nullptr && law->routes()) return law->table(partitions).partition_of(row.key);
  return static_cast<std::int32_t>(taken.index) % partitions;
}

/// Where this round began, by partition.
std::map<std::size_t, std::int64_t> Pipeline::beginnings() const {
  std::map<std::size_t, std::int64_t> first;
  for (const Taken& one : taken_) first.emplace(one.index, one.offset);
  return first;
}

/// What was read is read again.
void Pipeline::seek_back() {
  for (const auto& [index, offset] : beginnings()) consumer_.seek(index, offset);
}

/// To where the group stands: nobody here knows whether this round counts.
void Pipeline::seek_to_committed() {
  for (const auto& [index, offset] : beginnings()) consumer_.seek_to_committed(index, offset);
}

sim::Task<TransactionResult> Pipeline::transact() {
  using history::TransactionOutcome;
  number_ = ledger_.next++;
  transactions_->begin(number_);
  std::map<std::size_t, std::int64_t> next;
  for (const Taken& one : taken_) {
    if (params_.work.ns > 0) co_await sim::delay(params_.work, "pipeline.work");
    const history::ListedRecord row = key_of(one.record);
    transactions_->send(partition_for(one, row), one.record, 0, row);
    next[one.index] = one.offset + 1;
  }
  std::vector<wire::PartitionOffset> offsets;
  for (const auto& [index, offset] : next) offsets.push_back({params_.consumer.partitions[index], offset, -1});
  sim::Task<TransactionResult> sending = transactions_->send_offsets(std::move(offsets), consumer_.group_identity());
  TransactionResult state = co_await sending;
  history::TransactionEnded event;
  event.client = params_.producer.client;
  event.transaction = number_;
  event.began = transactions_->began();
  event.records = transactions_->records();
  bool asked = false;
  if (state == TransactionResult::ok) {
    sim::Task<TransactionResult> committing = transactions_->commit();
    state = co_await committing;
    asked = state != TransactionResult::abortable;
  }
  event.error = static_cast<std::int16_t>(transactions_->error());
  event.fenced = state == TransactionResult::fenced;
  event.outcome = state == TransactionResult::ok ? TransactionOutcome::committed
                  : asked                        ? TransactionOutcome::unknown
                                                 : TransactionOutcome::aborted;
  const bool aborts = state == TransactionResult::abortable;
  if (aborts) {
    sim::Task<TransactionResult> aborting = transactions_->abort();
    const TransactionResult aborted = co_await aborting;
    state = aborted == TransactionResult::ok ? TransactionResult::abortable : aborted;
  }
  event.at = component_.now();
  history_.record(event);
  co_return state;
}

sim::Task<bool> Pipeline::pass_on() {
  number_ = ledger_.next++;
  failed_ = false;
  for (const Taken& one : taken_) {
    if (params_.work.ns > 0) co_await sim::delay(params_.work, "pipeline.work");
    const std::uint64_t ticket = next_ticket_++;
    sent_[ticket] = one.record;
    const history::ListedRecord row = key_of(one.record);
    const std::uint64_t given = producer_->send(partition_for(one, row), row);
    SIM_CHECK(given == ticket, "the producer counts otherwise");
  }
  producer_->flush();
  while (!producer_->drained()) co_await more_.wait();
  co_return !failed_;
}

void Pipeline::on_joined(std::uint64_t ticket, const history::RecordRange& record) {
  const auto found = sent_.find(ticket);
  history_.record(history::TransactionJoined{component_.now(), params_.producer.client, -1, record, found->second, 0});
  sent_.erase(found);
}

void Pipeline::on_refused(std::uint64_t ticket) {
  sent_.erase(ticket);
  failed_ = true;
  more_.notify_all();
}

void Pipeline::on_outcome(const history::ProduceOutcome& outcome) {
  if (outcome.outcome != history::Outcome::acknowledged) failed_ = true;
  more_.notify_all();
}

}  // namespace brokersim::kafka::client
