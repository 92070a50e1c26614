#include "models/history/key_table.h"

#include <utility>

#include "sim/check.h"
#include "sim/portable_math.h"

namespace brokersim::history {

namespace {

constexpr double kTotal = 0x1.0p62;

std::vector<std::uint64_t> sums_of(const std::vector<std::uint64_t>& weights,
                                   const std::vector<std::int32_t>& partition_of, std::int32_t partitions) {
  SIM_CHECK(partitions > 0);
  SIM_CHECK(weights.size() == partition_of.size());
  std::vector<std::uint64_t> sums(static_cast<std::size_t>(partitions), 0);
  for (std::size_t key = 0; key < weights.size(); ++key) {
    SIM_CHECK(partition_of[key] >= 0);
    SIM_CHECK(partition_of[key] < partitions);
    sums[static_cast<std::size_t>(partition_of[key])] += weights[key];
  }
  return sums;
}

}  // namespace

std::vector<std::uint64_t> key_weights(std::int64_t count, double exponent, const std::vector<HotKeys>& hot) {
  SIM_CHECK(count > 0);
  SIM_CHECK(count <= std::int64_t{1} << 24);
  std::vector<double> parts(static_cast<std::size_t>(count));
  std::size_t first = 0;
  double rest = 1;
  for (const HotKeys& group : hot) {
    const auto keys = static_cast<std::size_t>(group.keys);
    SIM_CHECK(group.keys > 0);
    SIM_CHECK(first + keys <= parts.size(), "more hot keys than keys");
    for (std::size_t k = 0; k < keys; ++k) parts[first + k] = group.share / static_cast<double>(keys);
    first += keys;
    rest -= group.share;
  }
  SIM_CHECK(rest > -1e-9, "the shares of hot keys are more than all");
  double total = 0;
  for (std::size_t key = first; key < parts.size(); ++key) {
    const auto rank = static_cast<double>(key - first + 1);
    parts[key] = exponent == 0 ? 1 : sim::portable_exp(-exponent * sim::portable_ln(rank));
    total += parts[key];
  }
  std::vector<std::uint64_t> weights(parts.size());
  const double scale = total > 0 && rest > 0 ? rest / total : 0;
  for (std::size_t key = 0; key < parts.size(); ++key)
    weights[key] = static_cast<std::uint64_t>(parts[key] * (key < first ? 1 : scale) * kTotal);
  return weights;
}

KeyTable::KeyTable(const std::vector<std::uint64_t>& weights, std::vector<std::int32_t> partition_of,
                   std::int32_t partitions)
    : weights_(&weights),
      partition_of_(std::move(partition_of)),
      sums_(sums_of(weights, partition_of_, partitions)),
      by_sum_(sums_) {}

double KeyTable::share(std::int32_t partition) const {
  double total = 0;
  for (const std::uint64_t sum : sums_) total += static_cast<double>(sum);
  return static_cast<double>(sums_[static_cast<std::size_t>(partition)]) / total;
}

std::int64_t KeyTable::draw_key(std::int32_t partition, std::uint64_t bits) const {
  if (keys_.empty()) sort_keys();
  const Keys& here = keys_[static_cast<std::size_t>(partition)];
  return here.draw.empty() ? -1 : std::int64_t{here.keys[here.draw.front().sample(bits)]};
}

void KeyTable::sort_keys() const {
  keys_.resize(sums_.size());
  std::vector<std::vector<std::uint64_t>> weights(sums_.size());
  for (std::size_t key = 0; key < partition_of_.size(); ++key) {
    const auto partition = static_cast<std::size_t>(partition_of_[key]);
    keys_[partition].keys.push_back(static_cast<std::uint32_t>(key));
    weights[partition].push_back((*weights_)[key]);
  }
  for (std::size_t partition = 0; partition < keys_.size(); ++partition) {
    if (sums_[partition] > 0) keys_[partition].draw.emplace_back(weights[partition]);
  }
}

}  // namespace brokersim::history
