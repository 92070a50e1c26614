// How busy the parts of a world were while the load was on, and which of them holds the rate down.
//
// Measured between two instants from counters that the devices keep; locks of partitions are looked at every 10 ms. A part
// is busy all of the time at 1. Of a card: time that bytes take on the line, at the rate the line had (bursts included). Of
// processors: work over what they can do with hyperthreads. Of a cloud volume: bytes or operations over its peak.
//
// A page cache takes in seconds what a disk needs minutes for, so a disk that is idle may be overloaded all the same. For
// each disk of a broker there is therefore a second part: what is written to its files over what the device writes in the
// long run (data sheet, steady state; of a cloud volume its baseline, without credits). Above 1 no page cache is large enough.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/results/execute.h"
#include "app/scenario/scenario.h"

namespace brokersim::capacity {

enum class Kind : std::uint8_t { disk, nic, cpu, partition, client };
/// "disk", "NIC", "CPU", "partition", "client".
[[nodiscard]] std::string to_string(Kind kind);

struct Part {
  Kind kind = Kind::disk;
  std::string
      what;  ///< "b-0 disk 1", "b-2 request handlers", "lock of orders/3", "checkout-0 application thread".
  double utilisation = 0;  ///< 0 to 1; of a disk in the long run any positive number.
};

/// Runs `execution` from `from` to `to` and measures. Parts in order of utilisation, busiest first. The text of a bug of
/// ours if one stopped the run.
[[nodiscard]] std::string measure(results::Execution& execution, const scenario::Scenario& scenario,
                                  sim::SimTime from, sim::SimTime to, std::vector<Part>& parts);

/// What limits: the busiest part if it is busy for most of the time (kBusy); else the clients, who wait for answers, for
/// linger.ms or for each other while nothing is full.
inline constexpr double kBusy = 0.6;
[[nodiscard]] Part bottleneck(const std::vector<Part>& parts);

}  // namespace brokersim::capacity
