#include "app/results/counts.h"

#include <algorithm>

namespace brokersim::results {

Counts counts_of(const checkers::RecordCounts& records) {
  return {{"sent", records.sent},
          {"acknowledged", records.acknowledged},
          {"failed", records.failed},
          {"unknown", records.unknown},
          {"unfinished", records.unfinished()},
          {"lost_acknowledged", records.lost_acknowledged},
          {"duplicated", records.duplicated},
          {"reordered", records.reordered},
          {"consumed", records.consumed},
          {"compacted", records.compacted},
          {"expired", records.expired},
          {"expired_unread", records.expired_unread},
          {"skipped_unread", records.skipped_unread},
          {"unread", records.unread},
          {"stale_keys", records.stale_keys},
          {"out_of_key_order", records.out_of_key_order},
          {"hottest_partition_permille", records.hottest_partition_permille},
          {"diverged", records.diverged}};
}

Counts counts_of(const checkers::GroupMeasures& groups) {
  return {{"records.processed", groups.processed}, {"records.processed_twice", groups.processed_twice},
          {"records.skipped", groups.skipped},     {"group.generations", groups.generations},
          {"group.commits", groups.commits},       {"group.commits_went_back", groups.commits_went_back},
          {"group.stops", groups.stops},           {"group.taken_away", groups.taken_away}};
}

Counts counts_of(const checkers::ShareMeasures& shares) {
  return {{"delivered", shares.delivered},
          {"redelivered", shares.redelivered},
          {"out_of_order", shares.out_of_order},
          {"deliveries_max", shares.deliveries_max},
          {"accepted", shares.accepted},
          {"rejected", shares.rejected},
          {"released", shares.released},
          {"archived_by_limit", shares.archived_by_limit},
          {"archived_by_log_start", shares.archived_by_log_start},
          {"lock_expired", shares.lock_expired},
          {"session_ended", shares.session_ended},
          {"refused", shares.refused},
          {"pending", shares.pending}};
}

Counts counts_of(const checkers::PipelineFindings& events) {
  return {{"committed", events.committed}, {"published", events.published},
          {"lost", events.lost},           {"pending", events.pending},
          {"phantom", events.phantom},     {"duplicated", events.duplicated},
          {"reordered", events.reordered}, {"interruptions", events.interruptions}};
}

Counts counts_of(const checkers::EffectFindings& effects) {
  return {{"handled", effects.handled},
          {"applied", effects.applied},
          {"duplicated", effects.duplicated},
          {"lost", effects.lost}};
}

Counts counts_of(const checkers::DatabaseFindings& database) {
  return {{"committed", database.committed},         {"rolled_back", database.rolled_back},
          {"deadlocks", database.deadlocks},         {"lost", database.lost},
          {"lost_answered", database.lost_answered}, {"restarts", database.restarts}};
}

Counts counts_of(const checkers::TransactionFindings& transactions) {
  return {{"begun", transactions.begun},
          {"committed", transactions.committed},
          {"aborted", transactions.aborted},
          {"unknown", transactions.unknown},
          {"unfinished", transactions.unfinished},
          {"fenced", transactions.fenced},
          {"torn", transactions.torn},
          {"wrong", transactions.wrong},
          {"records_committed", transactions.records_committed},
          {"records_aborted", transactions.records_aborted},
          {"balance", transactions.balance},
          {"read_balance", transactions.read_balance}};
}

Counts counts_of(const checkers::TransformationFindings& pipeline) {
  return {{"made", pipeline.made},
          {"duplicated", pipeline.duplicated},
          {"lost", pipeline.lost},
          {"reordered", pipeline.reordered}};
}

std::optional<std::int64_t> find(const Counts& counts, std::string_view name) {
  const auto at =
      std::find_if(counts.begin(), counts.end(), [&](const auto& one) { return one.first == name; });
  return at == counts.end() ? std::nullopt : std::optional(at->second);
}

}  // namespace brokersim::results
