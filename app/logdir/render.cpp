// Reports of inspect.h as JSON and as text.
#include <nlohmann/json.hpp>

#include "app/logdir/inspect.h"

namespace brokersim::logdir {
namespace {

using Json = nlohmann::ordered_json;

Json segment_json(const SegmentReport& segment) {
  return {{"file", segment.file},
          {"base_offset", segment.base_offset},
          {"file_bytes", segment.file_bytes},
          {"kept_bytes", segment.kept_bytes},
          {"batches", segment.batches},
          {"records", segment.records},
          {"first_offset", segment.first_offset},
          {"last_offset", segment.last_offset},
          {"max_timestamp_ms", segment.max_timestamp},
          {"fate", to_string(segment.fate)},
          {"checked", segment.checked},
          {"stop", segment.stop},
          {"bad_checksums", segment.bad_checksums},
          {"index_problems", segment.index_problems}};
}

Json partition_json(const PartitionReport& partition) {
  Json segments = Json::array();
  for (const SegmentReport& segment : partition.segments) segments.push_back(segment_json(segment));
  Json epochs = Json::array();
  for (const log::EpochEntry& entry : partition.epochs) {
    epochs.push_back({{"epoch", entry.epoch}, {"start_offset", entry.start_offset}});
  }
  Json producers = Json::array();
  for (const log::format::ProducerEntry& producer : partition.producers) {
    producers.push_back({{"producer_id", producer.producer_id},
                         {"epoch", producer.epoch},
                         {"last_sequence", producer.last_sequence},
                         {"last_offset", producer.last_offset},
                         {"coordinator_epoch", producer.coordinator_epoch},
                         {"transaction_first_offset", producer.transaction_first_offset}});
  }
  Json aborted = Json::array();
  for (const log::format::AbortedEntry& entry : partition.aborted) {
    aborted.push_back({{"producer_id", entry.producer_id},
                       {"first_offset", entry.first_offset},
                       {"last_offset", entry.last_offset},
                       {"last_stable_offset", entry.last_stable_offset}});
  }
  return {{"partition", partition.name},
          {"log_start", partition.log_start},
          {"log_end", partition.log_end},
          {"high_watermark", partition.high_watermark},
          {"recovery_point", partition.recovery_point},
          {"dropped_bytes", partition.dropped_bytes},
          {"segments", std::move(segments)},
          {"epochs", std::move(epochs)},
          {"producers", std::move(producers)},
          {"aborted_transactions", std::move(aborted)},
          {"notes", partition.notes}};
}

/// File and directory names come from outside and need not be UTF-8.
std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// Control characters of names must not reach a terminal.
std::string shown(const std::string& text) {
  std::string out;
  for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  return out;
}

std::string counted(std::int64_t n, const char* what) {
  return std::to_string(n) + " " + what +
         (n == 1                                                  ? ""
          : what[std::char_traits<char>::length(what) - 1] == 'h' ? "es"
                                                                  : "s");
}

void render_segment(const SegmentReport& segment, std::string& out) {
  out += "  " + shown(segment.file) + "  " + counted(segment.file_bytes, "byte") + ", ";
  switch (segment.fate) {
    case Fate::kept: out += segment.checked ? "checked, kept" : "kept unchecked"; break;
    case Fate::cut: out += "cut to " + std::to_string(segment.kept_bytes) + ": " + segment.stop; break;
    case Fate::dropped: out += "deleted: " + segment.stop; break;
  }
  if (segment.batches > 0) {
    out += "; " + counted(segment.batches, "batch") + ", " + counted(segment.records, "record") +
           ", offsets " + std::to_string(segment.first_offset) + " to " + std::to_string(segment.last_offset);
  }
  out += "\n";
  for (const std::string& problem : segment.index_problems) out += "    index: " + problem + "\n";
}

}  // namespace

std::string to_json(const DirectoryReport& report) {
  Json partitions = Json::array();
  for (const PartitionReport& partition : report.partitions) partitions.push_back(partition_json(partition));
  const Json json = {{"directory", report.path},
                     {"clean", report.clean},
                     {"broker_epoch", report.broker_epoch ? Json(*report.broker_epoch) : Json()},
                     {"partitions", std::move(partitions)},
                     {"notes", report.notes}};
  return dump(json);
}

std::string batch_json(const PartitionReport& partition, const SegmentReport& segment,
                       const log::format::BatchHeader& header, std::int64_t position) {
  const Json json = {
      {"partition", partition.name},
      {"file", segment.file},
      {"position", position},
      {"base_offset", header.base_offset},
      {"last_offset", header.last_offset()},
      {"count", header.count},
      {"bytes", header.bytes()},
      {"leader_epoch", header.leader_epoch},
      {"magic", header.magic},
      {"crc", header.crc},
      {"codec", to_string(header.codec())},
      {"max_timestamp_ms", header.max_timestamp},
      {"timestamp_type", header.log_append_time() ? "LogAppendTime" : "CreateTime"},
      {"producer_id", header.producer_id},
      {"producer_epoch", header.producer_epoch},
      {"base_sequence", header.base_sequence},
      {"last_sequence", header.last_sequence()},
      {"transactional", header.transactional()},
      {"control", header.control()},
      {"delete_horizon_ms", header.has_delete_horizon() ? Json(header.base_timestamp) : Json()}};
  return dump(json);
}

std::string render_text(const DirectoryReport& report) {
  std::string out = shown(report.path) + ": ";
  if (report.clean) {
    out += "shut down cleanly";
    if (report.broker_epoch) out += " (broker epoch " + std::to_string(*report.broker_epoch) + ")";
    out += "; a restart checks nothing\n";
  } else {
    out += "no clean-shutdown marker; a restart checks every segment from its recovery point on\n";
  }
  for (const std::string& note : report.notes) out += "note: " + shown(note) + "\n";
  for (const PartitionReport& partition : report.partitions) {
    out += "\n" + shown(partition.name) + "  keeps offsets " + std::to_string(partition.log_start) + " to " +
           std::to_string(partition.log_end) + " (end excluded), high watermark " +
           std::to_string(partition.high_watermark) + ", recovery point " +
           std::to_string(partition.recovery_point);
    if (partition.dropped_bytes > 0) out += "; loses " + counted(partition.dropped_bytes, "byte");
    out += "\n";
    for (const SegmentReport& segment : partition.segments) render_segment(segment, out);
    if (!partition.epochs.empty()) {
      out += "  leader epochs:";
      for (const log::EpochEntry& entry : partition.epochs) {
        out += " " + std::to_string(entry.epoch) + " from " + std::to_string(entry.start_offset);
        if (&entry != &partition.epochs.back()) out += ",";
      }
      out += "\n";
    }
    if (!partition.producers.empty()) {
      out += "  " + counted(static_cast<std::int64_t>(partition.producers.size()), "producer id");
      if (!partition.aborted.empty()) {
        out += ", " + counted(static_cast<std::int64_t>(partition.aborted.size()), "aborted transaction");
      }
      out += "\n";
    }
    for (const std::string& note : partition.notes) out += "  note: " + shown(note) + "\n";
  }
  if (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

}  // namespace brokersim::logdir
