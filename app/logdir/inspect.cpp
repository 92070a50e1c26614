#include "app/logdir/inspect.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include <nlohmann/json.hpp>

#include "app/logdir/layout.h"
#include "app/logdir/real_file.h"
#include "app/logdir/recover.h"
#include "models/log/checkpoint.h"

namespace brokersim::logdir {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kCheckpointMax = 64ll << 20;
constexpr std::int64_t kMarkerMax = 64ll << 10;

using Offsets = std::map<std::string, std::int64_t>;  // by directory name

/// "<topic> <partition> <offset>" lines. A missing file is empty; a malformed one is noted.
Offsets read_offsets(const fs::path& directory, const char* file, std::vector<std::string>& notes) {
  Offsets offsets;
  const auto text = read_small((directory / file).string(), kCheckpointMax);
  if (!text) return offsets;
  const auto rows = log::parse_checkpoint(*text, 3);
  if (!rows) {
    notes.push_back(std::string(file) + " is malformed: taken as empty");
    return offsets;
  }
  for (const auto& row : *rows) {
    if (const auto offset = log::parse_int(row[2])) offsets[row[0] + "-" + row[1]] = *offset;
  }
  return offsets;
}

std::optional<std::int64_t> find(const Offsets& offsets, const std::string& name) {
  const auto at = offsets.find(name);
  if (at == offsets.end()) return std::nullopt;
  return at->second;
}

void read_marker(const fs::path& directory, DirectoryReport& report) {
  const auto text = read_small((directory / ".kafka_cleanshutdown").string(), kMarkerMax);
  if (!text) return;
  report.clean = true;
  const auto marker = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!marker.is_object()) return;
  const auto epoch = marker.find("brokerEpoch");
  if (epoch != marker.end() && epoch->is_number_integer()) report.broker_epoch = epoch->get<std::int64_t>();
}

bool holds_segments(const fs::path& directory) {
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (offset_of(it->path().filename().string(), ".log")) return true;
  }
  return false;
}

std::vector<std::string> partitions_below(const fs::path& directory, std::vector<std::string>& notes) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (!it->is_directory(ignored)) continue;
    const std::string name = it->path().filename().string();
    if (partition_of(name) && holds_segments(it->path())) {
      names.push_back(name);
    } else {
      notes.push_back(name +
                      ": no segments of a partition (deleted, stray, moving or empty: left to the broker)");
    }
  }
  if (error) notes.push_back("the directory could not be read to its end: " + error.message());
  std::sort(names.begin(), names.end());
  std::sort(notes.begin(), notes.end());
  return names;
}

}  // namespace

const char* to_string(Fate fate) {
  switch (fate) {
    case Fate::kept: return "kept";
    case Fate::cut: return "cut";
    case Fate::dropped: return "dropped";
  }
  return "?";
}

std::optional<DirectoryReport> inspect(const std::string& path, const BatchSink& batches,
                                       std::string& error) {
  std::error_code failure;
  fs::path given = fs::path(path).lexically_normal();
  if (!given.has_filename() && given.has_parent_path()) given = given.parent_path();
  if (!fs::is_directory(given, failure)) {
    error = failure ? failure.message() : "not a directory";
    return std::nullopt;
  }
  DirectoryReport report;
  report.path = path;
  const bool single = holds_segments(given);
  const fs::path directory = single ? fs::absolute(given).parent_path() : given;
  std::vector<std::string> names;
  if (single) {
    names.push_back(fs::absolute(given).filename().string());
  } else {
    names = partitions_below(given, report.notes);
  }
  if (names.empty()) {
    error = "no partition below it (a directory like orders-0 with files like 00000000000000000000.log)";
    return std::nullopt;
  }
  read_marker(directory, report);
  const Offsets recovery_points = read_offsets(directory, "recovery-point-offset-checkpoint", report.notes);
  const Offsets high_watermarks = read_offsets(directory, "replication-offset-checkpoint", report.notes);
  const Offsets log_starts = read_offsets(directory, "log-start-offset-checkpoint", report.notes);
  for (const std::string& name : names) {
    Checkpoints checkpoints;
    checkpoints.clean = report.clean;
    checkpoints.recovery_point = find(recovery_points, name).value_or(0);
    checkpoints.high_watermark = find(high_watermarks, name);
    checkpoints.log_start = find(log_starts, name);
    report.partitions.push_back(recover_partition((directory / name).string(), name, checkpoints, batches));
  }
  return report;
}

}  // namespace brokersim::logdir
