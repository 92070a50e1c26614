// The flusher of one file system: writes dirty files back, oldest first.
//
// Model (device-models.md 3.4): wakes every 5 s while something is dirty and writes files dirtied 30 s ago or
// earlier; above the background threshold it writes the oldest at once until below it. One visit to a file
// writes at most a chunk, in requests of 4 MiB, two in flight, then the next file has its turn.
#pragma once

#include <cstdint>
#include <set>
#include <utility>

#include "models/devices/storage/file.h"
#include "models/devices/storage/page_cache.h"
#include "sim/component.h"

namespace brokersim::storage {

class FileSystem;

class Flusher {
 public:
  static constexpr std::int64_t kRequest = 4 << 20;
  static constexpr std::int32_t kDepth = 2;

  Flusher(FileSystem& file_system, PageCache& page_cache);

  /// `file` went from clean to dirty.
  void dirtied(File& file);
  /// `file` has no dirty byte any more (all submitted, or dropped).
  void cleaned(File& file);
  /// Dirty bytes rose above the background threshold.
  void wake();
  /// A request of this flusher is complete.
  void request_done();
  /// The crash: forgets everything.
  void reset();

 private:
  friend class FileSystem;
  void arm();
  void woken();
  void started();
  void pump();
  [[nodiscard]] bool next_file();
  [[nodiscard]] std::int64_t chunk() const;

  FileSystem& file_system_;
  PageCache& page_cache_;
  std::set<std::pair<std::int64_t, FileId>> dirty_;  // (dirtied at, file)
  std::pair<std::int64_t, FileId> visited_;          // the latest to have its turn
  FileId current_;
  std::int64_t visit_left_ = 0;
  std::int32_t in_flight_ = 0;
  bool wake_pending_ = false;
  sim::EventHandle timer_;
  sim::EventHandle start_;
};

}  // namespace brokersim::storage
