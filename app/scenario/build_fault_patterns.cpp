// Named combinations of faults, written out.
#include <algorithm>

#include "app/scenario/fault_patterns.h"
#include "sim/check.h"

namespace brokersim::scenario {
namespace {

using faults::FaultConfig;
using faults::FaultKind;
using faults::Target;

FaultKind stop_named(const std::string& name) {
  if (name == "kill_process") return FaultKind::kill_process;
  if (name == "power_loss") return FaultKind::power_loss;
  if (name == "kernel_panic") return FaultKind::kernel_panic;
  SIM_CHECK(name == "controlled_shutdown", "no way to stop is named " + name);
  return FaultKind::controlled_shutdown;
}

class PatternBuilder {
 public:
  PatternBuilder(Build& build, const View& view, const kafka::ClusterConfig& cluster)
      : build_(build),
        view_(view),
        cluster_(cluster),
        name_(build.stable_name(view)),
        at_(view.duration("at").value_or(sim::Duration{0}).ns) {}

  std::vector<FaultConfig> make() {
    if (view_.knows("partition") && !take_partition()) return {};
    const std::string& kind = view_.table().tag;
    if (kind == "last_replica_standing") last_replica_standing();
    if (kind == "double_failover") double_failover();
    if (kind == "zombie_leader") cut({leader()}, others(), lasts());
    if (kind == "paused_leader") add(FaultKind::pause_process, {leader()}).lasts = lasts();
    if (kind == "rolling_power_loss" || kind == "common_power_loss") power_losses();
    if (kind == "catch_up_then_die") catch_up_then_die();
    if (kind == "swizzle_clog") swizzle_clog();
    if (kind == "shrink_then_log_dir_fails") shrink_then_log_dir_fails();
    if (kind == "rot_then_election") rot_then_election();
    SIM_CHECK(!list_.empty(), "no faults are made of the pattern " + kind);
    judge_times();
    return std::move(list_);
  }

 private:
  bool take_partition() {
    const NodeId node = view_.member("partition");
    if (node == no_node || build_.doc.tree[node].kind != NodeKind::text) return false;
    const auto partition = resolve_partition(build_, cluster_, node);
    if (!partition) return false;
    partition_ = *partition;
    for (const kafka::TopicSpec& topic : cluster_.topics) {
      if (topic.name == partition_.topic) replicas_ = topic.replication_factor;
    }
    return true;
  }

  [[nodiscard]] Target role(Target::By by) const {
    return {.by = by, .name = partition_.topic, .system = cluster_.name, .number = partition_.partition};
  }
  [[nodiscard]] Target leader() const { return role(Target::By::leader_of); }
  [[nodiscard]] Target follower() const { return role(Target::By::follower_of); }
  [[nodiscard]] Target broker(std::size_t n) const {
    return {.by = Target::By::broker, .system = cluster_.name, .number = static_cast<std::int32_t>(n)};
  }
  /// Every machine of the cluster; who is on the first side of a cut is never cut from itself.
  [[nodiscard]] std::vector<Target> others() const {
    std::vector<Target> all;
    for (std::size_t n = 0; n < cluster_.broker_hosts.size(); ++n) all.push_back(broker(n));
    for (const std::string& host : cluster_.controller_hosts)
      all.push_back({.by = Target::By::host, .name = host});
    return all;
  }
  [[nodiscard]] std::int64_t every() const { return view_.duration("every").value_or(sim::Duration{0}).ns; }
  [[nodiscard]] std::optional<sim::Duration> lasts() const { return view_.duration("lasts"); }

  FaultConfig& add(FaultKind kind, std::vector<Target> targets) {
    FaultConfig fault;
    fault.name = name_ + "-" + std::to_string(list_.size() + 1);
    fault.kind = kind;
    fault.at = {at_};
    fault.targets = std::move(targets);
    list_.push_back(std::move(fault));
    return list_.back();
  }
  FaultConfig& cut(std::vector<Target> from, std::vector<Target> to, std::optional<sim::Duration> lasts) {
    FaultConfig& fault = add(FaultKind::partition, std::move(from));
    fault.others = std::move(to);
    fault.lasts = lasts;
    return fault;
  }
  void stop(Target target) {
    add(stop_named(view_.text("stop").value_or("kill_process")), {std::move(target)}).restart_after =
        view_.duration("restart_after");
  }

  /// Each cut waits for the one before to have shrunk the ISR, so that it finds another follower.
  void cut_followers() {
    for (std::int32_t n = 1; n < replicas_; ++n) {
      cut({follower()}, {}, lasts());
      at_ += every();
    }
  }

  void last_replica_standing() {
    warn_of_short_steps(
        "before that the cut follower is in the ISR yet, and the leader does not stand alone");
    cut_followers();
    stop(leader());
  }
  /// Before its session is over nobody has noticed that a broker has gone.
  void warn_of_short_steps(const std::string& why) {
    const std::int64_t session = cluster_.broker.broker_session_timeout.ns;
    if (every() >= session) return;
    build_.doc.warn(view_.has("every") ? view_.member("every") : view_.node(), "no-effect",
                    "every is " + format_quantity(every(), Dimension::duration) +
                        ", below broker.session.timeout.ms (" +
                        format_quantity(session, Dimension::duration) + "): " + why,
                    "raise it, or lower broker.session.timeout.ms");
  }
  void double_failover() {
    if (view_.text("stop").value_or("kill_process") != "controlled_shutdown")
      warn_of_short_steps("before that the dead broker is the leader yet, and both stops strike it");
    stop(leader());
    at_ += every();
    stop(leader());
  }
  void power_losses() {
    for (std::size_t n = 0; n < cluster_.broker_hosts.size(); ++n) {
      add(FaultKind::power_loss, {broker(n)}).restart_after = view_.duration("restart_after");
      at_ += every();
    }
  }
  void catch_up_then_die() {
    add(FaultKind::disk_replaced, {follower()}).restart_after = view_.duration("restart_after");
    at_ += view_.duration("restart_after").value_or(sim::Duration{0}).ns + every();
    stop(leader());
  }
  /// The odd ones clear first, in the order in which they clogged, then the even ones.
  void swizzle_clog() {
    const std::size_t brokers = cluster_.broker_hosts.size();
    const std::int64_t last_clog = at_ + every() * static_cast<std::int64_t>(brokers - 1);
    std::int64_t clears = last_clog + lasts().value_or(sim::Duration{0}).ns;
    std::vector<std::int64_t> until(brokers, 0);
    for (const std::size_t first : {std::size_t{1}, std::size_t{0}}) {
      for (std::size_t n = first; n < brokers; n += 2) {
        until[n] = clears;
        clears += every();
      }
    }
    for (std::size_t n = 0; n < brokers; ++n) {
      cut({broker(n)}, {}, sim::Duration{until[n] - at_}).texts["then"] = "at_once";
      at_ += every();
    }
  }
  void shrink_then_log_dir_fails() {
    std::vector<Target> brokers;
    for (std::size_t n = 0; n < cluster_.broker_hosts.size(); ++n) brokers.push_back(broker(n));
    cut({leader()}, std::move(brokers), lasts());
    at_ += every();
    add(FaultKind::disk_failed, {leader()}).lasts = lasts();
  }
  void rot_then_election() {
    add(FaultKind::bit_rot, {follower()}).numbers["length"] = 512;
    warn_of_early_rot(build_, view_, {at_});
    at_ += every();
    for (std::size_t n = 0; n < cluster_.broker_hosts.size(); ++n) add(FaultKind::drop_caches, {broker(n)});
    for (std::int32_t n = 1; n < replicas_; ++n) {
      stop(leader());
      at_ += every();
    }
  }

  void judge_times() {
    if (!build_.duration_known) return;
    const std::int64_t end = build_.out.config.duration.ns - build_.branch_at.ns;
    for (const FaultConfig& fault : list_) {
      if (fault.at.ns <= end) continue;
      build_.doc.error(view_.member("at"), "after-the-end",
                       "the pattern's fault " + fault.name + " comes at " +
                           format_quantity(fault.at.ns, Dimension::duration) + ", but the run ends at " +
                           format_quantity(end, Dimension::duration),
                       "raise /duration, or begin earlier");
      return;
    }
  }

  Build& build_;
  const View& view_;
  const kafka::ClusterConfig& cluster_;
  std::string name_;
  std::int64_t at_ = 0;
  PartitionName partition_;
  std::int32_t replicas_ = 0;
  std::vector<FaultConfig> list_;
};

}  // namespace

void build_pattern(Build& build, const View& view, std::vector<FaultConfig>& list) {
  const kafka::ClusterConfig* cluster = build.resolve_system(view);
  if (cluster == nullptr || cluster->broker_hosts.empty()) return;
  for (FaultConfig& fault : PatternBuilder(build, view, *cluster).make()) list.push_back(std::move(fault));
}

void warn_of_early_rot(Build& build, const View& view, sim::SimTime at) {
  if (!build.hosts_known || build.out.config.hosts.empty()) return;
  std::int64_t oldest = -1;
  for (const host::HostConfig& host : build.out.config.hosts) {
    const storage::PageCacheConfig& cache = host.hardware.page_cache;
    const std::int64_t expire = cache.dirty_expire.ns + cache.writeback_interval.ns;
    if (oldest < 0 || expire < oldest) oldest = expire;
  }
  if (at.ns >= oldest) return;
  const auto flushes = [](const kafka::ClusterConfig& cluster) {
    return std::any_of(cluster.topics.begin(), cluster.topics.end(), [](const kafka::TopicSpec& topic) {
      return topic.config.flush_messages < 1'000'000 || topic.config.segment_bytes.n < (1 << 28);
    });
  };
  const auto& clusters = build.out.config.clusters;
  if (std::any_of(clusters.begin(), clusters.end(), flushes)) return;
  build.doc.warn(view.member("at"), "no-effect",
                 "at " + format_quantity(at.ns, Dimension::duration) +
                     " nothing can rot yet: the page cache writes back what is old (dirty_expire, looked at "
                     "every writeback_interval), first at " +
                     format_quantity(oldest, Dimension::duration) + ", and only what is on the medium rots",
                 "set it later, or lower /hosts/0/hardware/page_cache/dirty_expire");
}

}  // namespace brokersim::scenario
