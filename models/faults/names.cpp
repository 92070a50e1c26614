#include "models/faults/names.h"

#include "models/faults/kind.h"
#include "sim/check.h"

namespace brokersim::faults {

namespace {

std::string join(const std::vector<Target>& targets) {
  std::string text;
  for (const Target& target : targets) {
    if (!text.empty()) text += ", ";
    text += describe(target);
  }
  return text;
}

std::string partition(const Target& target) { return target.name + "/" + std::to_string(target.number); }

}  // namespace

std::string_view to_string(FaultKind kind) { return kind_of(kind).name; }

std::string_view arrow(PartitionShape shape) {
  switch (shape) {
    case PartitionShape::full: return " <-> ";
    case PartitionShape::one_way: return " -> ";
    case PartitionShape::one_way_in: return " <- ";
  }
  SIM_CHECK(false, "no such shape of a partition");
}

std::string describe(const Target& target) {
  switch (target.by) {
    case Target::By::host: return "host " + target.name;
    case Target::By::host_group: return "group " + target.name;
    case Target::By::zone: return "zone " + target.name;
    case Target::By::power_domain: return "power domain " + target.name;
    case Target::By::broker: return "broker " + std::to_string(target.number);
    case Target::By::leader_of: return "leader of " + partition(target);
    case Target::By::follower_of: return "follower of " + partition(target);
    case Target::By::controller: return "active controller";
    case Target::By::controller_follower: return "a controller that follows";
    case Target::By::random_broker: return "live broker by a draw";
    case Target::By::workload: return "clients of " + target.name;
  }
  SIM_CHECK(false, "no such kind of target");
}

std::string describe(const FaultConfig& fault) {
  std::string text = join(fault.targets);
  if (fault.kind != FaultKind::partition) return text;
  text += arrow(fault.shape);
  return text + (fault.others.empty() ? "everybody else" : join(fault.others));
}

}  // namespace brokersim::faults
