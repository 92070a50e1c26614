// The order that every pending-event set must show: a std::set by (time, sequence). Slow and plainly right.
#pragma once

#include <set>

#include "sim/event_queue.h"
#include "sim/hash.h"

namespace brokersim::sim {

class ReferenceQueue {
 public:
  void push(QueueEntry entry) { entries_.insert(entry); }
  [[nodiscard]] const QueueEntry& front() const { return *entries_.begin(); }
  [[nodiscard]] bool due(std::uint64_t limit) const { return !entries_.empty() && front().time <= limit; }
  void pop_front() { entries_.erase(entries_.begin()); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  template <class Stale>
  void drop_if(Stale stale) {
    std::erase_if(entries_, stale);
  }

 private:
  struct Before {
    bool operator()(const QueueEntry& a, const QueueEntry& b) const { return a.before(b); }
  };
  std::set<QueueEntry, Before> entries_;
};

/// Choices of a test: the same on every platform.
class Choices {
 public:
  explicit Choices(std::uint64_t seed) : state_(mix64(seed + 1)) {}
  [[nodiscard]] std::uint64_t bits() { return mix64(state_ += 0x9E3779B97F4A7C15ull); }
  [[nodiscard]] std::uint64_t below(std::uint64_t n) { return bits() % n; }
  [[nodiscard]] bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

/// Delays of one of twelve kinds: none, ties, uniform, constant, bimodal, powers of two, long tails.
[[nodiscard]] inline std::uint64_t delay_of_kind(std::uint64_t kind, Choices& choices) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  switch (kind) {
    case 0: return 0;
    case 1: return choices.below(3);
    case 2: return choices.below(1'000);
    case 3: return 1'000'000;
    case 4: return choices.below(kSecond);
    case 5: return choices.one_in(10) ? choices.below(30 * kSecond) : choices.below(1'000);
    case 6: return std::uint64_t{1} << choices.below(60);
    case 7: return choices.below(100'000);
    case 8: return 30 * kSecond;
    case 9: return choices.below(8) * 4'096;
    case 10: return choices.below(64);
    default: return (std::uint64_t{1} << choices.below(40)) + choices.below(3);
  }
}
constexpr std::uint64_t kDelayKinds = 12;

}  // namespace brokersim::sim
