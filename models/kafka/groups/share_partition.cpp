#include "models/kafka/groups/share_partition.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"

namespace brokersim::kafka::groups {

using wire::AcknowledgeType;
using wire::ErrorCode;
using wire::ShareRecordState;
using wire::ShareStateBatch;

namespace {

ShareReason reason_of(AcknowledgeType type) {
  switch (type) {
    case AcknowledgeType::gap: return ShareReason::gap;
    case AcknowledgeType::accept: return ShareReason::accepted;
    case AcknowledgeType::release: return ShareReason::released;
    case AcknowledgeType::reject: return ShareReason::rejected;
  }
  return ShareReason::accepted;
}

}  // namespace

SharePartition::SharePartition(const ShareRules& rules, std::int64_t start,
                               const std::vector<ShareStateBatch>& persisted)
    : rules_(rules), start_(start), end_(start) {
  for (const ShareStateBatch& batch : persisted) {
    const std::int64_t first = std::max(batch.first, end_);
    if (batch.end <= first) continue;
    if (first > end_) runs_[end_] = Run{first, {}, 0, {}, ShareReason::delivered};
    Run run;
    run.end = batch.end;
    run.now.state = batch.state;
    run.now.delivery_count = batch.delivery_count;
    runs_[first] = std::move(run);
    end_ = batch.end;
  }
  move_start();
}

bool SharePartition::is_settled(const Run& run) {
  if (run.transition != 0) return false;
  return run.now.state == ShareRecordState::acknowledged || run.now.state == ShareRecordState::archived;
}

void SharePartition::split(std::int64_t offset) {
  auto at = runs_.upper_bound(offset);
  if (at == runs_.begin()) return;
  --at;
  if (at->first >= offset || at->second.end <= offset) return;
  Run rest = at->second;
  at->second.end = offset;
  runs_.emplace(offset, std::move(rest));
}

void SharePartition::move_start() {
  while (!runs_.empty()) {
    const Run& first = runs_.begin()->second;
    const bool passes =
        is_settled(first) || (rules_.start_skips_released && first.transition == 0 &&
                              first.now.state == ShareRecordState::available && first.now.delivery_count > 0);
    if (!passes) break;
    start_ = first.end;
    runs_.erase(runs_.begin());
  }
  merge();
}

/// Neighbours of which the same is known become one.
void SharePartition::merge() {
  for (auto at = runs_.begin(); at != runs_.end();) {
    const auto next = std::next(at);
    if (next == runs_.end()) break;
    const bool alike = at->second.transition == 0 && next->second.transition == 0 &&
                       at->second.now == next->second.now &&
                       at->second.now.state != ShareRecordState::acquired;
    if (!alike) {
      at = next;
      continue;
    }
    at->second.end = next->second.end;
    runs_.erase(next);
  }
}

/// Available, and no change of it is under way.
bool SharePartition::is_free(const Run& run) const {
  if (rules_.forgets_released && run.now.delivery_count > 0) return false;
  return run.transition == 0 && run.now.state == ShareRecordState::available;
}

std::int64_t SharePartition::next_fetch_offset() const {
  for (const auto& [first, run] : runs_) {
    if (is_free(run)) return first;
    if (rules_.gives_acquired && run.now.state == ShareRecordState::acquired) return first;
  }
  return end_;
}

bool SharePartition::may_acquire() const {
  return next_fetch_offset() < end_ || in_flight() < rules_.locks_max;
}

std::vector<wire::AcquiredRecords> SharePartition::acquire(const std::string& member, std::int64_t from,
                                                           const std::vector<std::int64_t>& batch_ends,
                                                           std::int64_t records_max, sim::SimTime now) {
  std::vector<wire::AcquiredRecords> taken;
  if (batch_ends.empty() || records_max <= 0) return taken;
  const std::int64_t read_end = batch_ends.back();
  std::int64_t records = 0;
  const auto take = [&](std::int64_t first, Run& run) {
    run.now.state = ShareRecordState::acquired;
    ++run.now.delivery_count;
    run.now.member = member;
    run.now.lock_end = now + rules_.lock_duration;
    records += run.end - first;
    taken.push_back({first, run.end, run.now.delivery_count});
  };
  const std::int64_t known_end = std::min(end_, read_end);
  split(from);
  split(known_end);
  for (auto at = runs_.lower_bound(from); at != runs_.end() && at->first < known_end && records < records_max;
       ++at) {
    const bool held = at->second.now.state == ShareRecordState::acquired && rules_.gives_acquired &&
                      at->second.now.member != member;
    if (!is_free(at->second) && !(held && at->second.transition == 0)) continue;
    take(at->first, at->second);
  }
  // What nobody has had: whole batches, one run each, while there is room.
  for (const std::int64_t batch_end : batch_ends) {
    if (batch_end <= end_) continue;
    if (records >= records_max || in_flight() >= rules_.locks_max) break;
    const std::int64_t first = end_;
    end_ = batch_end;
    Run run;
    run.end = batch_end;
    take(first, runs_.emplace(first, std::move(run)).first->second);
  }
  merge();
  return taken;
}

void SharePartition::begin(Run& run, std::uint32_t number, ShareReason reason) {
  run.before = run.now;
  run.transition = number;
  run.reason = reason;
}

/// What becomes of records that a member gives up.
SharePartition::What SharePartition::given_back(const What& held, ShareReason reason) const {
  What what;
  what.delivery_count = held.delivery_count;
  switch (reason) {
    case ShareReason::accepted: what.state = ShareRecordState::acknowledged; return what;
    case ShareReason::rejected:
    case ShareReason::gap:
    case ShareReason::log_start: what.state = ShareRecordState::archived; return what;
    case ShareReason::session_ended: --what.delivery_count; return what;
    case ShareReason::delivered:
    case ShareReason::released:
    case ShareReason::lock_expired: break;
  }
  const bool last = what.delivery_count >= rules_.delivery_limit && !rules_.without_limit;
  if (last) what.state = ShareRecordState::archived;
  return what;
}

SharePartition::Transition SharePartition::acknowledge(
    const std::string& member, const std::vector<wire::AcknowledgementBatch>& batches) {
  Transition transition;
  // All is looked at before anything changes: one wrong batch refuses the whole.
  std::int64_t before = -1;
  for (const wire::AcknowledgementBatch& batch : batches) {
    if (batch.first >= batch.end || batch.first < before) {
      transition.error = ErrorCode::invalid_request;
      return transition;
    }
    before = batch.end;
    for (std::int64_t offset = std::max(batch.first, start_); offset < batch.end;) {
      auto at = runs_.upper_bound(offset);
      const bool known = at != runs_.begin() && std::prev(at)->second.end > offset;
      if (!known) {
        transition.error = ErrorCode::invalid_request;  // never acquired
        return transition;
      }
      const Run& run = std::prev(at)->second;
      if (run.transition != 0 || run.now.state != ShareRecordState::acquired || run.now.member != member) {
        transition.error = ErrorCode::invalid_record_state;
        return transition;
      }
      offset = run.end;
    }
  }
  transition.number = ++transitions_;
  for (const wire::AcknowledgementBatch& batch : batches) {
    const std::int64_t first = std::max(batch.first, start_);
    if (first >= batch.end) continue;
    split(first);
    split(batch.end);
    for (auto at = runs_.lower_bound(first); at != runs_.end() && at->first < batch.end; ++at) {
      Run& run = at->second;
      const ShareReason reason = reason_of(batch.type);
      begin(run, transition.number, reason);
      run.now = given_back(run.before, reason);
      transition.batches.push_back({at->first, run.end, run.now.state, run.now.delivery_count});
    }
  }
  if (transition.batches.empty()) transition.number = 0;
  return transition;
}

SharePartition::Transition SharePartition::release(const std::string& member) {
  Transition transition;
  transition.number = ++transitions_;
  for (auto& [first, run] : runs_) {
    if (run.transition != 0 || run.now.state != ShareRecordState::acquired || run.now.member != member)
      continue;
    begin(run, transition.number, ShareReason::session_ended);
    run.now = given_back(run.before, ShareReason::session_ended);
    transition.batches.push_back({first, run.end, run.now.state, run.now.delivery_count});
  }
  if (transition.batches.empty()) transition.number = 0;
  return transition;
}

std::vector<SharePartition::Change> SharePartition::complete(std::uint32_t number, bool persisted) {
  std::vector<Change> changes;
  if (number == 0) return changes;
  for (auto& [first, run] : runs_) {
    if (run.transition != number) continue;
    run.transition = 0;
    if (!persisted) {
      run.now = std::exchange(run.before, {});
      continue;
    }
    changes.push_back({first, run.end, run.before.member, run.now.state, run.reason, run.now.delivery_count});
    run.before = {};
  }
  move_start();
  return changes;
}

std::vector<SharePartition::Change> SharePartition::expire(sim::SimTime now,
                                                           std::vector<ShareStateBatch>& batches) {
  std::vector<Change> changes;
  for (auto& [first, run] : runs_) {
    // One whose acknowledgement is being persisted is not taken back; if that fails, its time is looked at again.
    if (run.transition != 0 || run.now.state != ShareRecordState::acquired || run.now.lock_end > now)
      continue;
    const std::string member = run.now.member;
    run.now = given_back(run.now, ShareReason::lock_expired);
    batches.push_back({first, run.end, run.now.state, run.now.delivery_count});
    changes.push_back(
        {first, run.end, member, run.now.state, ShareReason::lock_expired, run.now.delivery_count});
  }
  move_start();
  return changes;
}

sim::SimTime SharePartition::next_expiry() const {
  sim::SimTime next = sim::SimTime::max();
  for (const auto& [first, run] : runs_) {
    if (run.transition == 0 && run.now.state == ShareRecordState::acquired)
      next = std::min(next, run.now.lock_end);
  }
  return next;
}

std::vector<SharePartition::Change> SharePartition::move_log_start(std::int64_t offset) {
  std::vector<Change> changes;
  if (offset <= start_) return changes;
  split(offset);
  while (!runs_.empty() && runs_.begin()->first < offset) {
    const auto first = runs_.begin();
    if (!is_settled(first->second)) {
      changes.push_back({first->first, first->second.end, first->second.now.member,
                         ShareRecordState::archived, ShareReason::log_start,
                         first->second.now.delivery_count});
    }
    runs_.erase(first);
  }
  start_ = offset;
  end_ = std::max(end_, offset);
  move_start();
  return changes;
}

std::vector<ShareStateBatch> SharePartition::states() const {
  std::vector<ShareStateBatch> all;
  for (const auto& [first, run] : runs_) {
    const ShareStateBatch one{first, run.end, run.now.state, run.now.delivery_count};
    if (!all.empty() && all.back().end == first && all.back().state == one.state &&
        all.back().delivery_count == one.delivery_count) {
      all.back().end = one.end;
    } else {
      all.push_back(one);
    }
  }
  return all;
}

std::vector<ShareStateBatch> combine(const std::vector<ShareStateBatch>& known,
                                     const std::vector<ShareStateBatch>& news, std::int64_t start) {
  std::map<std::int64_t, ShareStateBatch> all;
  const auto put = [&](ShareStateBatch batch) {
    batch.first = std::max(batch.first, start);
    if (batch.first >= batch.end) return;
    for (auto at = all.begin(); at != all.end();) {
      const ShareStateBatch old = at->second;
      if (old.end <= batch.first || old.first >= batch.end) {
        ++at;
        continue;
      }
      at = all.erase(at);
      if (old.first < batch.first) all[old.first] = {old.first, batch.first, old.state, old.delivery_count};
      if (old.end > batch.end) all[batch.end] = {batch.end, old.end, old.state, old.delivery_count};
    }
    all[batch.first] = batch;
  };
  for (const ShareStateBatch& batch : known) put(batch);
  for (const ShareStateBatch& batch : news) put(batch);
  std::vector<ShareStateBatch> result;
  for (const auto& [first, batch] : all) {
    const bool goes_on = !result.empty() && result.back().end == first &&
                         result.back().state == batch.state &&
                         result.back().delivery_count == batch.delivery_count;
    if (goes_on) {
      result.back().end = batch.end;
    } else {
      result.push_back(batch);
    }
  }
  return result;
}

}  // namespace brokersim::kafka::groups
