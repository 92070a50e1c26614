#include "app/logdir/recover.h"

#include <algorithm>
#include <filesystem>

#include "app/logdir/index_check.h"
#include "app/logdir/layout.h"
#include "app/logdir/producer_replay.h"
#include "app/logdir/real_file.h"
#include "models/log/checkpoint.h"
#include "models/log/format/segment_scan.h"
#include "models/log/format/side_files.h"

namespace brokersim::logdir {
namespace {

namespace format = log::format;

constexpr std::int64_t kIndexIntervalBytes = 4'096;
constexpr std::int64_t kSideFileMax = 64ll << 20;
constexpr std::int64_t kControlBatchMax = 4'096;

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string side_file(const std::string& path, const std::string& name) {
  if (name.empty()) return {};
  return read_small(path + "/" + name, kSideFileMax).value_or(std::string());
}

/// What goes by while one segment is scanned.
class SegmentVisitor final : public format::BatchVisitor {
 public:
  SegmentVisitor(RealFile& file, bool check, const PartitionReport& partition, SegmentReport& segment,
                 ProducerReplay& producers, log::EpochCache& epochs, IndexCheck& indexes,
                 const BatchSink& sink)
      : file_(file),
        check_(check),
        partition_(partition),
        segment_(segment),
        producers_(producers),
        epochs_(epochs),
        indexes_(indexes),
        sink_(sink) {}

  bool on_batch(const format::BatchHeader& header, std::int64_t position, bool intact) override {
    if (!intact) ++segment_.bad_checksums;
    if (segment_.first_offset < 0) segment_.first_offset = header.base_offset;
    segment_.last_offset = header.last_offset();
    segment_.records += header.count;
    segment_.max_timestamp = std::max(segment_.max_timestamp, header.max_timestamp);
    if (check_ && header.leader_epoch >= 0) epochs_.assign(header.leader_epoch, header.base_offset);
    indexes_.on_batch(header, position);
    const auto marker = header.control() ? read_marker(header, position) : std::nullopt;
    producers_.note(header, marker ? &*marker : nullptr);
    if (sink_) sink_(partition_, segment_, header, position);
    return true;
  }

 private:
  std::optional<format::ControlMarker> read_marker(const format::BatchHeader& header, std::int64_t position) {
    if (header.bytes() > kControlBatchMax || header.codec() != format::Codec::none) return std::nullopt;
    if (!file_.read(position, header.bytes(), batch_)) return std::nullopt;
    format::RecordWalk records(header, std::string_view(batch_).substr(format::kHeaderBytes));
    const auto record = records.next();
    return record ? format::parse_marker(*record) : std::nullopt;
  }

  RealFile& file_;
  bool check_;
  const PartitionReport& partition_;
  SegmentReport& segment_;
  ProducerReplay& producers_;
  log::EpochCache& epochs_;
  IndexCheck& indexes_;
  const BatchSink& sink_;
  std::string batch_;
};

/// Recovery builds the offset index anew, an entry every 4 KiB; an entry that is not above the last one makes it empty
/// the whole segment (InvalidOffsetException in LogLoader.recoverLog).
class OffsetsGoBack final : public format::BatchVisitor {
 public:
  bool on_batch(const format::BatchHeader& header, std::int64_t position, bool) override {
    if (position - last_entry_position_ <= kIndexIntervalBytes) return true;
    if (header.last_offset() <= last_entry_offset_) return false;
    last_entry_position_ = position;
    last_entry_offset_ = header.last_offset();
    return true;
  }

 private:
  std::int64_t last_entry_position_ = 0;
  std::int64_t last_entry_offset_ = -1;
};

class Loader {
 public:
  Loader(const std::string& path, const Checkpoints& checkpoints, const BatchSink& sink,
         PartitionReport& report)
      : path_(path), checkpoints_(checkpoints), sink_(sink), report_(report) {}

  void load(const Layout& layout) {
    read_epochs();
    report_.notes = layout.notes;
    for (const SegmentFiles& files : layout.dropped) drop(files, "replaced by a finished swap");
    const std::vector<SegmentFiles>& segments = layout.segments;
    const std::int64_t first_base = segments.empty() ? 0 : segments.front().base_offset;
    end_ = first_base;
    const std::size_t first_checked = checkpoints_.clean ? segments.size() : floor_of(segments);
    bool dropping = false;
    for (std::size_t i = 0; i < segments.size(); ++i) {
      if (dropping) {
        drop(segments[i], "behind the first invalid batch");
        continue;
      }
      const bool must = i >= first_checked;
      if (!must && segments[i].index.empty()) {
        report_.notes.push_back(segments[i].log +
                                " has no offset index: it is scanned although it counts as sound");
      }
      note_gap(segments[i]);
      const Fate fate = load_segment(segments[i], must || segments[i].index.empty());
      dropping = must && fate == Fate::cut;
    }
    finish(first_base);
  }

 private:
  /// The segment that holds the recovery point, or the first one.
  [[nodiscard]] std::size_t floor_of(const std::vector<SegmentFiles>& segments) const {
    const auto above =
        std::upper_bound(segments.begin(), segments.end(), checkpoints_.recovery_point,
                         [](std::int64_t offset, const SegmentFiles& s) { return offset < s.base_offset; });
    return above == segments.begin() ? 0 : static_cast<std::size_t>(above - segments.begin()) - 1;
  }

  void read_epochs() {
    const auto text = read_small(path_ + "/leader-epoch-checkpoint", kSideFileMax);
    if (!text) return;
    if (auto cache = log::EpochCache::parse(*text)) {
      epochs_ = std::move(*cache);
    } else {
      report_.notes.push_back(
          "leader-epoch-checkpoint is malformed; a broker would take this directory offline");
    }
  }

  SegmentReport& describe(const SegmentFiles& files) {
    SegmentReport& segment = report_.segments.emplace_back();
    segment.file = files.log;
    segment.base_offset = files.base_offset;
    return segment;
  }

  void drop(const SegmentFiles& files, const char* why) {
    SegmentReport& segment = describe(files);
    segment.file_bytes = RealFile(path_ + "/" + files.log).size();
    segment.fate = Fate::dropped;
    segment.stop = why;
    report_.dropped_bytes += segment.file_bytes;
  }

  void note_gap(const SegmentFiles& files) {
    if (files.base_offset <= end_) return;
    report_.notes.push_back("offsets " + std::to_string(end_) + " to " +
                            std::to_string(files.base_offset - 1) +
                            " are in no segment; a restart does not notice");
  }

  Fate load_segment(const SegmentFiles& files, bool check) {
    SegmentReport& segment = describe(files);
    segment.checked = check;
    RealFile file(path_ + "/" + files.log);
    segment.file_bytes = file.size();
    end_ = std::max(end_, files.base_offset);
    if (!file.opened()) {
      segment.stop = "not a readable regular file; a broker would take this directory offline";
      report_.notes.push_back(files.log + ": " + segment.stop);
      return segment.fate;
    }
    IndexCheck indexes(format::parse_offset_index(side_file(path_, files.index)),
                       format::parse_time_index(side_file(path_, files.time_index)), files.base_offset);
    OffsetsGoBack order;
    if (check && format::scan_segment(file, files.base_offset, true, order).refused) {
      segment.stop = "offsets go back inside the segment: it is emptied";
      segment.fate = Fate::cut;
      report_.dropped_bytes += segment.file_bytes;
      return segment.fate;
    }
    SegmentVisitor visitor(file, check, report_, segment, producers_, epochs_, indexes, sink_);
    const format::ScanResult scan = format::scan_segment(file, files.base_offset, check, visitor);
    if (check && scan.stop == format::Stop::offset_too_far)
      report_.notes.push_back(
          files.log +
          ": a batch has an offset beyond the segment's range; the loader would fail over it "
          "(LogSegmentOffsetOverflowException), and the broker not start or take the directory offline");
    segment.batches = scan.batches;
    segment.kept_bytes = scan.valid_bytes;
    if (scan.stop != format::Stop::end) segment.stop = format::to_string(scan.stop);
    if (segment.last_offset >= 0) end_ = std::max(end_, segment.last_offset + 1);
    judge(segment);
    segment.index_problems = indexes.finish();
    return segment.fate;
  }

  void judge(SegmentReport& segment) {
    if (segment.kept_bytes < segment.file_bytes) {
      if (segment.checked) {
        segment.fate = Fate::cut;
        report_.dropped_bytes += segment.file_bytes - segment.kept_bytes;
      } else {
        report_.notes.push_back(segment.file + ": " + segment.stop + " at position " +
                                std::to_string(segment.kept_bytes) +
                                "; a restart does not look, readers will fail there");
        segment.kept_bytes = segment.file_bytes;
      }
    }
    if (segment.bad_checksums > 0) {
      report_.notes.push_back(segment.file + ": checksums of " + std::to_string(segment.bad_checksums) +
                              " batches differ; a restart does not look, readers will get CORRUPT_MESSAGE");
    }
  }

  /// The newest snapshot of producers that is sound and not beyond the end also names those whose batches are gone
  /// (ProducerStateManager.truncateAndReload).
  void read_snapshot() {
    std::vector<std::string> names = names_in(path_);
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
      if (!name->ends_with(".snapshot")) continue;
      const auto offset =
          log::parse_int(name->substr(0, name->size() - std::string_view(".snapshot").size()));
      if (!offset || *offset > report_.log_end) continue;
      const auto entries = format::parse_snapshot(side_file(path_, *name));
      if (!entries) continue;  // the loader deletes it and takes the one before
      producers_.add_unseen(*entries);
      return;
    }
  }

  void finish(std::int64_t first_base) {
    const std::int64_t log_start = std::max(checkpoints_.log_start.value_or(first_base), first_base);
    const bool emptied = end_ < log_start && !report_.segments.empty();
    if (emptied) {
      for (SegmentReport& segment : report_.segments) {
        if (segment.fate != Fate::dropped) report_.dropped_bytes += segment.kept_bytes;
        segment.fate = Fate::dropped;
        segment.stop = "the log would end below its start offset: everything is deleted";
      }
      producers_ = ProducerReplay();
    }
    report_.log_start = log_start;
    report_.log_end = std::max(end_, log_start);
    report_.recovery_point =
        checkpoints_.clean ? report_.log_end : std::min(checkpoints_.recovery_point, report_.log_end);
    report_.high_watermark =
        std::clamp(checkpoints_.high_watermark.value_or(0), report_.log_start, report_.log_end);
    epochs_.truncate_from_end(report_.log_end);
    // By the checkpoint, not by what the segments begin with (LogLoader.load).
    epochs_.truncate_from_start(checkpoints_.log_start.value_or(0));
    if (!emptied) read_snapshot();
    report_.epochs = epochs_.entries();
    report_.producers = producers_.producers();
    report_.aborted = producers_.aborted();
    if (producers_.overflowed()) {
      report_.notes.push_back("more than " + std::to_string(ProducerReplay::kProducersMax) +
                              " producer ids: the others are not listed");
    }
  }

  const std::string& path_;
  const Checkpoints& checkpoints_;
  const BatchSink& sink_;
  PartitionReport& report_;
  log::EpochCache epochs_;
  ProducerReplay producers_;
  std::int64_t end_ = 0;  // offset after the last batch so far
};

}  // namespace

PartitionReport recover_partition(const std::string& path, const std::string& name,
                                  const Checkpoints& checkpoints, const BatchSink& batches) {
  PartitionReport report;
  report.name = name;
  Loader(path, checkpoints, batches, report).load(read_layout(path, names_in(path)));
  return report;
}

}  // namespace brokersim::logdir
