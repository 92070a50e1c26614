// What a run has drawn, written down: a fault plan as the faults that it draws, random brokers by their numbers.
#include "app/scenario/scenario.h"
#include "app/shrink/cuts.h"
#include "models/faults/expand.h"
#include "models/faults/names.h"

namespace brokersim::shrink {
namespace {

/// Ids in "broker 1 on host b-1 (drawn), broker 2 ...", in their order.
std::vector<std::int64_t> brokers_in(const std::string& text) {
  constexpr std::string_view word = "broker ";
  std::vector<std::int64_t> ids;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at)) {
    at += word.size();
    std::int64_t id = 0;
    const std::size_t first = at;
    for (; at < text.size() && at < first + 6 && text[at] >= '0' && text[at] <= '9'; ++at)
      id = id * 10 + (text[at] - '0');
    if (at > first) ids.push_back(id);
  }
  return ids;
}

/// Writes a drawn fault down; drawn brokers are those of `ids`, as long as there are any.
class Writer {
 public:
  explicit Writer(std::vector<std::int64_t> ids) : ids_(std::move(ids)) {}

  Json fault(const faults::FaultConfig& fault) {
    Json json = Json::object();
    std::string name = fault.name.substr(fault.name.rfind('/') + 1);
    json["name"] = name;
    json["at"] = trial::duration_text(fault.at.ns);
    json["kind"] = std::string(faults::to_string(fault.kind));
    if (fault.kind == faults::FaultKind::partition) {
      json["from"] = sides(fault.targets);
      if (!fault.others.empty()) json["to"] = sides(fault.others);
      if (fault.shape == faults::PartitionShape::one_way) json["shape"] = "one_way";
    } else {
      json["target"] = sides(fault.targets);
    }
    if (fault.kind == faults::FaultKind::slow_disk) json["factor_percent"] = fault.factor_percent;
    if (fault.lasts) json["lasts"] = trial::duration_text(fault.lasts->ns);
    if (fault.restart_after) json["restart_after"] = trial::duration_text(fault.restart_after->ns);
    return json;
  }

 private:
  Json one(const faults::Target& target) {
    Json json = Json::object();
    if (target.by == faults::Target::By::controller) {
      json["controller"] = true;
    } else if (next_ < ids_.size()) {
      json["broker"] = ids_[next_++];
    } else {
      json["random_broker"] = true;
    }
    return json;
  }
  Json sides(const std::vector<faults::Target>& targets) {
    if (targets.size() == 1) return one(targets.front());
    Json list = Json::array();
    for (const faults::Target& target : targets) list.push_back(one(target));
    return list;
  }

  std::vector<std::int64_t> ids_;
  std::size_t next_ = 0;
};

}  // namespace

Json with_brokers_named(const Json& document, const std::vector<trial::FaultSeen>& seen) {
  Json named = document;
  if (!named.contains("faults") || !named["faults"].is_array()) return named;
  for (Json& fault : named["faults"]) {
    std::vector<std::int64_t> ids;
    for (const trial::FaultSeen& one : seen) {
      if (one.name == trial::text_of(fault, "name") && one.fired) ids = brokers_in(one.target);
    }
    std::size_t next = 0;
    const auto name = [&](Json& target) {
      if (!target.is_object()) return;
      const bool drawn = target.contains("random_broker");
      const bool broker = drawn || target.contains("broker") || target.contains("leader_of") ||
                          target.contains("follower_of");
      if (!broker || next >= ids.size()) return;
      if (drawn) target = Json{{"broker", ids[next]}};
      ++next;
    };
    for (const char* side : {"target", "from", "to"}) {
      if (!fault.contains(side)) continue;
      if (fault[side].is_array())
        for (Json& one : fault[side]) name(one);
      else
        name(fault[side]);
    }
  }
  return named;
}

std::vector<Json> faults_of_plan(const Json& document, const std::string& name,
                                 const std::vector<trial::FaultSeen>& seen) {
  std::vector<Json> faults;
  const scenario::LoadResult loaded = scenario::load_text(document.dump(), name);
  if (!loaded.scenario || !loaded.scenario->config.fault_plan) return faults;
  const world::Config& config = loaded.scenario->config;
  for (const faults::FaultConfig& fault : faults::expand(*config.fault_plan, config.seed)) {
    std::vector<std::int64_t> ids;
    for (const trial::FaultSeen& one : seen) {
      if (one.name == fault.name && one.fired) ids = brokers_in(one.target);
    }
    faults.push_back(Writer(std::move(ids)).fault(fault));
  }
  return faults;
}

}  // namespace brokersim::shrink
