#include "tests/matrix/small_world.h"

#include <initializer_list>
#include <sstream>
#include <string_view>
#include <vector>

#include "sim/random.h"

namespace brokersim::matrix {
namespace {

/// Choices of one world, one after the other.
class Choices {
 public:
  explicit Choices(std::uint64_t number) : key_(sim::combine(0x736D616C6Cull, number)) {}

  std::uint64_t below(std::uint64_t n) {
    return static_cast<std::uint64_t>(
        (static_cast<unsigned __int128>(sim::keyed_bits(key_, 0, next_++)) * n) >> 64);
  }
  std::uint64_t between(std::uint64_t low, std::uint64_t high) { return low + below(high - low + 1); }
  bool percent(std::uint64_t n) { return below(100) < n; }
  std::string one_of(std::initializer_list<std::string_view> of) {
    return std::string(*(of.begin() + below(of.size())));
  }

 private:
  std::uint64_t key_;
  std::uint64_t next_ = 0;
};

std::string quoted(const std::string& text) { return "\"" + text + "\""; }
std::string milliseconds(std::uint64_t n) { return quoted(std::to_string(n) + " ms"); }

class SmallWorld {
 public:
  explicit SmallWorld(std::uint64_t number) : number_(number), pick_(number) {
    brokers_ = pick_.between(1, 5);
    duration_ms_ = pick_.between(8'000, 25'000);
    zones_ = pick_.between(1, 3);
    partitions_ = pick_.between(1, 4);
    replicas_ = pick_.between(1, brokers_ < 3 ? brokers_ : 3);
    consumers_ = pick_.percent(60);
  }

  // `<<` is evaluated from left to right, which `+` is not: with that, two compilers would make two worlds.
  std::string text() {
    std::ostringstream out;
    out << "{\n  \"title\": \"small world " << number_ << "\", \"seed\": " << number_ * 7 + 1
        << ", \"duration\": " << milliseconds(duration_ms_) << ",\n";
    out << "  \"hosts\": [" << hosts() << "],\n";
    out << "  \"systems\": {\"kafka\": " << kafka() << "},\n";
    out << "  \"workloads\": [" << producer("checkout", "orders");
    if (pick_.percent(30)) out << ",\n    " << producer("audit", "orders");
    if (consumers_) out << ",\n    " << consumer();
    out << "],\n  \"faults\": [" << faults() << "]" << plan() << "\n}\n";
    return out.str();
  }

 private:
  std::string hosts() {
    std::ostringstream out;
    out << "{\"name\": \"b\", \"count\": " << brokers_ << ", \"zones\": [";
    for (std::uint64_t z = 0; z < zones_; ++z)
      out << (z == 0 ? "\"" : ", \"") << static_cast<char>('a' + z) << "\"";
    out << "], \"boot_time\": " << milliseconds(pick_.between(500, 3'000));
    const std::string preset =
        pick_.one_of({"i3en.2xlarge", "generic.hdd", "generic.nvme", "generic.nvme-plp", "i3.4xlarge"});
    if (pick_.percent(70)) {
      out << ", \"hardware\": " << quoted(preset);
    } else {
      out << ", \"hardware\": {\"preset\": " << quoted(preset);
      out << ", \"memory\": " << pick_.one_of({"\"256 MiB\"", "\"2 GiB\"", "\"64 GiB\""});
      out << ", \"cpu\": {\"cores\": " << pick_.between(1, 8);
      out << ", \"speed_percent\": " << pick_.between(20, 150);
      out << "}, \"page_cache\": {\"dirty_expire\": " << milliseconds(pick_.between(200, 5'000));
      out << ", \"writeback_interval\": " << milliseconds(pick_.between(100, 3'000));
      out << "}, \"file_system\": {\"data\": " << pick_.one_of({"\"ordered\"", "\"writeback\""});
      out << ", \"commit_interval\": " << milliseconds(pick_.between(200, 5'000)) << "}}";
    }
    if (pick_.percent(30)) out << ", \"power_domain\": \"mains\"";
    out << "}";
    return out.str();
  }

  std::string kafka() {
    std::ostringstream out;
    out << "{\"kind\": \"kafka\", \"version\": " << pick_.one_of({"\"4.1\"", "\"4.0\"", "\"3.9\""});
    out << ", \"brokers_on\": \"b\", \"controllers\": {\"count\": 1},\n    \"config\": {";
    out << "\"broker.session.timeout.ms\": " << pick_.between(2'000, 9'000);
    out << ", \"broker.heartbeat.interval.ms\": " << pick_.between(300, 1'500);
    out << ", \"replica.lag.time.max.ms\": " << pick_.between(2'000, 10'000);
    out << ", \"unclean.leader.election.enable\": " << (pick_.percent(20) ? "true" : "false");
    out << ", \"num.replica.fetchers\": " << pick_.between(1, 3) << "},\n";
    out << "    \"topics\": [{\"name\": \"orders\", \"partitions\": " << partitions_
        << ", \"replication_factor\": " << replicas_;
    out << ", \"config\": {\"min.insync.replicas\": " << pick_.between(1, replicas_);
    out << ", \"segment.bytes\": " << pick_.one_of({"1048576", "2000000", "1073741824"});
    if (pick_.percent(25)) out << ", \"flush.messages\": " << pick_.between(1, 20);
    out << "}}]}";
    return out.str();
  }

  std::string producer(const std::string& name, const std::string& topic) {
    const std::uint64_t acks = pick_.below(4);
    std::ostringstream out;
    out << "{\"name\": " << quoted(name) << ", \"kind\": \"kafka_producer\", \"topic\": " << quoted(topic);
    out << ", \"count\": " << pick_.between(1, 3);
    out << ", \"rate\": \"" << pick_.between(20, 400) << " /s\"";
    out << ", \"arrivals\": " << pick_.one_of({"\"constant\"", "\"poisson\"", "\"poisson\""});
    out << ", \"record_size\": \"" << pick_.between(1, 6'000) << " B\"";
    out << ", \"records_per_send\": " << (pick_.percent(70) ? 1 : pick_.between(2, 20));
    out << ", \"config\": {\"acks\": " << (acks == 0 ? "0" : acks == 1 ? "1" : "\"all\"");
    out << ", \"enable.idempotence\": " << (acks > 1 && pick_.percent(70) ? "true" : "false");
    out << ", \"linger.ms\": " << (pick_.percent(50) ? 0 : pick_.between(1, 30));
    out << ", \"batch.size\": " << pick_.between(1, 32'768);
    if (pick_.percent(40)) {
      const std::uint64_t request = pick_.between(500, 3'000);
      out << ", \"request.timeout.ms\": " << request;
      out << ", \"delivery.timeout.ms\": " << request + 30 + pick_.between(0, 5'000);
    }
    if (pick_.percent(30)) out << ", \"retries\": " << pick_.below(3) + 1;
    out << "}}";
    return out.str();
  }

  std::string consumer() {
    std::ostringstream out;
    out << "{\"name\": \"billing\", \"kind\": \"kafka_consumer\", \"topic\": \"orders\"";
    out << ", \"count\": " << pick_.between(1, 2);
    out << ", \"config\": {\"auto.offset.reset\": " << pick_.one_of({"\"earliest\"", "\"latest\""});
    out << ", \"fetch.max.wait.ms\": " << pick_.between(50, 500) << "}}";
    return out.str();
  }

  std::string partition() { return quoted("orders/" + std::to_string(pick_.below(partitions_))); }

  std::string target() {
    switch (pick_.below(8)) {
      case 0: return "{\"host\": \"b-" + std::to_string(pick_.below(brokers_)) + "\"}";
      case 1: return "{\"broker\": " + std::to_string(pick_.below(brokers_)) + "}";
      case 2: return "{\"leader_of\": " + partition() + "}";
      case 3: return "{\"follower_of\": " + partition() + "}";
      case 4: return "{\"controller\": true}";
      case 5: return "{\"zone\": \"a\"}";
      case 6: return "{\"hosts\": \"b\"}";
      default: return "{\"random_broker\": true}";
    }
  }

  std::string faults() {
    std::ostringstream out;
    const std::uint64_t count = pick_.below(6);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string kind = pick_.one_of({"kill_process", "controlled_shutdown", "power_loss",
                                             "kernel_panic", "pause_process", "slow_disk", "partition"});
      out << (i == 0 ? "\n    " : ",\n    ") << "{\"name\": \"f" << i << "\", \"kind\": " << quoted(kind);
      out << ", \"at\": " << milliseconds(pick_.between(1'000, duration_ms_ * 2 / 3));
      out << (kind == "partition" ? ", \"from\": " : ", \"target\": ") << target();
      if (kind == "partition" || kind == "pause_process" || kind == "slow_disk") {
        if (kind == "partition" && pick_.percent(40)) out << ", \"to\": " << target();
        if (kind == "partition" && pick_.percent(40)) out << ", \"shape\": \"one_way\"";
        if (kind == "slow_disk") out << ", \"factor_percent\": " << pick_.between(200, 20'000);
        out << ", \"lasts\": " << milliseconds(pick_.between(10, 6'000));
      } else if (pick_.percent(85)) {
        out << ", \"restart_after\": " << milliseconds(pick_.between(0, 4'000));
      }
      out << "}";
    }
    return out.str();
  }

  std::string plan() {
    if (!pick_.percent(30)) return "";
    return ",\n  \"fault_plan\": {\"of\": \"kafka\", \"counts\": {\"kill_process\": 1, \"power_loss\": 1, "
           "\"pause_process\": 1, \"partition\": 2, \"slow_disk\": 1, \"controller_kill\": 1}, \"between\": "
           "[\"2 s\", " +
           milliseconds(duration_ms_ * 2 / 3) +
           "], \"lasts\": [\"100 ms\", \"3 s\"], \"restart_after\": [\"100 ms\", \"2 s\"]}";
  }

  std::uint64_t number_;
  Choices pick_;
  std::uint64_t brokers_;
  std::uint64_t duration_ms_;
  std::uint64_t zones_;
  std::uint64_t partitions_;
  std::uint64_t replicas_;
  bool consumers_;
};

}  // namespace

std::string small_world(std::uint64_t number) { return SmallWorld(number).text(); }

}  // namespace brokersim::matrix
