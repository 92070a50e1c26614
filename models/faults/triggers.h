// Faults that wait for something to happen: "when the ISR shrinks", "when a controller takes over".
//
// Why: the dangerous moments last milliseconds (a change of the ISR that is not answered yet, a new leader that nobody has
// fetched from), and no time of a clock hits them in every seed. From its `at` on such a fault waits for the so-many-th
// event of its kind and comes `delay` after it. It sees the history, as somebody who watches the brokers' logs would;
// it draws nothing, so other faults stay where they are.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "models/faults/config.h"
#include "models/history/history.h"

namespace brokersim::faults {

/// Names under which a trigger stands in FaultConfig::texts and numbers.
inline constexpr std::string_view kWhenEvent = "when.event";
inline constexpr std::string_view kWhenOf = "when.of";                  ///< A partition; none: any.
inline constexpr std::string_view kWhenOccurrence = "when.occurrence";  ///< 1: the first after `at`.
inline constexpr std::string_view kWhenDelay = "when.delay";            ///< ns
inline constexpr std::string_view kProbability = "probability_percent";

/// What can be waited for, and what it means.
struct TriggerEvent {
  std::string_view name;
  std::string_view doc;
};
[[nodiscard]] const std::vector<TriggerEvent>& trigger_events();

[[nodiscard]] inline bool waits(const FaultConfig& fault) { return fault.texts.contains(kWhenEvent); }

class Triggers final : public history::Watcher {
 public:
  /// `due`: a fault's event has come just now; called once for each armed fault.
  Triggers(const history::History& history, std::function<void(std::size_t)> due)
      : history_(&history), due_(std::move(due)) {}

  /// The fault with that index waits from now on.
  void arm(std::size_t index, const FaultConfig& fault);

  using history::Watcher::on;
  void on(const history::PartitionChanged& event) override;
  void on(const history::BrokerChanged& event) override;
  void on(const history::ControllerChanged& event) override;
  void on(const history::GroupGeneration& event) override;
  void on(const history::Truncated& event) override;
  void on(const history::LogDirFailed& event) override;

 private:
  struct Armed {
    std::size_t index = 0;
    std::string event;
    std::string of;
    std::int64_t missing = 1;
  };
  struct Seen {
    std::int32_t leader = -1;
    std::size_t isr = 0;
  };
  void happened(std::string_view event, const std::string& partition = "");

  const history::History* history_;
  std::function<void(std::size_t)> due_;
  std::vector<Armed> armed_;                 // in the order of arming
  std::map<std::int32_t, Seen> partitions_;  // as they were last
};

}  // namespace brokersim::faults
