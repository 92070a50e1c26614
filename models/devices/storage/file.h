// One inode: what was written, how far each byte has got, and what the journal knows of it.
//
// Bytes only move forward: [0, done_to) is complete at the device, [done_to, submitted_to) is under
// write-back, [submitted_to, size) is dirty. A truncation cuts all four and starts a new layer.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "models/devices/storage/allocation.h"
#include "models/devices/storage/dirty_control.h"
#include "models/devices/storage/interval_set.h"
#include "models/devices/storage/readahead.h"
#include "models/devices/storage/types.h"
#include "sim/time.h"

namespace brokersim::storage {

/// One append: from `offset` to the next range's offset (the last: to the end). 16 bytes of memory each.
struct Range {
  std::int64_t offset = 0;
  ContentTag tag = kNoTag;
};
static_assert(sizeof(Range) == 16, "2 million appends of a long run must fit in 40 MB");

struct File {
  FileId id;
  std::string name;  // last name; also while unlinked and not yet committed
  bool linked = true;
  std::int64_t wish = 0;        // where on the device byte 0 would like to be
  std::vector<Placed> extents;  // where its bytes lie, in order and without gaps

  std::deque<Range> ranges;
  std::int64_t size = 0;
  std::int64_t submitted_to = 0;
  std::int64_t done_to = 0;
  std::string content;  // bytes, for files written whole; else empty
  IntervalSet damage;   // bytes that are not what was written
  IntervalSet ghosts;   // clean in the cache, never written (a failed fsync, a lost write)
  IntervalSet rotten;   // not on the medium as written; cached pages hide it, see FileSystem::rot()
  bool fail_next_sync = false;
  bool write_failed = false;  // a write-back error that no fsync has told yet

  std::int64_t disk_size = 0;  // i_disksize of the running transaction
  std::int64_t committed_size = 0;
  std::vector<std::int64_t> cuts;  // truncations so far; their number is the layer
  std::int32_t committed_layer = 0;
  std::uint64_t changed_in = 0;  // latest transaction with a change of this inode
  std::uint64_t sized_in = 0;    // latest transaction that lists its size

  std::deque<std::uint32_t> writes;   // write-back in flight, in order of offset
  std::vector<std::uint32_t> blocks;  // by block number: page cache handle, or what evicted() left
  std::vector<std::uint32_t> reads;   // device reads in flight
  ReadaheadState readahead;
  DirtyWriter writer;       // appends to a file exclude each other, so a file is a writer
  IntervalSet unreadable;   // latent sector errors (fault D6), gone once rewritten
  sim::SimTime dirtied_at;  // when it last went from clean to dirty
  bool listed_dirty = false;

  [[nodiscard]] std::int32_t layer() const { return static_cast<std::int32_t>(cuts.size()); }
  [[nodiscard]] bool dirty() const { return submitted_to < size; }
  /// Index of the range that holds byte `at`, which must be below size.
  [[nodiscard]] std::size_t range_at(std::int64_t at) const;
  [[nodiscard]] std::int64_t range_end(std::size_t index) const {
    return index + 1 < ranges.size() ? ranges[index + 1].offset : size;
  }
  /// Drops ranges from `to` on and returns them; a range that is cut in two stays in front and is returned too.
  std::vector<Range> cut_ranges(std::int64_t to);
  /// Puts back what cut_ranges(at) returned.
  void restore_ranges(std::int64_t at, const std::vector<Range>& tail);
};

}  // namespace brokersim::storage
