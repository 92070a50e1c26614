#include "models/kafka/transactions/transaction.h"

#include <algorithm>
#include <limits>

#include "sim/check.h"

namespace brokersim::kafka::transactions {

bool may_follow(TransactionState from, TransactionState to) {
  using enum TransactionState;
  switch (to) {
    case empty: return from == empty || from == complete_commit || from == complete_abort;
    case ongoing: return from == ongoing || from == empty || from == complete_commit || from == complete_abort;
    case prepare_commit: return from == ongoing;
    // From ongoing by a client, a timeout or a fence; from the others by a client of TV2 whose partitions were never added.
    case prepare_abort:
      return from == ongoing || from == prepare_epoch_fence || from == empty || from == complete_commit ||
             from == complete_abort;
    case complete_commit: return from == prepare_commit;
    case complete_abort: return from == prepare_abort;
    case dead: return from == empty || from == complete_commit || from == complete_abort;
    case prepare_epoch_fence: return from == ongoing;
  }
  return false;
}

Step Transaction::write(TransactionRecord record) {
  SIM_CHECK(!pending_.has_value(), "two transitions of a transaction at once");
  SIM_CHECK(may_follow(now_.state, record.state), "a transition that no transaction makes");
  pending_ = record;
  return {ErrorCode::none, std::move(record)};
}

Step Transaction::init(std::int64_t producer_id, std::int16_t epoch, sim::Duration timeout,
                       std::int64_t fresh_id, sim::SimTime now) {
  using enum TransactionState;
  if (pending_) return {ErrorCode::concurrent_transactions, {}};
  if (producer_id >= 0 && now_.producer_id >= 0) {
    // KIP-360: only who has the id's producer, or had it before the last change, goes on with it.
    const bool known = producer_id == now_.producer_id && (epoch == now_.producer_epoch || epoch == now_.last_epoch);
    if (!known) return {ErrorCode::producer_fenced, {}};
  }
  switch (now_.state) {
    case prepare_commit:
    case prepare_abort: return {ErrorCode::concurrent_transactions, {}};
    case ongoing: {
      Step step = fence(now);
      step.error = ErrorCode::concurrent_transactions;
      return step;
    }
    case dead:
    case prepare_epoch_fence: return {ErrorCode::unknown_server_error, {}};
    case empty:
    case complete_commit:
    case complete_abort: break;
  }
  TransactionRecord next = now_;
  next.state = empty;
  next.timeout = timeout;
  next.partitions.clear();
  next.next_producer_id = -1;
  next.updated = now;
  if (now_.producer_id < 0) {
    next.producer_id = fresh_id;
    next.producer_epoch = 0;
    next.last_epoch = -1;
  } else if (producer_id >= 0 && epoch == now_.last_epoch && epoch != now_.producer_epoch) {
    // The answer to its last InitProducerId was lost: what it got then still holds.
  } else if (now_.producer_epoch >= kEpochMax) {
    next.producer_id = fresh_id;
    next.producer_epoch = 0;
    next.last_epoch = -1;
  } else {
    next.last_epoch = producer_id >= 0 ? now_.producer_epoch : std::int16_t{-1};
    next.producer_epoch = static_cast<std::int16_t>(now_.producer_epoch + 1);
  }
  return write(std::move(next));
}

Step Transaction::add(std::int64_t producer_id, std::int16_t epoch,
                      const std::vector<wire::PartitionId>& partitions, sim::SimTime now) {
  using enum TransactionState;
  if (producer_id != now_.producer_id) return {ErrorCode::invalid_producer_id_mapping, {}};
  if (epoch != now_.producer_epoch) return {ErrorCode::producer_fenced, {}};
  if (pending_ || prepared()) return {ErrorCode::concurrent_transactions, {}};
  TransactionRecord next = now_;
  if (now_.state != ongoing) {
    next.state = ongoing;
    next.partitions.clear();
    next.started = now;
  }
  bool changed = now_.state != ongoing;
  for (const wire::PartitionId partition : partitions) {
    const auto at = std::lower_bound(next.partitions.begin(), next.partitions.end(), partition);
    if (at != next.partitions.end() && *at == partition) continue;
    next.partitions.insert(at, partition);
    changed = true;
  }
  if (!changed) return {};
  next.updated = now;
  return write(std::move(next));
}

ErrorCode Transaction::verify(std::int64_t producer_id, std::int16_t epoch, wire::PartitionId partition) const {
  if (producer_id != now_.producer_id) return ErrorCode::invalid_producer_id_mapping;
  if (epoch != now_.producer_epoch) return ErrorCode::producer_fenced;
  if (prepared()) return ErrorCode::concurrent_transactions;
  const bool is_in = now_.state == TransactionState::ongoing &&
                     std::binary_search(now_.partitions.begin(), now_.partitions.end(), partition);
  return is_in ? ErrorCode::none : ErrorCode::transaction_abortable;
}

TransactionRecord Transaction::prepared_record(bool commit, std::int16_t epoch, bool raise,
                                               std::int64_t fresh_id, sim::SimTime now) const {
  TransactionRecord next = now_;
  next.state = commit ? TransactionState::prepare_commit : TransactionState::prepare_abort;
  next.producer_epoch = epoch;
  next.last_epoch = -1;
  next.updated = now;
  next.raises_epoch = raise;
  if (now_.state != TransactionState::ongoing) next.partitions.clear();
  if (raise) {
    next.last_epoch = epoch;
    next.producer_epoch = static_cast<std::int16_t>(epoch + 1);
    if (next.producer_epoch >= kEpochMax) next.next_producer_id = fresh_id;
  }
  return next;
}

Step Transaction::end(std::int64_t producer_id, std::int16_t epoch, bool commit, bool raises_epoch,
                      std::int64_t fresh_id, sim::SimTime now) {
  using enum TransactionState;
  const bool rotated = raises_epoch && producer_id != now_.producer_id && now_.last_epoch >= 0 &&
                       (now_.state == complete_commit || now_.state == complete_abort) && now_.producer_epoch == 0;
  if (producer_id != now_.producer_id && !rotated) return {ErrorCode::invalid_producer_id_mapping, {}};
  if (raises_epoch) return end_of_v2(epoch, commit, fresh_id, now);
  if (epoch != now_.producer_epoch) return {ErrorCode::producer_fenced, {}};
  if (pending_) return {ErrorCode::concurrent_transactions, {}};
  switch (now_.state) {
    case ongoing: return write(prepared_record(commit, epoch, false, -1, now));
    case complete_commit: return {commit ? ErrorCode::none : ErrorCode::invalid_txn_state, {}};
    case complete_abort: return {commit ? ErrorCode::invalid_txn_state : ErrorCode::none, {}};
    case prepare_commit:
      return {commit ? ErrorCode::concurrent_transactions : ErrorCode::invalid_txn_state, {}};
    case prepare_abort:
      return {commit ? ErrorCode::invalid_txn_state : ErrorCode::concurrent_transactions, {}};
    case empty: return {ErrorCode::invalid_txn_state, {}};
    case dead:
    case prepare_epoch_fence: break;
  }
  return {ErrorCode::unknown_server_error, {}};
}

/// A request that comes again names the epoch before; that is how it is told from one about the next transaction.
Step Transaction::end_of_v2(std::int16_t epoch, bool commit, std::int64_t fresh_id, sim::SimTime now) {
  using enum TransactionState;
  const bool again = now_.last_epoch >= 0 && epoch == now_.last_epoch;
  bool valid = epoch == now_.producer_epoch;
  if (prepared()) valid = again;
  if (now_.state == complete_commit || now_.state == complete_abort) valid = valid || again;
  if (!valid) return {ErrorCode::producer_fenced, {}};
  if (pending_) return {ErrorCode::concurrent_transactions, {}};
  switch (now_.state) {
    case ongoing: return write(prepared_record(commit, epoch, true, fresh_id, now));
    case complete_commit:
    case complete_abort:
      if (again && epoch != now_.producer_epoch) {
        const bool same = commit == (now_.state == complete_commit);
        return {same ? ErrorCode::none : ErrorCode::invalid_txn_state, {}};
      }
      [[fallthrough]];
    case empty:
      // Nothing was ever added: there is nothing to commit, and an abort only raises the epoch.
      if (commit) return {ErrorCode::invalid_txn_state, {}};
      return write(prepared_record(false, epoch, true, fresh_id, now));
    case prepare_commit:
      return {commit ? ErrorCode::concurrent_transactions : ErrorCode::invalid_txn_state, {}};
    case prepare_abort:
      return {commit ? ErrorCode::invalid_txn_state : ErrorCode::concurrent_transactions, {}};
    case dead:
    case prepare_epoch_fence: break;
  }
  return {ErrorCode::unknown_server_error, {}};
}

/// PrepareEpochFence is never in the log: epoch + 1 and PrepareAbort are one record.
Step Transaction::fence(sim::SimTime now) {
  const auto epoch = static_cast<std::int16_t>(fence_failed_ ? now_.producer_epoch : now_.producer_epoch + 1);
  Step step = write(prepared_record(false, epoch, false, -1, now));
  pending_fence_ = true;
  return step;
}

Step Transaction::expire(sim::SimTime now) {
  if (now_.state != TransactionState::ongoing || pending_) return {};
  if (now_.started + now_.timeout >= now) return {};
  return fence(now);
}

TransactionRecord Transaction::completed(sim::SimTime now) {
  SIM_CHECK(prepared());
  TransactionRecord next = now_;
  next.state = now_.state == TransactionState::prepare_commit ? TransactionState::complete_commit
                                                              : TransactionState::complete_abort;
  next.partitions.clear();
  next.updated = now;
  if (next.next_producer_id >= 0) {
    next.producer_id = next.next_producer_id;
    next.producer_epoch = 0;
    next.next_producer_id = -1;
  }
  return *write(std::move(next)).write;
}

std::optional<TransactionRecord> Transaction::forget(sim::SimTime now, sim::Duration expiration) {
  using enum TransactionState;
  const bool idle = now_.state == empty || now_.state == complete_commit || now_.state == complete_abort;
  if (!idle || pending_ || now - now_.updated < expiration) return std::nullopt;
  TransactionRecord next = now_;
  next.state = dead;
  next.partitions.clear();
  return *write(std::move(next)).write;
}

void Transaction::written(const TransactionRecord& record) {
  now_ = record;
  pending_.reset();
  pending_fence_ = false;
  fence_failed_ = false;
}

void Transaction::write_failed() {
  if (!pending_) return;
  if (pending_fence_ && !fence_failed_) {
    now_.producer_epoch = static_cast<std::int16_t>(now_.producer_epoch + 1);
    now_.last_epoch = -1;
    fence_failed_ = true;
  }
  pending_.reset();
  pending_fence_ = false;
}

}  // namespace brokersim::kafka::transactions
