// Words shared by the disk, the page cache and the file system.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/units.h"

namespace brokersim::storage {

/// What the writer says of the bytes of one append: opaque here (the log layer's batch id). 0 says nothing.
using ContentTag = std::uint64_t;
inline constexpr ContentTag kNoTag = 0;

/// Dense number of a file on one file system, in order of creation, never used again. Survives a crash.
struct FileId {
  std::int32_t n = -1;
  [[nodiscard]] constexpr auto operator<=>(const FileId&) const = default;
};

enum class Status : std::uint8_t {
  ok,
  io_error,   ///< EIO: the device or an earlier write-back failed.
  no_file,    ///< ENOENT: no such name.
  no_space,   ///< ENOSPC: the write was cut short, or nothing of it was written.
  read_only,  ///< EROFS: the file system has turned read-only.
};

/// The device or the file system could not do it. (no_file is the caller's own affair.)
[[nodiscard]] constexpr bool is_failure(Status status) {
  return status != Status::ok && status != Status::no_file;
}

/// What became of a write.
struct WriteResult {
  Status status = Status::ok;
  sim::Bytes written;       ///< Of the length asked for; less with no_space.
  sim::Duration held_back;  ///< By dirty throttling (normally zero), to be added to the writer's own time.
};

/// State of a mount.
enum class Mode : std::uint8_t {
  writable,
  read_only,  ///< ext4 after a failed journal write (errors=remount-ro).
  shut_down,  ///< XFS after a failed log write, or a device that could not be mounted: every call fails.
};

/// What a reader sees of one append. Extents of a file are in order and cover it without gaps.
struct Extent {
  sim::Bytes offset;
  sim::Bytes length;
  ContentTag tag = kNoTag;
  bool intact = true;  ///< False: torn, cut short, rotten, or wholly or partly zeros.
  [[nodiscard]] bool operator==(const Extent&) const = default;
};

/// Where lost bytes were at the moment of the crash.
enum class ByteState : std::uint8_t {
  dirty,         ///< Only in the page cache.
  in_writeback,  ///< Submitted to the device, not complete.
  drive_cache,   ///< Complete, in the drive's volatile cache.
  size_unknown,  ///< On the medium, but the file size (or the name) that shows them was not committed.
  medium,        ///< On the medium, which was lost itself.
};
[[nodiscard]] const char* to_string(ByteState state);

/// Bytes of one append that a crash took: [offset, offset + length) of the file then called `file`.
struct LostRange {
  std::string file;
  sim::Bytes offset;
  sim::Bytes length;
  ContentTag tag = kNoTag;
  ByteState state = ByteState::dirty;  ///< That of the first lost byte.
  [[nodiscard]] bool operator==(const LostRange&) const = default;
};

/// A change of names or a truncation that a crash took back.
struct UndoneChange {
  enum class Kind : std::uint8_t { create, remove, rename, truncate };
  Kind kind = Kind::create;
  std::string file;  ///< Name before the change (create: the name that is gone).
  [[nodiscard]] bool operator==(const UndoneChange&) const = default;
};

/// What a crash did to one file system. Lost ranges are ordered by file id, then offset; each append is
/// reported at most once per contiguous lost part. Appends without a tag are not reported.
struct CrashReport {
  std::vector<LostRange> lost;
  std::vector<UndoneChange> undone;  ///< Latest change first.
};

}  // namespace brokersim::storage
