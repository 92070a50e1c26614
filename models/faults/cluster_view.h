// Who plays which role now: what the fault engine asks when a fault fires. The world answers.
//
// Roles are what the active controller has committed to its metadata (the last that was committed while no controller
// is active), not what brokers believe. Reading it is the privilege of faults and checkers, not of the software.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace brokersim::faults {

/// A program on a host, whichever life of it runs.
struct ProcessRef {
  std::string host;
  std::string program;  ///< Name by which it is installed on the host.
  /// In combined mode (process.roles=broker,controller) both roles are one Java process: the other one's program.
  std::string together_with = {};
  [[nodiscard]] bool operator==(const ProcessRef&) const = default;
};

/// Answers must be the same in the same state: lists in a fixed order, no duplicates.
class ClusterView {
 public:
  virtual ~ClusterView() = default;

  /// Broker id of the leader, -1 if there is none or the partition is unknown.
  [[nodiscard]] virtual std::int32_t leader_of(const std::string& system, const std::string& topic,
                                               std::int32_t partition) const = 0;
  /// In-sync replicas; empty if the partition is unknown.
  [[nodiscard]] virtual std::vector<std::int32_t> isr_of(const std::string& system, const std::string& topic,
                                                         std::int32_t partition) const = 0;
  /// Registered and unfenced brokers.
  [[nodiscard]] virtual std::vector<std::int32_t> live_brokers(const std::string& system) const = 0;
  /// The process of a broker, whether it runs or not; nothing if there is no such broker.
  [[nodiscard]] virtual std::optional<ProcessRef> broker(const std::string& system,
                                                         std::int32_t id) const = 0;
  /// The process of the active controller; nothing while there is none.
  [[nodiscard]] virtual std::optional<ProcessRef> active_controller(const std::string& system) const = 0;
  /// The processes of controllers that run and are not active, by node.
  [[nodiscard]] virtual std::vector<ProcessRef> controller_followers(const std::string& system) const = 0;
  /// The client processes of a workload.
  [[nodiscard]] virtual std::vector<ProcessRef> workload(const std::string& name) const = 0;
};

}  // namespace brokersim::faults
