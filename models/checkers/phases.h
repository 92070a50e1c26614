// Latency before, during and after the faults.
//
// Why: one fault of ten seconds hides in the quantiles of ten minutes. The fault window runs from the first fault
// that fired to the last end: of a fault, or of an unavailable window of producers. That end is known only
// afterwards, so what comes after the latest end so far is kept apart, and joins `during` if there is a later one.
#pragma once

#include "sim/histogram.h"
#include "sim/time.h"

namespace brokersim::checkers {

struct PhaseHistograms {
  sim::Histogram before;
  sim::Histogram during;
  sim::Histogram after;
};

class FaultWindow {
 public:
  /// A fault fired or healed (`fault`), or an unavailable window ended. The window begins with the first fault.
  void extend(sim::SimTime at, bool fault);
  [[nodiscard]] bool any() const { return any_; }
  [[nodiscard]] sim::SimTime from() const { return from_; }
  [[nodiscard]] sim::SimTime to() const { return to_; }
  /// Grows with each extension; a meter that has seen an older one joins its `after` to its `during`.
  [[nodiscard]] std::uint64_t version() const { return version_; }

 private:
  bool any_ = false;
  sim::SimTime from_;
  sim::SimTime to_;
  std::uint64_t version_ = 0;
};

class PhaseMeter {
 public:
  /// `count` records, intended evenly from `first` to `last`, that ended at `at`.
  void add(const FaultWindow& window, sim::SimTime at, sim::SimTime first, sim::SimTime last,
           std::int64_t count);
  /// The same for records that all began at one time.
  void add(const FaultWindow& window, sim::SimTime at, sim::SimTime began, std::int64_t count) {
    add(window, at, began, began, count);
  }
  [[nodiscard]] PhaseHistograms finish(const FaultWindow& window);

 private:
  void catch_up(const FaultWindow& window);

  PhaseHistograms phases_;
  std::uint64_t version_ = 0;
};

}  // namespace brokersim::checkers
