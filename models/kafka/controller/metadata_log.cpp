#include "models/kafka/controller/metadata_log.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "sim/check.h"

namespace brokersim::kafka::controller {
namespace {

/// Tags of snapshots; those of batches count from 1.
constexpr storage::ContentTag kSnapshotTag = 1ull << 62;
constexpr std::size_t kOffsetDigits = 20;

}  // namespace

storage::ContentTag MetadataStore::add(MetadataBatch batch) {
  batch.tag = batches_.size() + 1;
  batches_.push_back(std::move(batch));
  return batches_.back().tag;
}

storage::ContentTag MetadataStore::add(wire::MetadataSnapshot snapshot) {
  snapshots_.push_back(std::move(snapshot));
  return kSnapshotTag + snapshots_.size() - 1;
}

const MetadataBatch& MetadataStore::operator[](storage::ContentTag tag) const {
  SIM_CHECK(tag != storage::kNoTag);
  SIM_CHECK(tag <= batches_.size());
  return batches_[static_cast<std::size_t>(tag) - 1];
}

const wire::MetadataSnapshot* MetadataStore::snapshot(storage::ContentTag tag) const {
  if (tag < kSnapshotTag || tag - kSnapshotTag >= snapshots_.size()) return nullptr;
  return &snapshots_[static_cast<std::size_t>(tag - kSnapshotTag)];
}

storage::ContentTag MetadataStore::tag_of(const wire::MetadataSnapshot& snapshot) const {
  const auto found = std::find_if(snapshots_.begin(), snapshots_.end(),
                                  [&](const wire::MetadataSnapshot& s) { return &s == &snapshot; });
  SIM_CHECK(found != snapshots_.end(), "a snapshot of another store");
  return kSnapshotTag + static_cast<std::size_t>(found - snapshots_.begin());
}

bool MetadataStore::first_commit(const MetadataBatch& batch) {
  if (!committed_.empty() && batch.base_offset < committed_.back()->next_offset()) {
    const auto known =
        std::lower_bound(committed_.begin(), committed_.end(), batch.base_offset,
                         [](const MetadataBatch* b, std::int64_t offset) { return b->base_offset < offset; });
    if (known != committed_.end() && *known == &batch) return false;
    committed_.erase(known, committed_.end());
  }
  committed_.push_back(&batch);
  return true;
}

MetadataLog::MetadataLog(MetadataStore& store, storage::FileSystem& file_system, std::string directory,
                         sim::Bytes segment_bytes)
    : store_(store),
      file_system_(file_system),
      directory_(std::move(directory)),
      segment_bytes_(segment_bytes) {}

std::string MetadataLog::name_of(std::int64_t base_offset) const {
  std::string digits = std::to_string(base_offset);
  return directory_ + "/" + std::string(kOffsetDigits - digits.size(), '0') + digits + ".log";
}

void MetadataLog::open(const std::vector<wire::OffsetEpoch>& snapshots) {
  SIM_CHECK(segments_.empty(), "opened twice");
  std::vector<Segment> found;
  for (const std::string& name : file_system_.list(directory_ + "/")) {
    if (!name.ends_with(".log")) continue;
    Segment segment;
    const char* digits = name.data() + directory_.size() + 1;
    std::from_chars(digits, digits + kOffsetDigits, segment.base_offset);
    segment.file = *file_system_.find(name);
    found.push_back(segment);
  }
  wire::OffsetEpoch start;
  if (found.empty() || found.front().base_offset > 0) {
    // An older snapshot may lie there still: the log began anew at a later one that was fetched.
    const std::int64_t first = found.empty() ? 0 : found.front().base_offset;
    for (const wire::OffsetEpoch& snapshot : snapshots) {
      start = snapshot;
      if (snapshot.offset >= first) break;
    }
  }
  epochs_ = raft::EpochLog(start);
  bool whole = true;
  for (const Segment& segment : found) {
    if (!whole || (!segments_.empty() && segment.base_offset != epochs_.end_offset())) {
      file_system_.remove(name_of(segment.base_offset));
      whole = false;
      continue;
    }
    segments_.push_back(segment);
    whole = scan(segment);
  }
  if (segments_.empty())
    segments_.push_back({epochs_.end_offset(), file_system_.create(name_of(epochs_.end_offset()))});
  if (!snapshots.empty() && epochs_.end_offset() < snapshots.back().offset) reset(snapshots.back());
}

bool MetadataLog::scan(const Segment& segment) {
  const sim::Bytes size = file_system_.size(segment.file);
  scanned_ += size;
  sim::Bytes good{0};
  for (const storage::Extent& extent : file_system_.extents(segment.file)) {
    if (!extent.intact || store_.snapshot(extent.tag) != nullptr) break;
    const MetadataBatch& batch = store_[extent.tag];
    if (extent.length.n != wire::batch_bytes(batch)) break;
    if (batch.next_offset() > epochs_.start().offset) {
      if (batch.base_offset != epochs_.end_offset() || batch.epoch < epochs_.last_epoch()) break;
      entries_.push_back({batch.base_offset, extent.tag, good});
      epochs_.append(batch.epoch, static_cast<std::int64_t>(batch.records.size()));
    }
    good += extent.length;
  }
  if (good < size) file_system_.truncate(segment.file, good);
  return good == size;
}

storage::WriteResult MetadataLog::append(Records records, std::int32_t epoch) {
  SIM_CHECK(!records.empty());
  const storage::ContentTag tag = store_.add(MetadataBatch{end_offset(), epoch, std::move(records), 0});
  return append_tagged(store_[tag], tag);
}

storage::WriteResult MetadataLog::append(const MetadataBatch& batch) {
  SIM_CHECK(batch.base_offset == end_offset());
  SIM_CHECK(&store_[batch.tag] == &batch, "a batch of another store");
  return append_tagged(batch, batch.tag);
}

storage::WriteResult MetadataLog::append_tagged(const MetadataBatch& batch, storage::ContentTag tag) {
  if (file_system_.size(file()) >= segment_bytes_) roll();
  const sim::Bytes position = file_system_.size(file());
  const storage::WriteResult written = file_system_.write(file(), sim::Bytes{wire::batch_bytes(batch)}, tag);
  if (written.status != storage::Status::ok) return written;
  entries_.push_back({batch.base_offset, tag, position});
  epochs_.append(batch.epoch, static_cast<std::int64_t>(batch.records.size()));
  return written;
}

void MetadataLog::roll() { segments_.push_back({end_offset(), file_system_.create(name_of(end_offset()))}); }

void MetadataLog::truncate(std::int64_t offset) {
  if (offset == end_offset()) return;
  const auto first = entry_at(offset);
  SIM_CHECK(first->base_offset == offset, "cut inside a batch");
  while (segments_.size() > 1 && segments_.back().base_offset > offset) {
    file_system_.remove(name_of(segments_.back().base_offset));
    segments_.pop_back();
  }
  // A file that a fault has shortened may be shorter already; FileChannel.truncate does nothing then.
  file_system_.truncate(file(), std::min(first->position, file_system_.size(file())));
  entries_.erase(first, entries_.end());
  epochs_.truncate(offset);
}

void MetadataLog::reset(wire::OffsetEpoch start) {
  for (const Segment& segment : segments_) file_system_.remove(name_of(segment.base_offset));
  segments_.clear();
  entries_.clear();
  epochs_ = raft::EpochLog(start);
  segments_.push_back({start.offset, file_system_.create(name_of(start.offset))});
}

void MetadataLog::advance_start(wire::OffsetEpoch start) {
  epochs_.advance_start(start);
  while (segments_.size() > 1 && segments_[1].base_offset <= start.offset) {
    file_system_.remove(name_of(segments_.front().base_offset));
    segments_.erase(segments_.begin());
  }
  const auto kept = std::find_if(entries_.begin(), entries_.end(),
                                 [&](const Entry& e) { return e.base_offset >= start.offset; });
  entries_.erase(entries_.begin(), kept);
}

std::vector<storage::FileId> MetadataLog::files() const {
  std::vector<storage::FileId> files;
  for (const Segment& segment : segments_) files.push_back(segment.file);
  return files;
}

sim::Bytes MetadataLog::bytes() const {
  sim::Bytes sum{0};
  for (const Segment& segment : segments_) sum += file_system_.size(segment.file);
  return sum;
}

std::vector<MetadataLog::Entry>::const_iterator MetadataLog::entry_at(std::int64_t offset) const {
  SIM_CHECK(offset >= start_offset());
  SIM_CHECK(offset < end_offset());
  const auto after = std::upper_bound(entries_.begin(), entries_.end(), offset,
                                      [](std::int64_t o, const Entry& e) { return o < e.base_offset; });
  return after - 1;
}

const MetadataBatch& MetadataLog::batch_at(std::int64_t offset) const {
  return store_[entry_at(offset)->tag];
}

void MetadataLog::read(std::int64_t from, sim::Bytes bytes_max, BatchPtrs& out) const {
  SIM_CHECK(from <= end_offset());
  if (from == end_offset()) return;
  std::int64_t bytes = 0;
  for (auto entry = entry_at(from); entry != entries_.end() && bytes < bytes_max.n; ++entry) {
    const MetadataBatch& batch = store_[entry->tag];
    out.push_back(&batch);
    bytes += wire::batch_bytes(batch);
  }
}

}  // namespace brokersim::kafka::controller
