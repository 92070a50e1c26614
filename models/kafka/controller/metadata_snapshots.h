// Snapshots of the metadata log on disk (KIP-630): when one is due, how it is written, which one a start finds.
//
// A snapshot is written beside the log by a thread of its own: part file, fsync, rename, fsync of the directory
// (FileRawSnapshotWriter). One is due after so many bytes of committed records, or so long after the last.
// The log begins to lose its oldest segments when segments and snapshots together exceed metadata.max.retention.bytes:
// the oldest snapshot goes, and the log then begins at the next (KafkaMetadataLog.cleanSnapshots).
// Not modelled: retention by time (7 d).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/devices/storage/file_system.h"
#include "models/kafka/controller/metadata_log.h"
#include "sim/task.h"

namespace brokersim::kafka::controller {

struct SnapshotRules {
  sim::Bytes bytes_between = {20ll << 20};           ///< metadata.log.max.record.bytes.between.snapshots
  sim::Duration interval_max = {3'600'000'000'000};  ///< metadata.log.max.snapshot.interval.ms; 0: never
  sim::Bytes retention = {100ll << 20};              ///< metadata.max.retention.bytes
};

class MetadataSnapshots {
 public:
  MetadataSnapshots(MetadataStore& store, storage::FileSystem& file_system, std::string directory)
      : store_(store), file_system_(file_system), directory_(std::move(directory)) {}

  /// Finds what is whole; deletes the rest. Once.
  void open();
  /// Null: there is none.
  [[nodiscard]] const wire::MetadataSnapshot* latest() const {
    return kept_.empty() ? nullptr : kept_.back();
  }
  /// Of all, ascending.
  [[nodiscard]] std::vector<wire::OffsetEpoch> ids() const;
  /// Deletes those before `offset` (KafkaMetadataLog.forgetSnapshotsBefore).
  void forget_before(std::int64_t offset);
  /// By its id; null if it is not here.
  [[nodiscard]] const wire::MetadataSnapshot* find(wire::OffsetEpoch id) const;
  /// Writes `image` as it is at `id`. Complete: durable. The status says whether it could be.
  [[nodiscard]] sim::Task<storage::Status> write(wire::OffsetEpoch id, wire::ClusterImage image);
  /// A snapshot that another controller made.
  [[nodiscard]] sim::Task<storage::Status> write(const wire::MetadataSnapshot* snapshot);
  /// Deletes the oldest if there are two and `log_bytes` and all snapshots together exceed `retention`. Returns
  /// where the log may begin now; offset 0: nothing was deleted.
  [[nodiscard]] wire::OffsetEpoch clean(sim::Bytes log_bytes, sim::Bytes retention);
  [[nodiscard]] std::size_t count() const { return kept_.size(); }

 private:
  [[nodiscard]] std::string name_of(wire::OffsetEpoch id) const;
  [[nodiscard]] sim::Task<storage::Status> write_tagged(const wire::MetadataSnapshot* snapshot,
                                                        storage::ContentTag tag);

  MetadataStore& store_;
  storage::FileSystem& file_system_;
  std::string directory_;
  std::vector<const wire::MetadataSnapshot*> kept_;  // in order of offset
};

}  // namespace brokersim::kafka::controller
