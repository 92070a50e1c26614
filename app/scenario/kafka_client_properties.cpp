// Producer and consumer properties (kafka-behaviour.md sections 1.7 and 1.8).
#include "app/scenario/kafka_property_rows.h"

namespace brokersim::scenario {

using namespace rows;
using kafka::ConsumerConfig;
using kafka::ProducerConfig;

namespace {

void set_acks(KafkaSettings& s, const PropertyValue& v) {
  s.producer.acks = v.text == "0"   ? kafka::Acks::none
                    : v.text == "1" ? kafka::Acks::leader
                                    : kafka::Acks::all;
}

/// Other classes are the user's own: nothing is known of them.
void set_partitioner(KafkaSettings& s, const PropertyValue& v) {
  s.producer.partitioner = v.text.ends_with("UniformStickyPartitioner") ? kafka::Partitioner::uniform_sticky
                                                                        : kafka::Partitioner::built_in;
}

kafka::OffsetReset reset_of(std::string_view text) {
  return text == "earliest"                ? kafka::OffsetReset::earliest
         : text == "none"                  ? kafka::OffsetReset::none
         : text.starts_with("by_duration") ? kafka::OffsetReset::by_duration
                                           : kafka::OffsetReset::latest;
}
/// auto.offset.reset, or share.auto.offset.reset of a share group.
template <auto Part>
void set_offset_reset(KafkaSettings& s, const PropertyValue& v) {
  (s.*Part).auto_offset_reset = reset_of(v.text);
  (s.*Part).auto_offset_reset_ago = {v.integer};
}
/// That choice, or how far back.
Property offset_reset(std::string_view name, std::vector<std::string> choices, Setter setter) {
  Property property = choice(name, "latest", std::move(choices), setter);
  property.by_duration = true;
  return property;
}

/// Class names as Kafka has them, or the assignors' own names, with commas between.
void set_strategies(KafkaSettings& s, const PropertyValue& v) {
  using enum kafka::AssignmentStrategy;
  s.consumer.assignment_strategy.clear();
  for (std::size_t from = 0; from <= v.text.size();) {
    const std::size_t comma = std::min(v.text.find(',', from), v.text.size());
    const std::string_view one = std::string_view(v.text).substr(from, comma - from);
    from = comma + 1;
    if (one.find("ooperative") != std::string_view::npos) {
      s.consumer.assignment_strategy.push_back(cooperative_sticky);
    } else if (one.find("ticky") != std::string_view::npos) {
      s.consumer.assignment_strategy.push_back(sticky);
    } else if (one.find("obin") != std::string_view::npos) {
      s.consumer.assignment_strategy.push_back(round_robin);
    } else {
      s.consumer.assignment_strategy.push_back(range);
    }
  }
}

void set_protocol(KafkaSettings& s, const PropertyValue& v) {
  s.producer.security.tls = v.text.ends_with("SSL");
  s.producer.security.sasl = v.text.starts_with("SASL");
  s.consumer.security.tls = s.producer.security.tls;
  s.consumer.security.sasl = s.producer.security.sasl;
}

void set_mechanism(KafkaSettings& s, const PropertyValue& v) {
  s.producer.security.mechanism = mechanism_of(v.text);
  s.consumer.security.mechanism = s.producer.security.mechanism;
}

/// What both clients have.
void add_common(std::vector<Property>& all) {
  const std::vector<Property> table{
      word("bootstrap.servers"),
      word("client.id"),
      choice("client.dns.lookup", "use_all_dns_ips",
             {"use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"}),
      number("connections.max.idle.ms", "540000", -1, long_max),
      word("interceptor.classes"),
      word("metric.reporters"),
      word("metadata.recovery.strategy"),
      choice("security.protocol", "PLAINTEXT", {"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"},
             set_protocol),
      choice("sasl.mechanism", "GSSAPI", sasl_mechanisms(), set_mechanism),
      word("sasl.jaas.config"),
  };
  all.insert(all.end(), table.begin(), table.end());
}

}  // namespace

std::vector<Property> producer_properties() {
  constexpr auto producer = &KafkaSettings::producer;
  std::vector<Property> all{
      choice("acks", "all", {"all", "-1", "0", "1"}, set_acks),
      flag("enable.idempotence", "true", set<producer, &ProducerConfig::enable_idempotence>),
      number("retries", int_max_text, 0, int_max, set<producer, &ProducerConfig::retries>),
      number("max.in.flight.requests.per.connection", "5", 1, int_max,
             set<producer, &ProducerConfig::max_in_flight>),
      number("delivery.timeout.ms", "120000", 0, int_max, set<producer, &ProducerConfig::delivery_timeout>),
      number("request.timeout.ms", "30000", 0, int_max, set<producer, &ProducerConfig::request_timeout>),
      number("linger.ms", since_4_0("0", "5"), 0, long_max, set<producer, &ProducerConfig::linger>),
      number("batch.size", "16384", 0, int_max, set<producer, &ProducerConfig::batch_size>),
      number("buffer.memory", "33554432", 0, long_max, set<producer, &ProducerConfig::buffer_memory>),
      number("max.block.ms", "60000", 0, long_max, set<producer, &ProducerConfig::max_block>),
      number("max.request.size", "1048576", 0, int_max, set<producer, &ProducerConfig::max_request_size>),
      number("retry.backoff.ms", "100", 0, long_max, set<producer, &ProducerConfig::retry_backoff>),
      number("retry.backoff.max.ms", "1000", 0, long_max, set<producer, &ProducerConfig::retry_backoff_max>),
      number("reconnect.backoff.ms", "50", 0, long_max, set<producer, &ProducerConfig::reconnect_backoff>),
      number("reconnect.backoff.max.ms", "1000", 0, long_max,
             set<producer, &ProducerConfig::reconnect_backoff_max>),
      number("metadata.max.age.ms", "300000", 0, long_max, set<producer, &ProducerConfig::metadata_max_age>),
      number("socket.connection.setup.timeout.ms", "10000", 0, long_max,
             set<producer, &ProducerConfig::socket_connection_setup_timeout>),
      number("socket.connection.setup.timeout.max.ms", "30000", 0, long_max,
             set<producer, &ProducerConfig::socket_connection_setup_timeout_max>),
      number("metadata.max.idle.ms", "300000", 5'000, long_max),
      number("send.buffer.bytes", "131072", -1, int_max, set<producer, &ProducerConfig::send_buffer>),
      number("receive.buffer.bytes", "32768", -1, int_max, set<producer, &ProducerConfig::receive_buffer>),
      choice("compression.type", "none", {"none", "gzip", "snappy", "lz4", "zstd"}, set_codec<producer>),
      number("transaction.timeout.ms", "60000", 1, int_max,
             set<producer, &ProducerConfig::transaction_timeout>),
      Property{.name = "transactional.id",
               .type = PropertyType::text,
               .defaults = always(""),
               .set = [](KafkaSettings& s, const PropertyValue& v) { s.producer.transactional_id = v.text; }},
      Property{.name = "partitioner.class",
               .type = PropertyType::text,
               .defaults = always(""),
               .set = set_partitioner},
      flag("partitioner.adaptive.partitioning.enable", "true"),
      number("partitioner.availability.timeout.ms", "0", 0, long_max),
      flag("partitioner.ignore.keys", "false", set<producer, &ProducerConfig::partitioner_ignore_keys>),
      word("key.serializer"),
      word("value.serializer"),
  };
  add_levels<producer>(all);
  add_common(all);
  return all;
}

std::vector<Property> consumer_properties() {
  constexpr auto consumer = &KafkaSettings::consumer;
  std::vector<Property> all{
      number("fetch.min.bytes", "1", 0, int_max, set<consumer, &ConsumerConfig::fetch_min_bytes>),
      number("fetch.max.wait.ms", "500", 0, int_max, set<consumer, &ConsumerConfig::fetch_max_wait>),
      number("fetch.max.bytes", "52428800", 0, int_max, set<consumer, &ConsumerConfig::fetch_max_bytes>),
      number("max.partition.fetch.bytes", "1048576", 0, int_max,
             set<consumer, &ConsumerConfig::max_partition_fetch_bytes>),
      number("max.poll.records", "500", 1, int_max, set<consumer, &ConsumerConfig::max_poll_records>),
      offset_reset("auto.offset.reset", {"latest", "earliest", "none"},
                   set_offset_reset<&KafkaSettings::consumer>),
      number("request.timeout.ms", "30000", 0, int_max, set<consumer, &ConsumerConfig::request_timeout>),
      number("retry.backoff.ms", "100", 0, long_max, set<consumer, &ConsumerConfig::retry_backoff>),
      number("retry.backoff.max.ms", "1000", 0, long_max, set<consumer, &ConsumerConfig::retry_backoff_max>),
      number("reconnect.backoff.ms", "50", 0, long_max, set<consumer, &ConsumerConfig::reconnect_backoff>),
      number("reconnect.backoff.max.ms", "1000", 0, long_max,
             set<consumer, &ConsumerConfig::reconnect_backoff_max>),
      number("metadata.max.age.ms", "300000", 0, long_max, set<consumer, &ConsumerConfig::metadata_max_age>),
      number("socket.connection.setup.timeout.ms", "10000", 0, long_max,
             set<consumer, &ConsumerConfig::socket_connection_setup_timeout>),
      number("socket.connection.setup.timeout.max.ms", "30000", 0, long_max,
             set<consumer, &ConsumerConfig::socket_connection_setup_timeout_max>),
      word("group.id"),
      word("group.instance.id"),
      choice("group.protocol", "classic", {"classic", "consumer"},
             [](KafkaSettings& s, const PropertyValue& v) {
               s.consumer.group_protocol = v.text == "consumer" ? kafka::GroupProtocolKind::consumer
                                                                : kafka::GroupProtocolKind::classic;
             }),
      word("group.remote.assignor"),
      number("session.timeout.ms", "45000", 1, int_max, set<consumer, &ConsumerConfig::session_timeout>),
      number("heartbeat.interval.ms", "3000", 1, int_max, set<consumer, &ConsumerConfig::heartbeat_interval>),
      number("max.poll.interval.ms", "300000", 1, int_max, set<consumer, &ConsumerConfig::max_poll_interval>),
      Property{.name = "partition.assignment.strategy",
               .type = PropertyType::text,
               .defaults = always("range,cooperative-sticky"),
               .set = set_strategies},
      flag("enable.auto.commit", "true", set<consumer, &ConsumerConfig::enable_auto_commit>),
      number("auto.commit.interval.ms", "5000", 0, int_max,
             set<consumer, &ConsumerConfig::auto_commit_interval>),
      choice("isolation.level", "read_uncommitted", {"read_uncommitted", "read_committed"},
             [](KafkaSettings& s, const PropertyValue& v) {
               s.consumer.read_committed = v.text == "read_committed";
             }),
      number("default.api.timeout.ms", "60000", 0, int_max,
             set<consumer, &ConsumerConfig::default_api_timeout>),
      choice("share.acknowledgement.mode", "implicit", {"implicit", "explicit"},
             [](KafkaSettings& s, const PropertyValue& v) {
               s.consumer.explicit_acknowledgement = v.text == "explicit";
             }),
      // Of the group, not of the client; here they are set with the workload that makes up the group.
      offset_reset("share.auto.offset.reset", {"earliest", "latest"},
                   set_offset_reset<&KafkaSettings::share_group>),
      number("share.record.lock.duration.ms", "", 1'000, 60'000,
             [](KafkaSettings& s, const PropertyValue& v) {
               s.share_group.record_lock_duration = sim::Duration{v.integer * 1'000'000};
             }),
      flag("check.crcs", "true"),
      flag("exclude.internal.topics", "true"),
      flag("allow.auto.create.topics", "true"),
      Property{.name = "client.rack",
               .type = PropertyType::text,
               .defaults = always(""),
               .set = [](KafkaSettings& s, const PropertyValue& v) { s.consumer.client_rack = v.text; }},
      number("send.buffer.bytes", "131072", -1, int_max, set<consumer, &ConsumerConfig::send_buffer>),
      number("receive.buffer.bytes", "65536", -1, int_max, set<consumer, &ConsumerConfig::receive_buffer>),
      word("key.deserializer"),
      word("value.deserializer"),
  };
  add_common(all);
  return all;
}

}  // namespace brokersim::scenario
