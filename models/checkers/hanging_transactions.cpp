// L8: transactions that stay open in a log, though nobody will end them.
//
// One is over when its coordinator's time for it is (transaction.timeout.ms and the pause between two looks), or as soon as its
// producer has begun another one: that cannot begin before every marker of the one before is written. Both get kHangingGrace.
// Logs of coordinators count as any other: offsets that were committed in a transaction (__consumer_offsets) stay pending for
// ever when their partition is forgotten, and stop whoever takes the group's partitions over.
#include <algorithm>

#include "models/checkers/transaction_laws.h"
#include "models/checkers/words.h"

namespace brokersim::checkers {

namespace {

/// How long after it is over a transaction may still be open before it counts as hanging: a coordinator that moves needs
/// some seconds.
constexpr sim::Duration kHangingGrace = {30'000'000'000};

}  // namespace

/// Nobody can end a transaction while its coordinator's partition has no leader.
std::string TransactionLaws::without_coordinator() const {
  for (std::size_t n = 0; n < view_->partitions(); ++n) {
    const PartitionView& p = view_->partition_at(n);
    if (p.info.topic != "__transaction_state") continue;
    const std::string why = refuses_writes(p);
    if (!why.empty()) return why + ", so its transactions have no coordinator that could end them";
  }
  return {};
}

/// Why acks=all cannot be answered by the partition as it stands; "": it can.
std::string TransactionLaws::refuses_writes(const PartitionView& p) {
  if (!p.known || p.deleted) return {};
  if (p.leader < 0) return p.name + " has no leader when the run ends";
  if (static_cast<std::int32_t>(p.isr.size()) < p.info.min_insync_replicas)
    return p.name + " has fewer replicas in sync than min.insync.replicas when the run ends";
  return {};
}

/// The client's own timeout; the longest of all where only coordinators have written for it.
sim::Duration TransactionLaws::patience_with(std::int32_t client) const {
  if (client >= 0) return view_->history().client({client}).transaction_timeout;
  sim::Duration longest;
  for (const history::ClientInfo& one : view_->history().clients()) {
    if (one.transactional) longest = std::max(longest, one.transaction_timeout);
  }
  return longest;
}

/// What the open transaction costs others.
std::string TransactionLaws::consequence(const PartitionView& p, std::int32_t client) const {
  if (p.info.topic != "__consumer_offsets") return "read_committed consumers wait there for ever.";
  std::string text = "the offsets that it commits stay pending, and who takes the group's partitions over";
  text += " asks for them in vain (UNSTABLE_OFFSET_COMMIT)";
  const std::string workload = client < 0 ? std::string{} : view_->history().client({client}).workload;
  for (const history::TransformationInfo& info : view_->history().transformations()) {
    if (info.workload != workload) continue;
    std::int64_t in = 0;
    for (const auto& [partition, reading] : final_) {
      const bool reads =
          std::find(info.from.begin(), info.from.end(),
                    history::PartitionId{static_cast<std::int32_t>(partition)}) != info.from.end();
      if (!reads) continue;
      for (const Range& range : reading.visible) in += range.count;
    }
    for (const TransformationFindings& found : found_.transformations) {
      if (found.name != workload) continue;
      text += ": of " + records_text(in) + " the pipeline " + workload + " has made " +
              count_text(found.made - found.duplicated);
    }
  }
  return text + ".";
}

void TransactionLaws::judge_open(const PartitionView& p, std::int64_t producer_id, const Open& open,
                                 sim::SimTime now, const std::string& orphaned) {
  const Range& first = open.ranges.front();
  const auto known = rounds_.find(producer_id);
  const std::int32_t client = known == rounds_.end() ? -1 : known->second.client;
  sim::SimTime over = first.at + patience_with(client);
  std::string since = "nobody will end it";
  if (known != rounds_.end()) {
    const auto& begun = known->second.begun;
    const auto next = std::upper_bound(begun.begin(), begun.end(), first.round,
                                       [](std::int64_t round, const auto& one) { return round < one.first; });
    if (next != begun.end() && next->second < over) {
      over = next->second;
      since = "its producer has begun the next one at " + sim::to_string(over) + ", so nobody will end it";
    }
  }
  if (std::max(over, last_change_) + kHangingGrace >= now) return;
  ++found_.hanging;
  found_.hanging_longest = std::max(found_.hanging_longest, now - first.at);
  std::string why_not = orphaned.empty() ? refuses_writes(p) : orphaned;
  if (why_not.empty()) why_not = excuse();  // the coordinator's log, too, may have lost something
  const std::int32_t named = client < 0 ? first.producer : client;
  book_->breach(CheckId::L8, now,
                "The transaction of " + view_->history().client({named}).name + " (producer " +
                    std::to_string(producer_id) + ") that begins at offset " + count_text(open.first_offset) +
                    " of " + p.name + ", written at " + sim::to_string(first.at) +
                    ", is still open: " + since + ", and " + consequence(p, client),
                why_not);
}

void TransactionLaws::judge_hanging(sim::SimTime now) {
  const std::string orphaned = without_coordinator();
  for (const auto& [partition, reading] : final_) {
    for (const auto& [id, open] : reading.open)
      judge_open(view_->partition_at(partition), id, open, now, orphaned);
  }
}

}  // namespace brokersim::checkers
