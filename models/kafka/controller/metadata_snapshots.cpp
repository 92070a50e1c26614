#include "models/kafka/controller/metadata_snapshots.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"

namespace brokersim::kafka::controller {
namespace {

std::string padded(std::int64_t number, std::size_t digits) {
  std::string text = std::to_string(number);
  return text.size() >= digits ? text : std::string(digits - text.size(), '0') + text;
}

}  // namespace

std::string MetadataSnapshots::name_of(wire::OffsetEpoch id) const {
  return directory_ + "/" + padded(id.offset, 20) + "-" + padded(id.epoch, 10) + ".checkpoint";
}

void MetadataSnapshots::open() {
  SIM_CHECK(kept_.empty(), "opened twice");
  for (const std::string& name : file_system_.list(directory_ + "/")) {
    if (name.ends_with(".part")) file_system_.remove(name);
    if (!name.ends_with(".checkpoint")) continue;
    const std::vector<storage::Extent> extents = file_system_.extents(*file_system_.find(name));
    const wire::MetadataSnapshot* snapshot =
        extents.size() == 1 && extents.front().intact ? store_.snapshot(extents.front().tag) : nullptr;
    if (snapshot == nullptr || extents.front().length.n != snapshot->bytes) {
      file_system_.remove(name);
    } else {
      kept_.push_back(snapshot);
    }
  }
}

std::vector<wire::OffsetEpoch> MetadataSnapshots::ids() const {
  std::vector<wire::OffsetEpoch> ids;
  for (const wire::MetadataSnapshot* snapshot : kept_) ids.push_back(snapshot->id);
  return ids;
}

void MetadataSnapshots::forget_before(std::int64_t offset) {
  while (!kept_.empty() && kept_.front()->id.offset < offset) {
    file_system_.remove(name_of(kept_.front()->id));
    kept_.erase(kept_.begin());
  }
}

const wire::MetadataSnapshot* MetadataSnapshots::find(wire::OffsetEpoch id) const {
  const auto found =
      std::find_if(kept_.begin(), kept_.end(), [&](const wire::MetadataSnapshot* s) { return s->id == id; });
  return found == kept_.end() ? nullptr : *found;
}

sim::Task<storage::Status> MetadataSnapshots::write(wire::OffsetEpoch id, wire::ClusterImage image) {
  const std::int64_t bytes = wire::snapshot_bytes(image);
  const storage::ContentTag tag = store_.add(wire::MetadataSnapshot{id, std::move(image), bytes});
  return write_tagged(store_.snapshot(tag), tag);
}

sim::Task<storage::Status> MetadataSnapshots::write(const wire::MetadataSnapshot* snapshot) {
  return write_tagged(snapshot, store_.tag_of(*snapshot));
}

sim::Task<storage::Status> MetadataSnapshots::write_tagged(const wire::MetadataSnapshot* snapshot,
                                                           storage::ContentTag tag) {
  const std::string name = name_of(snapshot->id);
  const std::string part = name + ".part";
  file_system_.remove(part);
  const storage::FileId file = file_system_.create(part);
  const sim::Duration held_back = file_system_.append(file, sim::Bytes{snapshot->bytes}, tag);
  if (held_back > sim::Duration{}) co_await sim::delay(held_back, "controller.throttled");
  storage::Status status = co_await file_system_.sync(file);
  if (status != storage::Status::ok) co_return status;
  file_system_.rename(part, name);
  status = co_await file_system_.sync_names();
  if (status != storage::Status::ok) co_return status;
  const auto after = std::find_if(kept_.begin(), kept_.end(), [&](const wire::MetadataSnapshot* s) {
    return s->id.offset >= snapshot->id.offset;
  });
  if (after == kept_.end() || !((*after)->id == snapshot->id)) kept_.insert(after, snapshot);
  co_return status;
}

wire::OffsetEpoch MetadataSnapshots::clean(sim::Bytes log_bytes, sim::Bytes retention) {
  wire::OffsetEpoch start;
  std::int64_t bytes = log_bytes.n;
  for (const wire::MetadataSnapshot* snapshot : kept_) bytes += snapshot->bytes;
  // One at a time: how much room the segments make that go with it is seen at the next clean().
  if (kept_.size() > 1 && bytes > retention.n) {
    file_system_.remove(name_of(kept_.front()->id));
    kept_.erase(kept_.begin());
    start = kept_.front()->id;
  }
  return start;
}

}  // namespace brokersim::kafka::controller
