// What `brokersim diff` needs to know of an interval of events: what each was, which draws it made, and what caused it.
//
// Why a recorder and no log: a run has 10^8 events and only a few thousand of them matter. Every pending event carries
// the last few events that led to it (who scheduled it, who scheduled that one), so that one run with a recorder
// answers "why" however long ago the cause was. Memory: the events of the interval, 250 bytes for each pending event,
// and names of at most a million streams. A recorded run takes about twice as long. It changes nothing: a recorder
// neither draws nor schedules.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sim/fingerprint.h"
#include "sim/time.h"

namespace brokersim::sim {

/// An event that led to another one.
struct Cause {
  static constexpr std::uint64_t kNobody = ~std::uint64_t{0};

  std::uint64_t index =
      kNobody;  ///< Number of the event, from 0. kNobody: no event, but who built the world.
  SimTime time;
  std::uint32_t component = 0;  ///< Number for Recorder::path().
  const char* kind = "";

  [[nodiscard]] bool exists() const { return index != kNobody; }
};

/// One draw: what came out of which ordinal of which stream (Stream::key(), Recorder::stream_name()).
struct RecordedDraw {
  std::uint64_t stream = 0;
  std::uint64_t ordinal = 0;
  std::uint64_t value = 0;

  [[nodiscard]] bool operator==(const RecordedDraw&) const = default;
};

/// One executed event.
struct RecordedEvent {
  static constexpr std::size_t kCauses = 6;

  std::uint64_t index = 0;  ///< From 0.
  SimTime time;
  std::string component;
  std::string kind;
  std::vector<RecordedDraw> draws;  ///< Made by its handler, in order.
  std::vector<Cause> causes;        ///< Who scheduled it, who scheduled that, ...; at most kCauses.
};

class Recorder final : public DrawWatcher {
 public:
  /// Keeps the events with index in [from, from + count).
  Recorder(std::uint64_t from, std::uint64_t count) : from_(from), count_(count) {}

  [[nodiscard]] const std::vector<RecordedEvent>& events() const { return events_; }
  /// Path of a cause's component.
  [[nodiscard]] const std::string& path(std::uint32_t component) const { return paths_.at(component); }
  /// `host/b-0 "crash" [3]`: path, purpose and objects of a stream; "stream 9f..." if it was made before the recorder
  /// was there, or after a million others.
  [[nodiscard]] std::string stream_name(std::uint64_t key) const;
  /// Draws made outside of events, while the world was built.
  [[nodiscard]] const std::vector<RecordedDraw>& draws_outside() const { return outside_; }

  // For the kernel.
  void on_component(std::uint64_t path_hash, const std::string& path);
  /// The running event schedules the event in `slot`.
  void on_schedule(std::uint32_t slot);
  /// The event of `slot` runs, until on_end().
  void on_begin(std::uint32_t slot, std::uint64_t index, SimTime time, const std::string& component,
                const char* kind);
  void on_end();
  void on_stream(std::uint64_t key, std::uint64_t path_hash, std::string_view purpose) override;
  void on_child(std::uint64_t key, std::uint64_t parent, std::uint64_t object) override;
  void on_draw(std::uint64_t key, std::uint64_t ordinal, std::uint64_t value) override;

 private:
  using Ancestry = std::array<Cause, RecordedEvent::kCauses>;
  struct StreamName {
    bool is_child = false;
    std::uint64_t above = 0;   // key of the parent, or hash of the path
    std::uint64_t object = 0;  // of a child
    std::string purpose;       // of a component's stream
  };

  std::uint32_t number_of(const std::string& component);
  void remember(std::uint64_t key, StreamName name);

  std::uint64_t from_;
  std::uint64_t count_;
  bool running_an_event_ = false;
  bool keeping_ = false;  // the running event is in the interval
  Ancestry running_;      // the running event, then what led to it
  std::vector<Ancestry> by_slot_;
  std::vector<std::string> paths_;
  // Looked up, never walked.
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::unordered_map<std::uint64_t, std::string> path_of_hash_;
  std::unordered_map<std::uint64_t, StreamName> streams_;
  std::vector<RecordedEvent> events_;
  std::vector<RecordedDraw> outside_;
};

}  // namespace brokersim::sim
