// Loads a broker's logs, keeps their checkpoints, and leaves a clean marker (LogManager.scala).
//
// Files per log directory: replication-offset-checkpoint (high watermarks, every 5 s), recovery-point-offset-checkpoint
// (every 60 s, at shutdown), log-start-offset-checkpoint (every 60 s, at shutdown; only logs that start above their first
// segment), .kafka_cleanshutdown (broker epoch). Rules: kafka-behaviour.md sections 2.2, 2.4, 2.5.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/kafka/broker/replica_manager.h"

namespace brokersim::kafka::broker {

class LogManager {
 public:
  LogManager(sim::Component& owner, const BrokerParams& params, ReplicaManager& replicas)
      : owner_(owner), params_(params), cluster_(*params.cluster), replicas_(replicas) {}

  /// Looks for the clean markers and removes them (before anything is loaded, KAFKA-10471).
  /// Returns the broker epoch they name if every directory was clean, else -1.
  [[nodiscard]] std::int64_t take_clean_markers();
  /// Loads every log that is on the disks; takes the time of reading and checking.
  [[nodiscard]] sim::Task<void> load_all();

  [[nodiscard]] sim::Task<void> high_watermark_checkpoint_loop();
  [[nodiscard]] sim::Task<void> recovery_point_checkpoint_loop();
  /// log-start-offset-checkpoint, every log.flush.start.offset.checkpoint.interval.ms.
  [[nodiscard]] sim::Task<void> log_start_checkpoint_loop();
  /// Every log.retention.check.interval.ms: segments that are too old or too many go.
  [[nodiscard]] sim::Task<void> retention_loop();
  /// Is there anything for cleaners to do, ever?
  [[nodiscard]] bool any_compacted() const;
  /// One of log.cleaner.threads: cleans the log that is dirtiest, or waits log.cleaner.backoff.ms. Spawn one each.
  [[nodiscard]] sim::Task<void> cleaner_loop();
  /// flush.ms, at the grain of log.flush.scheduler.interval.ms.
  [[nodiscard]] sim::Task<void> flush_loop();
  /// Flushes everything, writes the checkpoints and the clean markers.
  [[nodiscard]] sim::Task<void> shut_down(std::int64_t broker_epoch);

 private:
  /// What the checkpoints of its directory say of one log; 0 where they say nothing.
  struct Checkpoints {
    std::int64_t recovery_point = 0;
    std::int64_t high_watermark = 0;
    std::int64_t log_start = 0;
    std::int64_t cleaned_to = 0;
  };
  [[nodiscard]] sim::Task<void> load_one(Replica* replica, bool clean, Checkpoints at);
  [[nodiscard]] sim::Task<void> write_high_watermarks();
  [[nodiscard]] sim::Task<void> write_recovery_points();
  [[nodiscard]] sim::Task<void> write_log_starts();
  [[nodiscard]] sim::Task<void> write_cleaner_offsets(std::size_t dir);
  [[nodiscard]] Replica* dirtiest();
  [[nodiscard]] sim::Task<bool> clean(Replica* replica);
  [[nodiscard]] std::size_t dir_of(const Replica& replica) const;
  [[nodiscard]] std::map<std::string, std::int64_t> read_checkpoint(std::size_t dir, const char* file) const;

  sim::Component& owner_;
  const BrokerParams& params_;
  const ClusterShape& cluster_;
  ReplicaManager& replicas_;
  std::vector<bool> clean_;  // by log directory
  std::vector<Replica*> being_cleaned_;
};

}  // namespace brokersim::kafka::broker
