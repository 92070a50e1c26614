#include "tests/worlds/generator.h"

#include <algorithm>
#include <optional>
#include <sstream>

#include "tests/worlds/choices.h"
#include "tests/worlds/shares.h"
#include "tests/worlds/transfers.h"

namespace brokersim::worlds {
namespace {

// Timeouts and backoffs of Kafka, shortened: a session of 1 to 3 s instead of 9 s, a lag of 1 to 4 s instead of 30 s.
// A fault phase of some 20 s then holds several elections. The end is long enough for what a cut leaves behind: TCP
// doubles its retransmission timeout during the cut and may be as silent again afterwards.
constexpr std::uint64_t kCalmStart = 3'000;
constexpr std::uint64_t kSettle = 11'000;
// A broker whose AlterPartition went to a controller that lost its machine hears nothing, not even a reset: it waits
// controller.socket.timeout.ms (30 s), and with it every change of its ISRs (combined mode: a broker's power is a
// controller's).
constexpr std::uint64_t kSettleCombined = 32'000;
constexpr std::uint64_t kServiceTime = 5'500;  // of producers, once all is settled; then the end
constexpr std::uint64_t kQuietTime = 5'000;    // of a world without faults; producers stop a second before

std::string quoted(const std::string& text) { return "\"" + text + "\""; }
std::string milliseconds(std::uint64_t n) { return quoted(std::to_string(n) + " ms"); }

// `<<` is evaluated from left to right, `+` is not: with `+`, two compilers would make two worlds.
class Generator {
 public:
  Generator(Family family, std::uint64_t number)
      : family_(family),
        pick_(0x776F726C6473ull + static_cast<std::uint64_t>(family), number),
        more_(0x6D6F7265ull + static_cast<std::uint64_t>(family), number) {
    plan_.number = number;
    plan_.family = family;
    brokers_ = pick_.between(3, 5);
    zones_ = pick_.between(1, 3);
    controllers_ = pick_.one_of({"1", "3", "3", "3", "5"});
    // What came later draws from a stream of its own, so that the rest of a world stays as it was.
    rack_aware_ = more_.percent(20) && family == Family::inside;
    throttled_ = more_.percent(10);
    combined_ = pick_.percent(30);
    if (combined_ && controllers_ == "5" && brokers_ < 5) controllers_ = "3";
    fault_phase_ = pick_.between(12'000, 30'000);
    plan_.quiet_from_ms = kCalmStart + fault_phase_;
    plan_.settled_from_ms = plan_.quiet_from_ms + (combined_ ? kSettleCombined : kSettle);
    plan_.duration_ms = plan_.settled_from_ms + 2 * kServiceTime;
    producers_stop_ = plan_.settled_from_ms + kServiceTime;
    if (family != Family::quiet) return;
    plan_.quiet_from_ms = plan_.settled_from_ms = 0;
    plan_.duration_ms = kQuietTime;
    producers_stop_ = kQuietTime - 1'000;
  }

  Plan make(const std::string& planted) {
    hosts();
    if (family_ == Family::transfers) transfers_.emplace(plan_, plan_.number, planted);
    if (family_ == Family::shares) shares_.emplace(plan_, plan_.number);
    system(planted);
    const std::uint64_t topics = pick_.percent(30) ? 2 : 1;
    for (std::uint64_t t = 0; t < topics; ++t) topic(t);
    if (transfers_) {
      std::vector<std::string> names;
      for (const Topic& topic : topics_) names.push_back(topic.name);
      transfers_->add_workloads(names);
      faults();
      transfers_->add_faults(kCalmStart, fault_phase_);
      return std::move(plan_);
    }
    const std::uint64_t producers = pick_.between(1, 3);
    for (std::uint64_t i = 0; i < producers; ++i) producer(i);
    if (shares_) {
      shares_->add_members(topics_.front().name);
    } else if (pick_.percent(50)) {
      consumer();
    }
    faults();
    if (shares_) shares_->add_faults(kCalmStart, fault_phase_);
    return std::move(plan_);
  }

 private:
  struct Topic {
    std::string name;
    std::uint64_t partitions = 1;
    std::uint64_t replicas = 1;
    std::uint64_t min_isr = 1;
    std::uint64_t keys = 0;  ///< Of its producers; 0: records without keys.
    std::uint64_t load = 0;  ///< Records per second of all its producers.
  };

  bool inside() const {
    return family_ == Family::inside || family_ == Family::transfers || family_ == Family::shares ||
           family_ == Family::quiet;
  }

  void hosts() {
    std::ostringstream out;
    out << "{\"name\": \"b\", \"count\": " << brokers_ << ", \"zones\": [";
    for (std::uint64_t z = 0; z < zones_; ++z)
      out << (z == 0 ? "\"" : ", \"") << static_cast<char>('a' + z) << "\"";
    out << "], \"boot_time\": " << milliseconds(pick_.between(100, 2'000)) << ", \"hardware\": {\"preset\": ";
    const std::string preset =
        pick_.one_of({"i3en.2xlarge", "generic.nvme", "generic.nvme-plp", "generic.hdd"});
    slow_fsync_ = preset == "generic.hdd";
    out << quoted(preset);
    out << ", \"page_cache\": {\"dirty_expire\": " << milliseconds(pick_.between(200, 8'000));
    out << ", \"writeback_interval\": " << milliseconds(pick_.between(200, 3'000));
    out << "}, \"file_system\": {\"kind\": " << pick_.one_of({"\"ext4\"", "\"ext4\"", "\"xfs\""});
    out << ", \"commit_interval\": " << milliseconds(pick_.between(200, 5'000)) << "}}}";
    plan_.hosts = out.str();
  }

  void system(const std::string& planted) {
    const std::string version =
        transfers_ || shares_ ? pick_.one_of({"4.1", "4.0"}) : pick_.one_of({"4.1", "4.1", "4.0", "3.9"});
    const std::uint64_t session = pick_.between(1'000, 3'500);
    std::ostringstream out;
    out << "\"kind\": \"kafka\", \"version\": " << quoted(version) << ", \"brokers_on\": \"b\"";
    out << ", \"controllers\": {\"count\": " << controllers_ << (combined_ ? ", \"on\": \"b\"}" : "}");
    out << ",\n      \"config\": {\"broker.session.timeout.ms\": " << session;
    out << ", \"broker.heartbeat.interval.ms\": " << pick_.between(session / 8, session / 3);
    out << ", \"replica.lag.time.max.ms\": " << pick_.between(1'000, 4'000);
    out << ", \"replica.socket.timeout.ms\": " << pick_.between(1'000, 4'000);
    out << ", \"request.timeout.ms\": " << pick_.between(1'000, 4'000);
    out << ", \"replica.fetch.wait.max.ms\": " << pick_.between(100, 500);
    out << ", \"num.replica.fetchers\": " << pick_.between(1, 2);
    out << ", \"controller.quorum.append.linger.ms\": "
        << (pick_.percent(70) ? 25 : pick_.between(0, session / 3));
    const std::uint64_t fetch_timeout = pick_.between(600, 2'000);
    out << ", \"controller.quorum.fetch.timeout.ms\": " << fetch_timeout;
    out << ", \"controller.quorum.election.timeout.ms\": " << pick_.between(300, 1'000);
    out << ", \"controller.quorum.request.timeout.ms\": " << fetch_timeout;
    if (pick_.percent(40)) {
      // Snapshots every few records, and a log that forgets: whoever was away must load one.
      out << ", \"metadata.log.max.record.bytes.between.snapshots\": " << pick_.between(200, 3'000);
      out << ", \"metadata.log.segment.bytes\": " << pick_.between(400, 4'000);
      out << ", \"metadata.max.retention.bytes\": " << pick_.between(400, 4'000);
    }
    if (pick_.percent(50)) out << ", \"leader.imbalance.check.interval.seconds\": " << pick_.between(2, 10);
    out << ", \"log.cleaner.backoff.ms\": " << more_.between(300, 2'000);
    out << ", \"log.retention.check.interval.ms\": " << more_.between(300, 2'000);
    out << ", \"log.initial.task.delay.ms\": " << more_.between(100, 3'000);
    if (rack_aware_)
      out << ", \"replica.selector.class\": \"org.apache.kafka.common.replica.RackAwareReplicaSelector\"";
    if (throttled_) {
      out << ", \"leader.replication.throttled.rate\": " << more_.between(20'000'000, 60'000'000);
      out << ", \"follower.replication.throttled.rate\": " << more_.between(20'000'000, 60'000'000);
    }
    out << ", \"offsets.topic.num.partitions\": " << more_.between(1, 3);
    out << ", \"group.initial.rebalance.delay.ms\": " << more_.between(0, 1'000);
    out << ", \"group.min.session.timeout.ms\": 500, \"group.consumer.min.session.timeout.ms\": 500";
    out << ", \"group.consumer.session.timeout.ms\": " << more_.between(2'000, 5'000);
    out << ", \"group.consumer.min.heartbeat.interval.ms\": 100, \"group.consumer.heartbeat.interval.ms\": "
        << more_.between(200, 600);
    if (transfers_) out << transfers_->config();
    if (shares_) out << shares_->config();
    out << "}";
    std::vector<std::string> rules;
    if (transfers_ && !transfers_->rules().empty()) rules.push_back(transfers_->rules());
    if (pick_.percent(50))
      rules.push_back(std::string("\"eligible_leader_replicas\": ") + (pick_.percent(50) ? "true" : "false"));
    if (!planted.empty() && !is_rule(planted)) rules.push_back("\"planted\": [" + quoted(planted) + "]");
    for (std::size_t i = 0; i < rules.size(); ++i)
      out << (i == 0 ? ",\n      \"rules\": {" : ", ") << rules[i] << (i + 1 == rules.size() ? "}" : "");
    plan_.system = out.str();
  }

  void topic(std::uint64_t t) {
    Topic topic;
    topic.name = t == 0 ? "orders" : "audit";
    topic.partitions = pick_.between(1, 3);
    topic.replicas = pick_.between(2, std::min<std::uint64_t>(4, brokers_));
    topic.min_isr = pick_.percent(15) ? 1 : pick_.between(2, topic.replicas);
    if (pick_.percent(60) && topic.replicas >= 3) topic.min_isr = 2;
    std::ostringstream out;
    out << "{\"name\": " << quoted(topic.name) << ", \"partitions\": " << topic.partitions
        << ", \"replication_factor\": " << topic.replicas;
    out << ", \"config\": {\"min.insync.replicas\": " << topic.min_isr;
    out << ", \"segment.bytes\": " << pick_.one_of({"1048576", "1048576", "3000000", "1073741824"});
    // A spinning drive does some forty fsyncs a second: less than these producers would ask for.
    if (!slow_fsync_ && pick_.percent(20)) out << ", \"flush.messages\": " << pick_.between(1, 3);
    if (!inside() && pick_.percent(50)) out << ", \"unclean.leader.election.enable\": true";
    lifetime(topic, out);
    if (throttled_)
      out << ", \"leader.replication.throttled.replicas\": \"*\", "
             "\"follower.replication.throttled.replicas\": \"*\"";
    if (more_.percent(10)) out << ", \"compression.type\": " << more_.one_of({"\"lz4\"", "\"zstd\""});
    out << "}}";
    plan_.topics.push_back(out.str());
    topics_.push_back(topic);
  }

  /// Compaction, retention or neither; segments then close within seconds.
  void lifetime(Topic& topic, std::ostringstream& out) {
    if (transfers_ || shares_) return;  // books are judged by the whole log
    const std::uint64_t kind = more_.below(10);
    if (kind < 2) {
      topic.keys = more_.between(2, 40);
      out << ", \"cleanup.policy\": \"compact\", \"min.cleanable.dirty.ratio\": "
          << more_.one_of({"0.01", "0.1", "0.5"});
      out << ", \"delete.retention.ms\": " << more_.between(0, 5'000);
    } else if (kind < 4) {
      if (more_.percent(60)) out << ", \"retention.ms\": " << more_.between(500, 10'000);
      if (more_.percent(60)) out << ", \"retention.bytes\": " << more_.between(10'000, 2'000'000);
    } else {
      return;
    }
    plan_.aging.push_back(topic.name);
    out << ", \"segment.ms\": " << more_.between(100, 3'000)
        << ", \"file.delete.delay.ms\": " << more_.between(0, 3'000);
  }

  Topic& any_topic() { return topics_[pick_.below(topics_.size())]; }

  void producer(std::uint64_t i) {
    const std::string acks = i == 0 ? "\"all\"" : pick_.one_of({"\"all\"", "\"all\"", "1", "0"});
    Topic& topic = i == 0 ? topics_.front() : any_topic();
    std::ostringstream out;
    out << "{\"name\": \"p" << i << "\", \"kind\": \"kafka_producer\", \"topic\": " << quoted(topic.name);
    if (topic.keys > 0) {
      out << ", \"keys\": " << topic.keys;
      if (more_.percent(50)) out << ", \"tombstone_permille\": " << more_.between(1, 300);
    }
    const std::uint64_t rate = pick_.between(4, 25) * (family_ == Family::quiet ? 3 : 1);
    out << ", \"rate\": \"" << rate << " /s\", \"arrivals\": " << pick_.one_of({"\"constant\"", "\"poisson\"", "\"poisson\""});
    // Large records make a segment of 1 MiB, the smallest that Kafka allows, full within seconds.
    std::uint64_t size = pick_.percent(60) ? pick_.between(10, 3'000) : pick_.between(3'000, 60'000);
    if (topic.keys > 0) size = std::max<std::uint64_t>(size, 40);
    out << ", \"record_size\": \"" << size << " B\"";
    std::uint64_t per_send = 1;
    if (pick_.percent(30)) {
      per_send = pick_.between(2, 10);
      out << ", \"records_per_send\": " << per_send;
    }
    topic.load += rate * per_send;
    out << ", \"stop\": " << milliseconds(producers_stop_);
    out << ", \"config\": {\"acks\": " << acks;
    if (acks != "\"all\"" || pick_.percent(25)) {
      out << ", \"enable.idempotence\": false";
      if (pick_.percent(50)) out << ", \"max.in.flight.requests.per.connection\": 1";
    } else if (pick_.percent(30)) {
      out << ", \"max.in.flight.requests.per.connection\": " << pick_.between(1, 5);
    }
    out << ", \"linger.ms\": " << (pick_.percent(50) ? 0 : pick_.between(1, 100));
    out << ", \"batch.size\": " << pick_.between(1, 16'384);
    const std::uint64_t request = pick_.between(500, 4'000);
    out << ", \"request.timeout.ms\": " << request;
    out << ", \"delivery.timeout.ms\": " << request + 200 + pick_.between(0, 25'000);
    if (pick_.percent(20)) out << ", \"retries\": " << pick_.between(1, 5);
    if (more_.percent(25))
      out << ", \"compression.type\": " << more_.one_of({"\"lz4\"", "\"gzip\"", "\"snappy\"", "\"zstd\""});
    out << "}}";
    plan_.workloads.push_back(out.str());
  }

  void consumer() {
    std::ostringstream out;
    const Topic& topic = any_topic();
    out << "{\"name\": \"c\", \"kind\": \"kafka_consumer\", \"topic\": " << quoted(topic.name);
    const bool grouped = more_.percent(40);
    std::uint64_t cost_us = 0;
    if (grouped) {
      out << ", \"count\": " << more_.between(2, 3) << ", \"group\": \"readers\"";
      if (more_.percent(50))
        out << ", \"commit\": " << more_.one_of({"\"after_processing\"", "\"before_processing\""});
      // One member can do four times the load, so that whatever the faults left unread is read before the end.
      if (more_.percent(30)) cost_us = more_.between(50, 250'000 / std::max<std::uint64_t>(topic.load, 1));
      if (cost_us > 0) out << ", \"process_cost\": \"" << cost_us << " us\"";
    }
    out << ", \"config\": {\"auto.offset.reset\": \"earliest\", \"request.timeout.ms\": "
        << pick_.between(1'000, 4'000);
    out << ", \"fetch.max.wait.ms\": " << pick_.between(50, 500);
    if (rack_aware_) out << ", \"client.rack\": " << more_.one_of({"\"a\"", "\"b\"", "\"c\""});
    if (grouped) {
      const bool classic = more_.percent(50);
      out << ", \"group.protocol\": " << (classic ? "\"classic\"" : "\"consumer\"");
      if (classic) {
        out << ", \"session.timeout.ms\": " << more_.between(2'000, 5'000);
        out << ", \"heartbeat.interval.ms\": " << more_.between(200, 600);
      }
      const std::uint64_t interval = more_.between(3'000, 8'000);
      out << ", \"max.poll.interval.ms\": " << interval;
      // Whoever takes longer for what a poll returns than it may is thrown out, and again, for ever.
      if (cost_us > 0)
        out << ", \"max.poll.records\": "
            << std::clamp<std::uint64_t>(interval * 1'000 / 3 / cost_us, 1, 500);
      out << ", \"auto.commit.interval.ms\": " << more_.between(200, 3'000);
    }
    out << "}}";
    plan_.workloads.push_back(out.str());
  }

  std::string partition() {
    std::ostringstream out;
    const Topic& topic = any_topic();
    out << quoted(topic.name + "/" + std::to_string(pick_.below(topic.partitions)));
    return out.str();
  }
  std::string broker() { return "{\"broker\": " + std::to_string(pick_.below(brokers_)) + "}"; }
  std::string replica_role() {
    switch (pick_.below(5)) {
      case 0:
      case 1: return "{\"leader_of\": " + partition() + "}";
      case 2: return "{\"follower_of\": " + partition() + "}";
      default: return broker();
    }
  }
  std::string anybody() {
    switch (pick_.below(8)) {
      case 0: return "{\"controller\": true}";
      case 1: return controllers_ == "1" ? broker() : "{\"controller_follower\": true}";
      default: return replica_role();
    }
  }

  void add(const std::string& kind, std::uint64_t at, const std::string& rest) {
    std::ostringstream out;
    out << "{\"name\": \"f" << plan_.faults.size() << "\", \"kind\": " << quoted(kind)
        << ", \"at\": " << milliseconds(at) << ", " << rest << "}";
    plan_.faults.push_back(out.str());
  }

  /// A time in the fault phase, often shortly after the one before: faults meet.
  std::uint64_t when() {
    if (last_ == 0 || pick_.percent(40)) {
      last_ = kCalmStart + pick_.below(fault_phase_ - 1'000);
    } else {
      last_ = std::min(last_ + pick_.below(2'500), kCalmStart + fault_phase_ - 1'000);
    }
    return last_;
  }
  /// A length that ends before the quiet end begins.
  std::uint64_t length(std::uint64_t at, std::uint64_t low, std::uint64_t high) {
    return std::min(pick_.between(low, high), plan_.quiet_from_ms - at);
  }
  std::string lasts(std::uint64_t at, std::uint64_t low, std::uint64_t high) {
    return ", \"lasts\": " + milliseconds(length(at, low, high));
  }
  std::string restart(std::uint64_t at) {
    return ", \"restart_after\": " + milliseconds(length(at, 0, pick_.percent(70) ? 2'500 : 9'000));
  }

  void stop_or_pause() {
    const std::uint64_t at = when();
    const std::string whom = anybody();
    switch (pick_.below(8)) {
      case 0:
      case 1:
      case 2: add("kill_process", at, "\"target\": " + whom + restart(at)); return;
      case 3: {
        const std::string replica = replica_role();
        add("controlled_shutdown", at, "\"target\": " + replica + restart(at));
        return;
      }
      case 4:
      case 5: add("pause_process", at, "\"target\": " + whom + lasts(at, 100, 6'000)); return;
      case 6: add("frozen_host", at, "\"target\": " + whom + lasts(at, 100, 6'000)); return;
      default: {
        const std::string replica = replica_role();
        add("crash_loop", std::min(at, plan_.quiet_from_ms - 8'000),
            "\"target\": " + replica + ", \"times\": 3, \"down_for\": \"200 ms\", \"up_for\": " +
                milliseconds(pick_.between(500, 2'000)));
      }
    }
  }

  void cut() {
    const std::uint64_t at = when();
    std::ostringstream rest;
    rest << "\"from\": " << anybody();
    if (pick_.percent(55)) rest << ", \"to\": " << anybody();
    switch (pick_.below(6)) {
      case 0: {
        const std::string whom = anybody();
        add("nic_down", at, "\"target\": " + whom + lasts(at, 100, 5'000));
        return;
      }
      case 1:
        rest << ", \"delay\": " << milliseconds(pick_.between(1, 800)) << lasts(at, 500, 8'000);
        add("network_delay", at, rest.str());
        return;
      default: break;
    }
    if (pick_.percent(40)) rest << ", \"shape\": \"one_way\"";
    rest << lasts(at, 100, 7'000);
    add("partition", at, rest.str());
  }

  void disk() {
    const std::uint64_t at = when();
    const std::string whom = anybody();
    if (pick_.percent(50)) {
      add("stall_disk", at, "\"target\": " + whom + lasts(at, 100, 4'000));
    } else {
      std::ostringstream rest;
      rest << "\"target\": " << whom << ", \"factor_percent\": " << pick_.between(500, 50'000)
           << lasts(at, 500, 6'000);
      add("slow_disk", at, rest.str());
    }
  }

  void lossy() {
    const std::uint64_t at = when();
    // A single controller commits before its fsync: losing its machine is a loss of metadata, which nobody promises
    // against. Combined, it lives on broker 0.
    std::string whom = inside() && combined_ && controllers_ == "1"
                           ? "{\"broker\": " + std::to_string(pick_.between(1, brokers_ - 1)) + "}"
                           : replica_role();
    if (!inside() && pick_.percent(25)) whom = "{\"zone\": \"a\"}";
    if (!inside() && pick_.percent(15)) whom = "{\"hosts\": \"b\"}";
    if (inside() && whom.find("_of") != std::string::npos && combined_ && controllers_ == "1")
      whom = broker();
    const std::string kind = pick_.one_of({"power_loss", "power_loss", "kernel_panic"});
    add(kind, at, "\"target\": " + whom + restart(at));
  }

  /// A leader is cut off or killed, comes back, cuts its log, and loses power before the journal knows of the cut.
  void relapse() {
    const std::uint64_t id = pick_.between(combined_ && controllers_ == "1" ? 1 : 0, brokers_ - 1);
    const std::string whom = "{\"broker\": " + std::to_string(id) + "}";
    const std::uint64_t at = kCalmStart + pick_.below(fault_phase_ / 2);
    std::uint64_t back = at;
    if (pick_.percent(50)) {
      back += pick_.between(2'000, 5'000);
      add("partition", at, "\"from\": " + whom + ", \"lasts\": " + milliseconds(back - at));
    } else {
      add("kill_process", at, "\"target\": " + whom + ", \"restart_after\": \"100 ms\"");
      back += 2'500;
    }
    const std::uint64_t again = std::min(back + pick_.below(3'000), plan_.quiet_from_ms - 1'000);
    add("power_loss", again, "\"target\": " + whom + restart(again));
  }

  void broken_disk() {
    const std::uint64_t at = when();
    const std::string whom = "\"target\": " + anybody();
    const std::string kind = pick_.one_of({"fsync_error", "write_error", "lying_flush", "disk_full",
                                           "journal_error", "unreadable_sectors", "file_truncated"});
    const bool once = kind == "journal_error" || kind == "unreadable_sectors" || kind == "file_truncated";
    add(kind, at, once ? whom : whom + lasts(at, 200, 5'000));
    // Whoever stopped because of it is started again.
    const std::uint64_t later = std::min(at + 6'000, plan_.quiet_from_ms - 1);
    add("kill_process", later, "\"target\": " + broker() + ", \"restart_after\": \"500 ms\"");
  }

  void faults() {
    if (family_ == Family::quiet) return;
    std::uint64_t lossy_max = 4;
    if (inside()) {
      lossy_max = 99;
      for (const Topic& topic : topics_) lossy_max = std::min(lossy_max, topic.min_isr - 1);
      if (transfers_ || shares_) lossy_max = std::min<std::uint64_t>(lossy_max, 1);  // of the internal topics, too
    }
    if (lossy_max > 0 && pick_.percent(12)) {
      relapse();
    } else if (pick_.percent(70)) {
      const std::uint64_t n = pick_.between(0, lossy_max);
      for (std::uint64_t i = 0; i < n; ++i) lossy();
    }
    const std::uint64_t stops = pick_.between(0, 4);
    for (std::uint64_t i = 0; i < stops; ++i) stop_or_pause();
    const std::uint64_t cuts = pick_.between(0, 4);
    for (std::uint64_t i = 0; i < cuts; ++i) cut();
    const std::uint64_t disks = pick_.percent(40) ? pick_.between(1, 2) : 0;
    for (std::uint64_t i = 0; i < disks; ++i) disk();
    const std::uint64_t broken = family_ == Family::broken_disks                   ? pick_.between(1, 3)
                                 : family_ == Family::outside && pick_.percent(15) ? 99
                                                                                   : 0;
    if (broken == 99) {
      const std::uint64_t at = when();
      const std::string whom = replica_role();
      add("disk_full", at, "\"target\": " + whom + lasts(at, 200, 5'000));
    } else {
      for (std::uint64_t i = 0; i < broken; ++i) broken_disk();
    }
  }

  Family family_;
  Choices pick_;
  Choices more_;
  bool rack_aware_ = false;
  bool throttled_ = false;
  Plan plan_;
  std::uint64_t brokers_ = 3;
  std::uint64_t zones_ = 1;
  std::string controllers_;
  bool combined_ = false;
  bool slow_fsync_ = false;
  std::uint64_t fault_phase_ = 0;
  std::uint64_t producers_stop_ = 0;  // ms
  std::uint64_t last_ = 0;
  std::vector<Topic> topics_;
  std::optional<Transfers> transfers_;
  std::optional<Shares> shares_;
};

void list(std::ostringstream& out, const std::vector<std::string>& items, const char* indent) {
  for (std::size_t i = 0; i < items.size(); ++i) out << (i == 0 ? "" : ",") << indent << items[i];
}

}  // namespace

std::string_view to_string(Family family) {
  switch (family) {
    case Family::inside: return "inside";
    case Family::outside: return "outside";
    case Family::broken_disks: return "broken_disks";
    case Family::transfers: return "transfers";
    case Family::shares: return "shares";
    case Family::quiet: return "quiet";
  }
  return "";
}

Plan plan(Family family, std::uint64_t number, const std::string& planted) {
  return Generator(family, number).make(planted);
}

std::string text(const Plan& plan) {
  if (!plan.verbatim.empty()) return plan.verbatim;
  std::ostringstream out;
  out << "{\n  \"title\": \"World " << plan.number << ", " << to_string(plan.family) << "\",\n";
  out << "  \"seed\": " << plan.number << ", \"duration\": " << milliseconds(plan.duration_ms) << ",\n";
  out << "  \"hosts\": [" << plan.hosts << "],\n";
  out << "  \"systems\": {\"kafka\": {" << plan.system << ",\n      \"topics\": [";
  list(out, plan.topics, "\n        ");
  out << "]}},\n  \"workloads\": [";
  list(out, plan.workloads, "\n    ");
  out << "],\n  \"faults\": [";
  list(out, plan.faults, "\n    ");
  out << "]\n}\n";
  return out.str();
}

}  // namespace brokersim::worlds
