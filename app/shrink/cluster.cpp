// A smaller cluster: fewer partitions, replicas, brokers and controllers, and everything that names them.
#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "app/shrink/cuts.h"

namespace brokersim::shrink {
namespace {

/// Calls `change` with every text below `json`, members' names aside.
void each_text(Json& json, const std::function<void(Json&)>& change) {
  if (json.is_string()) return change(json);
  if (!json.is_structured()) return;
  for (auto& [key, value] : json.items()) each_text(value, change);
}

/// "orders/2", whoever names it below faults, admin and expect, becomes "orders/0".
void refer_to_first_partition(Json& document, const std::string& topic) {
  const std::string prefix = topic + "/";
  for (const char* key : {"faults", "admin", "expect"}) {
    if (!document.contains(key)) continue;
    each_text(document[key], [&](Json& text) {
      if (text.get<std::string>().starts_with(prefix)) text = prefix + "0";
    });
  }
}

/// Who holds each partition: the topic's assignment, or the default one, partition p on brokers p, p + 1 ...
std::vector<std::vector<std::int64_t>> rows_of(const Json& topic, std::int64_t brokers) {
  std::vector<std::vector<std::int64_t>> rows;
  if (topic.contains("assignment") && topic["assignment"].is_array()) {
    for (const Json& row : topic["assignment"]) {
      rows.emplace_back();
      for (const Json& broker : row.is_array() ? row : Json::array()) {
        if (broker.is_number_integer()) rows.back().push_back(broker.get<std::int64_t>());
      }
      if (rows.back().size() != row.size()) return {};
    }
    return rows;
  }
  const std::int64_t replicas = topic.value("replication_factor", std::int64_t{1});
  for (std::int64_t p = 0; brokers > 0 && p < topic.value("partitions", std::int64_t{1}) && p < brokers;
       ++p) {
    rows.emplace_back();
    for (std::int64_t r = 0; r < replicas; ++r) rows.back().push_back((p + r) % brokers);
  }
  return rows;
}

/// Roles at partitions of the topic other than `kept` become the brokers that play them at first; those at `kept` are
/// roles at partition 0. How many became brokers.
int name_brokers(Json& json, const std::string& topic, const std::vector<std::vector<std::int64_t>>& rows,
                 std::size_t kept) {
  if (!json.is_structured()) return 0;
  int named = 0;
  for (auto& [key, value] : json.items()) named += name_brokers(value, topic, rows, kept);
  for (const char* role : {"leader_of", "follower_of"}) {
    if (!json.is_object() || !json.contains(role) || !json[role].is_string()) continue;
    const std::size_t place = role == std::string("leader_of") ? 0 : 1;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (json[role] != topic + "/" + std::to_string(row)) continue;
      if (row == kept) {
        json[role] = topic + "/0";
      } else if (place < rows[row].size()) {
        json = Json{{"broker", rows[row][place]}};
        return named + 1;
      }
      break;
    }
  }
  return named;
}

/// The document without one of the topic's partitions that are assigned; who names a later one names it by its new number.
Json without_row(const Json& best, const std::string& system, std::size_t topic, std::size_t gone) {
  Json document = best;
  Json& changed = document["systems"][system]["topics"][topic];
  changed["assignment"].erase(gone);
  changed.erase("partitions");
  const std::string prefix = trial::text_of(changed, "name") + "/";
  for (const char* key : {"faults", "admin", "expect"}) {
    if (!document.contains(key)) continue;
    each_text(document[key], [&](Json& text) {
      const std::string word = text.get<std::string>();
      if (!word.starts_with(prefix)) return;
      const std::string number = word.substr(prefix.size());
      if (number.empty() || number.size() > 6 || number.find_first_not_of("0123456789") != std::string::npos)
        return;
      const std::size_t row = std::stoul(number);
      if (row >= gone && row > 0) text = prefix + std::to_string(row - 1);
    });
  }
  return document;
}

struct Place {
  std::string group;
  std::int64_t index = 0;  // within the group
};

/// Brokers by their id, if all stand on groups of hosts.
std::vector<Place> brokers_of(const Json& document, const Json& system) {
  std::vector<Place> brokers;
  const Json* on = trial::member(system, "brokers_on");
  const Json* hosts = trial::member(document, "hosts");
  if (on == nullptr || hosts == nullptr) return brokers;
  const Json groups = on->is_array() ? *on : Json::array({*on});
  for (const Json& group : groups) {
    bool found = false;
    for (const Json& one : *hosts) {
      if (!group.is_string() || trial::text_of(one, "name") != group.get<std::string>()) continue;
      const std::int64_t count = one.value("count", std::int64_t{1});
      for (std::int64_t i = 0; i < count; ++i) brokers.push_back({group.get<std::string>(), i});
      found = true;
    }
    if (!found) return {};
  }
  return brokers;
}

/// The target without what names the host or the broker; the others with their new names. False: nothing is left.
bool retarget(Json& target, const Place& gone, std::int64_t gone_id) {
  if (target.is_array()) {
    Json left = Json::array();
    for (Json& one : target) {
      if (retarget(one, gone, gone_id)) left.push_back(std::move(one));
    }
    target = std::move(left);
    return !target.empty();
  }
  if (target.contains("broker") && target["broker"].is_number_integer()) {
    const auto id = target["broker"].get<std::int64_t>();
    if (id == gone_id) return false;
    if (id > gone_id) target["broker"] = id - 1;
  }
  const std::string host = trial::text_of(target, "host");
  const std::string prefix = gone.group + "-";
  if (!host.starts_with(prefix)) return true;
  const std::string number = host.substr(prefix.size());
  if (number.empty() || number.find_first_not_of("0123456789") != std::string::npos) return true;
  const std::int64_t index = std::stoll(number.substr(0, 9));
  if (index == gone.index) return false;
  if (index > gone.index) target["host"] = prefix + std::to_string(index - 1);
  return true;
}

void retarget_faults(Json& document, const Place& gone, std::int64_t gone_id) {
  if (!document.contains("faults")) return;
  Json left = Json::array();
  for (Json& fault : document["faults"]) {
    bool whole = true;
    for (const char* side : {"target", "from", "to"}) {
      if (fault.contains(side)) whole = retarget(fault[side], gone, gone_id) && whole;
    }
    if (whole) left.push_back(std::move(fault));
  }
  document["faults"] = std::move(left);
  if (document["faults"].empty()) document.erase("faults");
}

/// Assignments and settings of the system's topics for one broker fewer. False: a partition has no replica left.
bool reassign(Json& system, std::int64_t gone_id, std::int64_t brokers_left) {
  if (!system.contains("topics")) return true;
  for (Json& topic : system["topics"]) {
    std::int64_t replicas = brokers_left;
    if (topic.contains("assignment")) {
      for (Json& row : topic["assignment"]) {
        Json left = Json::array();
        for (const Json& id : row) {
          if (!id.is_number_integer()) return false;
          if (id.get<std::int64_t>() != gone_id)
            left.push_back(id.get<std::int64_t>() - (id.get<std::int64_t>() > gone_id ? 1 : 0));
        }
        if (left.empty()) return false;
        replicas = std::min(replicas, static_cast<std::int64_t>(left.size()));
        row = std::move(left);
      }
      topic.erase("replication_factor");
      topic.erase("partitions");
    } else if (topic.value("replication_factor", std::int64_t{3}) > brokers_left) {
      topic["replication_factor"] = brokers_left;
    }
    if (topic.contains("config") && topic["config"].contains("min.insync.replicas")) {
      Json& least = topic["config"]["min.insync.replicas"];
      if (least.is_number_integer() && least.get<std::int64_t>() > replicas) least = replicas;
    }
  }
  return true;
}

std::optional<Json> without_broker(const Json& best, const std::string& system, const Place& gone,
                                   std::int64_t gone_id, std::int64_t brokers_left) {
  Json document = best;
  if (!reassign(document["systems"][system], gone_id, brokers_left)) return std::nullopt;
  for (Json& group : document["hosts"]) {
    if (trial::text_of(group, "name") != gone.group) continue;
    const std::int64_t count = group.value("count", std::int64_t{1});
    if (count < 2) return std::nullopt;
    if (group.contains("zones") && static_cast<std::int64_t>(group["zones"].size()) == count) {
      Json& zones = group["zones"];
      zones.erase(zones.begin() + gone.index);
    }
    group["count"] = count - 1;
  }
  retarget_faults(document, gone, gone_id);
  return document;
}

}  // namespace

std::vector<Candidate> fewer_partitions(const Json& best) {
  std::vector<Candidate> candidates;
  for (const auto& [name, system] : trial::object_at(best, "systems").items()) {
    if (!system.contains("topics")) continue;
    for (std::size_t t = 0; t < system["topics"].size(); ++t) {
      const Json& topic = system["topics"][t];
      const std::string topic_name = trial::text_of(topic, "name");
      const bool assigned = topic.contains("assignment") && topic["assignment"].is_array();
      const std::size_t rows = assigned ? topic["assignment"].size() : 0;
      for (std::size_t row = 0; rows > 1 && row < rows; ++row) {
        Json document = best;
        Json& changed = document["systems"][name]["topics"][t];
        changed["assignment"] = Json::array({topic["assignment"][row]});
        changed.erase("partitions");
        refer_to_first_partition(document, topic_name);
        candidates.push_back({std::move(document), true});
      }
      if (!assigned && topic.value("partitions", std::int64_t{1}) > 1) {
        Json document = best;
        document["systems"][name]["topics"][t]["partitions"] = 1;
        refer_to_first_partition(document, topic_name);
        candidates.push_back({std::move(document), true});
      }
      // A fault may hit the leader of one partition as the follower of another, which is the one that matters.
      const auto all = rows_of(topic, static_cast<std::int64_t>(brokers_of(best, system).size()));
      for (std::size_t row = 0; all.size() > 1 && row < all.size() && best.contains("faults"); ++row) {
        Json document = best;
        if (name_brokers(document["faults"], topic_name, all, row) == 0) continue;
        Json& changed = document["systems"][name]["topics"][t];
        changed["assignment"] = Json::array({all[row]});
        changed.erase("partitions");
        changed.erase("replication_factor");
        refer_to_first_partition(document, topic_name);
        candidates.push_back({std::move(document), true});
      }
      // Some of many.
      const std::int64_t partitions = assigned ? 1 : topic.value("partitions", std::int64_t{1});
      for (const std::int64_t fewer : std::set<std::int64_t>{partitions / 2, partitions - 1}) {
        if (fewer < 2) continue;
        Json document = best;
        document["systems"][name]["topics"][t]["partitions"] = fewer;
        candidates.push_back({std::move(document), true});
      }
      for (std::size_t row = 0; rows > 2 && row < rows; ++row)
        candidates.push_back({without_row(best, name, t, row), true});
    }
  }
  return candidates;
}

std::vector<Candidate> fewer_replicas(const Json& best) {
  std::vector<Candidate> candidates;
  for (const auto& [name, system] : trial::object_at(best, "systems").items()) {
    if (!system.contains("topics")) continue;
    for (std::size_t t = 0; t < system["topics"].size(); ++t) {
      const Json& topic = system["topics"][t];
      if (topic.contains("assignment") && topic["assignment"].size() == 1) {
        for (std::size_t r = 0; topic["assignment"][0].size() > 1 && r < topic["assignment"][0].size(); ++r) {
          Json document = best;
          Json& row = document["systems"][name]["topics"][t]["assignment"][0];
          row.erase(row.begin() + static_cast<std::ptrdiff_t>(r));
          candidates.push_back({std::move(document), true});
        }
      } else if (topic.value("replication_factor", std::int64_t{1}) > 1) {
        Json document = best;
        document["systems"][name]["topics"][t]["replication_factor"] =
            topic["replication_factor"].get<std::int64_t>() - 1;
        candidates.push_back({std::move(document), true});
      }
    }
  }
  return candidates;
}

std::vector<Candidate> fewer_brokers(const Json& best) {
  std::vector<Candidate> candidates;
  for (const auto& [name, system] : trial::object_at(best, "systems").items()) {
    const std::vector<Place> brokers = brokers_of(best, system);
    for (std::size_t i = brokers.size(); brokers.size() > 1 && i-- > 0;) {
      auto document = without_broker(best, name, brokers[i], static_cast<std::int64_t>(i),
                                     static_cast<std::int64_t>(brokers.size()) - 1);
      if (document) candidates.push_back({std::move(*document), true});
    }
  }
  // Hosts that nothing stands on: the scenario says whether that is so.
  const Json* hosts = trial::member(best, "hosts");
  for (std::size_t i = 0; hosts != nullptr && hosts->size() > 1 && i < hosts->size(); ++i) {
    Json document = best;
    document["hosts"].erase(document["hosts"].begin() + static_cast<std::ptrdiff_t>(i));
    candidates.push_back({std::move(document), true});
  }
  return candidates;
}

std::vector<Candidate> fewer_controllers(const Json& best) {
  std::vector<Candidate> candidates;
  for (const auto& [name, system] : trial::object_at(best, "systems").items()) {
    const Json* controllers = trial::member(system, "controllers");
    if (!system.contains("brokers_on")) continue;
    const std::int64_t count =
        controllers != nullptr ? controllers->value("count", std::int64_t{3}) : std::int64_t{3};
    for (const std::int64_t fewer : {std::int64_t{1}, std::int64_t{3}}) {
      if (fewer >= count) continue;
      Json document = best;
      document["systems"][name]["controllers"]["count"] = fewer;
      candidates.push_back({std::move(document), true});
    }
  }
  return candidates;
}

}  // namespace brokersim::shrink
