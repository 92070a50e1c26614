// When a controller writes a snapshot of its metadata, and what it then forgets of its log (kafka-behaviour.md section 5.1).
#include <utility>

#include "models/kafka/controller/quorum.h"

namespace brokersim::kafka::controller {

void MetadataQuorum::consider_snapshot() {
  if (writing_snapshot_ || told_ <= node_->latest_snapshot.offset) return;
  const SnapshotRules& rules = config_.snapshots;
  const bool big = bytes_since_snapshot_ >= rules.bytes_between.n;
  const bool old =
      rules.interval_max > sim::Duration{} && owner_.now() >= last_snapshot_ + rules.interval_max;
  if (!big && !old) return;
  writing_snapshot_ = true;
  bytes_since_snapshot_ = 0;
  last_snapshot_ = owner_.now();
  owner_.spawn(write_snapshot({told_, log_.epochs().epoch_before(told_)}, listener_.committed_image()));
}

sim::Task<void> MetadataQuorum::write_snapshot(wire::OffsetEpoch id, wire::ClusterImage image) {
  sim::Task<storage::Status> writing = snapshots_.write(id, std::move(image));
  const storage::Status status = co_await writing;
  writing_snapshot_ = false;
  if (status != storage::Status::ok) {
    fail();
    co_return;
  }
  Input input;
  input.kind = Input::Kind::snapshot_written;
  input.snapshot = id;
  take(std::move(input));
}

}  // namespace brokersim::kafka::controller
