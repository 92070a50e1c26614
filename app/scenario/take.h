// Overwrites a config field by what the file says, if it says anything.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::scenario {

template <typename To, typename From>
void take(To& to, const std::optional<From>& from) {
  if (from) to = static_cast<To>(*from);
}
inline void take(sim::Bytes& to, const std::optional<std::int64_t>& n) {
  if (n) to = {*n};
}
inline void take(sim::BytesPerSecond& to, const std::optional<std::int64_t>& n) {
  if (n) to = {*n};
}
inline void take(sim::Duration& to, const std::optional<std::int64_t>& n) {
  if (n) to = {*n};
}

}  // namespace brokersim::scenario
