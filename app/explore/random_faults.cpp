// One fault by chance, of any kind; and named combinations.
#include <algorithm>
#include <iterator>

#include "app/explore/genes.h"
#include "sim/check.h"

namespace brokersim::explore {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;

/// What can take written data: kept to one broker inside the budget.
bool can_lose(const std::string& kind) {
  static const std::vector<std::string> kinds{
      "power_loss",     "kernel_panic",  "disk_replaced",      "disk_rolled_back",   "bit_rot",
      "file_truncated", "lost_writes",   "misdirected_writes", "lying_flush",        "fsync_error",
      "write_error",    "journal_error", "disk_failed",        "unreadable_sectors", "disk_full"};
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

class Maker {
 public:
  Maker(const Spec& spec, const Aim& aim, Choices& choose) : spec_(spec), aim_(aim), choose_(choose) {}

  Json instant() { return time(spec_.from_ns, spec_.to_ns); }
  Json length() { return time(spec_.lasts_min_ns, spec_.lasts_max_ns); }
  Json pause_before_restart() { return time(spec_.restart_min_ns, spec_.restart_max_ns); }
  Json time(std::int64_t low, std::int64_t high) {
    return trial::duration_text(choose_.between(low / kMillisecond, std::max(low, high) / kMillisecond) *
                                kMillisecond);
  }
  Json partition_name() {
    if (!spec_.coordinators.empty() && choose_.percent(20)) return Json(choose_.one_of(spec_.coordinators));
    return spec_.partitions.empty() ? Json("") : Json(choose_.one_of(spec_.partitions));
  }

  Json broker_target() {
    if (!aim_.focus.is_null() && !aim_.focus.contains("workload") && choose_.percent(70)) return aim_.focus;
    const std::uint64_t die = choose_.below(100);
    if (die < 35 && !spec_.partitions.empty()) return {{"leader_of", partition_name()}};
    if (die < 60 && !spec_.partitions.empty()) return {{"follower_of", partition_name()}};
    if (die < 80 || spec_.brokers == 0) return {{"random_broker", true}};
    return {{"broker", choose_.between(0, spec_.brokers - 1)}};
  }
  Json target_for(const std::string& kind) {
    if (spec_.inside_budget && can_lose(kind)) return {{"broker", aim_.victim}};
    const bool clients = kind == "kill_process" || kind == "pause_process" || kind == "crash_loop" ||
                         kind == "power_loss" || kind == "frozen_host" || kind == "slow_cpu" ||
                         kind == "nic_down";
    if (clients && !spec_.workloads.empty()) {
      if (aim_.focus.is_object() && aim_.focus.contains("workload") && choose_.percent(70)) return aim_.focus;
      if (choose_.percent(15)) return {{"workload", choose_.one_of(spec_.workloads)}};
    }
    const bool controllers = kind == "kill_process" || kind == "pause_process" || kind == "power_loss" ||
                             kind == "kernel_panic" || kind == "frozen_host" || kind == "slow_disk" ||
                             kind == "stall_disk" || kind == "nic_down";
    if (controllers && choose_.percent(12)) return {{"controller", true}};
    return broker_target();
  }
  void sides(Json& fault) {
    fault["from"] = broker_target();
    const std::uint64_t die = choose_.below(100);
    if (die < 35) return;  // everybody else
    if (die < 75)
      fault["to"] = broker_target();
    else if (die < 90 || spec_.workloads.empty())
      fault["to"] = {{"controller", true}};
    else
      fault["to"] = {{"workload", choose_.one_of(spec_.workloads)}};
  }
  std::int64_t number(std::int64_t low, std::int64_t high) { return choose_.between(low, high); }
  bool percent(std::uint64_t n) { return choose_.percent(n); }
  Choices& choose() { return choose_; }

 private:
  const Spec& spec_;
  const Aim& aim_;
  Choices& choose_;
};

/// What a kind has beside when and whom.
void fill(Json& fault, const std::string& kind, Maker& make) {
  const auto is = [&](std::initializer_list<const char*> kinds) {
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  };
  if (is({"kill_process", "controlled_shutdown"}) && make.percent(90))
    fault["restart_after"] = make.pause_before_restart();
  if (is({"power_loss", "kernel_panic", "disk_replaced"}))
    fault["restart_after"] = make.pause_before_restart();
  if (is({"pause_process", "frozen_host", "slow_disk", "stall_disk", "lying_flush", "write_error",
          "disk_full", "disk_rolled_back", "disk_failed", "slow_cpu", "nic_down", "stalled_threads",
          "memory_pressure", "partition", "flapping_link", "packet_loss", "network_delay", "lost_writes",
          "misdirected_writes"}))
    fault["lasts"] = make.length();
  if (kind == "slow_disk") fault["factor_percent"] = make.number(2, 50) * 100;
  if (kind == "slow_cpu") fault["factor_percent"] = make.number(2, 30) * 100;
  if (kind == "stalled_threads") {
    fault["pool"] = make.choose().one_of(
        std::vector<std::string>{"request_handlers", "network", "metadata", "heartbeats"});
    fault["threads"] = make.number(1, 8);
  }
  if (kind == "crash_loop") {
    fault["times"] = make.number(2, 5);
    fault["down_for"] = make.time(200 * kMillisecond, 3'000 * kMillisecond);
    fault["up_for"] = make.time(200 * kMillisecond, 5'000 * kMillisecond);
  }
  if (kind == "partition") {
    if (make.percent(35)) fault["shape"] = "one_way";
    if (make.percent(15)) fault["then"] = "at_once";
  }
  if (kind == "flapping_link") {
    fault["down"] = make.time(50 * kMillisecond, 3'000 * kMillisecond);
    fault["up"] = make.time(50 * kMillisecond, 3'000 * kMillisecond);
  }
  if (kind == "packet_loss") fault["loss_ppm"] = make.number(1, 300) * 1'000;
  if (kind == "network_delay") fault["delay"] = make.time(5 * kMillisecond, 2'000 * kMillisecond);
  if (is({"fsync_error", "lost_writes", "misdirected_writes"})) fault["times"] = make.number(1, 3);
}

bool may_stop(const Spec& spec) { return spec.may_have("kill_process") || spec.may_have("power_loss"); }

/// The named combinations of random_pattern() whose kinds of faults the search may have, by number.
std::vector<int> patterns_of(const Spec& spec) {
  const bool cuts = spec.may_have("partition");
  const bool stops = may_stop(spec);
  const bool needs[] = {
      cuts && stops, stops, cuts, stops, spec.may_have("pause_process") && stops, spec.may_have("power_loss"),
      cuts && stops, cuts};
  std::vector<int> allowed;
  for (int i = 0; i < static_cast<int>(std::size(needs)); ++i) {
    if (needs[i]) allowed.push_back(i);
  }
  return allowed;
}

}  // namespace

const std::vector<std::string>& known_kinds() {
  static const std::vector<std::string> kinds{
      "kill_process",    "controlled_shutdown", "power_loss",      "kernel_panic",      "pause_process",
      "crash_loop",      "frozen_host",         "stalled_threads", "slow_cpu",          "partition",
      "flapping_link",   "packet_loss",         "network_delay",   "reset_connections", "nic_down",
      "slow_disk",       "stall_disk",          "lying_flush",     "fsync_error",       "write_error",
      "journal_error",   "disk_full",           "disk_replaced",   "disk_rolled_back",  "disk_failed",
      "bit_rot",         "unreadable_sectors",  "file_truncated",  "lost_writes",       "misdirected_writes",
      "memory_pressure", "drop_caches"};
  return kinds;
}

Aim random_aim(const Spec& spec, Choices& choose) {
  Aim aim;
  aim.victim = spec.brokers > 0 ? choose.between(0, spec.brokers - 1) : 0;
  const std::uint64_t die = choose.below(100);
  if (spec.brokers > 0 && die < 15) aim.focus = {{"broker", choose.between(0, spec.brokers - 1)}};
  Maker make(spec, aim, choose);
  if (!spec.partitions.empty() && die >= 15 && die < 30)
    aim.focus = {{die < 24 ? "leader_of" : "follower_of", make.partition_name()}};
  if (!spec.workloads.empty() && die >= 30 && die < 40)
    aim.focus = {{"workload", choose.one_of(spec.workloads)}};
  return aim;
}

Json random_fault(const Spec& spec, const std::string& kind, const Aim& aim, Choices& choose) {
  Maker make(spec, aim, choose);
  Json fault = Json::object();
  fault["name"] = "";  // named when it is put in its place
  fault["at"] = make.instant();
  fault["kind"] = kind;
  const bool between_sides = kind == "partition" || kind == "flapping_link" || kind == "packet_loss" ||
                             kind == "network_delay" || kind == "reset_connections";
  if (between_sides)
    make.sides(fault);
  else
    fault["target"] = make.target_for(kind);
  fill(fault, kind, make);
  return fault;
}

Json random_pattern(const Spec& spec, const Aim& aim, Choices& choose) {
  Maker make(spec, aim, choose);
  Json faults = Json::array();
  if (spec.partitions.empty()) return faults;
  const Json partition = make.partition_name();
  const Json leader{{"leader_of", partition}};
  const Json follower{{"follower_of", partition}};
  std::int64_t at = choose.between(spec.from_ns / kMillisecond, spec.to_ns / kMillisecond) * kMillisecond;
  const auto add = [&](const char* kind, Json target, std::int64_t after_ms, bool restarts, bool lasts) {
    at = std::min(at + after_ms * kMillisecond, spec.to_ns);
    Json fault{{"name", ""}, {"at", trial::duration_text(at)}, {"kind", kind}};
    if (fault["kind"] == "partition")
      fault["from"] = std::move(target);
    else
      fault["target"] = std::move(target);
    if (restarts) fault["restart_after"] = make.pause_before_restart();
    if (lasts) fault["lasts"] = make.length();
    faults.push_back(std::move(fault));
  };
  const auto stop = [&](Json target, std::int64_t after_ms) {
    bool lossy = choose.percent(50);
    if (!spec.may_have("power_loss")) lossy = false;
    if (!spec.may_have("kill_process")) lossy = true;
    if (lossy && spec.inside_budget) target = {{"broker", aim.victim}};
    add(lossy ? "power_loss" : "kill_process", std::move(target), after_ms, true, false);
  };
  const std::vector<int> allowed = patterns_of(spec);
  if (allowed.empty()) return faults;
  switch (choose.one_of(allowed)) {
    case 0:  // last replica standing: the followers are cut off, then the leader dies
      add("partition", follower, 0, false, true);
      add("partition", follower, choose.between(0, 4'000), false, true);
      stop(leader, choose.between(100, 8'000));
      break;
    case 1:  // double failover
      stop(leader, 0);
      stop(leader, choose.between(100, 6'000));
      if (choose.percent(50)) stop(leader, choose.between(100, 6'000));
      break;
    case 2:  // zombie leader: the controllers do not see it, clients do
      add("partition", leader, 0, false, true);
      faults.back()["to"] = {{"controller", true}};
      if (choose.percent(50) && may_stop(spec)) stop(follower, choose.between(100, 6'000));
      break;
    case 3:  // rolling power loss
      for (std::int64_t broker = 0; broker < std::min<std::int64_t>(spec.brokers, 3); ++broker)
        stop({{"broker", broker}}, broker == 0 ? 0 : choose.between(500, 5'000));
      break;
    case 4:  // catch up, then die
      add("pause_process", follower, 0, false, true);
      stop(leader, choose.between(500, 8'000));
      stop(leader, choose.between(500, 8'000));
      break;
    case 5:  // mains gone for all, nearly at once
      for (std::int64_t broker = 0; broker < spec.brokers; ++broker) {
        const Json target{{"broker", spec.inside_budget ? aim.victim : broker}};
        if (broker == 0 || !spec.inside_budget)
          add("power_loss", target, broker == 0 ? 0 : choose.between(0, 300), true, false);
      }
      break;
    case 6:  // cut off from its peers, then dead
      add("partition", leader, 0, false, true);
      faults.back()["to"] = follower;
      if (choose.percent(50)) {
        add("partition", leader, choose.between(0, 1'000), false, true);
        faults.back()["to"] = follower;
      }
      stop(leader, choose.between(100, 5'000));
      break;
    default:  // swizzled cuts: one after the other, healed in another order
      for (std::int64_t broker = 0; broker < std::min<std::int64_t>(spec.brokers, 3); ++broker)
        add("partition", {{"broker", broker}}, broker == 0 ? 0 : choose.between(50, 2'000), false, true);
      break;
  }
  return faults;
}

}  // namespace brokersim::explore
