// The metadata log on disk: what was appended, and what of it survived.
//
// A file of the file system carries bytes with tags; what the bytes say lies in a MetadataStore that the world owns and
// that stands for the medium's content. Reading back goes through the file: a batch whose bytes are gone or torn is
// gone, whatever the store still knows.
// Model: one segment, no snapshots yet (segment.bytes is 1 GiB and a snapshot comes after 20 MiB of records).
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "models/devices/storage/file_system.h"
#include "models/kafka/controller/controller.h"
#include "models/kafka/wire/metadata.h"

namespace brokersim::kafka::controller {

/// Records appended together, at consecutive offsets.
struct MetadataBatch {
  std::int64_t base_offset = 0;
  std::int32_t epoch = 0;  ///< Of the Raft leader that appended it.
  Records records;

  [[nodiscard]] std::int64_t next_offset() const {
    return base_offset + static_cast<std::int64_t>(records.size());
  }
};

/// Every metadata batch ever appended on one cluster. Owned by the world, outlives processes.
class MetadataStore {
 public:
  /// The tag that names the batch in files. Never kNoTag.
  [[nodiscard]] storage::ContentTag add(MetadataBatch batch);
  [[nodiscard]] const MetadataBatch& operator[](storage::ContentTag tag) const;
  [[nodiscard]] std::size_t size() const { return batches_.size(); }

 private:
  std::deque<MetadataBatch> batches_;  // a deque: references stay valid
};

/// Size of a batch in the file, header included.
[[nodiscard]] sim::Bytes batch_bytes(const MetadataBatch& batch);

/// One controller's copy. Lives as long as its process.
class MetadataLog {
 public:
  /// Files below `directory` ("__cluster_metadata-0").
  MetadataLog(MetadataStore& store, storage::FileSystem& file_system, std::string directory);

  /// Opens the file and keeps what is whole: the log ends before the first batch that is not, and the file is cut
  /// there. Cost: see scanned(). Once.
  void open();
  [[nodiscard]] sim::Bytes scanned() const { return scanned_; }
  /// Appends to the page cache; not durable. Returns how long the writer is held back (dirty throttling).
  [[nodiscard]] sim::Duration append(Records records, std::int32_t epoch);

  /// Where the next record goes.
  [[nodiscard]] std::int64_t end_offset() const { return end_offset_; }
  /// Epoch of the last batch, 0 if empty.
  [[nodiscard]] std::int32_t last_epoch() const;
  [[nodiscard]] storage::FileId file() const { return file_; }
  /// Epoch of the record before `offset`; -1 if this log has none. O(log n).
  [[nodiscard]] std::int32_t epoch_before(std::int64_t offset) const;
  /// Copies records from `from` on, whole batches or the rest of one, at least one batch, until `bytes_max` is
  /// reached. `from` at most the end. Cost: what is copied, and a binary search.
  void read(std::int64_t from, sim::Bytes bytes_max, std::vector<wire::MetadataRecord>& out) const;
  /// Calls with each batch, in order.
  template <class Visitor>
  void for_each(Visitor visit) const {
    for (const Entry& entry : entries_) visit(store_[entry.tag]);
  }
  [[nodiscard]] const MetadataBatch& last_batch() const { return store_[entries_.back().tag]; }

 private:
  struct Entry {
    std::int64_t base_offset = 0;
    storage::ContentTag tag = storage::kNoTag;
  };
  /// The batch that holds the record at `offset`, which must be in the log.
  [[nodiscard]] std::vector<Entry>::const_iterator entry_at(std::int64_t offset) const;

  MetadataStore& store_;
  storage::FileSystem& file_system_;
  std::string name_;
  storage::FileId file_;
  std::vector<Entry> entries_;  // in order of offset
  std::int64_t end_offset_ = 0;
  sim::Bytes scanned_;
};

}  // namespace brokersim::kafka::controller
