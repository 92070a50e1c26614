// Kafka's own settings as typed values, named after the properties they come from.
//
// Why typed here and named there: models compute with units; the mapping from property strings and the
// defaults of each release live in app/scenario. Defaults below are those of 4.1 (kafka-behaviour.md section 1).
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/devices/compute/codec.h"
#include "models/devices/compute/jvm.h"
#include "models/kafka/costs.h"
#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::kafka {

/// Release whose rules hold. The named switches below override single rules.
enum class Version : std::uint8_t { v3_9, v4_0, v4_1 };

enum class Acks : std::int8_t { none = 0, leader = 1, all = -1 };

/// A codec as configuration gives it.
struct Compression {
  compute::Codec codec = compute::Codec::none;  ///< compression.type
  std::int32_t gzip_level = -1;                 ///< compression.gzip.level; -1: the codec's default.
  std::int32_t lz4_level = 9;                   ///< compression.lz4.level
  std::int32_t zstd_level = 3;                  ///< compression.zstd.level

  [[nodiscard]] std::int32_t level() const {
    switch (codec) {
      case compute::Codec::gzip: return gzip_level == -1 ? compute::kDefaultLevel : gzip_level;
      case compute::Codec::lz4: return lz4_level;
      case compute::Codec::zstd: return zstd_level;
      default: return compute::kDefaultLevel;
    }
  }
  /// For data that compresses to `percent` of its size (0: as the codec's corpus).
  [[nodiscard]] compute::CodecModel model(std::int32_t percent) const {
    return compute::codec_model(codec, level(), std::int64_t{percent} * 10'000);
  }
};

/// leader.replication.throttled.replicas and its twin: "*", or "partition:broker,partition:broker".
struct ThrottledReplicas {
  bool all = false;
  bool malformed = false;                                   ///< The text was something else.
  std::vector<std::pair<std::int32_t, std::int32_t>> some;  ///< Partition number, broker.
  [[nodiscard]] bool has(std::int32_t partition, std::int32_t broker) const {
    if (all) return true;
    for (const auto& [p, b] : some) {
      if (p == partition && b == broker) return true;
    }
    return false;
  }
};

/// Topic-level settings after inheritance from the broker.
struct TopicConfig {
  std::int32_t min_insync_replicas = 1;                     ///< min.insync.replicas
  bool unclean_leader_election = false;                     ///< unclean.leader.election.enable
  sim::Bytes segment_bytes = {1ll << 30};                   ///< segment.bytes
  sim::Duration segment_ms = {604'800'000'000'000};         ///< segment.ms
  sim::Duration segment_jitter = {0};                       ///< segment.jitter.ms
  sim::Duration retention = {604'800'000'000'000};          ///< retention.ms; negative: no limit.
  sim::Bytes retention_bytes = {-1};                        ///< retention.bytes; -1: no limit.
  sim::Duration file_delete_delay = {60'000'000'000};       ///< file.delete.delay.ms
  bool cleanup_delete = true;                               ///< cleanup.policy has `delete`.
  bool cleanup_compact = false;                             ///< cleanup.policy has `compact`.
  std::int64_t min_cleanable_dirty_ppm = 500'000;           ///< min.cleanable.dirty.ratio, in millionths.
  sim::Duration delete_retention = {86'400'000'000'000};    ///< delete.retention.ms
  sim::Duration min_compaction_lag = {0};                   ///< min.compaction.lag.ms
  sim::Duration max_compaction_lag = sim::Duration::max();  ///< max.compaction.lag.ms
  sim::Bytes index_interval_bytes = {4'096};                ///< index.interval.bytes
  sim::Bytes segment_index_bytes = {10ll << 20};            ///< segment.index.bytes
  std::int64_t flush_messages = std::numeric_limits<std::int64_t>::max();  ///< flush.messages
  sim::Duration flush_ms = sim::Duration::max();                           ///< flush.ms
  sim::Bytes max_message_bytes = {1'048'588};                              ///< max.message.bytes
  /// message.timestamp.after.max.ms: records that claim to be later than the broker's clock by more are refused.
  sim::Duration timestamp_after_max = {3'600'000'000'000};
  sim::Duration timestamp_before_max =
      sim::Duration::max();  ///< message.timestamp.before.max.ms, the same for earlier.
  bool keeps_codec = true;   ///< compression.type is producer: batches stay as they come.
  Compression compression;   ///< Else: what the leader compresses them with.
  bool log_append_time =
      false;  ///< message.timestamp.type is LogAppendTime: the producer's time is not looked at.
  ThrottledReplicas leader_throttled;    ///< leader.replication.throttled.replicas
  ThrottledReplicas follower_throttled;  ///< follower.replication.throttled.replicas
};

struct TopicSpec {
  std::string name;
  std::int32_t partitions = 1;
  std::int32_t partitions_at_start = 0;  ///< The others come by create_partitions; 0: all from the start.
  std::int32_t replication_factor = 1;
  /// [partition][replica] = broker id (position among brokers_on hosts). Filled by the loader when not given.
  std::vector<std::vector<std::int32_t>> assignment;
  TopicConfig config;
  /// Name of a topic of the list that was deleted and whose name this one bears in the cluster; "": none.
  std::string recreates;
  sim::SimTime created_at;                        ///< By an administrator; 0: when the cluster starts.
  sim::SimTime deleted_at = sim::SimTime::max();  ///< By an administrator.
  bool internal = false;  ///< __consumer_offsets and the like: made by the cluster itself.
};

/// How a follower finds where its log and its leader's part.
enum class TruncationMode : std::uint8_t {
  high_watermark,  ///< Before 0.11: it cuts to its own high watermark, without asking.
  kip101,  ///< 0.11: it asks where its last epoch ended; the leader names the start of the first higher epoch.
  kip279,  ///< 2.0: the answer also names the epoch it is about, and the follower asks again for a lower one.
  fetch,   ///< 2.7, KIP-595: the same within each fetch.
};

/// Deliberately wrong rules, off unless a test plants them (DESIGN.md decision 9).
struct PlantedBugs {
  bool hw_uses_committed_isr = false;       ///< I02: HW waits for the committed, not the maximal ISR.
  bool shrink_before_confirmed = false;     ///< I03: leader drops a follower before the controller agreed.
  bool truncate_to_high_watermark = false;  ///< T01: follower truncates to its own HW (before 0.11).
  bool ack_before_replication = false;      ///< acks=all answered at append.
  bool elect_outside_isr = false;     ///< Controller elects the first live replica although unclean is off.
  bool skip_duplicate_check = false;  ///< Broker forgets idempotent sequences.
  bool recovery_skips_crc = false;    ///< Recovery believes the file size and never checks batches.
  bool fsync_lies = false;            ///< flush.messages returns without flushing.
  bool group_frees_before_revoked =
      false;  ///< KAFKA-16147: a partition is given on before its owner has given it up.
  bool ignores_fsync_errors = false;            ///< A failed fsync is taken for done, and the broker goes on.
  bool cleaner_ignores_high_watermark = false;  ///< L06, KAFKA-13194: compaction reads what is not committed.
  bool clean_marker_after_failed_recovery =
      false;  ///< L03, KAFKA-13773: a recovery that fails leaves a clean marker.
  bool epoch_file_unsynced =
      false;  ///< L05, KAFKA-16541: truncations of the epoch file are renamed unsynced.
  bool verification_shares_buffers =
      false;  ///< L09, KAFKA-15653: some compressed batches are refused as corrupt.
  bool follower_serves_log_end =
      false;  ///< C10, KAFKA-9835: a follower gives consumers what is not committed.
  bool marker_skips_partition = false;  ///< A coordinator forgets the last partition of a transaction.
  bool producers_unfenced = false;      ///< Partitions take batches of producer epochs that are over.
  bool reads_beyond_stable = false;     ///< read_committed fetches go up to the high watermark.
  bool aborted_list_outdated = false;   ///< C11, KAFKA-9807: aborted transactions as of the stable offset before.
  bool offsets_outside_transaction = false;  ///< Offsets of a transaction count at once, whatever becomes of it.
  bool markers_forgotten_on_failover = false;  ///< A new coordinator does not go on with what was prepared.
  bool transactions_never_time_out = false;    ///< Coordinators end nothing that clients leave open.
  bool coordinator_answers_uncommitted = false;  ///< Coordinators answer before their record is committed.
  bool stale_members_commit = false;  ///< TxnOffsetCommit of who is no member any more (KIP-447 undone).
  bool retention_ignores_high_watermark = false;  ///< Retention deletes what is not committed, too.
  bool epoch_checkpoint_loses_entry = false;      ///< L10: a start reads all epochs but the last but one.
  bool share_answers_unpersisted = false;  ///< Share groups: an acknowledgement is answered before it is persisted.
  bool share_gives_acquired = false;       ///< Share groups: what one member holds is given to another one.
  bool share_start_skips_released = false;  ///< Share groups: the start moves over what was released.
  bool share_delivers_without_limit = false;  ///< Share groups: group.share.delivery.count.limit is not looked at.
  bool share_forgets_released = false;  ///< Share groups: what a member gave back is given to nobody again.
};

/// How a client proves who it is, if it has to (SASL).
enum class SaslMechanism : std::uint8_t { plain, oauthbearer, scram, gssapi };

/// What security.protocol and sasl.mechanism say of a connection.
struct Security {
  bool tls = false;  ///< SSL or SASL_SSL.
  bool sasl = false;
  SaslMechanism mechanism = SaslMechanism::gssapi;  ///< With `sasl`.

  /// Round trips from TCP's own to the first request: TLS 1.3 has one (RFC 8446). SASL asks for ApiVersions, shakes hands
  /// (SaslHandshake) and authenticates: once (PLAIN, OAUTHBEARER), twice (SCRAM) or three times (GSSAPI; the ticket is
  /// there already). Source: SaslClientAuthenticator.
  [[nodiscard]] constexpr std::int32_t handshake_trips() const {
    std::int32_t trips = tls ? 1 : 0;
    if (!sasl) return trips;
    trips += 2;
    switch (mechanism) {
      case SaslMechanism::plain:
      case SaslMechanism::oauthbearer: return trips + 1;
      case SaslMechanism::scram: return trips + 2;
      case SaslMechanism::gssapi: return trips + 3;
    }
    return trips;
  }
};

struct BrokerConfig {
  // Replication.
  sim::Duration replica_lag_time_max = {30'000'000'000};       ///< replica.lag.time.max.ms
  sim::Bytes replica_fetch_min_bytes = {1};                    ///< replica.fetch.min.bytes
  sim::Duration replica_fetch_wait_max = {500'000'000};        ///< replica.fetch.wait.max.ms
  sim::Bytes replica_fetch_max_bytes = {1'048'576};            ///< replica.fetch.max.bytes
  sim::Bytes replica_fetch_response_max_bytes = {10'485'760};  ///< replica.fetch.response.max.bytes
  sim::Duration replica_fetch_backoff = {1'000'000'000};       ///< replica.fetch.backoff.ms
  sim::Duration replica_socket_timeout = {30'000'000'000};     ///< replica.socket.timeout.ms
  std::int32_t num_replica_fetchers = 1;                       ///< num.replica.fetchers
  bool rack_aware_reads = false;  ///< replica.selector.class is RackAwareReplicaSelector (KIP-392).
  /// leader.replication.throttled.rate, follower.replication.throttled.rate: bytes a second; the largest: no limit.
  std::int64_t leader_throttled_rate = std::numeric_limits<std::int64_t>::max();
  std::int64_t follower_throttled_rate = std::numeric_limits<std::int64_t>::max();
  sim::Duration high_watermark_checkpoint_interval = {
      5'000'000'000};  ///< replica.high.watermark.checkpoint.interval.ms
  // Broker lifecycle and KRaft.
  sim::Duration broker_heartbeat_interval = {2'000'000'000};    ///< broker.heartbeat.interval.ms
  sim::Duration broker_session_timeout = {9'000'000'000};       ///< broker.session.timeout.ms
  sim::Duration controller_append_linger = {25'000'000};        ///< controller.quorum.append.linger.ms
  sim::Duration controller_election_timeout = {1'000'000'000};  ///< controller.quorum.election.timeout.ms
  sim::Duration controller_fetch_timeout = {2'000'000'000};     ///< controller.quorum.fetch.timeout.ms
  sim::Duration controller_election_backoff_max = {
      1'000'000'000};                                          ///< controller.quorum.election.backoff.max.ms
  sim::Duration controller_request_timeout = {2'000'000'000};  ///< controller.quorum.request.timeout.ms
  sim::Duration controller_retry_backoff = {20'000'000};       ///< controller.quorum.retry.backoff.ms
  sim::Bytes metadata_segment_bytes = {1ll << 30};             ///< metadata.log.segment.bytes
  /// metadata.log.max.record.bytes.between.snapshots
  sim::Bytes metadata_bytes_between_snapshots = {20ll << 20};
  sim::Duration metadata_snapshot_interval_max = {
      3'600'000'000'000};                                    ///< metadata.log.max.snapshot.interval.ms
  sim::Bytes metadata_retention_bytes = {100ll << 20};       ///< metadata.max.retention.bytes
  sim::Duration metadata_max_idle_interval = {500'000'000};  ///< metadata.max.idle.interval.ms
  bool controlled_shutdown_enable = true;                    ///< controlled.shutdown.enable
  bool auto_leader_rebalance = true;                         ///< auto.leader.rebalance.enable
  sim::Duration leader_imbalance_check_interval = {
      300'000'000'000};  ///< leader.imbalance.check.interval.seconds
  sim::Duration unclean_leader_election_interval = {
      300'000'000'000};                  ///< unclean.leader.election.interval.ms
  bool eligible_leader_replicas = true;  ///< feature eligible.leader.replicas.version (4.1: on)
  // Log.
  sim::Duration log_flush_scheduler_interval = sim::Duration::max();  ///< log.flush.scheduler.interval.ms
  sim::Duration log_flush_offset_checkpoint_interval = {
      60'000'000'000};  ///< log.flush.offset.checkpoint.interval.ms
  sim::Duration log_flush_start_offset_checkpoint_interval = {
      60'000'000'000};  ///< log.flush.start.offset.checkpoint.interval.ms
  sim::Duration log_retention_check_interval = {300'000'000'000};  ///< log.retention.check.interval.ms
  sim::Duration log_initial_task_delay = {30'000'000'000};         ///< log.initial.task.delay.ms
  bool log_cleaner_enable = true;                                  ///< log.cleaner.enable
  std::int32_t log_cleaner_threads = 1;                            ///< log.cleaner.threads
  sim::Duration log_cleaner_backoff = {15'000'000'000};            ///< log.cleaner.backoff.ms
  sim::Bytes log_cleaner_dedupe_buffer = {128ll << 20};            ///< log.cleaner.dedupe.buffer.size
  std::int64_t log_cleaner_load_factor_ppm = 900'000;  ///< log.cleaner.io.buffer.load.factor, in millionths.
  sim::Bytes log_cleaner_io_buffer = {524'288};        ///< log.cleaner.io.buffer.size
  sim::Duration log_dir_failure_timeout = {30'000'000'000};  ///< log.dir.failure.timeout.ms
  std::int32_t num_recovery_threads_per_data_dir = 2;        ///< num.recovery.threads.per.data.dir (3.9: 1)
  // Request path.
  std::int32_t num_network_threads = 3;       ///< num.network.threads
  std::int32_t num_io_threads = 8;            ///< num.io.threads
  std::int32_t queued_max_requests = 500;     ///< queued.max.requests
  sim::Bytes socket_send_buffer = {102'400};  ///< socket.send.buffer.bytes; negative: the system's autotuning
  sim::Bytes socket_receive_buffer = {102'400};         ///< socket.receive.buffer.bytes; likewise
  std::int32_t socket_listen_backlog_size = 50;         ///< socket.listen.backlog.size
  sim::Bytes replica_socket_receive_buffer = {65'536};  ///< replica.socket.receive.buffer.bytes
  std::int32_t fetch_session_cache_slots = 1'000;       ///< max.incremental.fetch.session.cache.slots
  std::int64_t queued_max_request_bytes = -1;           ///< queued.max.request.bytes; -1: no limit.
  Security inter_broker;  ///< security.inter.broker.protocol, sasl.mechanism.inter.broker.protocol
  sim::Duration connections_max_idle = {600'000'000'000};  ///< connections.max.idle.ms
  sim::Duration request_timeout = {30'000'000'000};        ///< request.timeout.ms of the broker's own clients
  // Groups and offsets.
  sim::Duration group_initial_rebalance_delay = {3'000'000'000};  ///< group.initial.rebalance.delay.ms
  sim::Duration group_min_session_timeout = {6'000'000'000};      ///< group.min.session.timeout.ms
  sim::Duration group_max_session_timeout = {1'800'000'000'000};  ///< group.max.session.timeout.ms
  std::int32_t group_max_size = std::numeric_limits<std::int32_t>::max();  ///< group.max.size
  sim::Duration group_consumer_session_timeout = {45'000'000'000};  ///< group.consumer.session.timeout.ms
  sim::Duration group_consumer_heartbeat_interval = {
      5'000'000'000};                                       ///< group.consumer.heartbeat.interval.ms
  std::int32_t offsets_topic_num_partitions = 50;           ///< offsets.topic.num.partitions
  std::int32_t offsets_topic_replication_factor = 3;        ///< offsets.topic.replication.factor
  sim::Bytes offsets_topic_segment_bytes = {104'857'600};   ///< offsets.topic.segment.bytes
  sim::Duration offsets_retention = {604'800'000'000'000};  ///< offsets.retention.minutes
  sim::Duration offsets_retention_check_interval = {
      600'000'000'000};                                    ///< offsets.retention.check.interval.ms
  sim::Duration offsets_commit_timeout = {5'000'000'000};  ///< offsets.commit.timeout.ms
  // Transactions.
  sim::Duration transaction_max_timeout = {900'000'000'000};  ///< transaction.max.timeout.ms
  /// transaction.abort.timed.out.transaction.cleanup.interval.ms
  sim::Duration transaction_abort_interval = {10'000'000'000};
  sim::Duration transactional_id_expiration = {604'800'000'000'000};  ///< transactional.id.expiration.ms
  /// transaction.remove.expired.transaction.cleanup.interval.ms
  sim::Duration transactional_id_cleanup_interval = {3'600'000'000'000};
  std::int32_t transaction_state_partitions = 50;             ///< transaction.state.log.num.partitions
  std::int32_t transaction_state_replication_factor = 3;      ///< transaction.state.log.replication.factor
  std::int32_t transaction_state_min_isr = 2;                 ///< transaction.state.log.min.isr
  sim::Bytes transaction_state_segment_bytes = {104'857'600};  ///< transaction.state.log.segment.bytes
  bool transaction_verification = true;  ///< transaction.partition.verification.enable
  std::int32_t transaction_version = 2;  ///< Feature transaction.version: 2 since 4.0, before 0 (here 1: as before).
  // Share groups (KIP-932).
  sim::Duration group_share_session_timeout = {45'000'000'000};     ///< group.share.session.timeout.ms
  sim::Duration group_share_heartbeat_interval = {5'000'000'000};   ///< group.share.heartbeat.interval.ms
  std::int32_t group_share_max_size = 200;                          ///< group.share.max.size
  std::int32_t group_share_delivery_count_limit = 5;                ///< group.share.delivery.count.limit
  sim::Duration group_share_record_lock_duration = {30'000'000'000};  ///< group.share.record.lock.duration.ms
  std::int32_t group_share_partition_max_record_locks = 2'000;  ///< group.share.partition.max.record.locks; 200 before 4.1
  std::int32_t share_state_partitions = 50;             ///< share.coordinator.state.topic.num.partitions
  std::int32_t share_state_replication_factor = 3;      ///< share.coordinator.state.topic.replication.factor
  std::int32_t share_state_min_isr = 2;                 ///< share.coordinator.state.topic.min.isr
  sim::Bytes share_state_segment_bytes = {104'857'600};  ///< share.coordinator.state.topic.segment.bytes
  std::int32_t share_snapshot_updates = 500;  ///< share.coordinator.snapshot.update.records.per.snapshot
  sim::Duration share_write_timeout = {5'000'000'000};  ///< share.coordinator.write.timeout.ms
  /// Versioned rules (kafka-behaviour.md section 11 item 6). Filled from the version, overridable by name.
  bool strict_min_isr = true;               ///< 3.7: HW waits while the ISR is below min ISR (KAFKA-15583).
  bool metadata_commit_wakes_fetch = true;  ///< 4.1, KIP-1166: a commit answers parked metadata fetches.
  TruncationMode truncation = TruncationMode::fetch;  ///< KIP-101 (0.11), KIP-279 (2.0), KIP-595 (2.7).
  bool fetch_epoch_fencing =
      true;  ///< 2.1, KIP-320: fetches name the leader epoch, and old ones are refused.
  bool consumer_offset_validation =
      true;  ///< 2.1, KIP-320: consumers ask a new leader whether it has their position.
  bool isr_admits_only_active =
      true;  ///< 3.3, KIP-841 (KAFKA-13916): nobody fenced or shutting down joins an ISR.
  bool isr_checks_broker_epoch =
      true;  ///< 3.5, KIP-903: nobody who restarted since its last fetch joins an ISR.
  bool leader_epoch_rises_on_isr_shrink = false;  ///< Metadata versions before 3.6 (KAFKA-15021).
  // Nothing: as the version has it.
  std::optional<bool>
      last_known_leader_must_live;  ///< 4.1.0, KAFKA-19522: before, only a dead one was elected.
  std::optional<bool>
      detect_clean_shutdown;  ///< 4.0, KAFKA-18106: a clean restart keeps the place in the ELR.
  std::optional<bool>
      periodic_fence_check;      ///< 4.0: sessions are looked at eight times each, not timed exactly.
  std::optional<bool> pre_vote;  ///< 4.0, KIP-996.
  /// No Kafka release: who is made leader again without having noticed the leaders between forgets what it knew of its
  /// followers (the cure of hypothesis I10).
  bool reelection_forgets_followers = false;
  /// 0.8.2: before, a waiting fetch was answered when something was appended, read or not, and a consumer's not when the
  /// high watermark moved (0.8.1, KafkaApis.maybeUnblockDelayedFetchRequests).
  bool high_watermark_wakes_fetches = true;
  bool topic_ids = true;  ///< 2.8, KIP-516: a log belongs to a topic by its id; before, by its name.
  PlantedBugs planted;
};

/// Where records without a key go (partitioner.class).
enum class Partitioner : std::uint8_t {
  built_in,        ///< None named: stays with a partition for batch.size bytes, prefers short queues (KIP-794).
  uniform_sticky,  ///< UniformStickyPartitioner, what 2.4 to 3.2 did: another partition with every batch (KIP-480).
};

struct ProducerConfig {
  sim::Bytes send_buffer = {131'072};    ///< send.buffer.bytes; negative: the system's autotuning
  sim::Bytes receive_buffer = {32'768};  ///< receive.buffer.bytes; likewise
  Acks acks = Acks::all;                 ///< acks
  Compression compression;               ///< compression.type and its level
  bool enable_idempotence = true;        ///< enable.idempotence
  std::int32_t retries = std::numeric_limits<std::int32_t>::max();  ///< retries
  std::int32_t max_in_flight = 5;                                   ///< max.in.flight.requests.per.connection
  sim::Duration delivery_timeout = {120'000'000'000};               ///< delivery.timeout.ms
  sim::Duration request_timeout = {30'000'000'000};                 ///< request.timeout.ms
  sim::Duration linger = {5'000'000};                               ///< linger.ms (0 before 4.0)
  Partitioner partitioner = Partitioner::built_in;                  ///< partitioner.class
  bool partitioner_ignore_keys = false;                             ///< partitioner.ignore.keys
  sim::Bytes batch_size = {16'384};                                 ///< batch.size
  sim::Bytes buffer_memory = {33'554'432};                          ///< buffer.memory
  sim::Duration max_block = {60'000'000'000};                       ///< max.block.ms
  sim::Bytes max_request_size = {1'048'576};                        ///< max.request.size
  sim::Duration retry_backoff = {100'000'000};                      ///< retry.backoff.ms
  sim::Duration retry_backoff_max = {1'000'000'000};                ///< retry.backoff.max.ms
  sim::Duration reconnect_backoff = {50'000'000};                   ///< reconnect.backoff.ms
  sim::Duration reconnect_backoff_max = {1'000'000'000};            ///< reconnect.backoff.max.ms
  sim::Duration metadata_max_age = {300'000'000'000};               ///< metadata.max.age.ms
  Security security;                                                ///< security.protocol, sasl.mechanism
  std::string transactional_id;                                     ///< transactional.id
  sim::Duration transaction_timeout = {60'000'000'000};             ///< transaction.timeout.ms
  sim::Duration socket_connection_setup_timeout = {10'000'000'000};  ///< socket.connection.setup.timeout.ms
  sim::Duration socket_connection_setup_timeout_max = {
      30'000'000'000};  ///< socket.connection.setup.timeout.max.ms
};

enum class OffsetReset : std::uint8_t { earliest, latest, none, by_duration };
enum class GroupProtocolKind : std::uint8_t { classic, consumer };
/// Classes of partition.assignment.strategy.
enum class AssignmentStrategy : std::uint8_t { range, round_robin, sticky, cooperative_sticky };

struct ConsumerConfig {
  sim::Bytes send_buffer = {131'072};            ///< send.buffer.bytes; negative: the system's autotuning
  sim::Bytes receive_buffer = {65'536};          ///< receive.buffer.bytes; likewise
  sim::Bytes fetch_min_bytes = {1};              ///< fetch.min.bytes
  sim::Duration fetch_max_wait = {500'000'000};  ///< fetch.max.wait.ms
  sim::Bytes fetch_max_bytes = {52'428'800};     ///< fetch.max.bytes
  sim::Bytes max_partition_fetch_bytes = {1'048'576};     ///< max.partition.fetch.bytes
  std::int32_t max_poll_records = 500;                    ///< max.poll.records
  OffsetReset auto_offset_reset = OffsetReset::latest;    ///< auto.offset.reset
  sim::Duration auto_offset_reset_ago;                    ///< by_duration (KIP-1106): how far back.
  sim::Duration request_timeout = {30'000'000'000};       ///< request.timeout.ms
  sim::Duration retry_backoff = {100'000'000};            ///< retry.backoff.ms
  sim::Duration retry_backoff_max = {1'000'000'000};      ///< retry.backoff.max.ms
  sim::Duration reconnect_backoff = {50'000'000};         ///< reconnect.backoff.ms
  sim::Duration reconnect_backoff_max = {1'000'000'000};  ///< reconnect.backoff.max.ms
  sim::Duration metadata_max_age = {300'000'000'000};     ///< metadata.max.age.ms
  Security security;                                      ///< security.protocol, sasl.mechanism
  sim::Duration socket_connection_setup_timeout = {10'000'000'000};
  sim::Duration socket_connection_setup_timeout_max = {30'000'000'000};
  std::string client_rack;  ///< client.rack; empty: none.
  // As a member of a group.
  GroupProtocolKind group_protocol = GroupProtocolKind::classic;  ///< group.protocol
  std::string group_remote_assignor;                    ///< group.remote.assignor; empty: the broker's choice
  sim::Duration session_timeout = {45'000'000'000};     ///< session.timeout.ms
  sim::Duration heartbeat_interval = {3'000'000'000};   ///< heartbeat.interval.ms
  sim::Duration max_poll_interval = {300'000'000'000};  ///< max.poll.interval.ms
  /// partition.assignment.strategy, in order of preference.
  std::vector<AssignmentStrategy> assignment_strategy = {AssignmentStrategy::range,
                                                         AssignmentStrategy::cooperative_sticky};
  bool read_committed = false;                           ///< isolation.level
  bool enable_auto_commit = true;                        ///< enable.auto.commit
  sim::Duration auto_commit_interval = {5'000'000'000};  ///< auto.commit.interval.ms
  sim::Duration default_api_timeout = {60'000'000'000};  ///< default.api.timeout.ms
  bool explicit_acknowledgement = false;  ///< share.acknowledgement.mode is explicit: of share consumers.
};

/// What a share group has set for itself (group configs); what it has not is the brokers' default.
struct ShareGroupConfig {
  std::string name;                                     ///< group.id
  OffsetReset auto_offset_reset = OffsetReset::latest;  ///< share.auto.offset.reset
  sim::Duration auto_offset_reset_ago;                  ///< by_duration: how far back.
  std::optional<sim::Duration> record_lock_duration;    ///< share.record.lock.duration.ms
};

/// One Kafka cluster of the scenario.
struct ClusterConfig {
  std::string name;  ///< Key in `systems`.
  Version version = Version::v4_1;
  std::vector<std::string> broker_hosts;      ///< Host names; the broker id is the position here.
  std::vector<std::string> controller_hosts;  ///< Host names; may equal broker hosts (combined mode).
  BrokerConfig broker;
  compute::JvmConfig jvm;      ///< Of every broker.
  TopicConfig topic_defaults;  ///< What topics inherit from the brokers.
  Costs costs;                 ///< Of brokers and clients.
  std::vector<TopicSpec> topics;
  std::vector<ShareGroupConfig> share_groups;  ///< Those that have set something.
};

}  // namespace brokersim::kafka
