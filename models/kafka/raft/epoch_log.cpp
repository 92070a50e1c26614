#include "models/kafka/raft/epoch_log.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::kafka::raft {

void EpochLog::append(std::int32_t epoch, std::int64_t count) {
  SIM_CHECK(count > 0);
  SIM_CHECK(epoch >= last_epoch());
  if (epochs_.empty() || epochs_.back().epoch != epoch) epochs_.push_back({epoch, end_});
  end_ += count;
}

void EpochLog::truncate(std::int64_t offset) {
  SIM_CHECK(offset >= start_.offset);
  SIM_CHECK(offset <= end_);
  while (!epochs_.empty() && epochs_.back().offset >= offset) epochs_.pop_back();
  end_ = offset;
}

void EpochLog::advance_start(OffsetEpoch start) {
  SIM_CHECK(start.offset >= start_.offset);
  SIM_CHECK(start.offset <= end_);
  auto first = std::find_if(epochs_.begin(), epochs_.end(), [&](Begin b) { return b.offset > start.offset; });
  // The epoch that the new start lies in goes on from there.
  if (first != epochs_.begin() && start.offset < (first == epochs_.end() ? end_ : first->offset)) {
    --first;
    first->offset = start.offset;
  }
  epochs_.erase(epochs_.begin(), first);
  start_ = start;
}

std::int32_t EpochLog::epoch_before(std::int64_t offset) const {
  SIM_CHECK(offset >= start_.offset);
  SIM_CHECK(offset <= end_);
  const auto after = std::lower_bound(epochs_.begin(), epochs_.end(), offset,
                                      [](Begin b, std::int64_t o) { return b.offset < o; });
  return after == epochs_.begin() ? start_.epoch : (after - 1)->epoch;
}

OffsetEpoch EpochLog::end_for(std::int32_t epoch) const {
  const auto after = std::upper_bound(epochs_.begin(), epochs_.end(), epoch,
                                      [](std::int32_t e, Begin b) { return e < b.epoch; });
  const std::int64_t end = after == epochs_.end() ? end_ : after->offset;
  if (after == epochs_.begin()) return {end, start_.epoch};
  return {end, (after - 1)->epoch};
}

std::optional<OffsetEpoch> EpochLog::divergence(OffsetEpoch position) const {
  if (position.offset == 0 && start_.offset == 0) return std::nullopt;
  const OffsetEpoch end = end_for(position.epoch);
  if (end.epoch == position.epoch && end.offset >= position.offset) return std::nullopt;
  return end;
}

bool EpochLog::needs_snapshot(OffsetEpoch position) const {
  if (start_.offset == 0) return false;
  if (position.offset < start_.offset) return true;
  if (position.offset == start_.offset) return position.epoch != start_.epoch;
  return position.epoch < start_.epoch;
}

std::int64_t EpochLog::truncation_point(OffsetEpoch diverging) const {
  const OffsetEpoch own = end_for(diverging.epoch);
  const std::int64_t cut = own.epoch == diverging.epoch ? std::min(own.offset, diverging.offset) : own.offset;
  return std::clamp(cut, start_.offset, end_);
}

}  // namespace brokersim::kafka::raft
