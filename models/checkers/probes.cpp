#include "models/checkers/probes.h"

namespace brokersim::checkers {

const std::vector<ProbeInfo>& probes() {
  using enum Probe;
  static const std::vector<ProbeInfo> all = {
      {acknowledgement_unknown, "acknowledgement_unknown",
       "A producer gave up on a batch that may have been written."},
      {broker_fenced, "broker_fenced", "The controller fenced a broker."},
      {broker_paused, "broker_paused", "A broker's process stood still."},
      {broker_resumed, "broker_resumed", "A paused broker went on."},
      {duplicate_in_log, "duplicate_in_log", "Records stand twice in a leader's log at the end."},
      {elr_used, "elr_used", "A leader was elected from the eligible leader replicas."},
      {fault_fired, "fault_fired", "A fault found its target."},
      {fault_not_fired, "fault_not_fired", "A fault was requested and found no target."},
      {high_watermark_went_back, "high_watermark_went_back",
       "A replica's own high watermark moved back (legal on followers)."},
      {isr_below_minimum, "isr_below_minimum", "An ISR was smaller than min.insync.replicas."},
      {isr_expanded, "isr_expanded", "A replica joined an ISR."},
      {isr_shrank, "isr_shrank", "A replica left an ISR."},
      {kernel_panicked, "kernel_panicked", "A broker's kernel panicked."},
      {leader_changed, "leader_changed", "Another broker was elected leader of a partition."},
      {leader_lost, "leader_lost", "A partition was without a leader."},
      {log_started_anew, "log_started_anew",
       "A follower's log ended before its leader's begins, and started anew."},
      {not_enough_replicas, "not_enough_replicas", "A produce ended with NOT_ENOUGH_REPLICAS."},
      {offset_reset, "offset_reset", "A consumer found its position outside of the log."},
      {power_lost, "power_lost", "A broker's host lost power."},
      {preferred_leader_returned, "preferred_leader_returned",
       "The first replica of the assignment was elected again."},
      {process_killed, "process_killed", "A broker's process was killed."},
      {produce_failed, "produce_failed", "A producer reported a failure."},
      {produce_retried, "produce_retried", "A batch was sent more than once."},
      {records_deleted, "records_deleted", "DeleteRecords moved a log start."},
      {records_lost, "records_lost", "Acknowledged records are lost at the end."},
      {records_reordered, "records_reordered", "Records stand out of order in a leader's log at the end."},
      {recovered_unclean, "recovered_unclean", "A replica was loaded without a clean-shutdown marker."},
      {retention_deleted, "retention_deleted", "Retention deleted segments."},
      {stopped_clean, "stopped_clean", "A broker stopped in a controlled way."},
      {storage_lost, "storage_lost", "A crash took stored batches."},
      {storage_lost_beyond_size, "storage_lost_beyond_size",
       "... that were durable, beyond the durable file size."},
      {storage_lost_dirty, "storage_lost_dirty", "... that were only in the page cache."},
      {storage_lost_in_drive_cache, "storage_lost_in_drive_cache",
       "... that were in the drive's volatile cache."},
      {storage_lost_in_writeback, "storage_lost_in_writeback", "... that were on their way to the drive."},
      {truncated, "truncated", "A replica cut its log."},
      {truncated_committed, "truncated_committed", "... below the true high watermark."},
      {truncated_in_recovery, "truncated_in_recovery", "... when it loaded it after a crash."},
      {truncated_on_divergence, "truncated_on_divergence", "... to agree with its leader."},
      {unavailable, "unavailable", "A partition was unavailable for more than 1 s."},
      {unclean_election, "unclean_election", "A leader was elected from outside ISR and ELR."},
  };
  return all;
}

}  // namespace brokersim::checkers
