// Stops all threads of one life of a program now and then, as its collector does (compute/jvm.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/devices/compute/jvm.h"
#include "sim/component.h"

namespace brokersim::host {

class Host;

class GarbageCollector {
 public:
  /// Pauses begin after the first gap from now. `hardware` has no process: its events go on while the program is
  /// stopped; `software` is the program's, for its path. Both outlive the collector.
  GarbageCollector(Host& host, std::string program, const compute::JvmConfig& config, std::uint64_t life,
                   sim::Component& hardware, const sim::Component& software);
  GarbageCollector(const GarbageCollector&) = delete;
  GarbageCollector& operator=(const GarbageCollector&) = delete;
  ~GarbageCollector() { stop(); }

  /// The program is dead: no more pauses.
  void stop();
  [[nodiscard]] std::uint64_t pauses() const { return pauses_; }

 private:
  struct Kind {
    std::uint64_t next = 0;  ///< Number of the pause to come, or under way.
    sim::EventHandle event;
  };
  void begin(std::uint64_t kind);
  void end(std::uint64_t kind);
  void plan(std::size_t kind);

  Host& host_;
  std::string program_;
  sim::Component& hardware_;
  compute::PauseDraws draws_;
  std::vector<Kind> kinds_;
  std::int32_t under_way_ = 0;
  std::uint64_t pauses_ = 0;
};

}  // namespace brokersim::host
