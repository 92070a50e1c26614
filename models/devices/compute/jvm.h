// Pauses of a Java virtual machine: all threads of the process stop while garbage is collected.
//
// Why: a broker of a healthy cluster answers late now and then for no other reason, and a long pause drops it from the
// ISR or lets its session run out.
// Model: kinds of pauses, each a renewal process with exponential gaps and a law for the length. Both are draws addressed
// by (process path, life, kind, number of the pause). The gap runs from the end of a pause of that kind to the next one's
// start. Presets are those of device-presets.json ("suggested_sim_dist"), made to meet what is published:
//   g1   young: mean gap 2 s, lognormal, median 12 ms, sigma 0.45 (p90 21.4 ms; Kafka's documentation reports 21 ms and
//        less than one a second for 6 GB); mixed: mean gap 60 s, median 35 ms, sigma 0.5; evacuation failure: mean gap
//        1,000,000 s, uniform 1 to 5 s
//   zgc  mean gap 5 s, uniform 10 to 100 us (generational ZGC: longest about 50 us)
// Not modelled: collection as a consequence of allocation, so an idle broker pauses as often as a busy one (gap_percent
// says how much more or less often); the cores that collector threads use; ZGC's allocation stalls.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/component.h"
#include "sim/time.h"

namespace brokersim::compute {

enum class Collector : std::uint8_t { none, g1, zgc };

struct JvmConfig {
  Collector collector = Collector::none;
  /// Mean gaps in percent of the preset's: 50 pauses twice as often (half the young generation, twice the rate of
  /// allocation). Positive.
  std::int32_t gap_percent = 100;
  /// Lengths in percent of the preset's. Positive.
  std::int32_t pause_percent = 100;
};

/// One kind of pause of a collector.
struct PauseLaw {
  enum class Shape : std::uint8_t { lognormal, uniform };
  const char* name;
  sim::Duration gap_mean;
  Shape shape;
  sim::Duration a;  ///< Median, or shortest.
  sim::Duration b;  ///< Longest, of a uniform one.
  double sigma;     ///< Of the logarithm, of a lognormal one.
};
[[nodiscard]] const std::vector<PauseLaw>& pause_laws(Collector collector);

/// Draws of one life of a process. Pure: number in, duration out.
class PauseDraws {
 public:
  /// `component` names the process by its path; `life` is its incarnation.
  PauseDraws(const sim::Component& component, const JvmConfig& config, std::uint64_t life);
  [[nodiscard]] std::size_t kinds() const { return kinds_.size(); }
  /// From the end of pause number `n - 1` (the start of the process for 0) to the start of pause `n`.
  [[nodiscard]] sim::Duration gap(std::size_t kind, std::uint64_t n) const;
  [[nodiscard]] sim::Duration length(std::size_t kind, std::uint64_t n) const;

 private:
  struct Kind {
    PauseLaw law;
    sim::Stream gaps;
    sim::Stream lengths;
  };
  std::vector<Kind> kinds_;
  JvmConfig config_;
};

}  // namespace brokersim::compute
