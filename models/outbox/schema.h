// The tables of every database that services with events use, and what their columns mean.
//
// Row sizes are those of plausible rows: business rows with some hundred bytes of data, an outbox row with the payload.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/database/config.h"
#include "models/database/types.h"

namespace brokersim::outbox {

namespace table {
inline constexpr database::TableId business = 0;   ///< key = event.
inline constexpr database::TableId aggregate = 1;  ///< key = aggregate; column 0 counts its changes.
inline constexpr database::TableId outbox = 2;     ///< key from a sequence.
inline constexpr database::TableId cursor = 3;     ///< key = worker.
inline constexpr database::TableId inbox = 4;      ///< key = event.
inline constexpr database::TableId effect = 5;     ///< key from a sequence; column 0 is the event.
inline constexpr database::TableId position =
    6;  ///< key = partition of the consumer; column 0 is the next offset.
}  // namespace table

namespace column {
// business and outbox
inline constexpr std::size_t event = 0;
inline constexpr std::size_t aggregate = 1;
// outbox
inline constexpr std::size_t published = 2;
inline constexpr std::size_t xid = 3;
inline constexpr std::size_t created_at = 4;
// cursor
inline constexpr std::size_t last_id = 0;
inline constexpr std::size_t last_xid = 1;
// aggregate
inline constexpr std::size_t version = 0;
// position
inline constexpr std::size_t next_offset = 0;
}  // namespace column

/// Indexes of the outbox table.
namespace outbox_index {
inline constexpr std::int32_t by_flag = 0;     ///< (published, id)
inline constexpr std::int32_t by_created = 1;  ///< (published, created_at, id)
inline constexpr std::int32_t by_xid = 2;      ///< (xid, id)
}  // namespace outbox_index

[[nodiscard]] inline std::vector<database::TableConfig> tables() {
  return {{.name = "business", .row_bytes = 300},
          {.name = "aggregate", .row_bytes = 120},
          {.name = "outbox", .row_bytes = 600, .indexes = {{2}, {2, 4}, {3}}, .sequence = true},
          {.name = "cursor", .row_bytes = 60},
          {.name = "inbox", .row_bytes = 60},
          {.name = "effect", .row_bytes = 200, .sequence = true},
          {.name = "position", .row_bytes = 60}};
}

[[nodiscard]] inline std::vector<std::string> table_names() {
  std::vector<std::string> names;
  for (const database::TableConfig& one : tables()) names.push_back(one.name);
  return names;
}

}  // namespace brokersim::outbox
