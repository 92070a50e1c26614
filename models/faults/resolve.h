// From a target to hosts and programs, at the instant a fault fires.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "models/devices/host/host.h"
#include "models/faults/cluster_view.h"
#include "models/faults/config.h"
#include "sim/component.h"
#include "sim/random.h"

namespace brokersim::faults {

/// One host that is hit, and which of its programs.
struct Victim {
  host::Host* host = nullptr;
  std::vector<std::string> programs;  ///< In order of name if the target named the host.
};

/// Whoever a list of targets turned out to be. A host appears once.
struct Victims {
  std::vector<Victim> list;  ///< In the order of the targets.
  std::string text;          ///< "broker 1 on host b-1 (leader of orders/0)"; "everybody else".
  [[nodiscard]] bool empty() const { return list.empty(); }
  [[nodiscard]] bool holds(const host::Host& host) const;
};

using Hosts = std::vector<const host::Host*>;

class Resolver {
 public:
  /// `component` is whose streams are drawn from; all outlive the resolver.
  Resolver(const sim::Component& component, const std::vector<host::Host*>& hosts, const ClusterView& view);

  /// Resolves side one (`targets`). A target nobody answers to is left out. Where several brokers qualify, one is
  /// drawn by (`fault`, position in the list), never one that is on the list already. Of a partition's followers those that
  /// run and are not `busy` (a fault of this kind holds their host) come first: who is dead, or cut off, is in the ISR for a
  /// while yet, and to strike it again would do nothing.
  [[nodiscard]] Victims targets(const FaultConfig& fault, const Hosts& busy = {}) const;
  /// Resolves side two of a partition; `first` is side one. Nobody on side one is drawn for side two. An empty list
  /// means everybody who is not on side one.
  [[nodiscard]] Victims others(const FaultConfig& fault, const Victims& first) const;

 private:
  [[nodiscard]] Victims resolve(const FaultConfig& fault, const std::vector<Target>& targets,
                                std::string_view side, const Victims* taken, const Hosts& busy) const;
  /// Those of `followers` that run on a host that is not busy; all of them if there are none.
  [[nodiscard]] std::vector<std::int32_t> worth_striking(const Target& target, const Hosts& busy,
                                                         std::vector<std::int32_t> followers) const;
  /// One of `candidates` that is not hit yet, -1 if none is left.
  [[nodiscard]] std::int32_t draw(const Target& target, std::vector<std::int32_t> candidates,
                                  const sim::Stream& draws, std::uint64_t position, const Victims& victims,
                                  const Victims* taken) const;
  /// The target names this host and no other one.
  [[nodiscard]] bool is_only(const Target& target, const host::Host& host) const;
  void add_broker(Victims& victims, const Target& target, std::int32_t id) const;
  void add_follower(Victims& victims, const Target& target, const sim::Stream& draws, std::uint64_t position,
                    const Victims* taken) const;
  void add_hosts(Victims& victims, const Target& target) const;
  void add_workload(Victims& victims, const Target& target) const;
  void add_process(Victims& victims, const ProcessRef& process) const;
  [[nodiscard]] host::Host* host_named(const std::string& name) const;

  const sim::Component& component_;
  std::vector<host::Host*> hosts_;
  std::map<std::string, host::Host*> by_name_;
  const ClusterView& view_;
};

}  // namespace brokersim::faults
