#include "models/checkers/control_plane.h"

#include <algorithm>

namespace brokersim::checkers {

void ControlPlaneMeter::on(const history::ControllerChanged& event) {
  if (event.event == history::ControllerEvent::active) {
    if (event.epoch <= epoch_) return;
    if (epoch_ >= 0) ++seen_.changes;
    if (since_) {
      seen_.longest = std::max(seen_.longest, event.at - *since_);
      seen_.total += event.at - *since_;
    }
    since_.reset();
    active_ = event.node;
    epoch_ = event.epoch;
    return;
  }
  if (event.node != active_) return;
  active_ = -1;
  since_ = event.at;
}

ControlPlane ControlPlaneMeter::finish(sim::SimTime now) const {
  ControlPlane all = seen_;
  if (since_) {
    all.longest = std::max(all.longest, now - *since_);
    all.total += now - *since_;
  }
  return all;
}

}  // namespace brokersim::checkers
