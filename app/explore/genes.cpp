#include "app/explore/genes.h"

#include <algorithm>
#include <map>

namespace brokersim::explore {
namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::uint64_t kSeeds = 1'000'000;

/// Names that stay with a fault whatever becomes of the others; no two are the same.
void name_all(Json& faults) {
  std::uint64_t next = 0;
  const auto taken = [&](const std::string& name) {
    return std::any_of(faults.begin(), faults.end(),
                       [&](const Json& one) { return trial::text_of(one, "name") == name; });
  };
  std::vector<std::string> seen;
  for (Json& fault : faults) {
    std::string name = trial::text_of(fault, "name");
    if (!name.empty() && std::find(seen.begin(), seen.end(), name) == seen.end()) {
      seen.push_back(std::move(name));
      continue;
    }
    do {
      name = "f" + std::to_string(next++);
    } while (taken(name) || std::find(seen.begin(), seen.end(), name) != seen.end());
    fault["name"] = name;
    seen.push_back(name);
  }
}

std::vector<std::string> some_kinds(const Spec& spec, Choices& choose) {
  std::vector<std::string> kinds;
  const std::uint64_t share = choose.percent(50) ? 15 : 45;
  for (const std::string& kind : spec.kinds) {
    if (choose.percent(share)) kinds.push_back(kind);
  }
  if (kinds.empty() && !spec.kinds.empty()) kinds.push_back(choose.one_of(spec.kinds));
  return kinds;
}

void add_all(Json& faults, const Json& more, std::size_t most) {
  for (const Json& fault : more) {
    if (faults.size() < most) faults.push_back(fault);
  }
}

/// Of a fault's times one becomes another, near or far.
void move_in_time(const Spec& spec, Json& fault, Choices& choose) {
  std::vector<std::string> keys;
  for (const char* key : {"at", "lasts", "restart_after"}) {
    if (fault.contains(key)) keys.emplace_back(key);
  }
  const std::string& key = choose.one_of(keys);
  const std::int64_t now = trial::duration_of(fault, key.c_str()).value_or(spec.from_ns);
  const std::int64_t most = choose.percent(50) ? 300 : 4'000;
  std::int64_t then = now + choose.between(-most, most) * kMs;
  if (key == "at") then = std::clamp(then, spec.from_ns, spec.to_ns);
  if (key == "lasts") then = std::clamp(then, std::int64_t{10} * kMs, spec.lasts_max_ns * 2);
  if (key == "restart_after") then = std::clamp(then, std::int64_t{0}, spec.restart_max_ns * 2);
  fault[key] = trial::duration_text(then);
}

/// When what it does is over.
std::int64_t end_of(const Json& fault) {
  const auto time = [&](const char* key) { return trial::duration_of(fault, key).value_or(0); };
  const Json* times = trial::member(fault, "times");  // of a crash loop
  const std::int64_t loops = times != nullptr && times->is_number_integer() ? times->get<std::int64_t>() : 1;
  return time("at") + std::max(time("lasts"), time("restart_after")) +
         loops * (time("down_for") + time("up_for"));
}

/// Faults of one target come one after the other, with the time between them that the spec asks for; whatever would come
/// after the end of the search's span is left out.
void keep_stable(const Spec& spec, Json& faults) {
  if (spec.stable_ns == 0) return;
  std::stable_sort(faults.begin(), faults.end(), [](const Json& a, const Json& b) {
    return trial::duration_of(a, "at").value_or(0) < trial::duration_of(b, "at").value_or(0);
  });
  std::map<std::string, std::int64_t> free_from;  // by target
  Json kept = Json::array();
  for (Json& fault : faults) {
    const char* const whom = fault.contains("from") ? "from" : "target";
    std::int64_t& free = free_from[fault.contains(whom) ? fault[whom].dump() : ""];
    const std::int64_t at = std::max(trial::duration_of(fault, "at").value_or(0), free);
    if (at > spec.to_ns) continue;
    fault["at"] = trial::duration_text(at);
    free = end_of(fault) + spec.stable_ns;
    kept.push_back(std::move(fault));
  }
  faults = std::move(kept);
}

/// Whom faults may name: a knob may have left a workload out, and with it a coordinator's topic.
struct Present {
  std::vector<std::string> workloads;
  bool groups = false;
  bool transactions = false;
  bool shares = false;

  explicit Present(const Json& document) {
    const Json* all = trial::member(document, "workloads");
    if (all == nullptr || !all->is_array()) return;
    for (const Json& one : *all) {
      workloads.push_back(trial::text_of(one, "name"));
      const std::string kind = trial::text_of(one, "kind");
      const Json* config = trial::member(one, "config");
      groups = groups || one.contains("group") || kind == "kafka_pipeline";
      shares = shares || kind == "kafka_share_consumer";
      transactions = transactions || kind == "kafka_transactions" || kind == "kafka_pipeline" ||
                     (config != nullptr && config->contains("transactional.id"));
    }
  }

  [[nodiscard]] bool has(const Json& target) const {
    const std::string workload = trial::text_of(target, "workload");
    if (!workload.empty() && std::find(workloads.begin(), workloads.end(), workload) == workloads.end())
      return false;
    for (const char* role : {"leader_of", "follower_of"}) {
      const std::string partition = trial::text_of(target, role);
      if (partition.starts_with("__consumer_offsets/") && !groups) return false;
      if (partition.starts_with("__transaction_state/") && !transactions) return false;
      if (partition.starts_with("__share_group_state/") && !shares) return false;
    }
    return true;
  }
  [[nodiscard]] bool has_all(const Json& fault) const {
    for (const char* side : {"target", "from", "to"}) {
      if (fault.contains(side) && fault[side].is_object() && !has(fault[side])) return false;
    }
    return true;
  }
};

}  // namespace

Genes fresh(const Spec& spec, Choices& choose) {
  Genes genes;
  genes.seed = 1 + choose.below(kSeeds);
  for (const Knob& knob : spec.knobs) {
    const bool as_it_is = choose.percent(40);
    genes.knobs.push_back(as_it_is ? 0 : static_cast<std::uint32_t>(choose.below(knob.values.size() + 1)));
  }
  if (spec.kinds.empty()) return genes;
  const Aim aim = random_aim(spec, choose);
  const std::vector<std::string> kinds = some_kinds(spec, choose);
  const auto most = static_cast<std::size_t>(choose.between(spec.count_min, spec.count_max));
  if (spec.patterns && choose.percent(40))
    add_all(genes.faults, random_pattern(spec, aim, choose), spec.count_max);
  while (genes.faults.size() < most)
    genes.faults.push_back(random_fault(spec, choose.one_of(kinds), aim, choose));
  if (spec.leave_broken && spec.brokers > 1 && choose.percent(25)) {
    static const std::vector<std::string> ends{"kill_process", "frozen_host", "nic_down",
                                               "controlled_shutdown"};
    genes.faults.push_back({{"name", "left-broken"},
                            {"at", trial::duration_text(spec.to_ns)},
                            {"kind", choose.one_of(ends)},
                            {"target", {{"broker", aim.victim}}}});
  }
  keep_stable(spec, genes.faults);
  name_all(genes.faults);
  return genes;
}

Genes mutated(const Spec& spec, const Genes& parent, const Genes& other, Choices& choose) {
  Genes genes = parent;
  const Aim aim = random_aim(spec, choose);
  const auto most = static_cast<std::size_t>(spec.count_max);
  for (std::int64_t changes = choose.between(1, 3); changes > 0; --changes) {
    Json& faults = genes.faults;
    const std::uint64_t die = choose.below(100);
    // Inside the budget a mutation brings no second victim: what could would need the first one's number.
    const bool may_add = !spec.kinds.empty() && !spec.inside_budget;
    if (die < 30 && !faults.empty()) {
      move_in_time(spec, faults[choose.below(faults.size())], choose);
    } else if (die < 45 && may_add && faults.size() < most) {
      faults.push_back(random_fault(spec, choose.one_of(spec.kinds), aim, choose));
    } else if (die < 55 && may_add && spec.patterns) {
      add_all(faults, random_pattern(spec, aim, choose), most);
    } else if (die < 65 && faults.size() > 1) {
      faults.erase(faults.begin() + static_cast<std::ptrdiff_t>(choose.below(faults.size())));
    } else if (die < 75 && may_add && !other.faults.empty() && faults.size() < most) {
      faults.push_back(other.faults[choose.below(other.faults.size())]);
    } else if (die < 85 && !spec.knobs.empty()) {
      const std::size_t k = choose.below(spec.knobs.size());
      genes.knobs[k] = static_cast<std::uint32_t>(choose.below(spec.knobs[k].values.size() + 1));
    } else {
      genes.seed = 1 + choose.below(kSeeds);
    }
  }
  keep_stable(spec, genes.faults);
  name_all(genes.faults);
  return genes;
}

Json document_of(const Spec& spec, const Genes& genes) {
  Json document = spec.base;
  document["seed"] = genes.seed;
  // What is left out goes last and backwards (10 before 9), so that positions in lists stay true.
  std::vector<std::string> left_out;
  for (std::size_t k = 0; k < spec.knobs.size(); ++k) {
    const std::uint32_t choice = genes.knobs[k];
    if (choice == 0) continue;
    const Json& value = spec.knobs[k].values[choice - 1];
    if (value.is_null())
      left_out.push_back(spec.knobs[k].pointer);
    else
      document[Json::json_pointer(spec.knobs[k].pointer)] = value;
  }
  std::sort(left_out.begin(), left_out.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a > b;
  });
  for (const std::string& pointer : left_out) {
    const Json::json_pointer place(pointer);
    if (!document.contains(place)) continue;
    Json& parent = document[place.parent_pointer()];
    if (parent.is_array())
      parent.erase(static_cast<std::size_t>(std::stoul(place.back())));
    else
      parent.erase(place.back());
  }
  const Present present(document);
  for (const Json& fault : genes.faults) {
    if (present.has_all(fault)) document["faults"].push_back(fault);
  }
  return document;
}

}  // namespace brokersim::explore
