// The metadata log on disk: what was appended, and what of it survived.
//
// A file of the file system carries bytes with tags; what the bytes say lies in a MetadataStore that the world owns and
// that stands for the medium's content. Reading back goes through the files: a batch whose bytes are gone or torn is
// gone, whatever the store still knows.
// Files below a directory ("__cluster_metadata-0"): segments named by their first offset, and snapshots
// "OFFSET-EPOCH.checkpoint" (metadata_snapshots.h). No indexes: they are small and rebuilt.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "models/devices/storage/file_system.h"
#include "models/kafka/raft/epoch_log.h"
#include "models/kafka/wire/raft_messages.h"

namespace brokersim::kafka::controller {

using wire::LoggedRecord;
using wire::MetadataBatch;
using Records = std::vector<LoggedRecord>;
using BatchPtrs = std::vector<const MetadataBatch*>;

/// Every metadata batch and snapshot ever written on one cluster. Owned by the world, outlives processes.
class MetadataStore {
 public:
  /// The tag that names the batch or snapshot in files. Never kNoTag.
  [[nodiscard]] storage::ContentTag add(MetadataBatch batch);
  [[nodiscard]] storage::ContentTag add(wire::MetadataSnapshot snapshot);
  [[nodiscard]] const MetadataBatch& operator[](storage::ContentTag tag) const;
  /// Null if the tag names a batch.
  [[nodiscard]] const wire::MetadataSnapshot* snapshot(storage::ContentTag tag) const;
  /// Of a snapshot of this store.
  [[nodiscard]] storage::ContentTag tag_of(const wire::MetadataSnapshot& snapshot) const;
  [[nodiscard]] std::size_t size() const { return batches_.size(); }

  /// For the history: true for whoever reports first that `batch` is committed. Of two batches at one offset (a single
  /// voter that lost its tail) each is reported.
  [[nodiscard]] bool first_commit(const MetadataBatch& batch);

 private:
  std::deque<MetadataBatch> batches_;  // deques: references stay valid
  std::deque<wire::MetadataSnapshot> snapshots_;
  BatchPtrs committed_;  // in order of offset
};

/// One controller's copy. Lives as long as its process.
class MetadataLog {
 public:
  /// Files below `directory` ("__cluster_metadata-0"). A segment is closed once it holds `segment_bytes`.
  MetadataLog(MetadataStore& store, storage::FileSystem& file_system, std::string directory,
              sim::Bytes segment_bytes = {1ll << 30});

  /// Opens the files and keeps what is whole: the log ends before the first batch that is not, and the file is cut
  /// there. `snapshots`: ids of those on disk, ascending. A log whose first segments are gone begins at the first
  /// snapshot that is not before them; one that ends before the last snapshot is dropped and begins there
  /// (KafkaMetadataLog.truncateToLatestSnapshot). Cost: see scanned(). Once.
  void open(const std::vector<wire::OffsetEpoch>& snapshots = {});
  [[nodiscard]] sim::Bytes scanned() const { return scanned_; }

  /// Appends to the page cache; not durable. Not ok (a full disk, a file system that has failed): the log ends where it
  /// ended, its file may have a torn tail, and nothing may be appended any more (Kafka's raft thread dies of it).
  [[nodiscard]] storage::WriteResult append(Records records, std::int32_t epoch);
  /// A batch of the store that another controller made. At end_offset().
  [[nodiscard]] storage::WriteResult append(const MetadataBatch& batch);
  /// Cuts off what is at `offset` or after it; a batch boundary.
  void truncate(std::int64_t offset);
  /// Nothing but what a snapshot at `start` holds: all segments go.
  void reset(wire::OffsetEpoch start);
  /// Segments wholly before `start`, which a snapshot holds, are deleted; so is what else is before it, for readers.
  void advance_start(wire::OffsetEpoch start);

  /// Where the next record goes.
  [[nodiscard]] std::int64_t end_offset() const { return epochs_.end_offset(); }
  [[nodiscard]] std::int64_t start_offset() const { return epochs_.start().offset; }
  /// Epoch of the last batch, 0 if empty.
  [[nodiscard]] std::int32_t last_epoch() const { return epochs_.last_epoch(); }
  [[nodiscard]] const raft::EpochLog& epochs() const { return epochs_; }
  /// The segment that is written.
  [[nodiscard]] storage::FileId file() const { return segments_.back().file; }
  /// Of all segments, oldest first.
  [[nodiscard]] std::vector<storage::FileId> files() const;
  /// Bytes of all segments.
  [[nodiscard]] sim::Bytes bytes() const;
  /// Adds the batches from `from` on, the first being the one that holds it, until `bytes_max` is reached; at least
  /// one. `from` between start and end. Cost: what is read, and a binary search.
  void read(std::int64_t from, sim::Bytes bytes_max, BatchPtrs& out) const;
  /// The batch that holds the record at `offset`, which must be in the log.
  [[nodiscard]] const MetadataBatch& batch_at(std::int64_t offset) const;

 private:
  struct Entry {
    std::int64_t base_offset = 0;
    storage::ContentTag tag = storage::kNoTag;
    sim::Bytes position;  ///< In its segment.
  };
  struct Segment {
    std::int64_t base_offset = 0;
    storage::FileId file;
  };
  [[nodiscard]] std::vector<Entry>::const_iterator entry_at(std::int64_t offset) const;
  [[nodiscard]] std::string name_of(std::int64_t base_offset) const;
  [[nodiscard]] storage::WriteResult append_tagged(const MetadataBatch& batch, storage::ContentTag tag);
  [[nodiscard]] bool scan(const Segment& segment);
  void roll();

  MetadataStore& store_;
  storage::FileSystem& file_system_;
  std::string directory_;
  sim::Bytes segment_bytes_;
  std::vector<Segment> segments_;  // in order of offset
  std::vector<Entry> entries_;     // in order of offset
  raft::EpochLog epochs_;
  sim::Bytes scanned_;
};

}  // namespace brokersim::kafka::controller
