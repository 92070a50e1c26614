#include "models/kafka/client/transactional_producer.h"

#include <utility>

#include "sim/check.h"

namespace brokersim::kafka::client {

using wire::ErrorCode;
using Of = CoordinatorCalls::Of;

namespace {
/// TransactionManager: AddPartitionsToTxn while the transaction before is ending is asked again so soon.
constexpr sim::Duration kAddPartitionsBackoff = {20'000'000};
}  // namespace

ProducerParams TransactionalProducer::with(ProducerParams params, TransactionalProducer* self,
                                           std::int32_t version) {
  params.arrivals = Arrivals::application;
  params.listener = self;
  params.gate = self;
  params.adds_partitions = version >= 2;
  params.config.acks = Acks::all;
  params.config.enable_idempotence = true;
  return params;
}

TransactionalProducer::TransactionalProducer(sim::Process& process, const ClientSite& site,
                                             const ProducerParams& params, ProducerLedger& ledger,
                                             history::History& history, std::int32_t version)
    : component_(process, process.path() + "/transactions"),
      history_(history),
      raises_epoch_(version >= 2),
      params_(with(params, this, version)),
      calls_(component_, site, params_),
      producer_(process, site, params_, ledger, history) {
  SIM_CHECK(!id().empty());
}

void TransactionalProducer::fail(TransactionResult state, ErrorCode error) {
  if (state_ == TransactionResult::fenced || state_ == TransactionResult::fatal) return;
  if (state_ == TransactionResult::abortable && state == TransactionResult::abortable) return;
  state_ = state;
  error_ = error;
  changed_.notify_all();
}

bool TransactionalProducer::is_passing(Of of, const wire::Message* answer, ErrorCode error) {
  if (answer == nullptr) return true;  // lost: nobody knows whether it was done
  switch (error) {
    case ErrorCode::not_coordinator:
    case ErrorCode::coordinator_not_available: calls_.forget(of); return true;
    case ErrorCode::coordinator_load_in_progress:
    case ErrorCode::concurrent_transactions:
    case ErrorCode::unknown_topic_or_partition:
    case ErrorCode::request_timed_out: return true;
    default: return false;
  }
}

// --- ids -------------------------------------------------------------------------------------------------------------------

sim::Task<TransactionResult> TransactionalProducer::init() { return initialize(true); }

sim::Task<TransactionResult> TransactionalProducer::initialize(bool anew) {
  sim::Task<void> draining = drain();
  co_await draining;
  state_ = TransactionResult::ok;
  error_ = ErrorCode::none;
  open_ = false;
  started_ = false;
  for (;;) {
    auto asked = std::make_unique<wire::InitProducerIdRequest>();
    asked->transactional_id = id();
    asked->transaction_timeout = params_.config.transaction_timeout;
    if (!anew) {
      asked->producer_id = producer_id_;
      asked->producer_epoch = epoch_;
    }
    sim::Task<std::unique_ptr<wire::Message>> asking = calls_.ask(Of::transaction, id(), std::move(asked));
    std::unique_ptr<wire::Message> answer = co_await asking;
    const auto* response = static_cast<const wire::InitProducerIdResponse*>(answer.get());
    const ErrorCode error = response == nullptr ? ErrorCode::network_exception : response->error;
    if (is_passing(Of::transaction, answer.get(), error)) {
      co_await sim::delay(params_.config.retry_backoff, "client.init_producer_id_backoff");
      continue;
    }
    if (error == ErrorCode::none) {
      producer_id_ = response->producer_id;
      epoch_ = response->producer_epoch;
      producer_.set_producer(producer_id_, epoch_);
      co_return TransactionResult::ok;
    }
    const bool fenced = error == ErrorCode::producer_fenced || error == ErrorCode::invalid_producer_epoch;
    fail(fenced ? TransactionResult::fenced : TransactionResult::fatal, error);
    co_return state_;
  }
}

// --- a transaction -----------------------------------------------------------------------------------------------------------

void TransactionalProducer::begin(std::int64_t number) {
  SIM_CHECK(!open_, "a transaction within another");
  SIM_CHECK(state_ == TransactionResult::ok);
  open_ = true;
  started_ = false;
  number_ = number;
  records_ = 0;
  began_ = component_.now();
  added_.clear();
  wanted_.clear();
}

void TransactionalProducer::send(std::int32_t partition, const history::RecordRange& source,
                                 std::int64_t amount, const history::ListedRecord& row) {
  SIM_CHECK(open_);
  pending_[next_ticket_++] = {source, amount};
  ++records_;
  if (raises_epoch_) {
    started_ = true;
  } else if (!added_.contains(partition)) {
    wanted_.insert(partition);
    if (!adding_) {
      adding_ = true;
      component_.spawn(add_partitions());
    }
  }
  const std::uint64_t ticket = producer_.send(partition, row);
  SIM_CHECK(ticket + 1 == next_ticket_, "the producer counts otherwise");
}

bool TransactionalProducer::may_send(std::int32_t partition) const {
  return raises_epoch_ || added_.contains(partition);
}

void TransactionalProducer::on_joined(std::uint64_t ticket, const history::RecordRange& record) {
  const auto found = pending_.find(ticket);
  SIM_CHECK(found != pending_.end());
  history_.record(history::TransactionJoined{component_.now(), params_.client, number_, record,
                                             found->second.source, found->second.amount});
  pending_.erase(found);
}

void TransactionalProducer::on_refused(std::uint64_t ticket) {
  pending_.erase(ticket);
  fail(TransactionResult::abortable, ErrorCode::request_timed_out);
  changed_.notify_all();
}

void TransactionalProducer::on_outcome(const history::ProduceOutcome& outcome) {
  if (outcome.outcome != history::Outcome::acknowledged)
    fail(TransactionResult::abortable, static_cast<ErrorCode>(outcome.error));
  changed_.notify_all();
}

/// TV1: partitions go into the transaction before their first batch.
sim::Task<void> TransactionalProducer::add_partitions() {
  while (!wanted_.empty() && state_ == TransactionResult::ok) {
    const std::set<std::int32_t> asked = wanted_;
    auto made = request<wire::AddPartitionsToTxnRequest>();
    for (const std::int32_t partition : asked)
      made->partitions.push_back(params_.partitions[static_cast<std::size_t>(partition)]);
    sim::Task<std::unique_ptr<wire::Message>> asking = calls_.ask(Of::transaction, id(), std::move(made));
    std::unique_ptr<wire::Message> answer = co_await asking;
    const auto* response = static_cast<const wire::AddPartitionsToTxnResponse*>(answer.get());
    const ErrorCode error = response == nullptr ? ErrorCode::network_exception : response->errors.front();
    if (response == nullptr) started_ = true;  // perhaps
    if (is_passing(Of::transaction, answer.get(), error)) {
      const bool soon = error == ErrorCode::concurrent_transactions && added_.empty();
      co_await sim::delay(soon ? kAddPartitionsBackoff : params_.config.retry_backoff,
                          "client.add_partitions_backoff");
      continue;
    }
    if (error == ErrorCode::none) {
      started_ = true;
      for (const std::int32_t partition : asked) {
        added_.insert(partition);
        wanted_.erase(partition);
      }
      producer_.wake();
    } else if (error == ErrorCode::producer_fenced || error == ErrorCode::invalid_producer_epoch) {
      fail(TransactionResult::fenced, error);
    } else {
      fail(TransactionResult::abortable, error);
    }
  }
  adding_ = false;
  changed_.notify_all();
}

sim::Task<TransactionResult> TransactionalProducer::flush() {
  producer_.flush();
  while (state_ == TransactionResult::ok && (!producer_.drained() || adding_)) co_await changed_.wait();
  co_return state_;
}

/// After an error: what was never sent is given up, what was sent comes to its end.
sim::Task<void> TransactionalProducer::drain() {
  wanted_.clear();
  producer_.abort_unsent();
  while (!producer_.drained() || adding_) co_await changed_.wait();
}

sim::Task<TransactionResult> TransactionalProducer::send_offsets(std::vector<wire::PartitionOffset> offsets,
                                                                 GroupIdentity group) {
  SIM_CHECK(open_);
  while (adding_) co_await changed_.wait();
  bool added = raises_epoch_;
  while (state_ == TransactionResult::ok) {
    ErrorCode error = ErrorCode::network_exception;
    Of of = Of::transaction;
    std::unique_ptr<wire::Message> answer;
    started_ = true;
    if (!added) {
      auto made = request<wire::AddOffsetsToTxnRequest>();
      made->group = group.group;
      sim::Task<std::unique_ptr<wire::Message>> asking = calls_.ask(Of::transaction, id(), std::move(made));
      answer = co_await asking;
      if (answer != nullptr) error = static_cast<const wire::AddOffsetsToTxnResponse&>(*answer).error;
      if (error == ErrorCode::none) {
        added = true;
        continue;
      }
    } else {
      of = Of::group;
      auto made = std::make_unique<wire::TxnOffsetCommitRequest>();
      made->transactional_id = id();
      made->producer_id = producer_id_;
      made->producer_epoch = epoch_;
      made->adds_partitions = raises_epoch_;
      made->group = group.group;
      made->member = group.member;
      made->instance = group.instance;
      made->generation = group.generation;
      made->offsets = offsets;
      sim::Task<std::unique_ptr<wire::Message>> asking = calls_.ask(Of::group, group.group, std::move(made));
      answer = co_await asking;
      if (answer != nullptr) error = static_cast<const wire::TxnOffsetCommitResponse&>(*answer).error;
      if (error == ErrorCode::none) break;
    }
    if (is_passing(of, answer.get(), error)) {
      co_await sim::delay(params_.config.retry_backoff, "client.offsets_backoff");
    } else if (error == ErrorCode::producer_fenced) {
      fail(TransactionResult::fenced, error);
    } else {
      fail(TransactionResult::abortable, error);  // a stale member (22, 25, 82, 27), an epoch that is over (47)
    }
  }
  co_return state_;
}

sim::Task<TransactionResult> TransactionalProducer::commit() {
  SIM_CHECK(open_);
  sim::Task<TransactionResult> flushing = flush();
  const TransactionResult flushed = co_await flushing;
  if (flushed != TransactionResult::ok) co_return flushed;
  sim::Task<TransactionResult> ending = end(true);
  const TransactionResult ended = co_await ending;
  if (ended == TransactionResult::ok) open_ = false;
  co_return ended;
}

sim::Task<TransactionResult> TransactionalProducer::abort() {
  sim::Task<void> draining = drain();
  co_await draining;
  if (state_ == TransactionResult::fenced || state_ == TransactionResult::fatal) co_return state_;
  sim::Task<TransactionResult> ending = end(false);
  const TransactionResult ended = co_await ending;
  if (ended != TransactionResult::ok) co_return ended;
  open_ = false;
  state_ = TransactionResult::ok;
  error_ = ErrorCode::none;
  if (!raises_epoch_ && producer_.needs_new_epoch()) {
    sim::Task<TransactionResult> raising = initialize(false);
    co_return co_await raising;
  }
  co_return TransactionResult::ok;
}

/// EndTxn, until there is an answer that says what became of the transaction.
sim::Task<TransactionResult> TransactionalProducer::end(bool commit) {
  if (!started_) co_return TransactionResult::ok;  // the coordinator has never heard of it
  for (;;) {
    auto made = request<wire::EndTxnRequest>();
    made->committed = commit;
    made->raises_epoch = raises_epoch_;
    sim::Task<std::unique_ptr<wire::Message>> asking = calls_.ask(Of::transaction, id(), std::move(made));
    std::unique_ptr<wire::Message> answer = co_await asking;
    const auto* response = static_cast<const wire::EndTxnResponse*>(answer.get());
    const ErrorCode error = response == nullptr ? ErrorCode::network_exception : response->error;
    if (is_passing(Of::transaction, answer.get(), error)) {
      co_await sim::delay(params_.config.retry_backoff, "client.end_transaction_backoff");
      continue;
    }
    switch (error) {
      case ErrorCode::none:
        if (raises_epoch_) {
          producer_id_ = response->producer_id;
          epoch_ = response->producer_epoch;
          producer_.set_producer(producer_id_, epoch_);
        }
        co_return TransactionResult::ok;
      case ErrorCode::producer_fenced:
      case ErrorCode::invalid_producer_epoch: fail(TransactionResult::fenced, error); break;
      case ErrorCode::transaction_abortable: fail(TransactionResult::abortable, error); break;
      // If no answer ever said that a partition was added, there was nothing to abort.
      case ErrorCode::invalid_txn_state:
        if (!commit && !raises_epoch_ && added_.empty()) co_return TransactionResult::ok;
        [[fallthrough]];
      default: fail(TransactionResult::fatal, error); break;
    }
    co_return state_;
  }
}

}  // namespace brokersim::kafka::client
