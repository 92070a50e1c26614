// From a document of the right form to typed configuration: what needs more than one value at a time.
//
// Why separate from validate(): form is told by tables, sense is not: hosts that exist, replicas that
// fit, faults before the end. Every builder goes on after an error, so that all problems come at once.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/scenario/document.h"
#include "app/scenario/scenario.h"
#include "app/scenario/variants.h"
#include "app/scenario/view.h"

namespace brokersim::scenario {

/// What the builders know of each other's work, in the order in which they run.
struct Build {
  Build(Document& document, Scenario& scenario) : doc(document), out(scenario) {}

  Document& doc;
  Scenario& out;

  bool hosts_known = true;      ///< False after an error in `hosts`: what refers to them is not judged.
  bool too_many_hosts = false;  ///< Reported once.
  std::map<std::string, std::vector<std::string>> group_hosts;  ///< Group to its hosts, in order.
  std::map<std::string, NodeId> group_nodes;                    ///< Group to its entry in `hosts`.
  std::map<std::string, std::size_t> host_index;                ///< Host to its place in config.hosts.
  std::set<std::string> zones;                                  ///< Of all hosts so far.
  std::set<std::string> power_domains;                          ///< Of all hosts so far.
  sim::SimTime
      branch_at;  ///< From where faults count their time: 0, or of a variant the last branch instant.
  bool duration_known = false;  ///< False if the duration is wrong: times are not judged against it.
  std::int64_t replicas = 0;    ///< Partitions times replication factor, so far.
  bool too_many_replicas = false;
  std::set<std::string> system_names;  ///< Also of systems with errors.
  std::set<std::string> workload_names;
  std::set<std::string> fault_names;
  /// Groups by cluster and id: of which kind they are, and the workload that said so first.
  struct GroupKind {
    std::string kind;
    std::string workload;
  };
  std::map<std::pair<std::string, std::string>, GroupKind> groups;
  std::vector<NodeId> pipelines;           ///< Where each of out.config.pipelines stands.
  std::map<std::string, int> occurrences;  ///< Of unnamed faults and workloads with equal content.

  /// The workload's members join `group` of `cluster`; reports at `at` if others have made it a group of another kind.
  void add_group(const std::string& cluster, const std::string& group, const std::string& kind,
                 const std::string& workload, NodeId at);

  /// Adds a host, or reports that there are too many or that the name is taken.
  void add_host(host::HostConfig host, NodeId at);

  /// The hosts that a list of groups and hosts names, in order; reports unknown names.
  std::vector<std::string> resolve_hosts(const View& view, std::string_view field);

  /// The system that `of` names, or the only one. Reports, and gives nullptr, if there is none such.
  const kafka::ClusterConfig* resolve_system(const View& view);

  /// The zones of the brokers of `cluster` (of all hosts if that is empty), in order of appearance.
  std::vector<std::string> zones_of(const std::vector<std::string>& hosts) const;

  /// A host for each of the `count` clients of a workload: those that `on` names, in turn, or else new ones of the
  /// preset client.default in the zones of the cluster's brokers. `cluster` may be null after an error.
  std::vector<std::string> client_hosts(const View& view, const std::string& workload,
                                        const kafka::ClusterConfig* cluster);

  /// The region of a zone that a host stands in; "" if it has none.
  std::string region_of(const std::string& zone) const;

  /// The given name, or kind + hash of the content + occurrence: stable when others are added.
  std::string stable_name(const View& view);
};

/// Kinds of groups, as Build::add_group has them.
inline constexpr const char* kShareGroup = "share group";
/// Of what group.protocol says.
[[nodiscard]] inline const char* group_kind(const kafka::ConsumerConfig& config) {
  return config.group_protocol == kafka::GroupProtocolKind::consumer
             ? "consumer group of the new protocol (group.protocol=consumer)"
             : "consumer group of the classic protocol";
}

void build_network(Document& doc, const View& network, world::Config& config);
void build_hosts(Build& build, const View& scenario);
/// Appends `count` disks by one entry of hardware.disks to `disks`; `base` is what the entry starts from.
void build_disk(Build& build, const View& view, const storage::DiskConfig& base,
                std::vector<storage::DiskConfig>& disks);
void build_systems(Build& build, const View& scenario);
/// Numbers of the brokers on `hosts`, one of each zone in turn: who holds the replicas of partitions 0, 1, ...
[[nodiscard]] std::vector<std::int32_t> interleaved_by_zone(const Build& build,
                                                            const std::vector<std::string>& hosts);
/// __consumer_offsets, once, in a cluster that has a consumer group; `at` is where problems are shown.
void add_offsets_topic(Build& build, const std::string& cluster, NodeId at);
/// __transaction_state, likewise, in a cluster that has a transactional producer.
void add_transactions_topic(Build& build, const std::string& cluster, NodeId at);
/// __share_group_state, likewise, in a cluster that has a share group.
void add_share_state_topic(Build& build, const std::string& cluster, NodeId at);
void build_workloads(Build& build, const View& scenario);
/// The administrator's actions; their client gets a host of its own.
void build_admin(Build& build, const View& scenario);
void build_faults(Build& build, const View& scenario);
/// The faults of `nodes`, which are objects of build.doc.
std::vector<faults::FaultConfig> build_fault_list(Build& build, const std::vector<NodeId>& nodes);
/// Several lists of faults from a document of their own; see variants.h. `base` has built its scenario.
void build_variants(const Build& base, Document& document, sim::SimTime last_branch,
                    std::vector<FaultVariant>& out);
void build_fault_plan(Build& build, const View& scenario);
void build_expectations(Build& build, const View& scenario);
void build_published(Build& build, const View& scenario);

/// The topic and partition of "orders/0" in `cluster`; reports at `node` why not.
struct PartitionName {
  std::string topic;
  std::int32_t partition = 0;
};
std::optional<PartitionName> resolve_partition(Build& build, const kafka::ClusterConfig& cluster,
                                               NodeId node);

}  // namespace brokersim::scenario
