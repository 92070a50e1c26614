#include "app/scenario/metrics.h"

#include <algorithm>

namespace brokersim::scenario {
namespace {

std::vector<Metric> make_metrics() {
  std::vector<Metric> all{
      {"records.sent", MetricUnit::count, "Records handed to a producer's send()."},
      {"records.acknowledged", MetricUnit::count, "Records reported to the application as written."},
      {"records.failed", MetricUnit::count, "Records reported to the application as failed."},
      {"records.unknown", MetricUnit::count,
       "Of records.failed, those that may have been written all the same (a timeout, no answer)."},
      {"records.unfinished", MetricUnit::count, "Records without an outcome at the end of the run."},
      {"records.lost_acknowledged", MetricUnit::count,
       "Positively acknowledged and on no current leader after healing and catch-up at the end of the run."},
      {"records.lost_acknowledged_acks_0", MetricUnit::count, "Those sent with acks=0."},
      {"records.lost_acknowledged_acks_1", MetricUnit::count, "Those sent with acks=1."},
      {"records.lost_acknowledged_acks_all", MetricUnit::count, "Those sent with acks=all."},
      {"records.at_risk_max", MetricUnit::count,
       "Most acknowledged records that were on no elected leader, after any election."},
      {"records.duplicated", MetricUnit::count,
       "Records that stand at more than one offset of their partition."},
      {"records.reordered", MetricUnit::count,
       "Records that stand before one which their producer sent earlier."},
      {"records.consumed", MetricUnit::count, "Records delivered to consumers."},
      {"records.compacted", MetricUnit::count,
       "Acknowledged records that compaction took: superseded, or tombstones past their horizon; not lost."},
      {"records.expired", MetricUnit::count,
       "Acknowledged records that retention or DeleteRecords took; not lost."},
      {"records.expired_unread", MetricUnit::count,
       "Records that had expired when a consumer came to read them."},
      {"records.skipped_unread", MetricUnit::count,
       "Records that were there, but that auto.offset.reset made a consumer pass over."},
      {"records.stale_keys", MetricUnit::count,
       "Keys of compacted topics of which a reader keeps a value although their last record, which it has "
       "passed without "
       "meeting it, deletes them."},
      {"records.out_of_key_order", MetricUnit::count,
       "Records that a group, or a consumer without one, got for the first time after a later record of the "
       "same key and "
       "producer. Of workloads whose `keys` are of the whole topic."},
      {"records.hottest_partition_permille", MetricUnit::count,
       "Thousandths of the acknowledged records that are in the partition with the most of them."},
      {"records.unread", MetricUnit::count,
       "Acknowledged records that are in the leader's log at the end and that no consumer got, of topics of which "
       "some partition was read: also those of partitions that nobody owns."},
      {"records.diverged", MetricUnit::count,
       "Records of running replicas, below their high watermark at the end, at whose offset the leader holds "
       "another."},
      {"records.processed", MetricUnit::count,
       "Records that applications in consumer groups were through with, repeats included."},
      {"records.processed_twice", MetricUnit::count,
       "Of records.processed, those that the same group had processed before."},
      {"records.skipped", MetricUnit::count,
       "Records that a group has committed without ever having processed them."},
      {"group.generations", MetricUnit::count, "Rebalances that were completed with members, of all groups."},
      {"group.commits", MetricUnit::count, "Committed offsets that became visible."},
      {"group.commits_went_back", MetricUnit::count, "Of group.commits, those below the one before."},
      {"group.stops", MetricUnit::count, "Times that a member gave up or lost partitions."},
      {"group.taken_away", MetricUnit::count, "Partitions that members gave up or lost."},
      {"group.unowned.longest", MetricUnit::seconds,
       "Longest time that a partition had no living owner in its group, after it had had one."},
      {"group.unowned.total", MetricUnit::seconds, "All such times of all partitions added up."},
      {"clients.failed", MetricUnit::count,
       "Clients that gave up: the coordinator of their group had answered what no retry mends."},
      {"share.delivered", MetricUnit::count, "Records given to members of share groups, again included."},
      {"share.redelivered", MetricUnit::count, "Of share.delivered, those not given for the first time."},
      {"share.out_of_order", MetricUnit::count,
       "Of share.delivered, those at offsets below what the group had been given of the partition before."},
      {"share.deliveries_max", MetricUnit::count,
       "How often one record was given to members at most, deliveries that no count of a leader has "
       "included: those before a "
       "failover, and to members whose session ended."},
      {"share.accepted", MetricUnit::count, "Records that members have acknowledged, as persisted."},
      {"share.rejected", MetricUnit::count, "Records that members have rejected, which archives them."},
      {"share.released", MetricUnit::count, "Records that members have given back."},
      {"share.archived_by_limit", MetricUnit::count,
       "Records archived because group.share.delivery.count.limit deliveries have led to nothing."},
      {"share.archived_by_log_start", MetricUnit::count,
       "Records archived because retention or DeleteRecords took them from the log before they were "
       "settled."},
      {"share.lock_expired", MetricUnit::count, "Records taken from members because their locks had ended."},
      {"share.session_ended", MetricUnit::count,
       "Records given back because a member closed or lost its connection."},
      {"share.refused", MetricUnit::count,
       "Acknowledgements of records that were refused, or that were lost on their way."},
      {"share.pending", MetricUnit::count,
       "Offsets that are committed and not settled by their group at the end."},
      {"throughput.records_per_second", MetricUnit::per_second, "Acknowledged records per second of load."},
      {"throughput.bytes_per_second", MetricUnit::bytes_per_second,
       "Acknowledged record bytes per second of load."},
      {"throughput.consumed_per_second", MetricUnit::per_second,
       "Records handed to consumers, per second from the first hand-over to the last."},
      {"recovery.to_leader_max_s", MetricUnit::seconds,
       "Longest time from a leader's stop to its successor's election, of all or `of` one partition."},
      {"recovery.to_acknowledgement_max_s", MetricUnit::seconds,
       "Longest time from a leader's stop to the first acknowledgement by its successor."},
      {"faults.requested", MetricUnit::count, "Faults whose time came."},
      {"faults.fired", MetricUnit::count, "Faults that found a target."},
      {"faults.had_effect", MetricUnit::count, "Faults that changed something."},
      {"controller.changes", MetricUnit::count, "Active controllers after the first."},
      {"controller.unavailable.longest", MetricUnit::seconds,
       "Longest time without an active controller: from its stop or resignation to the next one's claim."},
      {"controller.unavailable.total", MetricUnit::seconds, "All such times added up."},
      {"events.committed", MetricUnit::count, "Events of services whose business row stands at the end."},
      {"events.published", MetricUnit::count, "Of these, those in the topic."},
      {"events.lost", MetricUnit::count,
       "Of these, those that are not in the topic and that nobody will publish any more."},
      {"events.pending", MetricUnit::count, "Of these, those that somebody might still publish."},
      {"events.phantom", MetricUnit::count, "Events in the topic whose business row does not stand."},
      {"events.duplicated", MetricUnit::count, "Records in the topic that repeat an event."},
      {"events.reordered", MetricUnit::count,
       "Events that stand in the topic behind one of their aggregate which committed later."},
      {"events.crashes", MetricUnit::count, "Processes that died at a step chosen with `crash`."},
      {"events.interruptions", MetricUnit::count,
       "Deaths of outbox publishers, and batches that they gave up after sending."},
      {"effects.applied", MetricUnit::count, "Effects of inbox consumers that stand."},
      {"effects.duplicated", MetricUnit::count, "Of these, those beyond the first of an event."},
      {"effects.lost", MetricUnit::count,
       "Events that an inbox consumer has handled and that have no effect."},
      {"transactions.committed", MetricUnit::count, "Writing transactions of databases that became visible."},
      {"transactions.rolled_back", MetricUnit::count, "Transactions of databases that did not commit."},
      {"transactions.deadlocks", MetricUnit::count, "Of these, those that a deadlock ended."},
      {"transactions.lost", MetricUnit::count, "Committed transactions that a recovery did not find."},
      {"transactions.lost_answered", MetricUnit::count,
       "Of these, those whose client had been told that they have committed."},
      {"kafka_transactions.begun", MetricUnit::count,
       "Transactions of Kafka clients with at least one record."},
      {"kafka_transactions.committed", MetricUnit::count, "Of these, those whose commit has returned."},
      {"kafka_transactions.aborted", MetricUnit::count, "Those that their client has aborted."},
      {"kafka_transactions.unknown", MetricUnit::count,
       "Those whose client was fenced while it tried to commit them."},
      {"kafka_transactions.unfinished", MetricUnit::count,
       "Those of which their client has said nothing: it died, or the run ended."},
      {"kafka_transactions.fenced", MetricUnit::count, "Times that a client found out that it is fenced."},
      {"kafka_transactions.torn", MetricUnit::count,
       "Transactions of which some records count and some do not."},
      {"kafka_transactions.wrong", MetricUnit::count,
       "Transactions that are whole, but not as their client was told."},
      {"kafka_transactions.records_committed", MetricUnit::count,
       "Records of transactions that read_committed readers may see at the end."},
      {"kafka_transactions.records_aborted", MetricUnit::count,
       "Records in the leaders' logs at the end that read_committed readers may not see."},
      {"kafka_transactions.balance", MetricUnit::count,
       "Sum of what committed transfers move at the end: 0 if every one is whole."},
      {"kafka_transactions.read_balance", MetricUnit::count,
       "The same of what read_committed consumers were given, each record once."},
      {"kafka_transactions.hanging", MetricUnit::count,
       "Transactions that are open in a log at the end although their time was long over."},
      {"kafka_transactions.hanging_longest", MetricUnit::seconds,
       "Since the first record of the oldest of them."},
      {"pipeline.made", MetricUnit::count, "Committed records that pipelines have made from others."},
      {"pipeline.duplicated", MetricUnit::count, "Of these, those beyond the first of one record."},
      {"pipeline.lost", MetricUnit::count,
       "Records below the offset that a pipeline has committed, from which it has made none."},
      {"pipeline.reordered", MetricUnit::count,
       "First records made of one that stand behind one made of a later record of the same partition."},
      {"leader_changes", MetricUnit::count,
       "Elections of a leader other than the one before, over all partitions."},
      {"isr.expanded", MetricUnit::count,
       "Changes of an ISR in which a replica joined, over all partitions."},
      {"isr.shrank", MetricUnit::count, "Changes of an ISR in which a replica left, over all partitions."},
  };
  const std::pair<const char*, const char*> latencies[] = {
      {"produce", "Intended send to final outcome, failures included"},
      {"produce_ok", "Actual send to success"},
      {"end_to_end", "Intended send to delivery to a consumer"},
      {"commit_to_topic",
       "Commit of a business row to the acknowledgement of its event, or to its append if its sender died "
       "before that"},
      {"transaction", "Begin of a Kafka transaction to the return of its commit"},
      {"pipeline", "Intended send of a record to the first reading of one that a pipeline made of it"}};
  const std::pair<const char*, const char*> quantiles[] = {{"mean_ms", "mean"},
                                                           {"p50_ms", "median"},
                                                           {"p95_ms", "95th percentile"},
                                                           {"p99_ms", "99th percentile"},
                                                           {"p999_ms", "99.9th percentile"},
                                                           {"max_ms", "maximum"}};
  for (const auto& [name, doc] : latencies) {
    const std::string prefix = std::string("latency.") + name + ".";
    all.push_back({prefix + "count", MetricUnit::count, std::string(doc) + ": how many were measured."});
    for (const auto& [suffix, what] : quantiles) {
      all.push_back({prefix + suffix, MetricUnit::milliseconds, std::string(doc) + ": " + what + "."});
    }
  }
  const std::pair<const char*, const char*> windows[] = {{"", "of any kind"},
                                                         {"produce.", "of writes"},
                                                         {"fetch.", "of reads"},
                                                         {"no_leader.", "of leadership"}};
  for (const auto& [infix, kind] : windows) {
    const std::string prefix = std::string("unavailable.") + infix;
    all.push_back(
        {prefix + "longest", MetricUnit::seconds,
         std::string("Longest window of unavailability ") + kind + ", of all or `of` one partition."});
    all.push_back({prefix + "total", MetricUnit::seconds,
                   std::string("Windows of unavailability ") + kind +
                       " added up, overlaps of a partition counted once."});
    all.push_back({prefix + "count", MetricUnit::count,
                   std::string("How many windows of unavailability ") + kind + " there were."});
  }
  std::sort(all.begin(), all.end(), [](const Metric& a, const Metric& b) { return a.name < b.name; });
  return all;
}

}  // namespace

const std::vector<Metric>& metrics() {
  static const std::vector<Metric> all = make_metrics();
  return all;
}

const Metric* find_metric(std::string_view name) {
  for (const Metric& metric : metrics()) {
    if (metric.name == name) return &metric;
  }
  return nullptr;
}

std::string_view to_string(MetricUnit unit) {
  switch (unit) {
    case MetricUnit::count: return "";
    case MetricUnit::milliseconds: return "ms";
    case MetricUnit::seconds: return "s";
    case MetricUnit::per_second: return "/s";
    case MetricUnit::bytes_per_second: return "bytes/s";
  }
  return "";
}

}  // namespace brokersim::scenario
