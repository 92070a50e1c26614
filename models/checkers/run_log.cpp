#include "models/checkers/run_log.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::checkers {

Run run_of(const history::Appended& event) {
  return {event.base_offset, event.records.count, event.records.first, event.records.producer.n,
          event.leader_epoch};
}

Run clip(const Run& run, std::int64_t from, std::int64_t to) {
  const std::int64_t base = std::max(run.base, from);
  const std::int64_t end = std::min(run.end(), to);
  Run part = run;
  part.base = base;
  part.count = std::max<std::int64_t>(end - base, 0);
  part.first = run.first + (base - run.base);
  return part;
}

void RunLog::append(const Run& run) {
  SIM_CHECK(run.base == end_, "run at " + std::to_string(run.base) + ", log end " + std::to_string(end_));
  if (run.count <= 0) return;
  end_ = run.end();
  if (!runs_.empty()) {
    Run& last = runs_.back();
    const bool same = last.producer == run.producer && last.epoch == run.epoch;
    if (same && last.first + last.count == run.first) {
      last.count += run.count;
      return;
    }
  }
  runs_.push_back(run);
}

void RunLog::cut(std::int64_t offset) {
  while (!runs_.empty() && runs_.back().base >= offset) runs_.pop_back();
  if (!runs_.empty() && runs_.back().end() > offset) runs_.back().count = offset - runs_.back().base;
  end_ = runs_.empty() ? std::min(end_, offset) : runs_.back().end();
}

void RunLog::drop_front(std::int64_t offset) {
  while (!runs_.empty() && runs_.front().end() <= offset) runs_.pop_front();
  if (!runs_.empty() && runs_.front().base < offset)
    runs_.front() = clip(runs_.front(), offset, runs_.front().end());
}

void RunLog::clear(std::int64_t offset) {
  runs_.clear();
  end_ = offset;
}

std::size_t RunLog::index_of(std::int64_t offset) const {
  std::size_t high = runs_.size();  // runs_[high] starts after offset
  std::size_t step = 1;
  while (high > step && runs_[high - step].base > offset) {
    high -= step;
    step *= 2;
  }
  std::size_t low = high > step ? high - step : 0;
  while (low + 1 < high) {
    const std::size_t middle = (low + high) / 2;
    (runs_[middle].base <= offset ? low : high) = middle;
  }
  return low;
}

std::int64_t RunLog::matching(const Run& run, bool any_epoch) const {
  if (run.base < start()) return 0;
  std::int64_t matched = 0;
  std::int64_t offset = run.base;
  if (offset >= end_) return 0;
  for (std::size_t i = index_of(offset); i < runs_.size() && matched < run.count; ++i) {
    const Run& mine = runs_[i];
    const std::int64_t here = std::min(mine.end(), run.end()) - offset;
    const bool same_epoch = any_epoch || mine.epoch == run.epoch;
    const bool same_record =
        mine.producer == run.producer && mine.first + (offset - mine.base) == run.first + matched;
    if (!same_epoch || !same_record) break;
    matched += here;
    offset += here;
  }
  return matched;
}

}  // namespace brokersim::checkers
