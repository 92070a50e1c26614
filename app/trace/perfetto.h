// Writes a Perfetto trace: processes, tracks, slices, instants, flows and counters as TrackEvents.
//
// Source: Perfetto's protos/perfetto/trace/{trace,trace_packet}.proto and track_event/*.proto (v49), of which the few
// fields below are written by hand: a dependency for forty lines is not worth it. Times are nanoseconds of simulated
// time. Order: slices of a track are written begin by begin, a parent before its children, an end before the next begin;
// the reader sorts by time and keeps this order among equals.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sim/time.h"

namespace brokersim::trace {

/// Shown beside a slice.
struct Argument {
  const char* name;  ///< A literal.
  std::variant<std::int64_t, std::string> value;
};
using Arguments = std::vector<Argument>;

/// Names a track; 0: none.
using Track = std::uint64_t;

class PerfettoWriter {
 public:
  /// Processes are shown in the order of their making.
  [[nodiscard]] Track add_process(const std::string& name);
  /// Tracks of one process with one name are shown as one.
  [[nodiscard]] Track add_track(Track process, const std::string& name, std::int64_t rank);
  [[nodiscard]] Track add_counter(Track process, const std::string& name, const std::string& unit,
                                  std::int64_t rank);

  void begin(Track track, sim::SimTime at, const char* category, std::string_view name,
             const Arguments& arguments, const std::vector<std::uint64_t>& flows);
  void end(Track track, sim::SimTime at);
  void instant(Track track, sim::SimTime at, const char* category, std::string_view name,
               const Arguments& arguments);
  void count(Track counter, sim::SimTime at, std::int64_t value);

  /// The trace; afterwards this is empty.
  [[nodiscard]] std::string take() { return std::move(trace_); }

 private:
  void event(sim::SimTime at, const std::string& body);
  void descriptor(const std::string& body);

  std::string trace_;
  std::uint64_t tracks_ = 0;
  std::int64_t processes_ = 0;
};

}  // namespace brokersim::trace
