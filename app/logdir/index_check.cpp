#include "app/logdir/index_check.h"

namespace brokersim::logdir {

namespace {
constexpr std::size_t kProblemsMax = 5;
}

IndexCheck::IndexCheck(std::vector<log::format::OffsetEntry> offsets,
                       const std::vector<log::format::TimeEntry>& times, std::int64_t base_offset)
    : offsets_(std::move(offsets)), base_offset_(base_offset) {
  for (std::size_t i = 1; i < offsets_.size(); ++i) {
    if (offsets_[i].position > offsets_[i - 1].position &&
        offsets_[i].relative_offset > offsets_[i - 1].relative_offset) {
      continue;
    }
    complain("entry " + std::to_string(i) + " of the offset index is not above the one before");
    offsets_.resize(i);
  }
  for (std::size_t i = 1; i < times.size(); ++i) {
    if (times[i].timestamp >= times[i - 1].timestamp &&
        times[i].relative_offset >= times[i - 1].relative_offset) {
      continue;
    }
    complain("entry " + std::to_string(i) + " of the time index is below the one before");
    break;
  }
}

void IndexCheck::on_batch(const log::format::BatchHeader& header, std::int64_t position) {
  for (; next_ < offsets_.size() && offsets_[next_].position <= position; ++next_) {
    const log::format::OffsetEntry& entry = offsets_[next_];
    if (entry.position < position) {
      complain("no batch begins at position " + std::to_string(entry.position) +
               ", which the offset index names");
    } else if (base_offset_ + entry.relative_offset < header.last_offset()) {
      complain("the offset index names offset " + std::to_string(base_offset_ + entry.relative_offset) +
               " for the batch that ends at " + std::to_string(header.last_offset()));
    }
  }
}

std::vector<std::string> IndexCheck::finish() {
  if (next_ < offsets_.size()) {
    complain(std::to_string(offsets_.size() - next_) +
             " entries of the offset index point behind the last batch");
  }
  return std::move(problems_);
}

void IndexCheck::complain(std::string what) {
  if (problems_.size() < kProblemsMax) problems_.push_back(std::move(what));
}

}  // namespace brokersim::logdir
