#include "models/checkers/phases.h"

#include <algorithm>

namespace brokersim::checkers {

void FaultWindow::extend(sim::SimTime at, bool fault) {
  if (!any_ && !fault) return;
  if (any_ && at <= to_) return;
  if (!any_) from_ = at;
  any_ = true;
  to_ = std::max(to_, at);
  ++version_;
}

void PhaseMeter::catch_up(const FaultWindow& window) {
  if (version_ == window.version()) return;
  version_ = window.version();
  phases_.during.merge(phases_.after);
  phases_.after = sim::Histogram{};
}

void PhaseMeter::add(const FaultWindow& window, sim::SimTime at, sim::SimTime first, sim::SimTime last,
                     std::int64_t count) {
  catch_up(window);
  if (!window.any() || at <= window.from())
    return phases_.before.add_ramp((at - first).ns, (at - last).ns, count);
  if (first >= window.to()) return phases_.after.add_ramp((at - first).ns, (at - last).ns, count);
  if (last < window.to() || count <= 1)
    return phases_.during.add_ramp((at - first).ns, (at - last).ns, count);
  // Record i is intended at first + (last - first) * i / (count - 1); those before the end belong to the fault.
  const auto span = static_cast<__int128>((last - first).ns);
  const auto steps = static_cast<__int128>(count - 1);
  const auto in_time = static_cast<__int128>((window.to() - first).ns);
  const auto before_end =
      std::min<std::int64_t>(count, static_cast<std::int64_t>((in_time * steps + span - 1) / span));
  const auto intended = [&](std::int64_t i) {
    return first.ns + static_cast<std::int64_t>(span * i / steps);
  };
  phases_.during.add_ramp(at.ns - first.ns, at.ns - intended(before_end - 1), before_end);
  if (before_end < count)
    phases_.after.add_ramp(at.ns - intended(before_end), at.ns - last.ns, count - before_end);
}

PhaseHistograms PhaseMeter::finish(const FaultWindow& window) {
  catch_up(window);
  return phases_;
}

}  // namespace brokersim::checkers
