// What a hard disk holds in its write cache: ranges of sectors not yet on the platter.
//
// Adjacent and overlapping writes become one extent, so that a log synced byte by byte destages as one run. Which
// writes an extent carries is kept, so that the disk can say what a power loss takes. Device-models.md 1.5.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace brokersim::storage {

class HddCache {
 public:
  struct Write {
    std::uint64_t id = 0;
    std::int64_t to = 0;  ///< One past its last sector.
  };
  struct Extent {
    std::int64_t to = 0;  ///< One past the last sector; the first is the key.
    std::vector<Write> writes;
  };
  using Extents = std::map<std::int64_t, Extent>;

  /// Adds `count` sectors from `lba` on, written by write `id`.
  void add(std::int64_t lba, std::int64_t count, std::uint64_t id);
  /// Takes up to `count` sectors from the beginning of the extent at `lba`. `ids` gets the writes that are complete
  /// with them, in ascending order. Returns the sectors taken.
  std::int64_t take(std::int64_t lba, std::int64_t count, std::vector<std::uint64_t>& ids);

  [[nodiscard]] const Extents& extents() const { return extents_; }
  [[nodiscard]] bool empty() const { return extents_.empty(); }
  /// Sectors held.
  [[nodiscard]] std::int64_t size() const { return size_; }
  void clear();

 private:
  Extents extents_;
  std::int64_t size_ = 0;
};

}  // namespace brokersim::storage
