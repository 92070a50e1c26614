// Topic properties (kafka-behaviour.md sections 1.1 and 1.3). Defaults shown are those that a topic gets
// when the broker's are untouched; a topic always inherits the broker's value.
#include "app/scenario/kafka_property_rows.h"

namespace brokersim::scenario {

using namespace rows;
using kafka::TopicConfig;

std::vector<Property> topic_properties() {
  constexpr auto topic = &KafkaSettings::topic;
  std::vector<Property> all{
      number("min.insync.replicas", "1", 1, int_max, set<topic, &TopicConfig::min_insync_replicas>),
      flag("unclean.leader.election.enable", "false", set<topic, &TopicConfig::unclean_leader_election>),
      {.name = "segment.bytes",
       .type = PropertyType::integer,
       .defaults = always("1073741824"),
       .min = 14,
       .max = int_max,
       .set = set<topic, &TopicConfig::segment_bytes>,
       .min_since_4_0 = 1 << 20},
      number("segment.ms", "604800000", 1, long_max, set<topic, &TopicConfig::segment_ms>),
      number("segment.jitter.ms", "0", 0, long_max, set<topic, &TopicConfig::segment_jitter>),
      number("segment.index.bytes", "10485760", 4, int_max, set<topic, &TopicConfig::segment_index_bytes>),
      number("index.interval.bytes", "4096", 0, int_max, set<topic, &TopicConfig::index_interval_bytes>),
      number("flush.messages", long_max_text, 1, long_max, set<topic, &TopicConfig::flush_messages>),
      number("flush.ms", long_max_text, 0, long_max, set<topic, &TopicConfig::flush_ms>),
      number("max.message.bytes", "1048588", 0, int_max, set<topic, &TopicConfig::max_message_bytes>),
      number("retention.ms", "604800000", -1, long_max, set_retention<Unit::ms>),
      number("retention.bytes", "-1", -1, long_max, set<topic, &TopicConfig::retention_bytes>),
      number("file.delete.delay.ms", "60000", 0, long_max, set<topic, &TopicConfig::file_delete_delay>),
      choice("cleanup.policy", "delete", cleanup_policies(), set_cleanup_policy),
      real("min.cleanable.dirty.ratio", "0.5", set_share<topic, &TopicConfig::min_cleanable_dirty_ppm>),
      number("delete.retention.ms", "86400000", 0, long_max, set<topic, &TopicConfig::delete_retention>),
      number("min.compaction.lag.ms", "0", 0, long_max, set<topic, &TopicConfig::min_compaction_lag>),
      number("max.compaction.lag.ms", long_max_text, 1, long_max,
             set<topic, &TopicConfig::max_compaction_lag>),
      choice("message.timestamp.type", "CreateTime", {"CreateTime", "LogAppendTime"}, set_timestamp_type),
      number("message.timestamp.before.max.ms", long_max_text, 0, long_max,
             set<topic, &TopicConfig::timestamp_before_max>),
      number("message.timestamp.after.max.ms", since_4_0(long_max_text, "3600000"), 0, long_max,
             set<topic, &TopicConfig::timestamp_after_max>),
      choice("compression.type", "producer", topic_codecs(), set_topic_codec),
      flag("preallocate", "false"),
      flag("remote.storage.enable", "false"),
      number("local.retention.ms", "-2", -2, long_max),
      number("local.retention.bytes", "-2", -2, long_max),
      {.name = "leader.replication.throttled.replicas",
       .type = PropertyType::text,
       .defaults = always(""),
       .set = set_throttled<&TopicConfig::leader_throttled>},
      {.name = "follower.replication.throttled.replicas",
       .type = PropertyType::text,
       .defaults = always(""),
       .set = set_throttled<&TopicConfig::follower_throttled>},
  };
  add_levels<topic>(all);
  return all;
}

}  // namespace brokersim::scenario
