// Which bytes of a disk belong to files: extents, taken where there is room next to where a file would like to be.
//
// Why: seeks are distances, so two files must not lie on each other, and a file that has grown into its neighbour goes on
// elsewhere. Model: first fit from a wish (ext4's Orlov and goal allocation), at write-back as delayed allocation has it.
// Not modelled: block groups and their bitmaps' I/O, and fragmentation within an extent.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "models/devices/storage/interval_set.h"

namespace brokersim::storage {

/// A piece of a file in one piece on the device. Bytes, multiples of 4 KiB.
struct Placed {
  std::int64_t offset = 0;    ///< In the file.
  std::int64_t position = 0;  ///< On the device.
  std::int64_t length = 0;
  bool owned = true;  ///< False: the disk was full, and it lies on the slack of other files.
};

class Allocation {
 public:
  static constexpr std::int64_t kBlock = 4'096;

  /// `capacity` bytes, all free.
  explicit Allocation(std::int64_t capacity);

  /// Takes `length` (a positive multiple of kBlock) or less in one piece, at the first room at or behind `wish`, else from
  /// the front of the disk. If no piece of that length is free, half of it is looked for, and so on. Nothing if all of
  /// the disk is taken: by slack, since FileSystem::available() has let the writer through.
  [[nodiscard]] std::optional<Interval> take(std::int64_t wish, std::int64_t length);
  /// Takes exactly that; it must be free.
  void claim(std::int64_t from, std::int64_t to);
  /// Gives back what was taken. Parts that are free are ignored.
  void release(std::int64_t from, std::int64_t to);

  [[nodiscard]] bool is_free(std::int64_t from, std::int64_t to) const;
  [[nodiscard]] std::int64_t taken() const { return taken_bytes_; }

 private:
  /// The first free piece of `length` within [from, to); -1: none.
  [[nodiscard]] std::int64_t first_fit(std::int64_t from, std::int64_t to, std::int64_t length) const;

  std::int64_t capacity_;
  std::int64_t taken_bytes_ = 0;
  std::map<std::int64_t, std::int64_t> taken_;  // from -> to; they do not touch
};

}  // namespace brokersim::storage
