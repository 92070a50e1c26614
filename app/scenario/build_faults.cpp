// faults and fault_plan: whom, when, how long.
#include <algorithm>
#include <tuple>

#include "app/scenario/build.h"
#include "app/scenario/fault_patterns.h"
#include "app/scenario/limits.h"
#include "app/scenario/validate.h"
#include "models/faults/kind.h"
#include "models/faults/triggers.h"
#include "models/kafka/java_hash.h"
#include "sim/check.h"

namespace brokersim::scenario {
namespace {

using faults::FaultConfig;
using faults::Target;

/// Fields that FaultConfig has itself.
constexpr std::string_view fields_of_all_faults[] = {"name",           "kind",  "at",    "target",
                                              "from",           "to",    "shape", "restart_after",
                                              "factor_percent", "lasts", "when",  "probability_percent"};

class FaultBuilder {
 public:
  FaultBuilder(Build& build, const View& view) : build_(build), doc_(build.doc), view_(view) {}

  FaultConfig make() {
    fault_.name = build_.stable_name(view_);
    const faults::Kind* kind = faults::kind_named(view_.table().tag);
    SIM_CHECK(kind != nullptr, "no kind of fault belongs to the table " + view_.table().tag);
    fault_.kind = kind->kind;
    fault_.at = {view_.duration("at").value_or(sim::Duration{0}).ns};
    const std::int64_t run_ns = build_.out.config.duration.ns;
    if (build_.duration_known && view_.has("at") && fault_.at.ns > run_ns - build_.branch_at.ns) {
      const bool branched = build_.branch_at.ns > 0;
      doc_.error(
          view_.member("at"), "after-the-end",
          "the fault comes " + std::string(branched ? "" : "at ") +
              format_quantity(fault_.at.ns, Dimension::duration) +
              (branched ? " after the branch at " + format_quantity(build_.branch_at.ns, Dimension::duration)
                        : "") +
              ", but the run ends at " + format_quantity(run_ns, Dimension::duration),
          branched ? "branch earlier, or set the fault earlier" : "raise /duration, or set it earlier");
    }
    const Table& table = view_.table();
    if (table.find("lasts") != nullptr) fault_.lasts = view_.duration("lasts");
    if (table.find("restart_after") != nullptr) fault_.restart_after = view_.duration("restart_after");
    if (table.find("factor_percent") != nullptr)
      fault_.factor_percent = static_cast<std::int32_t>(*view_.integer("factor_percent"));
    fault_.targets = targets(table.find("from") != nullptr ? "from" : "target");
    if (table.find("to") != nullptr) fault_.others = targets("to");
    if (table.find("shape") != nullptr && view_.text("shape") == "one_way")
      fault_.shape = faults::PartitionShape::one_way;
    for (const Field& field : table.fields) take_setting(field);
    take_trigger();
    judge_disks();
    return std::move(fault_);
  }

 private:
  /// Faults of disks that no machine has: they would be requested and never fire.
  void judge_disks() {
    if (!build_.hosts_known || build_.out.config.hosts.empty()) return;
    std::size_t most = 0;
    bool can_lie = false;
    for (const host::HostConfig& host : build_.out.config.hosts) {
      most = std::max(most, host.hardware.disks.size());
      for (const storage::DiskConfig& disk : host.hardware.disks)
        can_lie = can_lie || (disk.volatile_cache.n > 0 && !disk.power_loss_protection);
    }
    const std::int64_t log_dir = fault_.number_or("log_dir", -1);
    if (log_dir >= static_cast<std::int64_t>(most))
      doc_.warn(view_.place("log_dir"), "no-effect",
                "log_dir is " + std::to_string(log_dir) + ", but no machine has more than " +
                    std::to_string(most) + (most == 1 ? " disk" : " disks"),
                "log directories are numbered from 0, one for each disk");
    if (fault_.kind == faults::FaultKind::bit_rot && !view_.has("when"))
      warn_of_early_rot(build_, view_, fault_.at);
    if (fault_.kind == faults::FaultKind::lying_flush && !can_lie)
      doc_.warn(view_.node(), "no-effect",
                "no disk of the scenario has a volatile cache that could lie about a flush",
                "set volatile_cache, and power_loss_protection to false");
  }

  /// What only this kind has. A field without a value (no default, not given, or wrong) is left out.
  void take_setting(const Field& field) {
    const auto common = std::find(std::begin(fields_of_all_faults), std::end(fields_of_all_faults), field.name);
    if (common != std::end(fields_of_all_faults)) return;
    if (field.type == FieldType::integer) {
      if (const auto n = view_.integer(field.name)) fault_.numbers[field.name] = *n;
    } else if (is_quantity(field.type)) {
      if (const auto n = view_.quantity(field.name)) fault_.numbers[field.name] = *n;
    } else if (field.type == FieldType::boolean) {
      if (const auto flag = view_.boolean(field.name)) fault_.numbers[field.name] = *flag ? 1 : 0;
    } else if (const auto text = view_.text(field.name)) {
      fault_.texts[field.name] = *text;
    }
  }

  void take_trigger() {
    const std::int64_t percent = view_.integer("probability_percent").value_or(100);
    if (percent < 100) fault_.numbers[std::string(faults::kProbability)] = percent;
    if (!view_.has("when")) return;
    const View when = view_.object("when");
    const auto event = when.node() == no_node ? std::nullopt : when.text("event");
    if (!event) return;
    fault_.texts[std::string(faults::kWhenEvent)] = *event;
    fault_.numbers[std::string(faults::kWhenOccurrence)] = when.integer("occurrence").value_or(1);
    fault_.numbers[std::string(faults::kWhenDelay)] = when.duration("delay").value_or(sim::Duration{0}).ns;
    if (!when.has("partition") || doc_.tree[when.member("partition")].kind != NodeKind::text) return;
    const kafka::ClusterConfig* cluster = build_.resolve_system(when);
    if (cluster == nullptr) return;
    const auto partition = resolve_partition(build_, *cluster, when.member("partition"));
    if (partition)
      fault_.texts[std::string(faults::kWhenOf)] =
          partition->topic + "/" + std::to_string(partition->partition);
  }

  std::vector<Target> targets(std::string_view field) {
    std::vector<Target> out;
    for (const NodeId node : view_.elements(field)) {
      const Table* table = choose(doc_, node, target_variants(), false);
      if (table == nullptr) continue;
      if (auto t = target(View(doc_, node, *table))) out.push_back(std::move(*t));
    }
    return out;
  }

  std::optional<Target> target(const View& view) {
    const std::string& tag = view.table().tag;
    if (view.table().find("of") != nullptr) return of_system(tag, view);
    const NodeId node = view.member(tag);
    if (doc_.tree[node].kind != NodeKind::text) return std::nullopt;
    Target t;
    t.name = doc_.tree[node].text;
    if (tag == "host") {
      t.by = Target::By::host;
      known(node, "host", "host", build_.host_index.contains(t.name), &host::HostConfig::name);
    } else if (tag == "hosts") {
      t.by = Target::By::host_group;
      known(node, "group of hosts", "host", build_.group_hosts.contains(t.name), &host::HostConfig::group);
    } else if (tag == "zone") {
      t.by = Target::By::zone;
      known(node, "zone", "zone", build_.zones.contains(t.name), &host::HostConfig::zone);
    } else if (tag == "power_domain") {
      t.by = Target::By::power_domain;
      known(node, "power domain", "power-domain", build_.power_domains.contains(t.name),
            &host::HostConfig::power_domain);
    } else if (tag == "database") {
      t.by = Target::By::workload;  // the world knows its process by that name
      std::vector<std::string> databases;
      for (const auto& one : build_.out.config.databases) databases.push_back(one.name);
      if (std::find(databases.begin(), databases.end(), t.name) == databases.end())
        doc_.error(node, "unknown-system", "there is no database named " + in_quotes(t.name),
                   doc_.suggest(t.name, [&] { return databases; }));
    } else {
      t.by = Target::By::workload;
      if (!build_.workload_names.contains(t.name)) {
        doc_.error(node, "unknown-workload", "there is no workload named " + in_quotes(t.name),
                   doc_.suggest(t.name, [&] {
                     return std::vector<std::string>(build_.workload_names.begin(),
                                                     build_.workload_names.end());
                   }));
      }
    }
    return t;
  }

  void known(NodeId node, std::string_view what, const char* code, bool found,
             std::string host::HostConfig::*name) {
    if (!build_.hosts_known || found) return;
    const std::string& given = doc_.tree[node].text;
    const std::string hint = doc_.suggest(given, [&] {
      std::set<std::string> names;
      for (const host::HostConfig& host : build_.out.config.hosts) names.insert(host.*name);
      return std::vector<std::string>(names.begin(), names.end());
    });
    doc_.error(node, std::string("unknown-") + code,
               "there is no " + std::string(what) + " named " + in_quotes(given), hint);
  }

  std::optional<Target> of_system(const std::string& tag, const View& view) {
    const NodeId node = view.member(tag);
    const kafka::ClusterConfig* cluster = build_.resolve_system(view);
    if (cluster == nullptr) return std::nullopt;
    Target t;
    t.system = cluster->name;
    if (tag == "controller") {
      t.by = Target::By::controller;
    } else if (tag == "controller_follower") {
      t.by = Target::By::controller_follower;
    } else if (tag == "random_broker") {
      t.by = Target::By::random_broker;
    } else if (tag == "broker") {
      t.by = Target::By::broker;
      const auto id = view.integer("broker");
      if (!id) return std::nullopt;
      t.number = static_cast<std::int32_t>(*id);
      if (build_.hosts_known && !cluster->broker_hosts.empty() &&
          *id >= static_cast<std::int64_t>(cluster->broker_hosts.size())) {
        doc_.error(node, "unknown-broker", "there is no broker " + std::to_string(*id),
                   "brokers are numbered 0 to " + std::to_string(cluster->broker_hosts.size() - 1));
      }
    } else if (tag == "coordinator_of" || tag == "transaction_coordinator_of") {
      if (doc_.tree[node].kind != NodeKind::text) return std::nullopt;
      t.by = Target::By::leader_of;
      t.name = tag == "coordinator_of" ? "__consumer_offsets" : "__transaction_state";
      const auto topic = std::find_if(cluster->topics.begin(), cluster->topics.end(),
                                      [&](const kafka::TopicSpec& one) { return one.name == t.name; });
      if (topic == cluster->topics.end()) {
        doc_.error(node, "no-coordinator",
                   in_quotes(cluster->name) + " has no " +
                       (tag == "coordinator_of" ? "consumer group" : "transactional producer"),
                   "add a workload that needs a coordinator");
        return std::nullopt;
      }
      if (!is_known(tag, *cluster, node)) return std::nullopt;
      t.number = kafka::partition_for_group(doc_.tree[node].text, topic->partitions);
    } else {
      if (doc_.tree[node].kind != NodeKind::text) return std::nullopt;
      t.by = tag == "leader_of" ? Target::By::leader_of : Target::By::follower_of;
      const auto partition = resolve_partition(build_, *cluster, node);
      if (!partition) return std::nullopt;
      t.name = partition->topic;
      t.number = partition->partition;
    }
    return t;
  }

  /// Whether some workload is of the group, or writes with the transactional.id, that `node` names.
  bool is_known(const std::string& tag, const kafka::ClusterConfig& cluster, NodeId node) {
    const std::string& wanted = doc_.tree[node].text;
    std::vector<std::string> known;
    const auto add_ids = [&](const auto& workload, const std::string& id) {
      if (workload.cluster != cluster.name) return;
      for (std::size_t i = 0; i < workload.hosts.size(); ++i)
        known.push_back(id.empty() ? workload.name + "-" + std::to_string(i) : id);
    };
    if (tag == "coordinator_of") {
      for (const auto& [name, group] : build_.groups) {
        if (name.first == cluster.name) known.push_back(name.second);
      }
    } else {
      for (const auto& workload : build_.out.config.transactions)
        add_ids(workload, workload.config.transactional_id);
      for (const auto& workload : build_.out.config.pipelines) {
        if (workload.exactly_once) add_ids(workload, workload.producer.transactional_id);
      }
    }
    if (std::find(known.begin(), known.end(), wanted) != known.end()) return true;
    doc_.error(node, "no-coordinator",
               "there is no " + std::string(tag == "coordinator_of" ? "group" : "transactional.id") +
                   " named " + in_quotes(wanted) + " in " + in_quotes(cluster.name),
               doc_.suggest(wanted, [&] { return known; }));
    return false;
  }

  Build& build_;
  Document& doc_;
  const View& view_;
  FaultConfig fault_;
};

}  // namespace

void build_faults(Build& build, const View& scenario) {
  const auto all = scenario.elements("faults");
  if (static_cast<std::int64_t>(all.size()) > limits::faults) {
    build.doc.error(scenario.member("faults"), "too-many-faults",
                    "there are " + std::to_string(all.size()) + " faults, but at most " +
                        std::to_string(limits::faults) + " can be simulated");
    return;
  }
  build.out.config.faults = build_fault_list(build, all);
}

std::vector<FaultConfig> build_fault_list(Build& build, const std::vector<NodeId>& nodes) {
  std::vector<FaultConfig> list;
  for (const NodeId node : nodes) {
    const Table* table = choose(build.doc, node, fault_variants(), false);
    if (table == nullptr) continue;
    const View view(build.doc, node, *table);
    const std::size_t first = list.size();
    if (is_pattern(table->tag))
      build_pattern(build, view, list);
    else
      list.push_back(FaultBuilder(build, view).make());
    for (std::size_t i = first; i < list.size(); ++i) {
      if (!build.fault_names.insert(list[i].name).second) {
        build.doc.error(view.place("name"), "duplicate-name",
                        "there are two faults named " + in_quotes(list[i].name), "choose another name");
      }
    }
  }
  return list;
}

void build_fault_plan(Build& build, const View& scenario) {
  if (!scenario.has("fault_plan")) return;
  const View view = scenario.object("fault_plan");
  if (view.node() == no_node) return;
  faults::FaultPlan plan;
  if (const auto* cluster = build.resolve_system(view)) plan.system = cluster->name;
  const View counts = view.object("counts");
  const auto count = [&](const char* name) { return static_cast<std::int32_t>(*counts.integer(name)); };
  plan.kill_process = count("kill_process");
  plan.controlled_shutdown = count("controlled_shutdown");
  plan.power_loss = count("power_loss");
  plan.kernel_panic = count("kernel_panic");
  plan.pause_process = count("pause_process");
  plan.partition = count("partition");
  plan.slow_disk = count("slow_disk");
  plan.controller_kill = count("controller_kill");
  if (const auto between = view.duration_range("between")) {
    plan.from = {between->first.ns};
    plan.to = {between->second.ns};
    if (build.duration_known && plan.to.ns > build.out.config.duration.ns) {
      build.doc.error(view.member("between"), "after-the-end",
                      "faults are drawn until " + format_quantity(plan.to.ns, Dimension::duration) +
                          ", but the run ends at " +
                          format_quantity(build.out.config.duration.ns, Dimension::duration),
                      "raise /duration, or end earlier");
    }
  }
  if (const auto lasts = view.duration_range("lasts")) std::tie(plan.lasts_min, plan.lasts_max) = *lasts;
  if (const auto restart = view.duration_range("restart_after"))
    std::tie(plan.restart_after_min, plan.restart_after_max) = *restart;
  build.out.config.fault_plan = plan;
}

}  // namespace brokersim::scenario
