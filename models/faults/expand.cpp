#include "models/faults/expand.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>

#include "models/faults/names.h"
#include "sim/check.h"
#include "sim/fingerprint.h"
#include "sim/random.h"

namespace brokersim::faults {

namespace {

/// Limits of what is drawn for a slow disk, in percent of the normal service time (3 to 20 times).
constexpr std::uint64_t kSlowMin = 300;
constexpr std::uint64_t kSlowMax = 2'000;

class Expander {
 public:
  Expander(const FaultPlan& plan, std::uint64_t seed) : plan_(plan), seed_(seed) {}

  void add(FaultKind kind, std::string_view label, std::int32_t count, Target::By whom) {
    SIM_CHECK(count >= 0, "a plan asks for a negative number of " + std::string(label));
    for (std::int32_t n = 0; n < count; ++n) {
      FaultConfig fault;
      fault.name = "plan/" + std::string(label) + "-" + std::to_string(n);
      fault.kind = kind;
      fault.at = {between(fault, "at", plan_.from.ns, plan_.to.ns)};
      fault.targets = {target(whom)};
      shape(fault, n);
      faults_.push_back(std::move(fault));
    }
  }

  std::vector<FaultConfig> take() {
    std::sort(faults_.begin(), faults_.end(), [](const FaultConfig& a, const FaultConfig& b) {
      return std::tie(a.at, a.name) < std::tie(b.at, b.name);
    });
    return std::move(faults_);
  }

 private:
  [[nodiscard]] sim::Stream stream(const FaultConfig& fault, std::string_view purpose) {
    return {draws_, seed_, sim::hash_name("faults"), fault.name + "/" + std::string(purpose)};
  }

  [[nodiscard]] std::uint64_t one_of(const FaultConfig& fault, std::string_view purpose, std::uint64_t n) {
    return stream(fault, purpose).below(0, n);
  }

  /// Uniform over the whole microseconds from `min` on, `max` included if it is one of them.
  [[nodiscard]] std::int64_t between(const FaultConfig& fault, std::string_view purpose, std::int64_t min,
                                     std::int64_t max) {
    SIM_CHECK(min >= 0, "a range of the plan begins before 0");
    SIM_CHECK(min <= max, "a range of the plan is reversed");
    const auto steps = static_cast<std::uint64_t>((max - min) / 1'000) + 1;
    return min + static_cast<std::int64_t>(one_of(fault, purpose, steps)) * 1'000;
  }

  [[nodiscard]] Target target(Target::By by) const {
    Target target;
    target.by = by;
    target.system = plan_.system;
    return target;
  }

  void shape(FaultConfig& fault, std::int32_t n) {
    switch (fault.kind) {
      case FaultKind::partition: shape_partition(fault, n); [[fallthrough]];
      case FaultKind::pause_process:
      case FaultKind::slow_disk:
        fault.lasts = sim::Duration{between(fault, "lasts", plan_.lasts_min.ns, plan_.lasts_max.ns)};
        break;
      case FaultKind::kill_process:
      case FaultKind::controlled_shutdown:
      case FaultKind::power_loss:
      case FaultKind::kernel_panic:
        fault.restart_after = sim::Duration{
            between(fault, "restart_after", plan_.restart_after_min.ns, plan_.restart_after_max.ns)};
        break;
      default: SIM_CHECK(false, fault.name + " is of a kind that no plan has");
    }
    if (fault.kind == FaultKind::slow_disk) {
      fault.factor_percent =
          static_cast<std::int32_t>(kSlowMin + one_of(fault, "factor", kSlowMax - kSlowMin + 1));
    }
  }

  void shape_partition(FaultConfig& fault, std::int32_t n) {
    switch (n % 3) {
      case 0:
        if (one_of(fault, "two", 4) == 0) fault.targets.push_back(target(Target::By::random_broker));
        break;
      case 1:
        fault.shape = one_of(fault, "way", 2) == 0 ? PartitionShape::one_way : PartitionShape::one_way_in;
        break;
      default:
        fault.others = {
            target(one_of(fault, "from", 2) == 0 ? Target::By::random_broker : Target::By::controller)};
    }
  }

  const FaultPlan& plan_;
  std::uint64_t seed_;
  // Of nobody: what is drawn here shows in the times and targets of the run's events.
  sim::Fingerprint draws_;
  std::vector<FaultConfig> faults_;
};

}  // namespace

std::vector<FaultConfig> expand(const FaultPlan& plan, std::uint64_t seed) {
  using enum FaultKind;
  constexpr auto broker = Target::By::random_broker;
  Expander expander(plan, seed);
  expander.add(kill_process, to_string(kill_process), plan.kill_process, broker);
  expander.add(controlled_shutdown, to_string(controlled_shutdown), plan.controlled_shutdown, broker);
  expander.add(power_loss, to_string(power_loss), plan.power_loss, broker);
  expander.add(kernel_panic, to_string(kernel_panic), plan.kernel_panic, broker);
  expander.add(pause_process, to_string(pause_process), plan.pause_process, broker);
  expander.add(partition, to_string(partition), plan.partition, broker);
  expander.add(slow_disk, to_string(slow_disk), plan.slow_disk, broker);
  expander.add(kill_process, "controller_kill", plan.controller_kill, Target::By::controller);
  return expander.take();
}

}  // namespace brokersim::faults
