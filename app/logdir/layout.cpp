#include "app/logdir/layout.h"

#include <algorithm>
#include <limits>
#include <map>

#include "app/logdir/real_file.h"
#include "models/log/checkpoint.h"

namespace brokersim::logdir {
namespace {

namespace format = log::format;

/// Offset after the last whole batch.
class Reach final : public format::BatchVisitor {
 public:
  explicit Reach(std::int64_t base) : next_offset(base) {}
  bool on_batch(const format::BatchHeader& header, std::int64_t, bool) override {
    next_offset = header.next_offset();
    return true;
  }
  std::int64_t next_offset;
};

std::int64_t reach_of(const std::string& path, std::int64_t base_offset) {
  RealFile file(path);
  Reach reach(base_offset);
  if (file.opened()) static_cast<void>(format::scan_segment(file, base_offset, false, reach));
  return reach.next_offset;
}

using ByBase = std::map<std::int64_t, SegmentFiles>;

/// Files "<offset>.<kind><suffix>" by offset, as long as there is a .log among them.
ByBase collect(const std::vector<std::string>& names, const std::string& suffix) {
  ByBase found;
  for (const std::string& name : names) {
    const auto put = [&](const char* kind, std::string SegmentFiles::*field) {
      if (const auto offset = offset_of(name, kind + suffix)) {
        found[*offset].base_offset = *offset;
        found[*offset].*field = name;
      }
    };
    put(".log", &SegmentFiles::log);
    put(".index", &SegmentFiles::index);
    put(".timeindex", &SegmentFiles::time_index);
    put(".txnindex", &SegmentFiles::aborted_index);
  }
  std::erase_if(found, [](const auto& entry) { return entry.second.log.empty(); });
  return found;
}

std::string counted(std::size_t n, const char* what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

}  // namespace

std::optional<std::int64_t> offset_of(std::string_view name, std::string_view suffix) {
  constexpr std::size_t digits = 20;
  if (name.size() != digits + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
  std::uint64_t offset = 0;
  for (const char c : name.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (offset > (static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) - digit) / 10)
      return std::nullopt;
    offset = offset * 10 + digit;
  }
  return static_cast<std::int64_t>(offset);
}

std::optional<TopicPartition> partition_of(std::string_view directory) {
  const std::size_t dash = directory.rfind('-');
  if (dash == std::string_view::npos || dash == 0 || directory.size() - dash > 11) return std::nullopt;
  const auto number = log::parse_int(std::string(directory.substr(dash + 1)));
  if (!number || *number < 0 || *number > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  return TopicPartition{std::string(directory.substr(0, dash)), static_cast<std::int32_t>(*number)};
}

Layout read_layout(const std::string& path, const std::vector<std::string>& names) {
  Layout layout;
  ByBase segments = collect(names, "");
  const ByBase cleaned = collect(names, ".cleaned");
  ByBase swapped = collect(names, ".swap");
  const ByBase deleted = collect(names, ".deleted");
  if (!deleted.empty())
    layout.notes.push_back(counted(deleted.size(), "deleted segment") + " waiting to be unlinked");
  if (!cleaned.empty()) {
    const std::int64_t lowest = cleaned.begin()->first;
    const std::size_t invalid = std::erase_if(swapped, [lowest](const auto& s) { return s.first >= lowest; });
    layout.notes.push_back(
        "a cleaning was interrupted: its output" +
        (invalid > 0 ? " and " + counted(invalid, "swap file") + " at or above it" : std::string()) +
        " will be deleted, the segments stay as they are");
  }
  if (!swapped.empty()) {
    const std::int64_t from = swapped.begin()->first;
    std::int64_t to = from;
    for (const auto& [base, files] : swapped) to = std::max(to, reach_of(path + "/" + files.log, base));
    for (auto it = segments.begin(); it != segments.end();) {
      if (it->first < from || it->first >= to) {
        ++it;
        continue;
      }
      layout.dropped.push_back(it->second);
      it = segments.erase(it);
    }
    for (const auto& [base, files] : swapped) segments[base] = files;
    layout.notes.push_back(
        "a swap of cleaned segments will be completed: " + counted(swapped.size(), "segment") +
        " for offsets " + std::to_string(from) + " to " + std::to_string(to - 1));
  }
  for (auto& [base, files] : segments) layout.segments.push_back(std::move(files));
  for (const std::string& name : names) {
    if (const auto offset = offset_of(name, ".snapshot")) layout.snapshots.push_back(*offset);
  }
  std::sort(layout.snapshots.begin(), layout.snapshots.end());
  return layout;
}

}  // namespace brokersim::logdir
