// The pending-event set: a 4-ary heap with total order (time, sequence).
//
// Why a heap with lazy deletion: cancelling a timer only bumps a generation in the event's slot; the
// entry left behind is dropped when it surfaces, or all at once when such entries outnumber the live
// ones, so memory stays within twice the live events.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/time.h"

namespace brokersim::sim {

/// What the queue orders. `slot` and `generation` name the event in the kernel's slab.
struct QueueEntry {
  std::int64_t time_ns = 0;
  std::uint64_t sequence = 0;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;

  [[nodiscard]] bool before(const QueueEntry& other) const {
    if (time_ns != other.time_ns) return time_ns < other.time_ns;
    return sequence < other.sequence;
  }
};

class EventQueue {
 public:
  void push(QueueEntry entry);
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] std::size_t size() const { return heap_.size(); }
  /// The earliest entry. The queue must not be empty.
  [[nodiscard]] const QueueEntry& top() const { return heap_.front(); }
  void pop();

  /// Drops every entry for which `stale(entry)` holds. Does not change the order of the others.
  template <class Stale>
  void drop_if(Stale stale) {
    std::erase_if(heap_, stale);
    rebuild();
  }

 private:
  void rebuild();
  void sift_down(std::size_t hole, QueueEntry entry);

  std::vector<QueueEntry> heap_;
};

}  // namespace brokersim::sim
