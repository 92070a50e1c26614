#include "models/devices/network/wire.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::network {

sim::SimTime next_retransmission(sim::SimTime first_sent, sim::SimTime not_before, sim::Duration rto) {
  SIM_CHECK(not_before >= first_sent);
  SIM_CHECK(rto.ns > 0);
  sim::SimTime at = first_sent;
  sim::Duration timeout = rto;
  do {
    at += timeout;
    timeout = std::min(timeout * 2, kRtoMax);
  } while (at < not_before);
  return at;
}

sim::Duration syn_delay(int attempt) {
  SIM_CHECK(attempt >= 0);
  SIM_CHECK(attempt <= kSynRetries);
  return kSynTimeout * ((std::int64_t{1} << attempt) - 1);
}

}  // namespace brokersim::network
