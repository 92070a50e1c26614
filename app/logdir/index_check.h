// Compares a segment's offset and time index with its batches (what DumpLogSegments' index checks look for).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/log/format/record_batch.h"
#include "models/log/format/side_files.h"

namespace brokersim::logdir {

/// An offset entry must name a place where a batch begins and an offset not below that batch's last one; time entries
/// must rise. Batches are passed in order.
class IndexCheck {
 public:
  IndexCheck(std::vector<log::format::OffsetEntry> offsets, const std::vector<log::format::TimeEntry>& times,
             std::int64_t base_offset);
  void on_batch(const log::format::BatchHeader& header, std::int64_t position);
  /// At the end of the batches that are kept.
  [[nodiscard]] std::vector<std::string> finish();

 private:
  void complain(std::string what);

  std::vector<log::format::OffsetEntry> offsets_;
  std::int64_t base_offset_;
  std::size_t next_ = 0;
  std::vector<std::string> problems_;
};

}  // namespace brokersim::logdir
