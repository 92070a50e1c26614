// Kafka's checkpoint files: "0\n<count>\n<row>\n..." (CheckpointFile, version 0).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace brokersim::log {

[[nodiscard]] std::string checkpoint_text(const std::vector<std::string>& rows);

/// Rows split into `columns` fields each; nothing if the text is torn, malformed or of another version.
[[nodiscard]] std::optional<std::vector<std::vector<std::string>>> parse_checkpoint(const std::string& text,
                                                                                    std::size_t columns);
[[nodiscard]] std::optional<std::int64_t> parse_int(const std::string& text);

}  // namespace brokersim::log
