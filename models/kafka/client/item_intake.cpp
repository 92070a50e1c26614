#include "models/kafka/client/item_intake.h"

#include <algorithm>
#include <limits>

#include "models/history/record_law.h"
#include "models/kafka/client/record_intake.h"
#include "models/kafka/client/size_estimate.h"
#include "models/log/batch.h"
#include "models/log/sized_batch.h"
#include "sim/check.h"

namespace brokersim::kafka::client {

namespace {

/// How far a look ahead goes in one piece. Small: arrivals that have been drawn are common to all branches of a run.
constexpr std::int64_t kStretch = 16;

std::int64_t record_at(sim::SimTime first, sim::SimTime time, std::int64_t size, std::int64_t index) {
  const std::int64_t delta = time.ns / 1'000'000 - first.ns / 1'000'000;
  return log::record_bytes(size, std::max<std::int64_t>(delta, 0), index);
}

std::int64_t alone(std::int64_t size) { return log::kBatchHeaderBytes + log::record_bytes(size, 0, 0); }

}  // namespace

ItemIntake::ItemIntake(const ProducerParams& params, ProducerLedger& ledger, Accumulator& accumulator,
                       std::vector<Slot>& closed, sim::Stream arrivals, sim::Stream sticky,
                       sim::SimTime begin)
    : params_(params),
      law_(*params.law),
      ledger_(ledger),
      accumulator_(accumulator),
      closed_(closed),
      loop_(params, arrivals, ledger.next_record, begin),
      ratio_(params.config.compression.model(params.compressed_percent), params.config.batch_size.n,
             alone(params.record_size.n)),
      partitioner_(static_cast<std::int32_t>(params.partitions.size()), params.config.batch_size.n,
                   params.config.partitioner),
      keys_(arrivals.child(2)),
      sticky_(sticky),
      calls_(arrivals.child(1)),
      batch_size_(params.config.batch_size.n),
      largest_(std::min(params.config.max_request_size.n, params.config.buffer_memory.n)),
      routes_(law_.routes()),
      lists_(law_.lists()),
      projections_(params.partitions.size()),
      closed_loop_(params.arrivals == Arrivals::closed),
      call_end_(ledger.next_record),
      call_min_(params.records_per_send),
      call_max_(std::max(params.records_per_send, params.records_per_send_max)),
      wake_up_(params.costs.wake_up) {
  SIM_CHECK(params.arrivals != Arrivals::application);
  SIM_CHECK(!lists_ || params.rows != nullptr, params.name + " has no rows");
  ledger_.next_ordinal.resize(params.partitions.size(), 0);
}

void ItemIntake::set_available(const std::vector<bool>& available) {
  if (loads_.size() != available.size()) {
    loads_.resize(available.size());
    const auto count = static_cast<std::int32_t>(available.size());
    partitioner_.set_partitions(count);
    if (routes_) {
      std::vector<std::int64_t> next;
      for (std::int32_t p = 0; p < count; ++p) next.push_back(next_ordinal(p));
      law_.begin_era(params_.client, count, next);
    }
    forget_items();
  }
  for (std::size_t i = 0; i < loads_.size(); ++i) loads_[i].available = available[i];
  metadata_known_ = true;
  plan_holds_ = false;
}

/// Records to come are drawn anew, from the same numbers.
void ItemIntake::forget_items() {
  items_.clear();
  items_from_ = loop_.next();
  plan_holds_ = false;
}

const ItemIntake::Item& ItemIntake::item(std::int64_t k) {
  while (items_from_ < loop_.next() && !items_.empty()) {
    items_.pop_front();
    ++items_from_;
  }
  if (items_.empty()) items_from_ = loop_.next();
  for (std::int64_t next = items_from_ + static_cast<std::int64_t>(items_.size()); next <= k; ++next) {
    Item item;
    if (lists_) {
      const history::ListedRecord& row = (*params_.rows)[static_cast<std::size_t>(next)];
      item.key = row.key;
      item.listed = row.size;
    }
    if (routes_) {
      const history::KeyTable& table = law_.table(static_cast<std::int32_t>(loads_.size()));
      item.partition = law_.lists_keys() ? table.partition_of(item.key)
                                         : table.draw_partition(keys_.bits(static_cast<std::uint64_t>(next)));
    }
    items_.push_back(item);
  }
  return items_[static_cast<std::size_t>(k - items_from_)];
}

std::int64_t ItemIntake::next_ordinal(std::int32_t partition) const {
  const Slot tail = accumulator_.tail(partition);
  if (tail != kNoSlot && !accumulator_[tail].closed)
    return accumulator_[tail].first + accumulator_[tail].count;
  return ledger_.next_ordinal[static_cast<std::size_t>(partition)];
}

std::int64_t ItemIntake::size_of(const Item& item, std::int32_t partition, std::int64_t ordinal) const {
  if (!lists_) return law_.size_of(params_.client, partition, ordinal);
  return law_.size_of(params_.client, partition, ordinal, {item.key, item.listed});
}

bool ItemIntake::takes(std::int64_t bytes, std::int64_t record) const {
  return log::kBatchHeaderBytes + ratio_.estimate(bytes - log::kBatchHeaderBytes) + record <= batch_size_;
}

bool ItemIntake::is_full(std::int64_t bytes) const {
  return log::kBatchHeaderBytes + ratio_.estimate(bytes - log::kBatchHeaderBytes) >= batch_size_;
}

bool ItemIntake::switch_is_due() const {
  const std::int32_t current = partitioner_.current();
  return current < 0 || partitioner_.must_switch(accumulator_.all_closed(current));
}

void ItemIntake::choose() {
  for (std::size_t i = 0; i < loads_.size(); ++i)
    loads_[i].queued = accumulator_.queued(static_cast<std::int32_t>(i));
  const std::uint64_t bits =
      partitioner_.fixed() ? 0 : sticky_.bits(static_cast<std::uint64_t>(loop_.next()));
  partitioner_.stick_to(partitioner_.rule() == Partitioner::uniform_sticky
                            ? choose_other_partition(loads_, partitioner_.current(), bits)
                            : choose_partition(loads_, bits));
  plan_holds_ = false;
}

std::int32_t ItemIntake::partition_of(const Item& item) {
  if (item.partition >= 0) return item.partition;
  if (switch_is_due()) choose();
  return partitioner_.current();
}

void ItemIntake::note(std::int32_t partition, std::int64_t ordinal, const Item& item) {
  if (lists_) law_.note(params_.client, partition, ordinal, {item.key, item.listed});
}

void ItemIntake::block(sim::SimTime at) {
  blocked_ = true;
  if (blocked_record_ != loop_.next()) blocked_since_ = at;
  blocked_record_ = loop_.next();
}

bool ItemIntake::next_call() {
  awaits_ = accumulator_.live() > 0;
  if (awaits_) return false;
  const auto range = static_cast<std::uint64_t>(call_max_ - call_min_ + 1);
  const auto more = static_cast<std::int64_t>(calls_.below(static_cast<std::uint64_t>(call_end_), range));
  call_end_ = loop_.next() + call_min_ + more;
  plan_holds_ = false;
  return true;
}

/// The next record joins its batch at `at`, or blocks.
ItemIntake::Joined ItemIntake::join(sim::SimTime at) {
  const std::int64_t k = loop_.next();
  const Item item = this->item(k);
  std::int32_t partition = partition_of(item);
  const sim::SimTime intended = loop_.intended(k);
  std::int64_t ordinal = next_ordinal(partition);
  std::int64_t size = size_of(item, partition, ordinal);
  too_large_ = never_fits(size_upper_bound(size));
  if (too_large_) return Joined::no;
  Slot slot = accumulator_.tail(partition);
  const auto open = [&] { return slot != kNoSlot && !accumulator_[slot].closed; };
  const auto as_next = [&] {
    const Batch& batch = accumulator_[slot];
    return record_at(batch.intended_first, intended, size, batch.count);
  };
  if (open() && !takes(accumulator_[slot].bytes, as_next())) {
    close(slot);
    if (item.partition < 0 && switch_is_due()) {
      choose();
      partition = partitioner_.current();
      ordinal = next_ordinal(partition);
      size = size_of(item, partition, ordinal);
      too_large_ = never_fits(size_upper_bound(size));
      if (too_large_) return Joined::no;
      slot = accumulator_.tail(partition);
      if (open() && !takes(accumulator_[slot].bytes, as_next())) close(slot);
    }
  }
  if (!open()) {
    if (!accumulator_.has_room(size_upper_bound(size))) return Joined::no;
    slot = accumulator_.open(partition, ordinal, at, size_upper_bound(size));
    accumulator_[slot].intended_first = intended;
    accumulator_[slot].bytes = log::kBatchHeaderBytes;
    plan_holds_ = false;
  }
  Batch& batch = accumulator_[slot];
  const std::int64_t record = as_next();
  ++batch.count;
  batch.intended_last = std::max(intended, batch.intended_first);
  batch.bytes += record;
  batch.payload += size;
  if (item.partition < 0) partitioner_.add(ratio_.estimate(record));
  note(partition, ordinal, item);
  loop_.advance(k + 1);
  ledger_.next_record = k + 1;
  if (is_full(batch.bytes)) close(slot);
  return Joined::yes;
}

void ItemIntake::advance(sim::SimTime now) {
  while (!blocked_ && !finished()) {
    const sim::SimTime joins = loop_.join(loop_.next());
    if (joins > now) return;
    if (!metadata_known_ || (closed_loop_ && loop_.next() >= call_end_ && !next_call()) ||
        join(joins) == Joined::no)
      block(joins);
  }
}

void ItemIntake::stall(sim::SimTime now) {
  plan_holds_ = false;
  loop_.stall(now);
}

void ItemIntake::unblock(sim::SimTime now) {
  if (!blocked_) return;
  if (!metadata_known_) return;
  plan_holds_ = false;
  if (awaits_) {
    if (accumulator_.live() > 0) return;
    awaits_ = false;
    blocked_ = false;
    loop_.stall(now + wake_up_);  // the next call is made then
    advance(now);
    return;
  }
  if (too_large_) return;
  // Whether there is room depends on the record; join() looks.
  const Item item = this->item(loop_.next());
  const std::int32_t partition = partition_of(item);
  const std::int64_t size = size_of(item, partition, next_ordinal(partition));
  if (!never_fits(size_upper_bound(size)) && accumulator_.all_closed(partition) &&
      !accumulator_.has_room(size_upper_bound(size)))
    return;
  blocked_ = false;
  loop_.hold(now);
  advance(now);
}

Refused ItemIntake::refuse(sim::SimTime now) {
  SIM_CHECK(blocked_);
  const Item item = this->item(loop_.next());
  const std::int32_t partition =
      metadata_known_ ? partition_of(item) : std::max(item.partition, std::int32_t{0});
  const Slot tail = accumulator_.tail(partition);
  if (tail != kNoSlot && !accumulator_[tail].closed) close(tail);
  const std::int64_t ordinal = ledger_.next_ordinal[static_cast<std::size_t>(partition)]++;
  const Refused refused{partition, ordinal, loop_.intended(loop_.next()), size_of(item, partition, ordinal)};
  note(partition, ordinal, item);
  // A send() that throws takes its time, too: a loop that sends as fast as it can does not stand still.
  loop_.hold(too_large_ ? now + sim::Duration{1'000} : now);
  loop_.advance(loop_.next() + 1);
  ledger_.next_record = loop_.next();
  blocked_ = false;
  too_large_ = false;
  plan_holds_ = false;
  return refused;
}

sim::SimTime ItemIntake::next_time(sim::Duration linger) {
  if (blocked_ || finished()) return sim::SimTime::max();
  const std::int64_t next = loop_.next();
  if (!metadata_known_ || (closed_loop_ && next >= call_end_)) return loop_.join(next);
  if (!plan_holds_) {
    planned_ = look_ahead(linger);
    plan_holds_ = true;
  }
  return planned_;
}

ItemIntake::Projection& ItemIntake::project(std::int32_t partition) {
  Projection& projection = projections_[static_cast<std::size_t>(partition)];
  if (projection.round == round_) return projection;
  projection = {round_, next_ordinal(partition), 0, 0, {}};
  const Slot tail = accumulator_.tail(partition);
  if (tail != kNoSlot && !accumulator_[tail].closed) {
    const Batch& batch = accumulator_[tail];
    projection.count = batch.count;
    projection.bytes = batch.bytes;
    projection.first = batch.intended_first;
  }
  return projection;
}

/// When a record comes that fills a batch, does not fit, or opens one (then, after `linger`). When a record joins is worked out
/// for those only; it is never before the time that the record is meant for.
sim::SimTime ItemIntake::look_ahead(sim::Duration linger) {
  ++round_;
  sim::SimTime best = sim::SimTime::max();
  std::int64_t memory = 0;  // of the batches that will be opened
  std::int64_t until_forced =
      partitioner_.forces() ? partitioner_.until_forced() : std::numeric_limits<std::int64_t>::max();
  std::int64_t known_to = loop_.next();
  for (std::int64_t k = loop_.next();; ++k) {
    if (k == known_to) {
      known_to = loop_.limit(k + kStretch);
      if (known_to == k) return best;  // there are no more
    }
    const sim::SimTime intended = loop_.intended(k);
    if (intended >= best) return best;
    if (closed_loop_ && k >= call_end_) return best;  // comes when the call has ended
    const auto or_now = [&] { return std::min(best, loop_.join(k)); };
    const Item& item = this->item(k);
    if (item.partition < 0 && switch_is_due()) return or_now();
    const std::int32_t partition = item.partition < 0 ? partitioner_.current() : item.partition;
    Projection& batch = project(partition);
    const std::int64_t size = size_of(item, partition, batch.ordinal);
    if (never_fits(size_upper_bound(size))) return or_now();
    if (batch.count == 0) {
      memory += std::max(batch_size_, size_upper_bound(size));
      if (accumulator_.memory_free().n < memory) return or_now();
      best = std::min(best, loop_.join(k) + linger);
      batch.first = intended;
      batch.bytes = log::kBatchHeaderBytes;
    }
    const std::int64_t record = record_at(batch.first, intended, size, batch.count);
    if (batch.count > 0 && !takes(batch.bytes, record)) return or_now();
    batch.bytes += record;
    ++batch.count;
    ++batch.ordinal;
    if (is_full(batch.bytes)) return or_now();
    if (item.partition < 0) until_forced -= ratio_.estimate(record);
    if (until_forced <= 0) return or_now();  // the next one goes elsewhere
  }
}

void ItemIntake::close(Slot slot) {
  Batch& batch = accumulator_[slot];
  SIM_CHECK(!batch.closed);
  SIM_CHECK(batch.count > 0);
  batch.closed = true;
  batch.bytes = log::sized_batch_bytes(law_, params_.client, batch.partition, batch.first, batch.count,
                                       batch.intended_first, batch.intended_last);
  batch.wire_bytes = ratio_.close(batch.bytes);
  plan_holds_ = false;
  ledger_.next_ordinal[static_cast<std::size_t>(batch.partition)] = batch.first + batch.count;
  closed_.push_back(slot);
}

}  // namespace brokersim::kafka::client
