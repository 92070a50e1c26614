// How long the cluster had no active controller, and how often another took over.
//
// A window begins when the active controller stops or finds out that it leads no more, and ends when one claims the
// role. One that is cut off and has not noticed is still counted as active: its time ends with the next claim, without a
// window. From the history only.
#pragma once

#include <cstdint>
#include <optional>

#include "models/history/events.h"

namespace brokersim::checkers {

struct ControlPlane {
  std::int64_t changes = 0;  ///< Claims after the first.
  sim::Duration longest;     ///< Longest window without an active controller.
  sim::Duration total;       ///< All windows.
};

class ControlPlaneMeter {
 public:
  void on(const history::ControllerChanged& event);
  /// A window that is open at the end of the run ends there.
  [[nodiscard]] ControlPlane finish(sim::SimTime now) const;

 private:
  ControlPlane seen_;
  std::int32_t active_ = -1;  // node
  std::int32_t epoch_ = -1;   // latest claim
  std::optional<sim::SimTime> since_;
};

}  // namespace brokersim::checkers
