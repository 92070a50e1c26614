#include "models/log/epoch_cache.h"

#include <algorithm>

#include "models/log/checkpoint.h"
#include "sim/check.h"

namespace brokersim::log {

bool EpochCache::assign(std::int32_t epoch, std::int64_t start_offset) {
  SIM_CHECK(epoch >= 0);
  SIM_CHECK(start_offset >= 0);
  if (!entries_.empty() && entries_.back().epoch >= epoch) return false;
  while (!entries_.empty() && entries_.back().start_offset >= start_offset) entries_.pop_back();
  entries_.push_back({epoch, start_offset});
  return true;
}

std::optional<EpochEnd> EpochCache::end_offset_for(std::int32_t epoch, std::int64_t log_end) const {
  if (epoch < 0 || entries_.empty()) return std::nullopt;
  if (epoch == entries_.back().epoch) return EpochEnd{epoch, log_end};
  if (epoch > entries_.back().epoch) return std::nullopt;
  const auto higher =
      std::upper_bound(entries_.begin(), entries_.end(), epoch,
                       [](std::int32_t e, const EpochEntry& entry) { return e < entry.epoch; });
  if (higher == entries_.begin()) return EpochEnd{epoch, higher->start_offset};
  return EpochEnd{std::prev(higher)->epoch, higher->start_offset};
}

std::optional<std::int32_t> EpochCache::latest_epoch() const {
  if (entries_.empty()) return std::nullopt;
  return entries_.back().epoch;
}

bool EpochCache::truncate_from_end(std::int64_t offset) {
  const std::size_t before = entries_.size();
  while (!entries_.empty() && entries_.back().start_offset >= offset) entries_.pop_back();
  return entries_.size() != before;
}

bool EpochCache::truncate_from_start(std::int64_t log_start) {
  std::size_t keep = 0;  // index of the last entry that begins at or before log_start
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].start_offset <= log_start) keep = i;
  }
  if (entries_.empty() || entries_.front().start_offset > log_start) return false;
  const bool changed = keep > 0 || entries_[keep].start_offset != log_start;
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(keep));
  entries_.front().start_offset = log_start;
  return changed;
}

void EpochCache::forget_last_but_one() {
  if (entries_.size() >= 3) entries_.erase(entries_.end() - 2);
}

std::string EpochCache::text() const {
  std::vector<std::string> lines;
  for (const auto& entry : entries_) {
    lines.push_back(std::to_string(entry.epoch) + " " + std::to_string(entry.start_offset));
  }
  return checkpoint_text(lines);
}

std::optional<EpochCache> EpochCache::parse(const std::string& text) {
  const auto rows = parse_checkpoint(text, 2);
  if (!rows) return std::nullopt;
  EpochCache cache;
  for (const auto& row : *rows) {
    const auto epoch = parse_int(row[0]);
    const auto start = parse_int(row[1]);
    if (!epoch || !start) return std::nullopt;
    cache.assign(static_cast<std::int32_t>(*epoch), *start);
  }
  return cache;
}

}  // namespace brokersim::log
