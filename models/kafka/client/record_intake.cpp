#include "models/kafka/client/record_intake.h"

#include <algorithm>

#include "models/kafka/client/size_estimate.h"
#include "models/log/batch.h"
#include "models/log/sized_batch.h"
#include "sim/check.h"

namespace brokersim::kafka::client {

namespace {

/// The largest n in [low, high] with holds(n), given holds(low) and that it never turns true again. `guess` only
/// makes it fast: one or two calls when it is right.
template <class Holds>
std::int64_t last_that_holds(std::int64_t low, std::int64_t high, std::int64_t guess, Holds holds) {
  guess = std::clamp(guess, low, high);
  std::int64_t step = 1;
  if (guess == low || holds(guess)) {
    low = guess;
    while (low < high) {
      const std::int64_t probe = std::min(high, low + step);
      if (!holds(probe)) {
        high = probe - 1;
        break;
      }
      low = probe;
      step *= 2;
    }
  } else {
    high = guess - 1;
    while (low < high) {
      const std::int64_t probe = std::max(low, high - step + 1);
      if (probe == low || holds(probe)) {
        low = probe;
        break;
      }
      high = probe - 1;
      step *= 2;
    }
  }
  while (low < high) {
    const std::int64_t middle = low + (high - low + 1) / 2;
    if (holds(middle)) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

}  // namespace

RecordIntake::RecordIntake(const ProducerParams& params, ProducerLedger& ledger, Accumulator& accumulator,
                           sim::Stream arrivals, sim::Stream sticky, sim::SimTime begin)
    : record_size_(params.record_size.n),
      record_alone_(size_upper_bound(params.record_size.n)),
      largest_(std::min(params.config.max_request_size.n, params.config.buffer_memory.n)),
      too_large_(record_alone_ > largest_),
      ratio_(params.config.compression.model(params.compressed_percent), params.config.batch_size.n,
             log::batch_bytes(1, params.record_size.n, {}, {})),
      batch_size_(ratio_.raw_limit()),
      ledger_(ledger),
      accumulator_(accumulator),
      loop_(params, arrivals, ledger.next_record, begin),
      partitioner_(static_cast<std::int32_t>(params.partitions.size()), params.config.batch_size.n,
                   params.config.partitioner),
      sticky_(sticky),
      loads_(params.partitions.size()),
      application_(params.arrivals == Arrivals::application),
      closed_loop_(params.arrivals == Arrivals::closed),
      call_end_(ledger.next_record),
      call_min_(params.records_per_send),
      call_max_(std::max(params.records_per_send, params.records_per_send_max)),
      calls_(arrivals.child(1)),
      wake_up_(params.costs.wake_up) {
  ledger_.next_ordinal.resize(params.partitions.size(), 0);
  if (application_) {
    law_ = params.law;
    client_ = params.client;
  } else if (params.law != nullptr)
    items_ = std::make_unique<ItemIntake>(params, ledger, accumulator, closed_, arrivals, sticky, begin);
}

void RecordIntake::set_available(const std::vector<bool>& available) {
  metadata_known_ = true;
  if (items_) return items_->set_available(available);
  if (loads_.size() != available.size()) {
    loads_.resize(available.size());
    partitioner_.set_partitions(static_cast<std::int32_t>(available.size()));
  }
  for (std::size_t i = 0; i < loads_.size(); ++i) loads_[i].available = available[i];
}

void RecordIntake::choose() {
  for (std::size_t i = 0; i < loads_.size(); ++i)
    loads_[i].queued = accumulator_.queued(static_cast<std::int32_t>(i));
  const std::uint64_t bits =
      partitioner_.fixed() ? 0 : sticky_.bits(static_cast<std::uint64_t>(loop_.next()));
  partitioner_.stick_to(partitioner_.rule() == Partitioner::uniform_sticky
                            ? choose_other_partition(loads_, partitioner_.current(), bits)
                            : choose_partition(loads_, bits));
  plan_key_ = -1;
}

bool RecordIntake::switch_is_due() const {
  const std::int32_t current = partitioner_.current();
  return current < 0 || partitioner_.must_switch(accumulator_.all_closed(current));
}

const RecordIntake::Plan& RecordIntake::plan(Begun batch) {
  const std::int64_t key = loop_.next() - batch.count;
  if (plan_key_ != key) {
    plan_ = make_plan(batch);
    plan_key_ = key;
  }
  return plan_;
}

RecordIntake::Plan RecordIntake::make_plan(Begun batch) {
  const std::int64_t next = loop_.next();
  const auto bytes_at = [&](std::int64_t total) {
    const sim::SimTime last = total == 1 ? batch.first : loop_.intended(next + total - batch.count - 1);
    return log::batch_bytes(total, record_size_, batch.first, last);
  };
  // Every record takes more than its own size; one record fits into an empty batch whatever its size.
  const std::int64_t room = std::max<std::int64_t>(batch_size_ / record_size_, 1);
  const std::int64_t bound = closed_loop_ ? std::min(next + room, call_end_) : next + room;
  const std::int64_t limit = loop_.limit(bound);
  const std::int64_t most = batch.count + (limit - next);
  const std::int64_t least = std::max<std::int64_t>(batch.count, 1);
  SIM_CHECK(most >= least);
  std::int64_t known = 0;  // the last size worked out that fits, and for how many
  std::int64_t known_bytes = 0;
  std::int64_t total = last_that_holds(least, most, guess_, [&](std::int64_t n) {
    const std::int64_t size = bytes_at(n);
    if (size > batch_size_) return false;
    known = n;
    known_bytes = size;
    return true;
  });
  if (total == batch.count) return {next, batch.bytes, total == most && limit == next};
  if (total < most) guess_ = total;
  std::int64_t bytes = known == total ? known_bytes : bytes_at(total);
  if (partitioner_.forces()) {
    const std::int64_t forced =
        batch.bytes + ratio_.raw(partitioner_.until_forced());  // a record that reaches it is the last
    if (bytes > forced) {
      const std::int64_t below = last_that_holds(batch.count, total - 1, batch.count, [&](std::int64_t n) {
        return n == batch.count || bytes_at(n) < forced;
      });
      total = below + 1;
      bytes = bytes_at(total);
    }
  }
  return {next + total - batch.count, bytes,
          total == most && limit < next + room};  // a call's end, too: what follows is not known
}

bool RecordIntake::make_room(sim::SimTime now) {
  if (!metadata_known_) return false;
  if (closed_loop_ && loop_.next() >= call_end_ && !next_call()) return false;
  if (switch_is_due()) choose();
  const Slot tail = accumulator_.tail(partitioner_.current());
  if (tail != kNoSlot && !accumulator_[tail].closed) {
    const Batch& batch = accumulator_[tail];
    if (plan({batch.count, batch.bytes, batch.intended_first}).end > loop_.next()) return true;
    close(tail);
    if (switch_is_due()) {
      choose();
      return make_room(now);
    }
  }
  if (too_large_ || !accumulator_.has_room(record_alone_)) return false;
  const std::int32_t partition = partitioner_.current();
  accumulator_.open(partition, ledger_.next_ordinal[static_cast<std::size_t>(partition)], now, record_alone_);
  return true;
}

/// A closed loop's next call, if the last one has ended.
bool RecordIntake::next_call() {
  awaits_ = accumulator_.live() > 0;
  if (awaits_) return false;
  const auto range = static_cast<std::uint64_t>(call_max_ - call_min_ + 1);
  const auto more = static_cast<std::int64_t>(calls_.below(static_cast<std::uint64_t>(call_end_), range));
  call_end_ = loop_.next() + call_min_ + more;
  plan_key_ = -1;
  return true;
}

std::optional<std::int64_t> RecordIntake::submit(std::int32_t partition, sim::SimTime intended,
                                                 sim::SimTime now, const history::ListedRecord& row) {
  SIM_CHECK(application_, "the intake makes its records itself");
  if (!metadata_known_ || stopped_) return std::nullopt;
  std::int64_t& next = ledger_.next_ordinal[static_cast<std::size_t>(partition)];
  std::int64_t size = record_size_;
  std::int64_t alone = record_alone_;
  if (law_ != nullptr) {
    size = law_->size_of(client_, partition, next, row);
    alone = size_upper_bound(size);
    too_large_ = alone > largest_;
  }
  Slot slot = accumulator_.tail(partition);
  const auto with_it = [&](const Batch& batch) {
    const sim::SimTime last = std::max(intended, batch.intended_first);
    if (law_ == nullptr) return log::batch_bytes(batch.count + 1, record_size_, batch.intended_first, last);
    const std::int64_t before = batch.count == 0 ? log::kBatchHeaderBytes : batch.bytes;
    const std::int64_t delta_ms = last.ns / 1'000'000 - batch.intended_first.ns / 1'000'000;
    return before + log::record_bytes(size, delta_ms, batch.count);
  };
  if (slot != kNoSlot && !accumulator_[slot].closed && with_it(accumulator_[slot]) > batch_size_) close(slot);
  if (slot == kNoSlot || accumulator_[slot].closed) {
    if (too_large_ || !accumulator_.has_room(alone)) return std::nullopt;
    slot = accumulator_.open(partition, next, now, alone);
    accumulator_[slot].intended_first = intended;
  }
  Batch& batch = accumulator_[slot];
  batch.bytes = with_it(batch);
  batch.intended_last = std::max(intended, batch.intended_first);
  const std::int64_t ordinal = batch.first + batch.count++;
  SIM_CHECK(ordinal == next);
  if (law_ != nullptr) {
    batch.payload += size;
    if (law_->lists()) law_->note(client_, partition, ordinal, row);
  }
  // An identity is given once, also if the process dies before its batch is closed.
  next = ordinal + 1;
  if (batch.bytes >= batch_size_) close(slot);
  return ordinal;
}

void RecordIntake::advance(sim::SimTime now) {
  if (items_) return items_->advance(now);
  while (!blocked_ && !finished()) {
    const sim::SimTime joins = loop_.join(loop_.next());
    if (joins > now) return;
    if (!make_room(joins)) {
      blocked_ = true;
      if (blocked_record_ != loop_.next()) blocked_since_ = joins;
      blocked_record_ = loop_.next();
      return;
    }
    const Slot slot = accumulator_.tail(partitioner_.current());
    const Batch& batch = accumulator_[slot];
    const sim::SimTime first = batch.count == 0 ? loop_.intended(loop_.next()) : batch.intended_first;
    const Plan run = plan({batch.count, batch.bytes, first});
    append(slot, run, now);
  }
}

void RecordIntake::append(Slot slot, const Plan& plan, sim::SimTime now) {
  const std::int64_t next = loop_.next();
  const std::int64_t end = loop_.joined_by(now, plan.end);
  SIM_CHECK(end > next);
  Batch& batch = accumulator_[slot];
  if (batch.count == 0) batch.intended_first = loop_.intended(next);
  batch.count += end - next;
  batch.intended_last = batch.count == 1 ? batch.intended_first : loop_.intended(end - 1);
  const std::int64_t bytes = end == plan.end ? plan.bytes
                                             : log::batch_bytes(batch.count, record_size_,
                                                                batch.intended_first, batch.intended_last);
  partitioner_.add(ratio_.estimate(bytes - batch.bytes));
  batch.bytes = bytes;
  loop_.advance(end);
  ledger_.next_record = end;
  if (bytes >= batch_size_) close(slot);
}

void RecordIntake::unblock(sim::SimTime now) {
  if (items_) return items_->unblock(now);
  if (!blocked_) return;
  if (!metadata_known_) return;
  if (awaits_) {
    if (accumulator_.live() > 0) return;
    awaits_ = false;
    blocked_ = false;
    plan_key_ = -1;
    loop_.stall(now + wake_up_);  // the next call is made then
    advance(now);
    return;
  }
  if (too_large_ || !accumulator_.has_room(record_alone_)) return;
  blocked_ = false;
  plan_key_ = -1;
  loop_.hold(now);
  advance(now);
}

Refused RecordIntake::refuse(sim::SimTime now) {
  if (items_) return items_->refuse(now);
  SIM_CHECK(blocked_);
  if (partitioner_.current() < 0) choose();
  const std::int32_t partition = partitioner_.current();
  SIM_CHECK(accumulator_.all_closed(partition));
  const Refused refused{partition, ledger_.next_ordinal[static_cast<std::size_t>(partition)]++,
                        loop_.intended(loop_.next()), record_size_};
  plan_key_ = -1;
  // A send() that throws takes its time, too: a loop that sends as fast as it can does not stand still.
  loop_.hold(too_large_ ? now + sim::Duration{1'000} : now);
  loop_.advance(loop_.next() + 1);
  ledger_.next_record = loop_.next();
  blocked_ = false;
  return refused;
}

sim::SimTime RecordIntake::next_time(sim::Duration linger) {
  if (items_) return items_->next_time(linger);
  if (blocked_ || finished()) return sim::SimTime::max();
  const std::int64_t next = loop_.next();
  const sim::SimTime joins = loop_.join(next);
  if (!metadata_known_ || switch_is_due() || (closed_loop_ && next >= call_end_)) return joins;
  const Slot tail = accumulator_.tail(partitioner_.current());
  const bool open = tail != kNoSlot && !accumulator_[tail].closed;
  Begun begun{0, 0, loop_.intended(next)};
  if (open) {
    const Batch& batch = accumulator_[tail];
    begun = {batch.count, batch.bytes, batch.intended_first};
  } else if (too_large_ || !accumulator_.has_room(record_alone_)) {
    return joins;
  }
  const Plan& plan = this->plan(begun);
  sim::SimTime full = sim::SimTime::max();
  if (plan.bytes >= batch_size_ && plan.end > next) {
    full = loop_.join(plan.end - 1);
  } else if (!plan.last) {
    full = loop_.join(plan.end);
  }
  return open ? full : std::min(full, joins + linger);
}

void RecordIntake::close(Slot slot) {
  if (items_) return items_->close(slot);
  Batch& batch = accumulator_[slot];
  SIM_CHECK(!batch.closed);
  SIM_CHECK(batch.count > 0);
  batch.closed = true;
  if (law_ != nullptr)
    batch.bytes = log::sized_batch_bytes(*law_, client_, batch.partition, batch.first, batch.count,
                                         batch.intended_first, batch.intended_last);
  batch.wire_bytes = ratio_.close(batch.bytes);
  batch_size_ = ratio_.raw_limit();
  plan_key_ = -1;
  ledger_.next_ordinal[static_cast<std::size_t>(batch.partition)] = batch.first + batch.count;
  closed_.push_back(slot);
}

}  // namespace brokersim::kafka::client
