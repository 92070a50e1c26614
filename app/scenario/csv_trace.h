// Arrivals from a CSV file: text in, records in order of time out, or the place of the first thing that is wrong.
//
// Form: RFC 4180 with a first line of names; LF or CRLF, a byte order mark at the beginning, cells in double quotes ("" is a
// quote), empty lines are left out. A cell does not go over a line's end. Rows are in order of time.
// Hostile files end in an error with line and column, at most limits::trace_records records and one pass over the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/world/workload_shape.h"
#include "sim/time.h"

namespace brokersim::scenario {

enum class TimeUnit : std::uint8_t { s, ms, us, ns, iso8601 };

struct TraceForm {
  std::string time_column;
  TimeUnit unit = TimeUnit::s;
  bool from_zero = false;    ///< Time 0 of the file is at `start`; else the first row is.
  std::string key_column;    ///< "": none.
  std::string size_column;   ///< "": none.
  std::string count_column;  ///< "": every row is one record.
  bool spread = false;       ///< The records of a row come evenly until the next one.
  double speed = 1;          ///< Positive.
  bool loop = false;         ///< Begin again until `end`.
  char delimiter = ',';
  sim::SimTime start;
  sim::SimTime end;  ///< Later records are left out.
  std::int64_t size_min = 1;
  std::int64_t size_max = 1;
};

struct TraceError {
  std::int32_t line = 0;
  std::int32_t column = 0;  ///< Of the cell, in bytes from 1.
  std::string message;
  std::string hint;
};

/// What is right, but rarely meant.
struct TraceRemarks {
  bool all_counts_zero = false;
  bool no_gap_to_loop = false;  ///< loop, but the file lasts no time: it is sent once.
  /// spread, but no row of more than one record has time behind it: they come together.
  bool nothing_to_spread = false;
};

/// The trace, or nothing and `error`.
[[nodiscard]] std::optional<world::Trace> parse_trace(std::string_view text, const TraceForm& form,
                                                      TraceError& error, TraceRemarks* remarks = nullptr);

}  // namespace brokersim::scenario
