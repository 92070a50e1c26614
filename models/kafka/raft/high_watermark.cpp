#include "models/kafka/raft/high_watermark.h"

#include <algorithm>
#include <array>

#include "sim/check.h"

namespace brokersim::kafka::raft {

std::int64_t majority_offset(const Node& node) {
  constexpr std::size_t most = 16;
  SIM_CHECK(node.peers.size() <= most);
  std::array<std::int64_t, most> offsets{};
  for (std::size_t i = 0; i < node.peers.size(); ++i) offsets[i] = node.peers[i].end_offset;
  const auto end = offsets.begin() + static_cast<std::ptrdiff_t>(node.peers.size());
  std::sort(offsets.begin(), end, std::greater<>{});
  return offsets[node.peers.size() / 2];
}

bool advance_high_watermark(Node& node) {
  SIM_CHECK(node.role == Role::leader);
  const std::int64_t offset = majority_offset(node);
  if (offset <= node.epoch_start && !node.rules.bugs.commit_old_epochs) return false;
  if (offset > node.epoch_start) node.leader_high_watermark = true;
  if (offset <= node.high_watermark) return false;
  node.high_watermark = offset;
  return true;
}

}  // namespace brokersim::kafka::raft
