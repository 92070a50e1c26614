#include "app/trace/perfetto.h"

namespace brokersim::trace {
namespace {

// --- Protocol buffers' wire format: a key (field number and kind), then the value.

void varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(static_cast<unsigned char>(value | 0x80));
    value >>= 7;
  }
  out += static_cast<char>(static_cast<unsigned char>(value));
}
void number(std::string& out, int field, std::uint64_t value) {
  varint(out, static_cast<std::uint64_t>(field) << 3);
  varint(out, value);
}
void fixed(std::string& out, int field, std::uint64_t value) {
  varint(out, static_cast<std::uint64_t>(field) << 3 | 1);
  for (int i = 0; i < 8; ++i) out += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
}
void bytes(std::string& out, int field, std::string_view value) {
  varint(out, static_cast<std::uint64_t>(field) << 3 | 2);
  varint(out, value.size());
  out += value;
}

// --- Fields.

constexpr int kTracePacket = 1;
constexpr int kTimestamp = 8;         // TracePacket
constexpr int kSequence = 10;         // TracePacket.trusted_packet_sequence_id
constexpr int kTrackEvent = 11;       // TracePacket
constexpr int kTrackDescriptor = 60;  // TracePacket
constexpr int kUuid = 1;              // TrackDescriptor
constexpr int kName = 2;
constexpr int kProcess = 3;
constexpr int kParent = 5;
constexpr int kCounter = 8;
constexpr int kChildOrdering = 11;
constexpr int kRank = 12;
constexpr int kPid = 1;  // ProcessDescriptor
constexpr int kProcessName = 6;
constexpr int kUnitName = 6;  // CounterDescriptor
constexpr int kArgument = 4;  // TrackEvent.debug_annotations
constexpr int kType = 9;      // TrackEvent
constexpr int kTrack = 11;
constexpr int kCategory = 22;
constexpr int kEventName = 23;
constexpr int kCounterValue = 30;
constexpr int kFlow = 47;
constexpr int kArgumentInt = 4;  // DebugAnnotation
constexpr int kArgumentText = 6;
constexpr int kArgumentName = 10;
constexpr std::uint64_t kExplicitOrder = 3;
enum : std::uint64_t { type_begin = 1, type_end = 2, type_instant = 3, type_counter = 4 };

std::string of_event(std::uint64_t type, Track track) {
  std::string body;
  number(body, kType, type);
  number(body, kTrack, track);
  return body;
}

void add_arguments(std::string& body, const Arguments& arguments) {
  for (const Argument& one : arguments) {
    std::string argument;
    bytes(argument, kArgumentName, one.name);
    if (const auto* integer = std::get_if<std::int64_t>(&one.value)) {
      number(argument, kArgumentInt, static_cast<std::uint64_t>(*integer));
    } else {
      bytes(argument, kArgumentText, std::get<std::string>(one.value));
    }
    bytes(body, kArgument, argument);
  }
}

}  // namespace

void PerfettoWriter::descriptor(const std::string& body) {
  std::string packet;
  number(packet, kSequence, 1);
  bytes(packet, kTrackDescriptor, body);
  bytes(trace_, kTracePacket, packet);
}

void PerfettoWriter::event(sim::SimTime at, const std::string& body) {
  std::string packet;
  number(packet, kTimestamp, static_cast<std::uint64_t>(at.ns));
  number(packet, kSequence, 1);
  bytes(packet, kTrackEvent, body);
  bytes(trace_, kTracePacket, packet);
}

Track PerfettoWriter::add_process(const std::string& name) {
  const Track track = ++tracks_;
  std::string process;
  number(process, kPid, static_cast<std::uint64_t>(++processes_));
  bytes(process, kProcessName, name);
  std::string body;
  number(body, kUuid, track);
  bytes(body, kProcess, process);
  number(body, kChildOrdering, kExplicitOrder);
  descriptor(body);
  return track;
}

Track PerfettoWriter::add_track(Track process, const std::string& name, std::int64_t rank) {
  const Track track = ++tracks_;
  std::string body;
  number(body, kUuid, track);
  bytes(body, kName, name);
  number(body, kParent, process);
  number(body, kRank, static_cast<std::uint64_t>(rank));
  descriptor(body);
  return track;
}

Track PerfettoWriter::add_counter(Track process, const std::string& name, const std::string& unit,
                                  std::int64_t rank) {
  const Track track = ++tracks_;
  std::string counter;
  bytes(counter, kUnitName, unit);
  std::string body;
  number(body, kUuid, track);
  bytes(body, kName, name);
  number(body, kParent, process);
  bytes(body, kCounter, counter);
  number(body, kRank, static_cast<std::uint64_t>(rank));
  descriptor(body);
  return track;
}

void PerfettoWriter::begin(Track track, sim::SimTime at, const char* category, std::string_view name,
                           const Arguments& arguments, const std::vector<std::uint64_t>& flows) {
  std::string body = of_event(type_begin, track);
  bytes(body, kCategory, category);
  bytes(body, kEventName, name);
  add_arguments(body, arguments);
  for (const std::uint64_t flow : flows) fixed(body, kFlow, flow);
  event(at, body);
}

void PerfettoWriter::end(Track track, sim::SimTime at) { event(at, of_event(type_end, track)); }

void PerfettoWriter::instant(Track track, sim::SimTime at, const char* category, std::string_view name,
                             const Arguments& arguments) {
  std::string body = of_event(type_instant, track);
  bytes(body, kCategory, category);
  bytes(body, kEventName, name);
  add_arguments(body, arguments);
  event(at, body);
}

void PerfettoWriter::count(Track counter, sim::SimTime at, std::int64_t value) {
  std::string body = of_event(type_counter, counter);
  number(body, kCounterValue, static_cast<std::uint64_t>(value));
  event(at, body);
}

}  // namespace brokersim::trace
