// When nobody could write to or read from a partition, seen from the clients; and when it had no leader.
//
// A produce window of one producer on one partition runs from the first intended send that is not acknowledged within 1
// s to the producer's next success there. Three cases are settled here: acknowledgements that were under way and still
// arrive move the start to the last of them; late answers while others succeed within the same second are slowness, not
// unavailability; a window that never ends runs to the end of the run. Windows of several producers on one partition
// that overlap are one. A window ends with its producer's death: then nobody waits. A dead leader that is not yet
// fenced shows up here and not as no_leader: the controller still believes in it.
// A fetch window runs from the first request of a consumer that failed to its next good answer, if they are more than
// 1 s apart: an application that processes for long before it asks again has missed nothing. no_leader is what the controller committed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/history/history.h"

namespace brokersim::checkers {

enum class UnavailableWhat : std::uint8_t { no_leader, produce_acks_all, produce, fetch };
/// "no_leader", "produce_acks_all" (producers with acks=all), "produce" (acks 0 and 1), "fetch".
[[nodiscard]] std::string to_string(UnavailableWhat what);

struct UnavailableWindow {
  UnavailableWhat what = UnavailableWhat::produce;
  history::PartitionId partition;
  sim::SimTime from;
  sim::SimTime to;
  bool open = false;  ///< It did not end before the run did.
  [[nodiscard]] sim::Duration length() const { return to - from; }
};

/// One producer's successes and waits on one partition.
class ProduceFlow {
 public:
  void sent(sim::SimTime at, std::int64_t count);
  /// Returns true if this success ended a window; see last().
  bool succeeded(sim::SimTime at, sim::SimTime intended_first, std::int64_t count);
  void failed(sim::SimTime intended_first, std::int64_t count);
  /// The producer's process has ended: nobody waits any more for what had no outcome.
  void stopped(sim::SimTime at);
  /// True if a window was still open; see last().
  bool finish(sim::SimTime now);

  struct Span {
    sim::SimTime from;
    sim::SimTime to;
  };
  [[nodiscard]] const std::vector<Span>& windows() const { return windows_; }

 private:
  bool any_success_ = false;
  bool waiting_ = false;  ///< Something intended since the last success has failed.
  sim::SimTime last_success_;
  sim::SimTime waiting_since_;
  std::int64_t outstanding_ = 0;
  sim::SimTime outstanding_since_;
  sim::SimTime success_before_window_;
  std::vector<Span> windows_;
};

class Availability {
 public:
  explicit Availability(const history::History& history) : history_(&history) {}

  void on(const history::Sent& event);
  /// Returns true if a produce window ended with it.
  bool on(const history::ProduceOutcome& event);
  void on(const history::FetchAnswered& event);
  void on(const history::ClientRestarted& event);
  void on(const history::ClientStopped& event);
  /// What a consumer does not own any more it does not miss.
  void on(const history::OwnershipChanged& event);
  void on(const history::PartitionChanged& event);
  /// Ends a window without a leader.
  void on(const history::PartitionDeleted& event);

  /// All windows by (partition, what, from); overlapping ones of several clients joined.
  [[nodiscard]] std::vector<UnavailableWindow> finish(sim::SimTime now);

 private:
  struct FetchFlow {
    bool any = false;
    bool failing = false;
    sim::SimTime since;  ///< Last good answer; while failing, the first request that nobody answered well.
  };
  struct Leadership {
    bool missing = false;
    sim::SimTime since;
  };
  ProduceFlow& flow(history::PartitionId partition, history::ClientId producer);

  const history::History* history_;
  std::vector<std::vector<ProduceFlow>> produce_;  ///< [partition][client]
  std::vector<std::vector<FetchFlow>> fetch_;      ///< [partition][client]
  std::vector<Leadership> leaderships_;
  std::vector<UnavailableWindow> windows_;  ///< no_leader and fetch, as they end.
};

/// Joins windows of equal kind and partition that overlap or touch, and sorts by partition, kind, start.
[[nodiscard]] std::vector<UnavailableWindow> join(std::vector<UnavailableWindow> windows);

}  // namespace brokersim::checkers
