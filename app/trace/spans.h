// Slices, instants and counters as they are found, and their way into a trace: lanes for what overlaps, the window cut out.
//
// Why not written at once: the end of a slice is known later than its begin, a flow to a follower later than the request
// that it comes from, and slices that overlap need tracks of their own, given out in the order of their begins.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "app/trace/perfetto.h"
#include "sim/time.h"

namespace brokersim::trace {

/// What a slice belongs to. Order: processes as they are shown, then tracks within.
struct Place {
  std::int32_t process = 0;  ///< By Spans::process().
  std::int32_t rank = 0;     ///< Of the track within the process.
  const char* track = "";    ///< A literal; "" takes `name`.
  std::string name = {};
  [[nodiscard]] std::string title() const { return track[0] != '\0' ? track : name; }
};

/// A part of a slice, within it and not overlapping another part.
struct Part {
  const char* name;  ///< A literal.
  sim::SimTime from;
  sim::SimTime to;
};

struct Slice {
  std::int32_t place = -1;
  sim::SimTime from;
  sim::SimTime to;  ///< SimTime::max(): not over yet.
  const char* category = "";
  std::string name;
  Arguments arguments = {};
  std::vector<std::uint64_t> flows = {};
  std::vector<Part> parts = {};
  bool instant = false;
};

/// Names a slice; outdated names are harmless.
struct SliceId {
  std::uint32_t index = 0xFFFFFFFFu;
  std::uint32_t generation = 0;
};

class Spans {
 public:
  /// Keeps what overlaps [from, to], at most `most` slices.
  Spans(sim::SimTime from, sim::SimTime to, std::size_t most) : from_(from), to_(to), most_(most) {}

  /// Number of a process of that name; they are shown in the order of these calls.
  std::int32_t process(const std::string& name);
  std::int32_t place(const Place& place);

  /// A slice that has begun; nothing (an outdated name) if it is not kept.
  SliceId open(Slice slice);
  /// Null if it is not kept.
  [[nodiscard]] Slice* find(SliceId id);
  void close(SliceId id, sim::SimTime at);
  /// A whole slice.
  SliceId add(Slice slice);
  void instant(std::int32_t place, sim::SimTime at, const char* category, std::string name,
               Arguments arguments = {});
  /// A value from now on; left out if it is the last one's.
  void count(const Place& counter, const std::string& unit, sim::SimTime at, std::int64_t value);

  [[nodiscard]] bool within(sim::SimTime at) const { return from_ <= at && at <= to_; }
  [[nodiscard]] sim::SimTime from() const { return from_; }
  [[nodiscard]] sim::SimTime to() const { return to_; }
  [[nodiscard]] std::int64_t kept() const { return static_cast<std::int64_t>(slices_.size() - free_.size()); }
  [[nodiscard]] std::int64_t left_out() const { return left_out_; }

  /// The trace of everything; what is open ends at `end`.
  [[nodiscard]] std::string write(sim::SimTime end);

 private:
  struct Kept {
    Slice slice;
    std::uint32_t generation = 0;
    bool used = false;
  };
  struct Counter {
    std::int32_t process = 0;
    std::int32_t rank = 0;
    std::string name;
    std::string unit;
    std::vector<std::pair<sim::SimTime, std::int64_t>> values;
  };
  void drop(std::uint32_t index);
  [[nodiscard]] sim::SimTime clipped(sim::SimTime at) const;
  void write_place(PerfettoWriter& writer, Track process, const Place& place,
                   const std::vector<std::uint32_t>& slices) const;
  void write_slice(PerfettoWriter& writer, Track track, const Slice& slice) const;

  sim::SimTime from_;
  sim::SimTime to_;
  std::size_t most_;
  std::vector<std::string> processes_;
  std::map<std::string, std::int32_t> process_numbers_;
  std::vector<Place> places_;
  std::map<std::tuple<std::int32_t, std::int32_t, std::string>, std::int32_t> place_numbers_;
  std::vector<Kept> slices_;
  std::vector<std::uint32_t> free_;
  std::int64_t left_out_ = 0;
  std::vector<Counter> counters_;
  std::map<std::tuple<std::int32_t, std::int32_t, std::string>, std::size_t> counter_numbers_;
};

}  // namespace brokersim::trace
