#include "app/shrink/cuts.h"

#include <algorithm>

namespace brokersim::shrink {
namespace {

template <std::size_t pieces>
std::vector<Candidate> faults_in(const Json& best) {
  return without_faults(best, pieces);
}
template <std::size_t pieces>
std::vector<Candidate> workloads_in(const Json& best) {
  return without_workloads(best, pieces);
}
constexpr std::size_t kSingly = 1'000'000;

std::int64_t length_of(const Json& document, const char* key) {
  const Json* list = trial::member(document, key);
  return list != nullptr && list->is_array() ? static_cast<std::int64_t>(list->size()) : 0;
}

}  // namespace

const std::vector<Cut>& size_cuts() {
  static const std::vector<Cut> all{
      {"all faults", faults_in<1>},
      {"halves of the faults", faults_in<2>},
      {"quarters of the faults", faults_in<4>},
      {"faults", faults_in<kSingly>},
      {"time", shorter},
      {"all workloads", workloads_in<1>},
      {"systems", without_systems},
      {"topics", without_topics},
      {"workloads", workloads_in<kSingly>},
      {"partitions", fewer_partitions},
      {"clients", fewer_clients},
      {"brokers", fewer_brokers},
      {"replicas", fewer_replicas},
      {"controllers", fewer_controllers},
      {"records", fewer_records},
      {"waiting", earlier},
  };
  return all;
}

const std::vector<Cut>& word_cuts() {
  static const std::vector<Cut> all{
      {"settings", without_members},
      {"digits", rounder},
      {"the seed", smaller_seed},
  };
  return all;
}

const std::vector<Cut>& pair_cuts() {
  static const std::vector<Cut> all{{"two at once", two_at_once}};
  return all;
}

Size size_of(const Json& document) {
  Size size;
  size.faults = length_of(document, "faults");
  if (const Json* plan = trial::member(document, "fault_plan")) {
    if (const Json* counts = trial::member(*plan, "counts")) {
      for (const auto& [kind, count] : counts->items()) {
        if (count.is_number_integer()) size.faults += count.get<std::int64_t>();
      }
    }
  }
  size.workloads = length_of(document, "workloads");
  size.duration_ns = trial::duration_of(document, "duration").value_or(0);
  size.bytes = static_cast<std::int64_t>(trial::pretty(document).size());
  const Json* hosts = trial::member(document, "hosts");
  const Json* systems = trial::member(document, "systems");
  if (systems == nullptr || !systems->is_object()) return size;
  for (const auto& [name, system] : systems->items()) {
    const Json* on = trial::member(system, "brokers_on");
    if (on == nullptr) continue;
    const Json groups = on->is_array() ? *on : Json::array({*on});
    for (const Json& group : groups) {
      std::int64_t count = 1;  // a host by its own name
      for (const Json& one : hosts != nullptr && hosts->is_array() ? *hosts : Json::array()) {
        if (group.is_string() && trial::text_of(one, "name") == group.get<std::string>())
          count = one.value("count", std::int64_t{1});
      }
      size.brokers += count;
    }
    const Json* topics = trial::member(system, "topics");
    for (const Json& topic : topics != nullptr ? *topics : Json::array()) {
      const std::int64_t assigned = length_of(topic, "assignment");
      size.partitions += assigned > 0 ? assigned : topic.value("partitions", std::int64_t{1});
    }
  }
  return size;
}

}  // namespace brokersim::shrink
