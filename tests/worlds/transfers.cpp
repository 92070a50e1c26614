#include "tests/worlds/transfers.h"

#include <algorithm>
#include <sstream>

namespace brokersim::worlds {
namespace {

constexpr std::string_view kWithoutEpochs = "without_kip_890_epochs";
constexpr std::string_view kWithoutVerification = "without_verification";
constexpr std::string_view kWithoutStrictMarkers = "without_kip_1228";

std::string ms(std::uint64_t n) { return "\"" + std::to_string(n) + " ms\""; }

}  // namespace

const std::vector<std::string>& transaction_safeguards() {
  static const std::vector<std::string> names{"marker_skips_partition",
                                              "producers_unfenced",
                                              "reads_beyond_stable",
                                              "aborted_list_outdated",
                                              "offsets_outside_transaction",
                                              "markers_forgotten_on_failover",
                                              "transactions_never_time_out",
                                              "coordinator_answers_uncommitted",
                                              "stale_members_commit",
                                              "skip_duplicate_check",
                                              "ack_before_replication",
                                              std::string(kWithoutEpochs),
                                              std::string(kWithoutVerification),
                                              std::string(kWithoutStrictMarkers)};
  return names;
}

bool is_rule(std::string_view safeguard) {
  return safeguard == kWithoutEpochs || safeguard == kWithoutVerification || safeguard == kWithoutStrictMarkers;
}

Transfers::Transfers(Plan& plan, std::uint64_t number, const std::string& without)
    : plan_(plan), choices_(0x7472616E73666572ull, number) {
  // Most worlds of version 2; of version 1 only where no request may come late, since that one is known to break it.
  std::ostringstream config;
  config << ", \"min.insync.replicas\": 2, \"transaction.state.log.num.partitions\": " << choices_.between(1, 3)
         << ", \"transaction.abort.timed.out.transaction.cleanup.interval.ms\": " << choices_.between(200, 2'000);
  const bool version_1 = without == kWithoutEpochs || without == kWithoutVerification;
  if (without == kWithoutVerification) config << ", \"transaction.partition.verification.enable\": false";
  config_ = config.str();
  rules_ = version_1                          ? "\"transaction_version\": 1"
           : without == kWithoutStrictMarkers ? ""
                                              : "\"strict_marker_epochs\": true";
  late_requests_ = choices_.percent(50) || version_1;
}

void Transfers::add_workloads(const std::vector<std::string>& topics) {
  std::ostringstream bank;
  bank << "{\"name\": \"bank\", \"kind\": \"kafka_transactions\", \"topic\": \"" << topics.front()
       << "\", \"count\": " << choices_.between(1, 3) << ", \"rate\": \"" << choices_.between(6, 30)
       << " /s\", \"accounts\": " << choices_.between(2, 40)
       << ", \"abort_permille\": " << (choices_.percent(50) ? 0 : choices_.between(10, 500));
  if (choices_.percent(50)) bank << ", \"work\": " << ms(choices_.between(1, 400));
  const std::uint64_t request = choices_.between(500, 3'000);
  bank << ", \"on_fenced\": \"restart\", \"stop\": " << ms(plan_.settled_from_ms + 3'000)
       << ", \"config\": {\"request.timeout.ms\": " << request
       << ", \"delivery.timeout.ms\": " << request + 200 + choices_.between(0, 10'000)
       << ", \"transaction.timeout.ms\": " << choices_.between(1'500, 8'000)
       << ", \"linger.ms\": " << (choices_.percent(50) ? 0 : choices_.between(1, 30)) << "}}";
  plan_.workloads.push_back(bank.str());
  std::ostringstream auditor;
  auditor << "{\"name\": \"auditor\", \"kind\": \"kafka_consumer\", \"topic\": \"" << topics.front()
          << "\", \"config\": {\"auto.offset.reset\": \"earliest\", \"isolation.level\": \"read_committed\""
          << ", \"request.timeout.ms\": " << choices_.between(1'000, 4'000)
          << ", \"fetch.max.wait.ms\": " << choices_.between(50, 500) << "}}";
  plan_.workloads.push_back(auditor.str());
  add_people(topics.front());
  if (topics.size() < 2) return;
  pipeline_ = true;
  std::ostringstream pipeline;
  const std::uint64_t session = choices_.between(2'000, 5'000);
  pipeline << "{\"name\": \"clearing\", \"kind\": \"kafka_pipeline\", \"from\": \"" << topics.front()
           << "\", \"topic\": \"" << topics[1] << "\", \"count\": " << choices_.between(1, 2)
           << ", \"work\": " << ms(choices_.between(0, 10)) << ", \"config\": {\"request.timeout.ms\": " << request
           << ", \"delivery.timeout.ms\": " << request + 200 + choices_.between(0, 10'000)
           << ", \"transaction.timeout.ms\": " << choices_.between(1'500, 8'000)
           << "}, \"consumer\": {\"config\": {\"session.timeout.ms\": " << session
           << ", \"heartbeat.interval.ms\": " << session / 8 << ", \"request.timeout.ms\": " << request
           << ", \"max.poll.records\": " << choices_.between(1, 50) << "}}}";
  plan_.workloads.push_back(pipeline.str());
}

/// Somebody who leaves in the middle of a transaction and never comes back; and somebody who is replaced while he stands still.
void Transfers::add_people(const std::string& topic) {
  const auto application = [&](const std::string& name, const std::string& id, std::uint64_t start_ms) {
    std::ostringstream out;
    out << "{\"name\": \"" << name << "\", \"kind\": \"kafka_transactions\", \"topic\": \"" << topic
        << "\", \"rate\": \"" << choices_.between(3, 10) << " /s\", \"accounts\": 20, \"work\": "
        << ms(choices_.between(50, 600)) << ", \"start\": " << ms(start_ms)
        << ", \"stop\": " << ms(plan_.settled_from_ms + 3'000) << ", \"config\": {\"transactional.id\": \"" << id
        << "\", \"request.timeout.ms\": " << choices_.between(500, 2'000)
        << ", \"delivery.timeout.ms\": 6000, \"transaction.timeout.ms\": " << choices_.between(3'000, 8'000) << "}}";
    plan_.workloads.push_back(out.str());
  };
  leaves_ = choices_.percent(20);
  if (leaves_) application("leaver", "leaver", 0);
  replaced_ = choices_.percent(25);
  if (!replaced_) return;
  application("old", "office", 0);
  heir_from_ms_ = 6'000 + choices_.below(4'000);
  application("heir", "office", heir_from_ms_);
}

void Transfers::fault(const std::string& kind, std::uint64_t at, const std::string& rest) {
  std::ostringstream out;
  out << "{\"name\": \"t" << plan_.faults.size() << "\", \"kind\": \"" << kind << "\", \"at\": " << ms(at) << ", "
      << rest << "}";
  plan_.faults.push_back(out.str());
}

void Transfers::add_faults(std::uint64_t calm_start_ms, std::uint64_t phase_ms) {
  const auto client = [&] {
    return std::string("{\"workload\": \"") + (pipeline_ && choices_.percent(50) ? "clearing" : "bank") + "\"}";
  };
  const auto when = [&] { return calm_start_ms + choices_.below(phase_ms - 1'000); };
  const auto at_most = [&](std::uint64_t at, std::uint64_t low, std::uint64_t high) {
    return ms(std::min(choices_.between(low, high), plan_.quiet_from_ms - at));
  };
  const std::uint64_t stops = choices_.between(0, 3);
  for (std::uint64_t i = 0; i < stops; ++i) {
    const std::uint64_t at = when();
    const std::string whom = client();
    if (choices_.percent(60)) {
      fault("kill_process", at, "\"target\": " + whom + ", \"restart_after\": " + at_most(at, 100, 4'000));
    } else {
      fault("pause_process", at, "\"target\": " + whom + ", \"lasts\": " + at_most(at, 500, 9'000));
    }
  }
  if (leaves_) fault("kill_process", when(), "\"target\": {\"workload\": \"leaver\"}");
  if (replaced_) {
    const std::uint64_t before = choices_.between(200, 2'500);
    fault("pause_process", heir_from_ms_ - before,
          "\"target\": {\"workload\": \"old\"}, \"lasts\": " + ms(before + choices_.between(200, 2'000)));
  }
  const std::uint64_t kills = choices_.between(0, 2);
  for (std::uint64_t i = 0; i < kills; ++i) {
    const std::uint64_t at = when();
    std::ostringstream whom;
    whom << "\"target\": {\"leader_of\": \"__transaction_state/0\"}, \"restart_after\": ";
    fault("kill_process", at, whom.str() + at_most(at, 0, 2'500));
  }
  // What is sent within a moment takes seconds: clients give up, ask again over other connections, and then it comes.
  const std::uint64_t delays = late_requests_ ? choices_.between(1, 4) : 0;
  for (std::uint64_t i = 0; i < delays; ++i) {
    const std::uint64_t at = when();
    const std::string whom = client();
    std::string rest = "\"from\": " + whom + ", \"to\": {\"hosts\": \"b\"}, \"delay\": ";
    rest += ms(choices_.between(1'000, 7'000));
    rest += ", \"lasts\": " + at_most(at, 100, 1'500);
    fault("network_delay", at, rest);
  }
}

}  // namespace brokersim::worlds
