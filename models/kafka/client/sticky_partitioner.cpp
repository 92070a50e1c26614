#include "models/kafka/client/sticky_partitioner.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::kafka::client {

namespace {
std::uint64_t scale(std::uint64_t bits, std::uint64_t n) {
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(bits) * n) >> 64);
}
}  // namespace

std::int32_t choose_partition(const std::vector<PartitionLoad>& loads, std::uint64_t bits) {
  SIM_CHECK(!loads.empty());
  std::int32_t longest = 0;
  bool any_available = false;
  for (const PartitionLoad& load : loads) {
    if (!load.available) continue;
    any_available = true;
    longest = std::max(longest, load.queued);
  }
  if (!any_available) return static_cast<std::int32_t>(scale(bits, loads.size()));
  std::uint64_t total = 0;
  for (const PartitionLoad& load : loads) {
    if (load.available) total += static_cast<std::uint64_t>(longest + 1 - load.queued);
  }
  std::uint64_t ticket = scale(bits, total);
  for (std::size_t i = 0; i < loads.size(); ++i) {
    if (!loads[i].available) continue;
    const auto weight = static_cast<std::uint64_t>(longest + 1 - loads[i].queued);
    if (ticket < weight) return static_cast<std::int32_t>(i);
    ticket -= weight;
  }
  SIM_CHECK(false, "the weights do not sum up");
}

std::int32_t choose_other_partition(const std::vector<PartitionLoad>& loads, std::int32_t current,
                                    std::uint64_t bits) {
  SIM_CHECK(!loads.empty());
  const auto is_candidate = [&](std::size_t i) {
    return loads[i].available && static_cast<std::int32_t>(i) != current;
  };
  std::uint64_t candidates = 0;
  for (std::size_t i = 0; i < loads.size(); ++i) candidates += is_candidate(i) ? 1 : 0;
  if (candidates == 0) {
    const bool only = current >= 0 && loads[static_cast<std::size_t>(current)].available;
    return only ? current : static_cast<std::int32_t>(scale(bits, loads.size()));
  }
  std::uint64_t ticket = scale(bits, candidates);
  for (std::size_t i = 0; i < loads.size(); ++i) {
    if (!is_candidate(i)) continue;
    if (ticket == 0) return static_cast<std::int32_t>(i);
    --ticket;
  }
  SIM_CHECK(false, "fewer candidates than counted");
}

StickyPartitioner::StickyPartitioner(std::int32_t partitions, std::int64_t batch_size, Partitioner rule)
    : partitions_(partitions), batch_size_(std::max<std::int64_t>(batch_size, 1)), rule_(rule) {
  SIM_CHECK(partitions > 0);
}

void StickyPartitioner::stick_to(std::int32_t partition) {
  SIM_CHECK(partition >= 0);
  SIM_CHECK(partition < partitions_);
  current_ = partition;
  produced_ = 0;
}

void StickyPartitioner::set_partitions(std::int32_t partitions) {
  SIM_CHECK(partitions > 0);
  SIM_CHECK(current_ < partitions);
  partitions_ = partitions;
}

bool StickyPartitioner::must_switch(bool all_closed) const {
  if (current_ < 0) return true;
  if (fixed()) return false;
  if (rule_ == Partitioner::uniform_sticky) return all_closed && produced_ > 0;
  if (produced_ >= 2 * batch_size_) return true;
  return all_closed && produced_ >= batch_size_;
}

}  // namespace brokersim::kafka::client
