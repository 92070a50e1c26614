#include "models/kafka/replication/read_replica.h"

#include <tuple>

#include "models/kafka/wire/image.h"

namespace brokersim::kafka::replication {
namespace {

std::int32_t rack_of(const std::vector<std::int32_t>& racks, BrokerId broker) {
  const auto n = static_cast<std::size_t>(broker);
  return n < racks.size() ? racks[n] : -1;
}

}  // namespace

BrokerId preferred_read_replica(const Leader& leader, BrokerId self, const std::vector<std::int32_t>& racks,
                                std::int32_t rack, std::int64_t fetch_offset) {
  if (rack < 0 || rack_of(racks, self) == rack) return -1;
  const Follower* best = nullptr;
  const auto worth = [](const Follower& f) { return std::tuple(f.log_end, f.last_caught_up, f.broker); };
  for (const Follower& follower : leader.followers()) {
    const bool may = wire::contains(leader.isr(), follower.broker) && follower.log_end >= fetch_offset &&
                     follower.log_start <= fetch_offset && rack_of(racks, follower.broker) == rack;
    if (may && (best == nullptr || worth(*best) < worth(follower))) best = &follower;
  }
  return best == nullptr ? -1 : best->broker;
}

}  // namespace brokersim::kafka::replication
