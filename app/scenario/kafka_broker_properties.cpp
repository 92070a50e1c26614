// Broker properties (kafka-behaviour.md sections 1.1 to 1.6).
#include "app/scenario/kafka_property_rows.h"

namespace brokersim::scenario {

using namespace rows;
using kafka::BrokerConfig;
using kafka::TopicConfig;

namespace {

constexpr auto broker = &KafkaSettings::broker;
constexpr auto topic = &KafkaSettings::topic;

void set_default_replication_factor(KafkaSettings& s, const PropertyValue& v) {
  s.default_replication_factor = static_cast<std::int32_t>(v.integer);
}
void set_num_partitions(KafkaSettings& s, const PropertyValue& v) {
  s.num_partitions = static_cast<std::int32_t>(v.integer);
}

void set_inter_broker_protocol(KafkaSettings& s, const PropertyValue& v) {
  s.broker.inter_broker.tls = v.text.ends_with("SSL");
  s.broker.inter_broker.sasl = v.text.starts_with("SASL");
}
void set_inter_broker_mechanism(KafkaSettings& s, const PropertyValue& v) {
  s.broker.inter_broker.mechanism = mechanism_of(v.text);
}

void add_replication(std::vector<Property>& all) {
  const std::vector<Property> table{
      number("default.replication.factor", "1", 1, 32'767, set_default_replication_factor),
      number("min.insync.replicas", "1", 1, int_max, set<topic, &TopicConfig::min_insync_replicas>),
      number("replica.lag.time.max.ms", "30000", 0, long_max,
             set<broker, &BrokerConfig::replica_lag_time_max>),
      number("replica.fetch.min.bytes", "1", 0, int_max, set<broker, &BrokerConfig::replica_fetch_min_bytes>),
      number("replica.fetch.wait.max.ms", "500", 0, int_max,
             set<broker, &BrokerConfig::replica_fetch_wait_max>),
      number("replica.fetch.max.bytes", "1048576", 0, int_max,
             set<broker, &BrokerConfig::replica_fetch_max_bytes>),
      number("replica.fetch.response.max.bytes", "10485760", 0, int_max,
             set<broker, &BrokerConfig::replica_fetch_response_max_bytes>),
      number("replica.fetch.backoff.ms", "1000", 0, int_max,
             set<broker, &BrokerConfig::replica_fetch_backoff>),
      number("replica.socket.timeout.ms", "30000", 1, int_max,
             set<broker, &BrokerConfig::replica_socket_timeout>),
      number("replica.socket.receive.buffer.bytes", "65536", -1, int_max,
             set<broker, &BrokerConfig::replica_socket_receive_buffer>),
      number("num.replica.fetchers", "1", 1, 1'000, set<broker, &BrokerConfig::num_replica_fetchers>),
      number("replica.high.watermark.checkpoint.interval.ms", "5000", 1, long_max,
             set<broker, &BrokerConfig::high_watermark_checkpoint_interval>),
      flag("unclean.leader.election.enable", "false", set<topic, &TopicConfig::unclean_leader_election>),
      number("unclean.leader.election.interval.ms", "300000", 1, long_max,
             set<broker, &BrokerConfig::unclean_leader_election_interval>),
      flag("auto.leader.rebalance.enable", "true", set<broker, &BrokerConfig::auto_leader_rebalance>),
      number("leader.imbalance.check.interval.seconds", "300", 1, long_max,
             set<broker, &BrokerConfig::leader_imbalance_check_interval, Unit::seconds>),
      number("leader.imbalance.per.broker.percentage", "10", 0, int_max),
      flag("eligible.leader.replicas.enable", "false"),
      choice("replica.selector.class", "",
             {"", "org.apache.kafka.common.replica.LeaderSelector",
              "org.apache.kafka.common.replica.RackAwareReplicaSelector"},
             [](KafkaSettings& s, const PropertyValue& v) {
               s.broker.rack_aware_reads = v.text.ends_with("RackAwareReplicaSelector");
             }),
      word("unclean.recovery.strategy"),
      number("fetch.purgatory.purge.interval.requests", "1000", 0, int_max),
      number("producer.purgatory.purge.interval.requests", "1000", 0, int_max),
      number("leader.replication.throttled.rate", long_max_text, 0, long_max,
             set<broker, &BrokerConfig::leader_throttled_rate>),
      number("follower.replication.throttled.rate", long_max_text, 0, long_max,
             set<broker, &BrokerConfig::follower_throttled_rate>),
  };
  all.insert(all.end(), table.begin(), table.end());
}

void add_kraft(std::vector<Property>& all) {
  const std::vector<Property> table{
      number("broker.heartbeat.interval.ms", "2000", 1, int_max,
             set<broker, &BrokerConfig::broker_heartbeat_interval>),
      number("broker.session.timeout.ms", "9000", 1, int_max,
             set<broker, &BrokerConfig::broker_session_timeout>),
      number("initial.broker.registration.timeout.ms", "60000", 1, int_max),
      number("controller.quorum.election.timeout.ms", "1000", 1, int_max,
             set<broker, &BrokerConfig::controller_election_timeout>),
      number("controller.quorum.fetch.timeout.ms", "2000", 1, int_max,
             set<broker, &BrokerConfig::controller_fetch_timeout>),
      number("controller.quorum.election.backoff.max.ms", "1000", 1, int_max,
             set<broker, &BrokerConfig::controller_election_backoff_max>),
      number("controller.quorum.append.linger.ms", "25", 0, int_max,
             set<broker, &BrokerConfig::controller_append_linger>),
      number("controller.quorum.request.timeout.ms", "2000", 1, int_max,
             set<broker, &BrokerConfig::controller_request_timeout>),
      number("controller.quorum.retry.backoff.ms", "20", 0, int_max,
             set<broker, &BrokerConfig::controller_retry_backoff>),
      number("metadata.max.idle.interval.ms", "500", 0, int_max,
             set<broker, &BrokerConfig::metadata_max_idle_interval>),
      number("metadata.log.segment.bytes", "1073741824", 12, int_max,
             set<broker, &BrokerConfig::metadata_segment_bytes>),
      number("metadata.log.segment.ms", "604800000", 1, long_max),
      number("metadata.log.max.record.bytes.between.snapshots", "20971520", 1, long_max,
             set<broker, &BrokerConfig::metadata_bytes_between_snapshots>),
      number("metadata.log.max.snapshot.interval.ms", "3600000", 0, long_max,
             set<broker, &BrokerConfig::metadata_snapshot_interval_max>),
      number("metadata.max.retention.bytes", "104857600", -1, long_max,
             set<broker, &BrokerConfig::metadata_retention_bytes>),
      number("metadata.max.retention.ms", "604800000", -1, long_max),
      flag("controller.quorum.auto.join.enable", "false"),
      word("controller.quorum.voters"),
      word("controller.quorum.bootstrap.servers"),
      word("controller.listener.names"),
      word("process.roles"),
      number("node.id", "", 0, int_max),
      number("broker.id", "-1", -1, int_max),
      word("zookeeper.connect"),
      word("inter.broker.protocol.version"),
  };
  all.insert(all.end(), table.begin(), table.end());
}

void add_log(std::vector<Property>& all) {
  const std::vector<Property> table{
      {.name = "log.segment.bytes",
       .type = PropertyType::integer,
       .defaults = always("1073741824"),
       .min = 14,
       .max = int_max,
       .set = set<topic, &TopicConfig::segment_bytes>,
       .min_since_4_0 = 1 << 20},
      number("log.roll.ms", "", 1, long_max, set<topic, &TopicConfig::segment_ms>),
      number("log.roll.hours", "168", 1, int_max, set<topic, &TopicConfig::segment_ms, Unit::hours>),
      number("log.roll.jitter.ms", "", 0, long_max, set<topic, &TopicConfig::segment_jitter>),
      number("log.roll.jitter.hours", "0", 0, int_max, set<topic, &TopicConfig::segment_jitter, Unit::hours>),
      number("log.index.size.max.bytes", "10485760", 4, int_max,
             set<topic, &TopicConfig::segment_index_bytes>),
      number("log.index.interval.bytes", "4096", 0, int_max, set<topic, &TopicConfig::index_interval_bytes>),
      number("log.flush.interval.messages", long_max_text, 1, long_max,
             set<topic, &TopicConfig::flush_messages>),
      number("log.flush.interval.ms", "", 0, long_max, set<topic, &TopicConfig::flush_ms>),
      number("log.flush.scheduler.interval.ms", long_max_text, 1, long_max,
             set<broker, &BrokerConfig::log_flush_scheduler_interval>),
      number("log.flush.offset.checkpoint.interval.ms", "60000", 1, int_max,
             set<broker, &BrokerConfig::log_flush_offset_checkpoint_interval>),
      number("log.flush.start.offset.checkpoint.interval.ms", "60000", 0, int_max,
             set<broker, &BrokerConfig::log_flush_start_offset_checkpoint_interval>),
      number("log.retention.hours", "168", -1, int_max, set_retention<Unit::hours>),
      number("log.retention.minutes", "", -1, int_max, set_retention<Unit::minutes>),
      number("log.retention.ms", "", -1, long_max, set_retention<Unit::ms>),
      number("log.retention.bytes", "-1", -1, long_max, set<topic, &TopicConfig::retention_bytes>),
      number("log.retention.check.interval.ms", "300000", 1, long_max,
             set<broker, &BrokerConfig::log_retention_check_interval>),
      number("log.segment.delete.delay.ms", "60000", 0, long_max,
             set<topic, &TopicConfig::file_delete_delay>),
      number("log.initial.task.delay.ms", "30000", 0, long_max,
             set<broker, &BrokerConfig::log_initial_task_delay>),
      choice("log.cleanup.policy", "delete", cleanup_policies(), set_cleanup_policy),
      flag("log.cleaner.enable", "true", set<broker, &BrokerConfig::log_cleaner_enable>),
      number("log.cleaner.threads", "1", 0, 64, set<broker, &BrokerConfig::log_cleaner_threads>),
      number("log.cleaner.backoff.ms", "15000", 0, long_max, set<broker, &BrokerConfig::log_cleaner_backoff>),
      real("log.cleaner.min.cleanable.ratio", "0.5", set_share<topic, &TopicConfig::min_cleanable_dirty_ppm>),
      number("log.cleaner.delete.retention.ms", "86400000", 0, long_max,
             set<topic, &TopicConfig::delete_retention>),
      number("log.cleaner.min.compaction.lag.ms", "0", 0, long_max,
             set<topic, &TopicConfig::min_compaction_lag>),
      number("log.cleaner.max.compaction.lag.ms", long_max_text, 1, long_max,
             set<topic, &TopicConfig::max_compaction_lag>),
      number("log.cleaner.dedupe.buffer.size", "134217728", 0, long_max,
             set<broker, &BrokerConfig::log_cleaner_dedupe_buffer>),
      real("log.cleaner.io.buffer.load.factor", "0.9",
           set_share<broker, &BrokerConfig::log_cleaner_load_factor_ppm>),
      number("log.cleaner.io.buffer.size", "524288", 0, int_max,
             set<broker, &BrokerConfig::log_cleaner_io_buffer>),
      number("message.max.bytes", "1048588", 0, int_max, set<topic, &TopicConfig::max_message_bytes>),
      choice("log.message.timestamp.type", "CreateTime", {"CreateTime", "LogAppendTime"}, set_timestamp_type),
      number("log.message.timestamp.before.max.ms", long_max_text, 0, long_max,
             set<topic, &TopicConfig::timestamp_before_max>),
      number("log.message.timestamp.after.max.ms", since_4_0(long_max_text, "3600000"), 0, long_max,
             set<topic, &TopicConfig::timestamp_after_max>),
      choice("compression.type", "producer", topic_codecs(), set_topic_codec),
      flag("log.preallocate", "false"),
      number("num.recovery.threads.per.data.dir", since_4_0("1", "2"), 1, 10'000,
             set<broker, &BrokerConfig::num_recovery_threads_per_data_dir>),
      number("log.dir.failure.timeout.ms", "30000", 1, long_max,
             set<broker, &BrokerConfig::log_dir_failure_timeout>),
      word("log.dir", "/tmp/kafka-logs"),
      word("log.dirs"),
      word("metadata.log.dir"),
      flag("auto.create.topics.enable", "true"),
      number("num.partitions", "1", 1, int_max, set_num_partitions),
      number("log.local.retention.ms", "-2", -2, long_max),
      number("log.local.retention.bytes", "-2", -2, long_max),
  };
  add_levels<topic>(all);
  all.insert(all.end(), table.begin(), table.end());
}

void add_network(std::vector<Property>& all) {
  const std::vector<Property> table{
      number("num.network.threads", "3", 1, 10'000, set<broker, &BrokerConfig::num_network_threads>),
      number("num.io.threads", "8", 1, 10'000, set<broker, &BrokerConfig::num_io_threads>),
      number("background.threads", "10", 1, int_max),
      number("queued.max.requests", "500", 1, int_max, set<broker, &BrokerConfig::queued_max_requests>),
      number("queued.max.request.bytes", "-1", -1, long_max,
             set<broker, &BrokerConfig::queued_max_request_bytes>),
      number("socket.send.buffer.bytes", "102400", -1, int_max,
             set<broker, &BrokerConfig::socket_send_buffer>),
      number("socket.receive.buffer.bytes", "102400", -1, int_max,
             set<broker, &BrokerConfig::socket_receive_buffer>),
      number("socket.request.max.bytes", "104857600", 1, int_max),
      number("socket.listen.backlog.size", "50", 1, int_max,
             set<broker, &BrokerConfig::socket_listen_backlog_size>),
      number("connections.max.idle.ms", "600000", 1, long_max,
             set<broker, &BrokerConfig::connections_max_idle>),
      number("request.timeout.ms", "30000", 1, int_max, set<broker, &BrokerConfig::request_timeout>),
      number("socket.connection.setup.timeout.ms", "10000", 1, long_max),
      number("socket.connection.setup.timeout.max.ms", "30000", 1, long_max),
      number("max.incremental.fetch.session.cache.slots", "1000", 0, int_max,
             set<broker, &BrokerConfig::fetch_session_cache_slots>),
      number("fetch.max.bytes", "57671680", 1'024, int_max),
      flag("controlled.shutdown.enable", "true", set<broker, &BrokerConfig::controlled_shutdown_enable>),
      number("controlled.shutdown.max.retries", "3", 0, int_max),
      number("controlled.shutdown.retry.backoff.ms", "5000", 0, long_max),
      word("listeners"),
      word("advertised.listeners"),
      word("listener.security.protocol.map"),
      word("inter.broker.listener.name"),
      choice("security.inter.broker.protocol", "PLAINTEXT",
             {"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"}, set_inter_broker_protocol),
      choice("sasl.mechanism.inter.broker.protocol", "GSSAPI", sasl_mechanisms(), set_inter_broker_mechanism),
      word("broker.rack"),
      flag("delete.topic.enable", "true"),
  };
  all.insert(all.end(), table.begin(), table.end());
}

void add_coordinators(std::vector<Property>& all) {
  const std::vector<Property> table{
      number("transaction.max.timeout.ms", "900000", 1, int_max,
             set<broker, &BrokerConfig::transaction_max_timeout>),
      number("transactional.id.expiration.ms", "604800000", 1, int_max,
             set<broker, &BrokerConfig::transactional_id_expiration>),
      number("transaction.abort.timed.out.transaction.cleanup.interval.ms", "10000", 1, int_max,
             set<broker, &BrokerConfig::transaction_abort_interval>),
      number("transaction.remove.expired.transaction.cleanup.interval.ms", "3600000", 1, int_max,
             set<broker, &BrokerConfig::transactional_id_cleanup_interval>),
      number("transaction.state.log.num.partitions", "50", 1, 1'000,
             set<broker, &BrokerConfig::transaction_state_partitions>),
      number("transaction.state.log.replication.factor", "3", 1, 32'767,
             set<broker, &BrokerConfig::transaction_state_replication_factor>),
      number("transaction.state.log.min.isr", "2", 1, int_max,
             set<broker, &BrokerConfig::transaction_state_min_isr>),
      number("transaction.state.log.segment.bytes", "104857600", 1, int_max,
             set<broker, &BrokerConfig::transaction_state_segment_bytes>),
      number("transaction.state.log.load.buffer.size", "5242880", 1, int_max),
      flag("transaction.partition.verification.enable", "true",
           set<broker, &BrokerConfig::transaction_verification>),
      number("producer.id.expiration.ms", "86400000", 1, int_max),
      number("producer.id.expiration.check.interval.ms", "600000", 1, int_max),
      number("add.partitions.to.txn.retry.backoff.ms", "20", 1, int_max),
      number("add.partitions.to.txn.retry.backoff.max.ms", "100", 0, int_max),
      number("group.min.session.timeout.ms", "6000", 1, int_max,
             set<broker, &BrokerConfig::group_min_session_timeout>),
      number("group.max.session.timeout.ms", "1800000", 1, int_max,
             set<broker, &BrokerConfig::group_max_session_timeout>),
      number("group.initial.rebalance.delay.ms", "3000", 0, int_max,
             set<broker, &BrokerConfig::group_initial_rebalance_delay>),
      number("group.max.size", int_max_text, 1, int_max, set<broker, &BrokerConfig::group_max_size>),
      number("group.coordinator.threads", since_4_0("1", "4"), 1, int_max),
      number("group.coordinator.append.linger.ms", since_4_0("10", "5"), 0, int_max),
      word("group.coordinator.rebalance.protocols"),
      number("group.consumer.session.timeout.ms", "45000", 1, int_max,
             set<broker, &BrokerConfig::group_consumer_session_timeout>),
      number("group.consumer.min.session.timeout.ms", "45000", 1, int_max),
      number("group.consumer.max.session.timeout.ms", "60000", 1, int_max),
      number("group.consumer.heartbeat.interval.ms", "5000", 1, int_max,
             set<broker, &BrokerConfig::group_consumer_heartbeat_interval>),
      number("group.consumer.min.heartbeat.interval.ms", "5000", 1, int_max),
      number("group.consumer.max.heartbeat.interval.ms", "15000", 1, int_max),
      word("group.consumer.assignors", "uniform,range"),
      word("group.consumer.migration.policy", "bidirectional"),
      number("offsets.topic.num.partitions", "50", 1, 1'000,
             set<broker, &BrokerConfig::offsets_topic_num_partitions>),
      number("offsets.topic.replication.factor", "3", 1, 32'767,
             set<broker, &BrokerConfig::offsets_topic_replication_factor>),
      number("offsets.topic.segment.bytes", "104857600", 1, int_max,
             set<broker, &BrokerConfig::offsets_topic_segment_bytes>),
      number("offsets.retention.minutes", "10080", 1, int_max,
             [](KafkaSettings& s, const PropertyValue& v) {
               s.broker.offsets_retention = {v.integer * 60'000'000'000};
             }),
      number("offsets.retention.check.interval.ms", "600000", 1, long_max,
             set<broker, &BrokerConfig::offsets_retention_check_interval>),
      number("offsets.commit.timeout.ms", "5000", 1, int_max,
             set<broker, &BrokerConfig::offsets_commit_timeout>),
      number("offset.metadata.max.bytes", "4096", 0, int_max),
      number("group.share.session.timeout.ms", "45000", 1, int_max,
             set<broker, &BrokerConfig::group_share_session_timeout>),
      number("group.share.heartbeat.interval.ms", "5000", 1, int_max,
             set<broker, &BrokerConfig::group_share_heartbeat_interval>),
      number("group.share.max.size", "200", 1, int_max, set<broker, &BrokerConfig::group_share_max_size>),
      number("group.share.delivery.count.limit", "5", 2, 10,
             set<broker, &BrokerConfig::group_share_delivery_count_limit>),
      number("group.share.record.lock.duration.ms", "30000", 1'000, 60'000,
             set<broker, &BrokerConfig::group_share_record_lock_duration>),
      number("group.share.partition.max.record.locks", {"200", "200", "2000"}, 100, 10'000,
             set<broker, &BrokerConfig::group_share_partition_max_record_locks>),
      number("group.share.max.groups", "10", 1, 100),
      number("share.coordinator.state.topic.num.partitions", "50", 1, 1'000,
             set<broker, &BrokerConfig::share_state_partitions>),
      number("share.coordinator.state.topic.replication.factor", "3", 1, 32'767,
             set<broker, &BrokerConfig::share_state_replication_factor>),
      number("share.coordinator.state.topic.min.isr", "2", 1, int_max,
             set<broker, &BrokerConfig::share_state_min_isr>),
      number("share.coordinator.state.topic.segment.bytes", "104857600", 1, int_max,
             set<broker, &BrokerConfig::share_state_segment_bytes>),
      number("share.coordinator.snapshot.update.records.per.snapshot", "500", 0, 500,
             set<broker, &BrokerConfig::share_snapshot_updates>),
      number("share.coordinator.write.timeout.ms", "5000", 1, int_max,
             set<broker, &BrokerConfig::share_write_timeout>),
      number("share.coordinator.append.linger.ms", "10", 0, int_max),
  };
  all.insert(all.end(), table.begin(), table.end());
}

}  // namespace

std::vector<Property> broker_properties() {
  std::vector<Property> all;
  add_replication(all);
  add_kraft(all);
  add_log(all);
  add_network(all);
  add_coordinators(all);
  return all;
}

}  // namespace brokersim::scenario
