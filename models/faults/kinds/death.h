// Programs that a fault ended, or asked to end, and starts again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "models/faults/kind.h"

namespace brokersim::faults::kinds {

/// A life that is over or ends soon.
struct Death {
  host::Host* host = nullptr;
  std::string program;
  std::uint64_t incarnation = 0;
};

class Deaths final : public Effect {
 public:
  explicit Deaths(std::vector<Death> deaths) : deaths_(std::move(deaths)), any_(!deaths_.empty()) {}

  [[nodiscard]] bool holding() const override { return any_; }
  [[nodiscard]] bool had_effect() const override { return any_; }
  /// True when nothing is left to start: every program has begun a new life, by this fault or otherwise.
  [[nodiscard]] bool release() override {
    std::erase_if(deaths_, [](const Death& death) {
      if (death.host->incarnation(death.program) != death.incarnation) return true;
      return death.host->start(death.program);
    });
    return deaths_.empty();
  }

 private:
  std::vector<Death> deaths_;  // not restarted yet
  bool any_;
};

}  // namespace brokersim::faults::kinds
