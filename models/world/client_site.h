// Where a client's process runs, as it is told when it starts; and how a workload's totals are divided among its instances.
#pragma once

#include <cstdint>
#include <string>

#include "models/devices/host/host.h"
#include "models/kafka/client/params.h"

namespace brokersim::world {

[[nodiscard]] inline kafka::client::ClientSite site_of(host::Host& host, const std::string& program) {
  return {host.network(),
          host.id(),
          &host,
          program,
          host.incarnation(program),
          host.config().hardware.nic.bandwidth};
}

/// The share of instance `i` of `n` in an integer total; the first ones take the remainder.
[[nodiscard]] inline std::int64_t share_of(std::int64_t total, std::int64_t i, std::int64_t n) {
  return total / n + (i < total % n ? 1 : 0);
}

}  // namespace brokersim::world
