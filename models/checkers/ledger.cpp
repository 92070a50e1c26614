#include "models/checkers/ledger.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::checkers {
namespace {

constexpr std::int64_t kMergeWithin = 1'000'000;  // ns

bool continues(const AckRun& last, const AckRun& next) {
  if (last.end() != next.first || last.broker != next.broker || last.acks != next.acks) return false;
  if (last.holders != next.holders || last.flushed != next.flushed) return false;
  const bool offsets_continue = last.base < 0 ? next.base < 0 : next.base == last.base + last.count;
  if (!offsets_continue || next.at < last.at) return false;
  return next.last_at().ns - last.at.ns <= kMergeWithin;
}

}  // namespace

void Account::acknowledge(const AckRun& run) {
  if (run.count <= 0) return;
  acknowledged += run.count;
  acks = run.acks;
  if (acked.empty() || run.first >= acked.back().end()) {
    if (!acked.empty() && continues(acked.back(), run)) {
      AckRun& last = acked.back();
      last.count += run.count;
      last.span_ns = static_cast<std::int32_t>(run.last_at().ns - last.at.ns);
      return;
    }
    acked.push_back(run);
    return;
  }
  // A retried batch that was overtaken by later ones: near the end, so moving the rest is cheap.
  auto place = acked.end();
  while (place != acked.begin() && (place - 1)->first > run.first) --place;
  SIM_CHECK(place == acked.end() || run.end() <= place->first, "a record has two final outcomes");
  acked.insert(place, run);
}

void Account::forget_expired(const IntervalSet& expired) {
  while (!acked.empty()) {
    const AckRun& run = acked.front();
    if (expired.count_within(run.first, run.end()) < run.count) return;
    forgotten += run.count;
    acked.pop_front();
  }
}

IntervalSet Account::acknowledged_set() const {
  IntervalSet set;
  for (const AckRun& run : acked) set.add(run.first, run.end());
  return set;
}

Account& Ledger::account(history::PartitionId partition, history::ClientId producer) {
  SIM_CHECK(partition.n >= 0);
  SIM_CHECK(producer.n >= 0);
  const auto p = static_cast<std::size_t>(partition.n);
  const auto c = static_cast<std::size_t>(producer.n);
  if (accounts_.size() <= p) accounts_.resize(p + 1);
  if (accounts_[p].size() <= c) accounts_[p].resize(c + 1);
  if (!accounts_[p][c]) accounts_[p][c] = std::make_unique<Account>();
  return *accounts_[p][c];
}

const Account* Ledger::find(std::size_t partition, std::size_t producer) const {
  if (partition >= accounts_.size() || producer >= accounts_[partition].size()) return nullptr;
  return accounts_[partition][producer].get();
}

std::size_t Ledger::producers(std::size_t partition) const {
  return partition < accounts_.size() ? accounts_[partition].size() : 0;
}

}  // namespace brokersim::checkers
