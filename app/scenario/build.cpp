#include "app/scenario/build.h"

#include <algorithm>

#include "app/scenario/limits.h"
#include "app/scenario/presets.h"
#include "app/scenario/suggest.h"

namespace brokersim::scenario {
namespace {

template <typename Map>
std::vector<std::string> keys_of(const Map& map) {
  std::vector<std::string> keys;
  for (const auto& entry : map) keys.push_back(entry.first);
  return keys;
}

/// FNV-1a, folded to 32 bits: a name, not a draw.
std::uint32_t content_hash(std::string_view text) {
  std::uint64_t h = 0xcbf29ce484222325ull;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return static_cast<std::uint32_t>(h ^ (h >> 32));
}

std::string hex8(std::uint32_t n) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (int shift = 28; shift >= 0; shift -= 4) out += digits[(n >> shift) & 0xF];
  return out;
}

}  // namespace

void Build::add_host(host::HostConfig host, NodeId at) {
  if (too_many_hosts) return;
  if (static_cast<std::int64_t>(out.config.hosts.size()) >= limits::hosts) {
    too_many_hosts = true;
    doc.error(at, "too-many-hosts",
              "the scenario needs more than " + std::to_string(limits::hosts) +
                  " hosts, the most that can be simulated",
              "controllers and clients need hosts too, unless \"on\" says where they run");
    return;
  }
  if (host_index.contains(host.name)) {
    doc.error(at, "duplicate-name", "there are two hosts named " + in_quotes(host.name),
              "choose another name");
    return;
  }
  host_index.emplace(host.name, out.config.hosts.size());
  group_hosts[host.group].push_back(host.name);
  zones.insert(host.zone);
  power_domains.insert(host.power_domain);
  out.config.hosts.push_back(std::move(host));
}

std::vector<std::string> Build::resolve_hosts(const View& view, std::string_view field) {
  std::vector<std::string> hosts;
  std::set<std::string> seen;
  for (const NodeId element : view.elements(field)) {
    const Node& node = doc.tree[element];
    if (node.kind != NodeKind::text) continue;
    std::vector<std::string> found;
    if (const auto group = group_hosts.find(node.text); group != group_hosts.end()) {
      found = group->second;
    } else if (host_index.contains(node.text)) {
      found = {node.text};
    } else if (hosts_known) {
      const std::string hint = doc.suggest(node.text, [&] {
        std::vector<std::string> known = keys_of(group_hosts);
        if (nearest(node.text, known).empty() && !nearest(node.text, keys_of(host_index)).empty())
          known = keys_of(host_index);
        return known;
      });
      doc.error(element, "unknown-host", "there is no host or group of hosts named " + in_quotes(node.text),
                hint);
    }
    for (std::string& host : found) {
      if (seen.insert(host).second) hosts.push_back(std::move(host));
    }
  }
  return hosts;
}

const kafka::ClusterConfig* Build::resolve_system(const View& view) {
  const auto& clusters = out.config.clusters;
  const NodeId of = view.member("of");
  if (of == no_node) {
    // Databases are no clusters: with one cluster beside them there is nothing to choose.
    const std::size_t others = out.config.databases.size();
    if (system_names.size() == others + 1) return clusters.empty() ? nullptr : &clusters.front();
    if (system_names.size() > others) {
      doc.error(
          view.node(), "missing-field",
          "there are " + std::to_string(system_names.size()) + " systems, so \"of\" must say which is meant",
          doc.suggest("",
                      [&] { return std::vector<std::string>(system_names.begin(), system_names.end()); }));
    }
    return nullptr;
  }
  if (doc.tree[of].kind != NodeKind::text) return nullptr;
  for (const auto& cluster : clusters) {
    if (cluster.name == doc.tree[of].text) return &cluster;
  }
  if (!system_names.contains(doc.tree[of].text)) {
    doc.error(of, "unknown-system", "there is no system named " + in_quotes(doc.tree[of].text),
              doc.suggest(doc.tree[of].text, [&] {
                return std::vector<std::string>(system_names.begin(), system_names.end());
              }));
  }
  return nullptr;
}

std::vector<std::string> Build::client_hosts(const View& view, const std::string& workload,
                                             const kafka::ClusterConfig* cluster) {
  const auto count = static_cast<std::size_t>(view.integer("count").value_or(1));
  std::vector<std::string> names;
  if (view.has("on")) {
    const std::vector<std::string> hosts = resolve_hosts(view, "on");
    for (std::size_t i = 0; i < count && !hosts.empty(); ++i) names.push_back(hosts[i % hosts.size()]);
    return names;
  }
  const std::vector<std::string> zones_in_turn =
      zones_of(cluster != nullptr ? cluster->broker_hosts : std::vector<std::string>{});
  host::HostConfig host;
  host.group = workload;
  host.hardware = find_preset("client.default")->hardware;
  for (std::size_t i = 0; i < count && !too_many_hosts; ++i) {
    host.name = workload + "-" + std::to_string(i);
    host.zone = zones_in_turn[i % zones_in_turn.size()];
    host.region = region_of(host.zone);
    host.power_domain = host.name;
    names.push_back(host.name);
    add_host(host, view.place("count"));
  }
  return names;
}

std::string Build::region_of(const std::string& zone) const {
  for (const host::HostConfig& host : out.config.hosts) {
    if (host.zone == zone) return host.region;
  }
  return "";
}

std::vector<std::string> Build::zones_of(const std::vector<std::string>& hosts) const {
  std::vector<std::string> found;
  const auto add = [&](const host::HostConfig& host) {
    if (std::find(found.begin(), found.end(), host.zone) == found.end()) found.push_back(host.zone);
  };
  for (const std::string& name : hosts) add(out.config.hosts[host_index.at(name)]);
  if (found.empty()) {
    for (const host::HostConfig& host : out.config.hosts) add(host);
  }
  if (found.empty()) found.emplace_back("a");
  return found;
}

std::string Build::stable_name(const View& view) {
  if (const auto name = view.text("name")) return *name;
  const std::string content = doc.tree.canonical(view.node(), "name");
  const std::string stem = view.table().tag + "-" + hex8(content_hash(content));
  std::string name = stem + "-" + std::to_string(occurrences[stem]++);
  doc.named_by_content.emplace_back(view.node(), name);
  return name;
}

void Build::add_group(const std::string& cluster, const std::string& group, const std::string& kind,
                      const std::string& workload, NodeId at) {
  const auto [known, added] = groups.try_emplace({cluster, group}, GroupKind{kind, workload});
  if (added || known->second.kind == kind) return;
  const bool shares = kind == kShareGroup || known->second.kind == kShareGroup;
  doc.error(
      at, "group-kind",
      in_quotes(group) + " is a " + known->second.kind + " of the workload " +
          in_quotes(known->second.workload) + ", so the members of " + in_quotes(workload) +
          " cannot join it as a " + kind,
      shares
          ? "a group is of one kind (GROUP_ID_NOT_FOUND, INCONSISTENT_GROUP_PROTOCOL): give it an id of its "
            "own"
          : "the upgrade of a group that has members (KIP-848) is not modelled: give both workloads the same "
            "group.protocol, or groups of their own");
}

std::optional<PartitionName> resolve_partition(Build& build, const kafka::ClusterConfig& cluster,
                                               NodeId node) {
  const std::string& text = build.doc.tree[node].text;
  const std::size_t slash = text.rfind('/');
  const auto number = slash == std::string::npos ? std::variant<std::int64_t, QuantityError>{QuantityError{}}
                                                 : parse_integer(std::string_view(text).substr(slash + 1));
  const auto* partition = std::get_if<std::int64_t>(&number);
  if (partition == nullptr) {
    build.doc.error(node, "bad-partition", in_quotes(text) + " is not a partition",
                    "write \"TOPIC/NUMBER\", such as \"orders/0\"");
    return std::nullopt;
  }
  const std::string topic = text.substr(0, slash);
  std::vector<std::string> topics;
  for (const kafka::TopicSpec& spec : cluster.topics) {
    topics.push_back(spec.name);
    if (spec.name != topic) continue;
    if (*partition < 0 || *partition >= spec.partitions) {
      build.doc.error(node, "unknown-partition",
                      "topic " + in_quotes(topic) + " has " +
                          counted(static_cast<std::size_t>(spec.partitions), "partition") +
                          ", so there is no " + in_quotes(text),
                      "partitions count from 0");
      return std::nullopt;
    }
    return PartitionName{topic, static_cast<std::int32_t>(*partition)};
  }
  build.doc.error(node, "unknown-topic",
                  "there is no topic named " + in_quotes(topic) + " in " + in_quotes(cluster.name),
                  build.doc.suggest(topic, [&] { return topics; }));
  return std::nullopt;
}

}  // namespace brokersim::scenario
