#include "models/devices/storage/hdd_cache.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "sim/check.h"

namespace brokersim::storage {

void HddCache::add(std::int64_t lba, std::int64_t count, std::uint64_t id) {
  SIM_CHECK(count > 0);
  std::int64_t from = lba;
  Extent merged{lba + count, {{id, lba + count}}};
  auto it = extents_.upper_bound(lba);
  if (it != extents_.begin() && std::prev(it)->second.to >= lba) --it;
  while (it != extents_.end() && it->first <= merged.to) {
    from = std::min(from, it->first);
    merged.to = std::max(merged.to, it->second.to);
    size_ -= it->second.to - it->first;
    merged.writes.insert(merged.writes.end(), it->second.writes.begin(), it->second.writes.end());
    it = extents_.erase(it);
  }
  size_ += merged.to - from;
  extents_.emplace(from, std::move(merged));
}

std::int64_t HddCache::take(std::int64_t lba, std::int64_t count, std::vector<std::uint64_t>& ids) {
  auto node = extents_.extract(lba);
  SIM_CHECK(!node.empty());
  Extent& extent = node.mapped();
  const std::int64_t taken = std::min(count, extent.to - lba);
  size_ -= taken;
  ids.clear();
  for (const Write& write : extent.writes) {
    if (write.to <= lba + taken) ids.push_back(write.id);
  }
  std::sort(ids.begin(), ids.end());
  if (lba + taken == extent.to) return taken;
  std::erase_if(extent.writes, [lba, taken](const Write& write) { return write.to <= lba + taken; });
  node.key() = lba + taken;
  extents_.insert(std::move(node));
  return taken;
}

void HddCache::clear() {
  extents_.clear();
  size_ = 0;
}

}  // namespace brokersim::storage
