// Less time: an earlier end, and less waiting before and between what happens.
#include <algorithm>
#include <functional>
#include <set>

#include "app/shrink/cuts.h"

namespace brokersim::shrink {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

/// Calls `change(object, key)` for every instant of the document, its end aside.
void each_instant(Json& document, const std::function<void(Json&, const char*)>& change) {
  const auto in_list = [&](Json& object, const char* list, std::initializer_list<const char*> keys) {
    if (!object.contains(list) || !object[list].is_array()) return;
    for (Json& one : object[list]) {
      for (const char* key : keys) {
        if (one.contains(key)) change(one, key);
      }
    }
  };
  in_list(document, "faults", {"at"});
  in_list(document, "admin", {"at"});
  in_list(document, "workloads", {"start", "stop"});
  if (!document.contains("systems")) return;
  for (auto& [name, system] : document["systems"].items()) {
    if (system.is_object()) in_list(system, "topics", {"created_at", "deleted_at"});
  }
}

/// Everything at or after `from` comes `by` sooner, the end too.
Json sooner(const Json& best, std::int64_t from, std::int64_t by) {
  Json document = best;
  each_instant(document, [&](Json& object, const char* key) {
    const auto at = trial::duration_of(object, key);
    if (at && *at >= from) object[key] = trial::duration_text(std::max<std::int64_t>(0, *at - by));
  });
  const std::int64_t end = trial::duration_of(document, "duration").value_or(0);
  document["duration"] = trial::duration_text(std::max(kSecond / 10, end - by));
  return document;
}

/// Ends at `end`; what comes later goes.
Json ending_at(const Json& best, std::int64_t end) {
  Json document = best;
  document["duration"] = trial::duration_text(end);
  for (const char* list : {"faults", "admin"}) {
    if (!document.contains(list)) continue;
    Json left = Json::array();
    for (Json& one : document[list]) {
      if (trial::duration_of(one, "at").value_or(0) <= end) left.push_back(std::move(one));
    }
    document[list] = std::move(left);
    if (document[list].empty()) document.erase(list);
  }
  if (document.contains("workloads")) {
    Json left = Json::array();
    for (Json& one : document["workloads"]) {
      if (trial::duration_of(one, "start").value_or(0) >= end) continue;
      // As the default has it: the end can settle.
      if (trial::duration_of(one, "stop").value_or(0) > end) one.erase("stop");
      left.push_back(std::move(one));
    }
    document["workloads"] = std::move(left);
  }
  if (document.contains("fault_plan")) {
    Json& plan = document["fault_plan"];
    if (plan.contains("between") && plan["between"].is_array() && plan["between"].size() == 2)
      plan["between"][1] = trial::duration_text(end);
  }
  return document;
}

}  // namespace

std::vector<Candidate> shorter(const Json& best) {
  std::vector<Candidate> candidates;
  const std::int64_t end = trial::duration_of(best, "duration").value_or(0);
  std::set<std::int64_t> ends;
  for (const std::int64_t eighths : {1, 2, 3, 4, 5, 6, 7}) {
    const std::int64_t whole = (end / 8 * eighths + kSecond - 1) / kSecond * kSecond;
    if (whole < end) ends.insert(whole);
  }
  // Then by a whole second or so, but no less than a twentieth: the end must not creep up.
  for (const std::int64_t less : {kSecond, kSecond / 2, kSecond / 10}) {
    if (end > less && less >= end / 20) ends.insert(end - less);
  }
  for (const std::int64_t one : ends) candidates.push_back({ending_at(best, one), true});
  // The load ends sooner.
  for (std::size_t i = 0; best.contains("workloads") && i < best["workloads"].size(); ++i) {
    for (const std::int64_t eighths : {1, 2, 4}) {
      Json document = best;
      Json& workload = document["workloads"][i];
      if (trial::text_of(workload, "kind") != "kafka_producer") continue;
      const std::int64_t stop = end / 8 * eighths / kSecond * kSecond;
      if (stop <= 0 || stop >= trial::duration_of(workload, "stop").value_or(end / 6 * 5)) continue;
      workload["stop"] = trial::duration_text(stop);
      candidates.push_back({std::move(document), true});
    }
  }
  return candidates;
}

std::vector<Candidate> ending_after(const Json& best, std::int64_t at_ns) {
  std::vector<Candidate> candidates;
  const std::int64_t end = trial::duration_of(best, "duration").value_or(0);
  for (const std::int64_t more : {1, 3, 10}) {
    const std::int64_t whole = (at_ns + kSecond - 1) / kSecond * kSecond + (more - 1) * kSecond;
    if (whole > 0 && whole < end) candidates.push_back({ending_at(best, whole), false});
  }
  return candidates;
}

std::vector<Candidate> longer(const Json& best) {
  std::vector<Candidate> candidates;
  const std::int64_t end = trial::duration_of(best, "duration").value_or(0);
  for (const std::int64_t more : {kSecond, 5 * kSecond, end}) {
    Json document = best;
    document["duration"] = trial::duration_text(end + more);
    candidates.push_back({std::move(document), true});
  }
  for (const std::int64_t by : {kSecond, 4 * kSecond}) candidates.push_back({sooner(best, 0, -by), true});
  return candidates;
}

std::vector<Candidate> earlier(const Json& best) {
  std::vector<Candidate> candidates;
  std::set<std::int64_t> instants;
  Json copy = best;
  each_instant(copy, [&](Json& object, const char* key) {
    if (const auto at = trial::duration_of(object, key)) instants.insert(*at);
  });
  std::int64_t before = 0;
  for (const std::int64_t at : instants) {
    const std::int64_t gap = at - before;
    std::set<std::int64_t, std::greater<>> steps;
    for (const std::int64_t left :
         {std::int64_t{0}, kSecond / 10, kSecond, 2 * kSecond, 5 * kSecond, gap / 2}) {
      if (left < gap && gap - left >= kSecond / 10) steps.insert(gap - left);
    }
    for (const std::int64_t by : steps) candidates.push_back({sooner(best, at, by), true});
    before = at;
  }
  // What lasts lasts less.
  for (std::size_t i = 0; best.contains("faults") && i < best["faults"].size(); ++i) {
    for (const char* key : {"lasts", "restart_after"}) {
      const auto lasts = trial::duration_of(best["faults"][i], key);
      for (const std::int64_t less : {kSecond, lasts.value_or(0) / 2 / kSecond * kSecond}) {
        if (!lasts || less < kSecond || less >= *lasts) continue;
        Json document = best;
        document["faults"][i][key] = trial::duration_text(less);
        candidates.push_back({std::move(document), true});
      }
    }
  }
  return candidates;
}

}  // namespace brokersim::shrink
