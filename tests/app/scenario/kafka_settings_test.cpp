// Goal: Kafka's settings arrive with Kafka's defaults and Kafka's rules. Method: defaults against the typed
// structs (which state those of 4.1), single settings, and conflicts on both sides.
#include <gtest/gtest.h>

#include <fstream>

#include "app/scenario/kafka_properties.h"
#include "app/scenario/property_set.h"
#include "tests/app/scenario/base.h"

namespace brokersim::scenario {
namespace {

const std::string broker_config = "/systems/kafka/config/";
const std::string client_config = "/workloads/0/config/";

TEST(KafkaDefaults, Of41AreThoseOfTheTypedStructs) {
  const kafka::ProducerConfig p = producer().config;
  const kafka::ProducerConfig struct_p;
  EXPECT_EQ(p.acks, struct_p.acks);
  EXPECT_EQ(p.enable_idempotence, struct_p.enable_idempotence);
  EXPECT_EQ(p.retries, struct_p.retries);
  EXPECT_EQ(p.max_in_flight, struct_p.max_in_flight);
  EXPECT_EQ(p.delivery_timeout, struct_p.delivery_timeout);
  EXPECT_EQ(p.request_timeout, struct_p.request_timeout);
  EXPECT_EQ(p.linger, struct_p.linger);
  EXPECT_EQ(p.batch_size, struct_p.batch_size);
  EXPECT_EQ(p.buffer_memory, struct_p.buffer_memory);
  EXPECT_EQ(p.max_block, struct_p.max_block);
  EXPECT_EQ(p.max_request_size, struct_p.max_request_size);
  EXPECT_EQ(p.retry_backoff, struct_p.retry_backoff);
  EXPECT_EQ(p.retry_backoff_max, struct_p.retry_backoff_max);
  EXPECT_EQ(p.reconnect_backoff, struct_p.reconnect_backoff);
  EXPECT_EQ(p.reconnect_backoff_max, struct_p.reconnect_backoff_max);
  EXPECT_EQ(p.metadata_max_age, struct_p.metadata_max_age);
  EXPECT_EQ(p.socket_connection_setup_timeout, struct_p.socket_connection_setup_timeout);
  EXPECT_EQ(p.socket_connection_setup_timeout_max, struct_p.socket_connection_setup_timeout_max);

  const kafka::BrokerConfig b = cluster().broker;
  const kafka::BrokerConfig struct_b;
  EXPECT_EQ(b.replica_lag_time_max, struct_b.replica_lag_time_max);
  EXPECT_EQ(b.replica_fetch_min_bytes, struct_b.replica_fetch_min_bytes);
  EXPECT_EQ(b.replica_fetch_wait_max, struct_b.replica_fetch_wait_max);
  EXPECT_EQ(b.replica_fetch_max_bytes, struct_b.replica_fetch_max_bytes);
  EXPECT_EQ(b.replica_fetch_response_max_bytes, struct_b.replica_fetch_response_max_bytes);
  EXPECT_EQ(b.replica_fetch_backoff, struct_b.replica_fetch_backoff);
  EXPECT_EQ(b.replica_socket_timeout, struct_b.replica_socket_timeout);
  EXPECT_EQ(b.num_replica_fetchers, struct_b.num_replica_fetchers);
  EXPECT_EQ(b.high_watermark_checkpoint_interval, struct_b.high_watermark_checkpoint_interval);
  EXPECT_EQ(b.broker_heartbeat_interval, struct_b.broker_heartbeat_interval);
  EXPECT_EQ(b.broker_session_timeout, struct_b.broker_session_timeout);
  EXPECT_EQ(b.controller_append_linger, struct_b.controller_append_linger);
  EXPECT_EQ(b.metadata_max_idle_interval, struct_b.metadata_max_idle_interval);
  EXPECT_EQ(b.controlled_shutdown_enable, struct_b.controlled_shutdown_enable);
  EXPECT_EQ(b.auto_leader_rebalance, struct_b.auto_leader_rebalance);
  EXPECT_EQ(b.leader_imbalance_check_interval, struct_b.leader_imbalance_check_interval);
  EXPECT_EQ(b.unclean_leader_election_interval, struct_b.unclean_leader_election_interval);
  EXPECT_EQ(b.eligible_leader_replicas, struct_b.eligible_leader_replicas);
  EXPECT_EQ(b.log_flush_scheduler_interval, struct_b.log_flush_scheduler_interval);
  EXPECT_EQ(b.log_flush_offset_checkpoint_interval, struct_b.log_flush_offset_checkpoint_interval);
  EXPECT_EQ(b.num_recovery_threads_per_data_dir, struct_b.num_recovery_threads_per_data_dir);
  EXPECT_EQ(b.num_network_threads, struct_b.num_network_threads);
  EXPECT_EQ(b.num_io_threads, struct_b.num_io_threads);
  EXPECT_EQ(b.queued_max_requests, struct_b.queued_max_requests);
  EXPECT_EQ(b.connections_max_idle, struct_b.connections_max_idle);
  EXPECT_EQ(b.request_timeout, struct_b.request_timeout);
  EXPECT_EQ(b.strict_min_isr, struct_b.strict_min_isr);
  EXPECT_EQ(b.metadata_commit_wakes_fetch, struct_b.metadata_commit_wakes_fetch);

  const kafka::TopicConfig t = cluster().topics.at(0).config;
  const kafka::TopicConfig struct_t;
  EXPECT_EQ(t.min_insync_replicas, struct_t.min_insync_replicas);
  EXPECT_EQ(t.unclean_leader_election, struct_t.unclean_leader_election);
  EXPECT_EQ(t.segment_bytes, struct_t.segment_bytes);
  EXPECT_EQ(t.segment_ms, struct_t.segment_ms);
  EXPECT_EQ(t.index_interval_bytes, struct_t.index_interval_bytes);
  EXPECT_EQ(t.segment_index_bytes, struct_t.segment_index_bytes);
  EXPECT_EQ(t.flush_messages, struct_t.flush_messages);
  EXPECT_EQ(t.flush_ms, struct_t.flush_ms);
  EXPECT_EQ(t.max_message_bytes, struct_t.max_message_bytes);
}

TEST(KafkaDefaults, FollowTheVersion) {
  const Overrides v39{"/systems/kafka/version=\"3.9\""};
  EXPECT_EQ(producer(v39).config.linger, sim::Duration{0}) << "linger.ms was 0 before 4.0";
  EXPECT_EQ(cluster(v39).broker.num_recovery_threads_per_data_dir, 1);
  EXPECT_FALSE(cluster(v39).broker.eligible_leader_replicas);
  EXPECT_FALSE(cluster(v39).broker.metadata_commit_wakes_fetch);
  EXPECT_TRUE(cluster(v39).broker.strict_min_isr) << "since 3.7";
  const Overrides v40{"/systems/kafka/version=\"4.0\""};
  EXPECT_EQ(producer(v40).config.linger, sim::Duration{5'000'000});
  EXPECT_FALSE(cluster(v40).broker.eligible_leader_replicas) << "off by default until 4.1";
  only_error({"/systems/kafka/version=\"2.8\""}, "unknown-value", "/systems/kafka/version");
}

TEST(KafkaDefaults, EveryPropertysOwnDefaultIsLegal) {
  for (const PropertyScope scope :
       {PropertyScope::broker, PropertyScope::topic, PropertyScope::producer, PropertyScope::consumer}) {
    std::string before;
    for (const Property& p : properties_of(scope)) {
      EXPECT_LT(before, p.name) << "a property stands twice in the table";
      before = p.name;
      for (const kafka::Version v : {kafka::Version::v3_9, kafka::Version::v4_0, kafka::Version::v4_1}) {
        if (p.default_of(v).empty()) continue;
        EXPECT_TRUE(std::holds_alternative<PropertyValue>(parse_property(p, p.default_of(v), v))) << p.name;
      }
    }
  }
}

TEST(KafkaProperties, ArriveTypedAndKeepKafkasForm) {
  EXPECT_EQ(producer({client_config + "acks=1"}).config.acks, kafka::Acks::leader);
  EXPECT_EQ(producer({client_config + "acks=\"0\""}).config.acks, kafka::Acks::none);
  EXPECT_EQ(producer({client_config + "acks=-1"}).config.acks, kafka::Acks::all);
  EXPECT_EQ(producer({client_config + "linger.ms=\" 7 \""}).config.linger, sim::Duration{7'000'000});
  EXPECT_EQ(cluster({broker_config + "broker.session.timeout.ms=6000"}).broker.broker_session_timeout,
            sim::Duration{6'000'000'000});
  only_error({client_config + "acks=2"}, "unknown-value", "/workloads/0/config/acks");
  only_error({client_config + "linger.ms=\"5 ms\""}, "wrong-type", "/workloads/0/config/linger.ms");
  only_error({client_config + "linger.ms=-1"}, "out-of-range", "/workloads/0/config/linger.ms");
  only_error({client_config + "retries=99999999999"}, "out-of-range", "/workloads/0/config/retries");
  only_error({client_config + "retries=[1]"}, "wrong-type", "/workloads/0/config/retries");
  only_error({broker_config + "controlled.shutdown.enable=yes"}, "wrong-type",
             "/systems/kafka/config/controlled.shutdown.enable");
}

TEST(KafkaProperties, LongMaxMeansNever) {
  EXPECT_EQ(
      cluster({"/systems/kafka/topics/0/config/flush.ms=9223372036854775807"}).topics.at(0).config.flush_ms,
      sim::Duration::max());
  only_error({"/systems/kafka/topics/0/config/flush.ms=9223372036854775808"}, "out-of-range",
             "/systems/kafka/topics/0/config/flush.ms");
}

TEST(KafkaProperties, TopicsInheritFromTheBroker) {
  const auto c =
      cluster({broker_config + "min.insync.replicas=2", broker_config + "log.segment.bytes=2097152",
               "/systems/kafka/topics/-={\"name\": \"own\", \"config\": {\"segment.bytes\": 4194304}}",
               broker_config + "default.replication.factor=3", broker_config + "num.partitions=4"});
  EXPECT_EQ(c.topics.at(0).config.min_insync_replicas, 2);
  EXPECT_EQ(c.topics.at(0).config.segment_bytes, sim::Bytes{2 << 20});
  EXPECT_EQ(c.topics.at(1).config.segment_bytes, sim::Bytes{4 << 20});
  EXPECT_EQ(c.topics.at(1).partitions, 4);
  EXPECT_EQ(c.topics.at(1).replication_factor, 3);
}

TEST(KafkaProperties, NullAndOldNamesFallBackAsInKafka) {
  const auto scheduler = cluster({broker_config + "log.flush.scheduler.interval.ms=1000"});
  EXPECT_EQ(scheduler.topics.at(0).config.flush_ms, sim::Duration{1'000'000'000})
      << "log.flush.interval.ms is null";
  const auto both = cluster({broker_config + "log.roll.ms=5000", broker_config + "log.roll.hours=1"});
  EXPECT_EQ(both.topics.at(0).config.segment_ms, sim::Duration{5'000'000'000}) << "ms wins over hours";
}

TEST(KafkaProperties, SegmentsOfAMegabyteSince40) {
  const Overrides small{"/systems/kafka/topics/0/config/segment.bytes=65536"};
  only_error(small, "out-of-range", "/systems/kafka/topics/0/config/segment.bytes");
  Overrides in_39 = small;
  in_39.push_back("/systems/kafka/version=\"3.9\"");
  EXPECT_EQ(cluster(in_39).topics.at(0).config.segment_bytes, sim::Bytes{65'536});
}

TEST(KafkaProperties, UnknownIsAnErrorAndWithoutEffectAWarning) {
  const Diagnostic unknown = only_error({broker_config + "min.insync.replica=2"}, "unknown-property",
                                        "/systems/kafka/config/min.insync.replica");
  EXPECT_EQ(unknown.hint, "did you mean \"min.insync.replicas\"?");
  const Diagnostic elsewhere = only_error({client_config + "min.insync.replicas=2"}, "unknown-property",
                                          "/workloads/0/config/min.insync.replicas");
  EXPECT_EQ(elsewhere.hint, "it is a broker property");
  const LoadResult without_effect = load_base({broker_config + "background.threads=20"});
  ASSERT_TRUE(without_effect.scenario);
  EXPECT_EQ(codes(without_effect), std::vector<std::string>{"scenario/no-effect"});
  EXPECT_EQ(without_effect.scenario->warnings.size(), 1u);
}

TEST(Idempotence, GivesWaySilentlyUnlessAskedFor) {
  EXPECT_TRUE(producer().config.enable_idempotence);
  EXPECT_FALSE(producer({client_config + "acks=1"}).config.enable_idempotence);
  EXPECT_FALSE(producer({client_config + "retries=0"}).config.enable_idempotence);
  const std::string asked = client_config + "enable.idempotence=true";
  only_error({asked, client_config + "acks=1"}, "config", "/workloads/0/config/acks");
  only_error({asked, client_config + "retries=0"}, "config", "/workloads/0/config/retries");
}

TEST(Idempotence, TooManyInFlightIsAnErrorSince40) {
  const std::string six = client_config + "max.in.flight.requests.per.connection=6";
  const std::string at = "/workloads/0/config/max.in.flight.requests.per.connection";
  only_error({six}, "config", at);
  EXPECT_FALSE(producer({six, "/systems/kafka/version=\"3.9\""}).config.enable_idempotence);
  EXPECT_EQ(producer({six, client_config + "enable.idempotence=false"}).config.max_in_flight, 6);
  EXPECT_EQ(producer({six, client_config + "acks=1"}).config.max_in_flight, 6)
      << "already off because of acks";
  only_error({six, client_config + "enable.idempotence=true", "/systems/kafka/version=\"3.9\""}, "config",
             at);
}

TEST(DeliveryTimeout, CoversLingerAndRequest) {
  only_error({client_config + "delivery.timeout.ms=30004"}, "config",
             "/workloads/0/config/delivery.timeout.ms");
  EXPECT_EQ(producer({client_config + "delivery.timeout.ms=30005"}).config.delivery_timeout,
            sim::Duration{30'005'000'000});
  const LoadResult raised = load_base({client_config + "request.timeout.ms=200000"});
  ASSERT_TRUE(raised.scenario) << render(raised.diagnostics);
  EXPECT_EQ(raised.scenario->config.producers.at(0).config.delivery_timeout, sim::Duration{200'005'000'000})
      << "not given, so raised";
  EXPECT_EQ(codes(raised), std::vector<std::string>{"scenario/config"});
}

TEST(BrokerRules, FetchWaitBelowLag) {
  only_error({broker_config + "replica.lag.time.max.ms=400"}, "config",
             "/systems/kafka/config/replica.lag.time.max.ms");
  EXPECT_EQ(cluster({broker_config + "replica.lag.time.max.ms=500"}).broker.replica_lag_time_max,
            sim::Duration{500'000'000});
}

TEST(PropertiesFile, IsReadAsJavaDoes) {
  const auto lines = parse_properties(
      "# c\n! c\n\n a = 1\nb: 2\r\nc 3\nlong=x,\\\n    y\nu=\\u00e9\\t.\nempty\npath=C:\\\\x\n");
  const auto line = [&](std::size_t i) {
    return std::to_string(lines.at(i).line) + " " + lines.at(i).name + "|" + lines.at(i).value;
  };
  ASSERT_EQ(lines.size(), 7u);
  EXPECT_EQ(line(0), "4 a|1");
  EXPECT_EQ(line(1), "5 b|2");
  EXPECT_EQ(line(2), "6 c|3");
  EXPECT_EQ(line(3), "7 long|x,y");
  EXPECT_EQ(line(4), "9 u|\xC3\xA9\t.");
  EXPECT_EQ(line(5), "10 empty|");
  EXPECT_EQ(line(6), "11 path|C:\\x");
}

class NamedFile : public ::testing::Test {
 protected:
  void write(const std::string& text) { std::ofstream(path_) << text; }
  LoadResult load(Overrides more = {}) {
    more.push_back("/systems/kafka/properties=" + std::string("\"server.properties\""));
    return load_text(base_text, testing::TempDir() + "base.json", more);
  }
  void TearDown() override { std::remove(path_.c_str()); }

  std::string path_ = testing::TempDir() + "server.properties";
};

TEST_F(NamedFile, SetsWhatInlineConfigDoesNot) {
  write("min.insync.replicas=2\nnum.io.threads=16\n");
  const LoadResult result = load({broker_config + "num.io.threads=4"});
  ASSERT_TRUE(result.scenario) << render(result.diagnostics);
  EXPECT_EQ(result.scenario->config.clusters.at(0).topics.at(0).config.min_insync_replicas, 2);
  EXPECT_EQ(result.scenario->config.clusters.at(0).broker.num_io_threads, 4);
}

TEST_F(NamedFile, WarnsOfWhatItDoesNotKnowAndFailsOnWrongValues) {
  write("broker.id=1\nmy.company.setting=1\nnum.io.threads=many\n");
  const LoadResult result = load();
  EXPECT_FALSE(result.scenario);
  ASSERT_EQ(codes(result), (std::vector<std::string>{"scenario/no-effect", "scenario/unknown-property",
                                                     "scenario/wrong-type"}));
  EXPECT_EQ(result.diagnostics[1].severity, Severity::warning);
  EXPECT_EQ(result.diagnostics[2].severity, Severity::error);
  EXPECT_EQ(result.diagnostics[2].file, path_);
  EXPECT_EQ(result.diagnostics[2].line, 3);
}

TEST_F(NamedFile, MissingOrTooLargeIsAnErrorAtItsName) {
  std::remove(path_.c_str());
  EXPECT_EQ(codes(load()), std::vector<std::string>{"scenario/no-file"});
  write(std::string(300 << 10, '#'));
  const LoadResult large = load();
  EXPECT_EQ(codes(large), std::vector<std::string>{"scenario/too-large"});
  EXPECT_EQ(large.diagnostics.at(0).pointer, "/systems/kafka/properties");
}

// Goal: kafka-behaviour.md section 11 item 6: each difference between releases is one switch. Method: the rules of each
// version, and a switch the other way.
TEST(Rules, FollowTheVersionAndGiveWayToASwitch) {
  const std::string system = "/systems/kafka";
  for (const std::string version : {"3.9", "4.0", "4.1"}) {
    const auto broker = cluster({system + "/version=\"" + version + "\""}).broker;
    EXPECT_EQ(broker.eligible_leader_replicas, version == "4.1");
    EXPECT_EQ(broker.metadata_commit_wakes_fetch, version == "4.1");
    EXPECT_TRUE(broker.strict_min_isr) << "3.7";
    EXPECT_EQ(broker.truncation, kafka::TruncationMode::fetch) << "2.7";
    EXPECT_TRUE(broker.fetch_epoch_fencing) << "2.1";
    EXPECT_TRUE(broker.consumer_offset_validation) << "2.1";
    EXPECT_FALSE(broker.pre_vote.has_value()) << "the version decides";
  }
  const std::string rules = system + "/rules/";
  const auto old = cluster({rules + "truncation=\"kip101\"", rules + "fetch_epoch_fencing=false",
                            rules + "consumer_offset_validation=false", rules + "isr_admits_only_active=false",
                            rules + "isr_checks_broker_epoch=false", rules + "last_known_leader_must_live=false",
                            rules + "detect_clean_shutdown=false", rules + "periodic_fence_check=false",
                            rules + "pre_vote=false", rules + "leader_epoch_rises_on_isr_shrink=true",
                            rules + "strict_min_isr=false", rules + "eligible_leader_replicas=false"})
                       .broker;
  EXPECT_EQ(old.truncation, kafka::TruncationMode::kip101);
  EXPECT_FALSE(old.fetch_epoch_fencing);
  EXPECT_FALSE(old.consumer_offset_validation);
  EXPECT_FALSE(old.isr_admits_only_active);
  EXPECT_FALSE(old.isr_checks_broker_epoch);
  EXPECT_EQ(old.last_known_leader_must_live, false);
  EXPECT_EQ(old.detect_clean_shutdown, false);
  EXPECT_EQ(old.periodic_fence_check, false);
  EXPECT_EQ(old.pre_vote, false);
  EXPECT_TRUE(old.leader_epoch_rises_on_isr_shrink);
  EXPECT_FALSE(old.strict_min_isr);
  EXPECT_FALSE(old.eligible_leader_replicas);
}

}  // namespace
}  // namespace brokersim::scenario
