#include "models/database/recovery.h"

#include <algorithm>

namespace brokersim::database {

FoundLog find_end_of_log(const storage::FileSystem& files, const DatabaseConfig& config,
                         const WalContent& content) {
  FoundLog found;
  std::vector<std::int64_t> segments;
  for (const std::string& name : files.list("pg_wal/")) {
    if (const auto segment = wal_segment(name)) segments.push_back(*segment);
  }
  std::sort(segments.begin(), segments.end());
  if (segments.empty()) return found;
  const std::int64_t size = config.wal_segment_size.n;
  found.records = content.count_to(segments.front() * size);
  Lsn position = segments.front() * size;
  for (const std::int64_t segment : segments) {
    if (segment * size != position) break;  // the one before is not full
    const storage::FileId file = *files.find(wal_file(segment));
    found.scanned += files.size(file);
    bool whole = true;
    for (const storage::Extent& extent : files.extents(file)) {
      whole = extent.intact && extent.tag != storage::kNoTag;
      if (!whole) break;
      position += extent.length.n;
      found.records = std::max(found.records, static_cast<std::size_t>(extent.tag - 1));
    }
    if (!whole) break;
  }
  return found;
}

void cut_log(storage::FileSystem& files, const DatabaseConfig& config, Lsn lsn) {
  const std::int64_t size = config.wal_segment_size.n;
  for (const std::string& name : files.list("pg_wal/")) {
    const auto segment = wal_segment(name);
    if (!segment) continue;
    const Lsn begin = *segment * size;
    if (begin >= lsn && begin > 0) {
      files.remove(name);
    } else if (const storage::FileId file = *files.find(name); begin + files.size(file).n > lsn) {
      files.truncate(file, {lsn - begin});
    }
  }
}

history::CommitLostIn where_lost(const WalResidue& residue, const DatabaseConfig& config, Lsn lsn) {
  using enum history::CommitLostIn;
  if (lsn > residue.written) return wal_buffers;
  for (const storage::LostRange& lost : residue.lost) {
    const auto segment = wal_segment(lost.file);
    if (!segment) continue;
    const Lsn begin = *segment * config.wal_segment_size.n + lost.offset.n;
    if (lsn <= begin || lsn - 1 >= begin + lost.length.n) continue;
    if (lsn <= residue.flushed) return after_flush;
    switch (lost.state) {
      case storage::ByteState::dirty: return page_cache;
      case storage::ByteState::in_writeback: return on_the_way;
      case storage::ByteState::drive_cache: return drive_cache;
      default: return on_the_way;
    }
  }
  return lsn <= residue.flushed ? after_flush : behind_a_hole;
}

}  // namespace brokersim::database
