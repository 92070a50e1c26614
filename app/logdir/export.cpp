#include "app/logdir/export.h"

#include <filesystem>
#include <fstream>
#include <map>

#include "app/logdir/encode_batch.h"
#include "app/logdir/layout.h"
#include "app/logdir/producer_replay.h"
#include "models/log/format/record_batch.h"
#include "models/log/format/side_files.h"
#include "models/log/log.h"
#include "models/world/kafka_cluster.h"
#include "sim/hash.h"

namespace brokersim::logdir {
namespace {

namespace fs = std::filesystem;
namespace format = log::format;

/// 128 bits from a name, as Kafka prints its ids: base64 with - and _, 22 characters.
std::string uuid_of(const std::string& name) {
  static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const std::uint64_t high = sim::hash_name(name);
  const std::uint64_t low = sim::mix64(high + 1);
  std::string text;
  unsigned __int128 bits = static_cast<unsigned __int128>(high) << 64 | low;
  for (int i = 0; i < 22; ++i) {
    const int shift = 122 - 6 * i;
    const auto six = static_cast<unsigned>(shift >= 0 ? bits >> shift & 63 : bits << -shift & 63);
    text += digits[six];
  }
  return text;
}

/// Files of one partition in one log directory, written in order of offset.
class PartitionExport {
 public:
  PartitionExport(const history::History& history, const log::BatchStore& store, storage::FileSystem& files,
                  std::string name, fs::path target, std::int64_t index_interval, ExportSummary& summary)
      : history_(history),
        store_(store),
        files_(files),
        name_(std::move(name)),
        target_(std::move(target)),
        index_interval_(index_interval),
        summary_(summary) {}

  /// `segments`: base offsets; `snapshots`: their offsets. Both ascending.
  void write(const std::vector<std::int64_t>& segments, const std::vector<std::int64_t>& snapshots) {
    auto snapshot = snapshots.begin();
    for (std::size_t i = 0; i < segments.size(); ++i) {
      for (; snapshot != snapshots.end() && *snapshot <= segments[i]; ++snapshot) write_snapshot(*snapshot);
      write_segment(segments[i], i + 1 < segments.size());
    }
    for (; snapshot != snapshots.end(); ++snapshot) write_snapshot(*snapshot);
    const TopicPartition partition = *partition_of(name_);
    put("partition.metadata", "version: 0\ntopic_id: " + uuid_of("topic/" + partition.topic) + "\n");
  }
  void put(const std::string& name, const std::string& content) {
    std::ofstream out(target_ / name, std::ios::binary);
    out << content;
    finish(out, name, static_cast<std::int64_t>(content.size()));
  }

 private:
  void finish(std::ofstream& out, const std::string& name, std::int64_t bytes) {
    out.close();
    if (!out && summary_.error.empty()) summary_.error = "cannot write " + (target_ / name).string();
    ++summary_.files;
    summary_.bytes += bytes;
  }

  static std::string twenty_digits(std::int64_t offset) {
    const std::string digits = std::to_string(offset);
    return std::string(20 - digits.size(), '0') + digits;
  }

  void write_segment(std::int64_t base_offset, bool closed) {
    const std::string stem = twenty_digits(base_offset);
    const storage::FileId file = *files_.find(name_ + "/" + stem + ".log");
    std::ofstream out(target_ / (stem + ".log"), std::ios::binary);
    format::IndexBuilder index(base_offset, index_interval_);
    std::int64_t position = 0;
    bool sound = true;  // so far: indexes name nothing behind the first torn batch
    for (const storage::Extent& extent : files_.extents(file, {0})) {
      const std::string bytes = bytes_of(extent);
      out << bytes;
      sound = sound && extent.intact && extent.tag != storage::kNoTag;
      if (sound) note(bytes, position, index);
      position += extent.length.n;
      if (!out || !summary_.error.empty()) break;
    }
    finish(out, stem + ".log", position);
    if (closed) index.close();
    put(stem + ".index", format::encode(index.offsets()));
    put(stem + ".timeindex", format::encode(index.times()));
    // As in Kafka, a segment in which no transaction was aborted has no such file.
    const auto& aborted = producers_.aborted();
    if (aborted.size() > aborted_written_) {
      put(stem + ".txnindex",
          format::encode(std::vector<format::AbortedEntry>(
              aborted.begin() + static_cast<std::ptrdiff_t>(aborted_written_), aborted.end())));
      aborted_written_ = aborted.size();
    }
  }

  /// What a reader of the medium finds.
  std::string bytes_of(const storage::Extent& extent) {
    const auto length = static_cast<std::size_t>(extent.length.n);
    if (extent.tag == storage::kNoTag) {
      ++summary_.torn;
      return std::string(length, '\0');
    }
    const log::StoredBatch batch = store_[log::batch_of(extent.tag)];
    const log::CleanedBatch* cleaned = batch.cleaned == 0 ? nullptr : &store_.cleaned(batch.cleaned);
    std::string bytes = encode_batch(history_, batch, cleaned);
    const bool whole = bytes.size() == length;
    bytes.resize(length, '\0');
    if (!extent.intact && whole) {
      // The header is there and the records are not what was written: the checksum tells.
      for (std::size_t i = length / 2; i < length; ++i) bytes[i] = static_cast<char>(~bytes[i]);
    }
    if (!extent.intact || !whole) ++summary_.torn;
    return bytes;
  }

  void note(const std::string& bytes, std::int64_t position, format::IndexBuilder& index) {
    const auto header = format::parse_header(bytes);
    if (!header || header->bytes() != static_cast<std::int64_t>(bytes.size())) return;
    index.add(position, header->bytes(), header->last_offset(), header->max_timestamp, header->last_offset());
    std::optional<format::ControlMarker> marker;
    if (header->control()) {
      format::RecordWalk records(*header, std::string_view(bytes).substr(format::kHeaderBytes));
      if (const auto record = records.next()) marker = format::parse_marker(*record);
    }
    producers_.note(*header, marker ? &*marker : nullptr);
    ++summary_.batches;
  }

  void write_snapshot(std::int64_t offset) {
    const std::string name = twenty_digits(offset) + ".snapshot";
    put(name, format::encode_snapshot(producers_.producers()));
  }

  const history::History& history_;
  const log::BatchStore& store_;
  storage::FileSystem& files_;
  std::string name_;
  fs::path target_;
  std::int64_t index_interval_;
  ExportSummary& summary_;
  ProducerReplay producers_;
  std::size_t aborted_written_ = 0;  // entries that stand in a file already
};

class DirectoryExport {
 public:
  DirectoryExport(world::World& world, std::int32_t broker, storage::FileSystem& files, fs::path target,
                  ExportSummary& summary)
      : world_(world), broker_(broker), files_(files), target_(std::move(target)), summary_(summary) {}

  void write() {
    std::map<std::string, std::vector<std::int64_t>> segments;
    std::map<std::string, std::vector<std::int64_t>> snapshots;
    for (const std::string& name : files_.list("")) {
      const std::size_t slash = name.find('/');
      if (slash == std::string::npos) {
        copy_text(name, target_ / name);
        continue;
      }
      const std::string directory = name.substr(0, slash);
      const std::string file = name.substr(slash + 1);
      if (!partition_of(directory) || directory.starts_with("__cluster_metadata")) continue;
      if (const auto base = offset_of(file, ".log")) {
        segments[directory].push_back(*base);
      } else if (const auto offset = offset_of(file, ".snapshot")) {
        snapshots[directory].push_back(*offset);
      } else if (!file.ends_with("index")) {
        make(target_ / directory);
        copy_text(name, target_ / directory / file);
      }
    }
    for (const auto& [directory, bases] : segments) {
      make(target_ / directory);
      if (!summary_.error.empty()) return;
      PartitionExport partition(world_.history(), world_.kafka()->store(), files_, directory,
                                target_ / directory, 4'096, summary_);
      partition.write(bases, snapshots[directory]);
      ++summary_.partitions;
    }
    write_text(target_ / "meta.properties", "version=1\ncluster.id=" + uuid_of("cluster") +
                                                "\nnode.id=" + std::to_string(broker_) +
                                                "\ndirectory.id=" + uuid_of(files_.path()) + "\n");
  }

 private:
  void make(const fs::path& directory) {
    std::error_code error;
    fs::create_directories(directory, error);
    if (error && summary_.error.empty())
      summary_.error = "cannot make " + directory.string() + ": " + error.message();
  }
  void copy_text(const std::string& name, const fs::path& target) {
    if (const auto text = files_.read_whole(name)) write_text(target, *text);
  }
  void write_text(const fs::path& target, const std::string& text) {
    std::ofstream out(target, std::ios::binary);
    out << text;
    out.close();
    if (!out && summary_.error.empty()) summary_.error = "cannot write " + target.string();
    ++summary_.files;
    summary_.bytes += static_cast<std::int64_t>(text.size());
  }

  world::World& world_;
  std::int32_t broker_;
  storage::FileSystem& files_;
  fs::path target_;
  ExportSummary& summary_;
};

}  // namespace

ExportSummary export_log(world::World& world, std::int32_t broker, const std::string& path) {
  ExportSummary summary;
  std::error_code error;
  const fs::path root = path;
  if (fs::exists(root, error) && !(fs::is_directory(root, error) && fs::is_empty(root, error))) {
    summary.error = path + " is there and is not an empty directory";
    return summary;
  }
  host::Host& host = world.kafka()->broker_host(broker);
  for (std::size_t i = 0; i < host.file_systems() && summary.error.empty(); ++i) {
    const fs::path target = host.file_systems() == 1 ? root : root / ("disk" + std::to_string(i));
    fs::create_directories(target, error);
    if (error) {
      summary.error = "cannot make " + target.string() + ": " + error.message();
      return summary;
    }
    summary.directories.push_back(target.string());
    DirectoryExport(world, broker, host.file_system(i), target, summary).write();
  }
  return summary;
}

}  // namespace brokersim::logdir
