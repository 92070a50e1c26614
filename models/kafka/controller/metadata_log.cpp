#include "models/kafka/controller/metadata_log.h"

#include <algorithm>
#include <utility>

#include "models/log/batch.h"
#include "sim/check.h"

namespace brokersim::kafka::controller {
namespace {

/// Encoded record: varints and frame about 10 B, plus the fields (RegisterBrokerRecord, PartitionRecord).
std::int64_t record_bytes(const wire::MetadataRecord& record) {
  const auto ids = [](const std::vector<wire::BrokerId>& list) {
    return 1 + 4 * static_cast<std::int64_t>(list.size());
  };
  switch (record.kind) {
    case wire::RecordKind::no_op: return 12;
    case wire::RecordKind::broker: return 72;
    case wire::RecordKind::partition:
      // topic id 16, partition 4, leader 4, epochs 8, recovery state 1, directories 16 each
      return 45 + ids(record.partition.replicas) + ids(record.partition.isr) + ids(record.partition.elr) +
             ids(record.partition.last_known_elr) +
             16 * static_cast<std::int64_t>(record.partition.replicas.size());
    case wire::RecordKind::producer_id_block: return 32;
  }
  return 12;
}

}  // namespace

storage::ContentTag MetadataStore::add(MetadataBatch batch) {
  batches_.push_back(std::move(batch));
  return static_cast<storage::ContentTag>(batches_.size());
}

const MetadataBatch& MetadataStore::operator[](storage::ContentTag tag) const {
  SIM_CHECK(tag != storage::kNoTag);
  SIM_CHECK(tag <= batches_.size());
  return batches_[static_cast<std::size_t>(tag) - 1];
}

sim::Bytes batch_bytes(const MetadataBatch& batch) {
  std::int64_t bytes = log::kBatchHeaderBytes;
  for (const LoggedRecord& logged : batch.records) bytes += record_bytes(logged.record);
  return {bytes};
}

MetadataLog::MetadataLog(MetadataStore& store, storage::FileSystem& file_system, std::string directory)
    : store_(store), file_system_(file_system), name_(std::move(directory) + "/00000000000000000000.log") {}

void MetadataLog::open() {
  SIM_CHECK(file_.n < 0, "opened twice");
  file_ = file_system_.create(name_);
  scanned_ = file_system_.size(file_);
  sim::Bytes good{0};
  for (const storage::Extent& extent : file_system_.extents(file_)) {
    if (!extent.intact) break;
    const MetadataBatch& batch = store_[extent.tag];
    if (extent.length != batch_bytes(batch) || batch.base_offset != end_offset_) break;
    entries_.push_back({batch.base_offset, extent.tag});
    end_offset_ = batch.next_offset();
    good += extent.length;
  }
  if (good < scanned_) file_system_.truncate(file_, good);
}

sim::Duration MetadataLog::append(Records records, std::int32_t epoch) {
  SIM_CHECK(!records.empty());
  MetadataBatch batch{end_offset_, epoch, std::move(records)};
  const sim::Bytes bytes = batch_bytes(batch);
  end_offset_ = batch.next_offset();
  entries_.push_back({batch.base_offset, store_.add(std::move(batch))});
  return file_system_.append(file_, bytes, entries_.back().tag);
}

std::int32_t MetadataLog::last_epoch() const { return entries_.empty() ? 0 : last_batch().epoch; }

std::vector<MetadataLog::Entry>::const_iterator MetadataLog::entry_at(std::int64_t offset) const {
  SIM_CHECK(offset >= 0);
  SIM_CHECK(offset < end_offset_);
  const auto after = std::upper_bound(entries_.begin(), entries_.end(), offset,
                                      [](std::int64_t o, const Entry& e) { return o < e.base_offset; });
  return after - 1;
}

std::int32_t MetadataLog::epoch_before(std::int64_t offset) const {
  if (offset <= 0 || offset > end_offset_) return -1;
  return store_[entry_at(offset - 1)->tag].epoch;
}

void MetadataLog::read(std::int64_t from, sim::Bytes bytes_max,
                       std::vector<wire::MetadataRecord>& out) const {
  SIM_CHECK(from <= end_offset_);
  if (from == end_offset_) return;
  std::int64_t bytes = 0;
  for (auto entry = entry_at(from); entry != entries_.end() && bytes < bytes_max.n; ++entry) {
    const MetadataBatch& batch = store_[entry->tag];
    const std::int64_t skip = std::max<std::int64_t>(0, from - batch.base_offset);
    for (auto i = static_cast<std::size_t>(skip); i < batch.records.size(); ++i) {
      out.push_back(batch.records[i].record);
    }
    bytes += batch_bytes(batch).n;
  }
}

}  // namespace brokersim::kafka::controller
