// Which files of a partition directory a broker takes for its segments.
//
// Rules: LogLoader.removeTempFilesAndCollectSwapFiles and what follows it (kafka-behaviour.md section 2.5 item 2): .deleted
// and .cleaned go; a .swap at or above the lowest .cleaned goes, any other one replaces the segments in its range.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim::logdir {

struct SegmentFiles {
  std::int64_t base_offset = 0;
  std::string log;  ///< File names in the directory; empty where there is none.
  std::string index;
  std::string time_index;
  std::string aborted_index;
};

struct Layout {
  std::vector<SegmentFiles> segments;   ///< By base offset.
  std::vector<SegmentFiles> dropped;    ///< Segments that the loader deletes before it looks inside.
  std::vector<std::int64_t> snapshots;  ///< Offsets of .snapshot files, ascending.
  std::vector<std::string> notes;
};

/// `names`: files of the directory `path`. Opens swapped segments to see how far they reach.
[[nodiscard]] Layout read_layout(const std::string& path, const std::vector<std::string>& names);

/// The offset in "00000000000000000042.log"; nothing if the name is not 20 digits and `suffix`.
[[nodiscard]] std::optional<std::int64_t> offset_of(std::string_view name, std::string_view suffix);

/// "orders-0" -> ("orders", 0). Nothing for other names, among them those of deleted and moving logs ("-delete").
struct TopicPartition {
  std::string topic;
  std::int32_t partition = 0;
};
[[nodiscard]] std::optional<TopicPartition> partition_of(std::string_view directory);

}  // namespace brokersim::logdir
