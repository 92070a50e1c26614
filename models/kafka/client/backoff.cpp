#include "models/kafka/client/backoff.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::kafka::client {

namespace {
// RETRY_BACKOFF_JITTER = 0.2 and CommonClientConfigs' connection jitters, in parts per million.
constexpr std::int64_t kOne = 1'000'000;
constexpr std::int64_t kJitter = 200'000;
}  // namespace

sim::Duration Backoff::operator()(std::int64_t attempt, std::uint64_t bits) const {
  SIM_CHECK(attempt >= 0);
  SIM_CHECK(initial.ns >= 0);
  std::int64_t term = std::min(initial.ns, max.ns);
  for (std::int64_t i = 0; i < attempt && term > 0 && term < max.ns; ++i)
    term = term > max.ns / 2 ? max.ns : 2 * term;
  const auto offset =
      static_cast<std::int64_t>((static_cast<unsigned __int128>(bits) * (2 * kJitter + 1)) >> 64);
  const auto value =
      static_cast<std::int64_t>(static_cast<__int128>(term) * (kOne - kJitter + offset) / kOne);
  return {std::min(value, max.ns)};
}

}  // namespace brokersim::kafka::client
