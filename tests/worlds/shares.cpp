#include "tests/worlds/shares.h"

#include <algorithm>
#include <sstream>

namespace brokersim::worlds {
namespace {

std::string ms(std::uint64_t n) { return "\"" + std::to_string(n) + " ms\""; }

}  // namespace

const std::vector<std::string>& share_safeguards() {
  static const std::vector<std::string> names{"share_answers_unpersisted", "share_gives_acquired",
                                              "share_start_skips_released", "share_delivers_without_limit",
                                              "share_forgets_released"};
  return names;
}

Shares::Shares(Plan& plan, std::uint64_t number) : plan_(plan), choices_(0x736861726573ull, number) {
  std::ostringstream config;
  config << ", \"min.insync.replicas\": 2, \"share.coordinator.state.topic.num.partitions\": "
         << choices_.between(1, 3)
         << ", \"group.share.record.lock.duration.ms\": " << choices_.between(1'000, 4'000)
         << ", \"group.share.delivery.count.limit\": " << choices_.between(2, 6)
         << ", \"group.share.partition.max.record.locks\": " << choices_.between(100, 400)
         << ", \"group.share.heartbeat.interval.ms\": " << choices_.between(200, 1'000)
         << ", \"group.share.session.timeout.ms\": " << choices_.between(2'000, 6'000)
         << ", \"share.coordinator.snapshot.update.records.per.snapshot\": " << choices_.between(1, 50);
  config_ = config.str();
}

void Shares::add_members(const std::string& topic) {
  std::ostringstream out;
  const bool poison = choices_.percent(60);
  out << "{\"name\": \"parcels\", \"kind\": \"kafka_share_consumer\", \"topic\": \"" << topic
      << "\", \"count\": " << choices_.between(1, 5) << ", \"process_cost\": " << ms(choices_.between(0, 12));
  if (poison) {
    out << ", \"poison_permille\": " << choices_.between(5, 300)
        << ", \"on_poison\": " << (choices_.percent(70) ? "\"release\"" : "\"reject\"");
  }
  out << ", \"config\": {\"share.auto.offset.reset\": \"earliest\", \"max.poll.records\": "
      << choices_.between(1, 200) << ", \"request.timeout.ms\": " << choices_.between(1'000, 4'000)
      << ", \"fetch.max.wait.ms\": " << choices_.between(50, 500);
  if (poison || choices_.percent(30)) out << ", \"share.acknowledgement.mode\": \"explicit\"";
  out << "}}";
  plan_.workloads.push_back(out.str());
}

void Shares::fault(const std::string& kind, std::uint64_t at, const std::string& rest) {
  std::ostringstream out;
  out << "{\"name\": \"s" << plan_.faults.size() << "\", \"kind\": \"" << kind << "\", \"at\": " << ms(at)
      << ", " << rest << "}";
  plan_.faults.push_back(out.str());
}

void Shares::add_faults(std::uint64_t calm_start_ms, std::uint64_t phase_ms) {
  const auto when = [&] { return calm_start_ms + choices_.below(phase_ms - 1'000); };
  const auto at_most = [&](std::uint64_t at, std::uint64_t low, std::uint64_t high) {
    return ms(std::min(choices_.between(low, high), plan_.quiet_from_ms - at));
  };
  const std::string member = "{\"workload\": \"parcels\"}";
  const std::uint64_t stops = choices_.between(0, 5);
  for (std::uint64_t i = 0; i < stops; ++i) {
    const std::uint64_t at = when();
    switch (choices_.below(4)) {
      case 0:
        fault("kill_process", at,
              "\"target\": " + member + ", \"restart_after\": " + at_most(at, 100, 4'000));
        break;
      case 1:
        fault("pause_process", at, "\"target\": " + member + ", \"lasts\": " + at_most(at, 500, 9'000));
        break;
      case 2:
        fault("power_loss", at, "\"target\": " + member + ", \"restart_after\": " + at_most(at, 100, 4'000));
        break;
      default:
        fault("partition", at,
              "\"from\": " + member + ", \"to\": {\"hosts\": \"b\"}, \"lasts\": " + at_most(at, 300, 7'000));
    }
  }
  const std::uint64_t kills = choices_.between(0, 2);
  for (std::uint64_t i = 0; i < kills; ++i) {
    const std::uint64_t at = when();
    fault("kill_process", at,
          "\"target\": {\"leader_of\": \"__share_group_state/0\"}, \"restart_after\": " +
              at_most(at, 0, 2'500));
  }
}

}  // namespace brokersim::worlds
