// What is left out of lists: faults, workloads, topics, whole systems.
#include <algorithm>

#include "app/shrink/cuts.h"

namespace brokersim::shrink {
namespace {

/// The document without members [from, to) of the list at `key`; without the list when nothing is left.
Json without(const Json& best, const char* key, std::size_t from, std::size_t to) {
  Json document = best;
  Json& list = document[key];
  list.erase(list.begin() + static_cast<std::ptrdiff_t>(from),
             list.begin() + static_cast<std::ptrdiff_t>(to));
  if (list.empty()) document.erase(key);
  return document;
}

std::size_t members_in(const Json& object, const char* key) {
  const Json* list = trial::member(object, key);
  return list != nullptr && list->is_array() ? list->size() : 0;
}

std::vector<Candidate> in_pieces(const Json& best, const char* key, std::size_t pieces, bool reseed) {
  std::vector<Candidate> candidates;
  const std::size_t n = members_in(best, key);
  // Fewer members than pieces: another call does it, one by one.
  if (n == 0 || (pieces > 1 && pieces < 1'000 && pieces >= n)) return candidates;
  const std::size_t piece = std::max<std::size_t>(1, (n + pieces - 1) / pieces);
  for (std::size_t from = 0; from < n; from += piece)
    candidates.push_back({without(best, key, from, std::min(n, from + piece)), reseed});
  return candidates;
}

/// Erases the list's objects of which `goes` says so.
template <class Goes>
void erase_if(Json& document, const char* key, Goes goes) {
  Json* list = document.contains(key) ? &document[key] : nullptr;
  if (list == nullptr || !list->is_array()) return;
  Json left = Json::array();
  for (Json& one : *list) {
    if (!goes(one)) left.push_back(std::move(one));
  }
  if (left.empty()) {
    document.erase(key);
  } else {
    *list = std::move(left);
  }
}

}  // namespace

std::vector<Candidate> without_faults(const Json& best, std::size_t pieces) {
  std::vector<Candidate> candidates;
  if (pieces == 1 && best.contains("fault_plan")) {
    Json document = best;
    document.erase("fault_plan");
    candidates.push_back({document, false});
    document.erase("faults");
    candidates.push_back({document, false});
  }
  for (Candidate& c : in_pieces(best, "faults", pieces, false)) candidates.push_back(std::move(c));
  if (pieces <= 4 || !best.contains("fault_plan")) return candidates;
  // A plan that could not be written out: one fault of a kind fewer leaves the others as they are.
  for (const auto& [kind, count] : trial::object_at(best["fault_plan"], "counts").items()) {
    if (!count.is_number_integer() || count.get<std::int64_t>() <= 0) continue;
    Json document = best;
    document["fault_plan"]["counts"][kind] = count.get<std::int64_t>() - 1;
    candidates.push_back({std::move(document), false});
  }
  return candidates;
}

std::vector<Candidate> without_workloads(const Json& best, std::size_t pieces) {
  std::vector<Candidate> candidates = in_pieces(best, "workloads", pieces, true);
  for (Candidate& c : in_pieces(best, "admin", pieces, true)) candidates.push_back(std::move(c));
  return candidates;
}

std::vector<Candidate> without_topics(const Json& best) {
  std::vector<Candidate> candidates;
  for (const auto& [name, system] : trial::object_at(best, "systems").items()) {
    const std::size_t n = members_in(system, "topics");
    for (std::size_t i = 0; n > 1 && i < n; ++i) {
      const std::string topic = trial::text_of(system["topics"][i], "name");
      Json document = best;
      Json& topics = document["systems"][name]["topics"];
      topics.erase(topics.begin() + static_cast<std::ptrdiff_t>(i));
      const auto of_topic = [&](const Json& one) { return trial::text_of(one, "topic") == topic; };
      erase_if(document, "workloads", of_topic);
      const std::string prefix = topic + "/";
      erase_if(document, "faults",
               [&](const Json& fault) { return fault.dump().find("\"" + prefix) != std::string::npos; });
      erase_if(document, "admin",
               [&](const Json& one) { return one.dump().find("\"" + prefix) != std::string::npos; });
      candidates.push_back({std::move(document), true});
    }
  }
  return candidates;
}

std::vector<Candidate> without_systems(const Json& best) {
  std::vector<Candidate> candidates;
  const Json& systems = trial::object_at(best, "systems");
  if (systems.size() < 2) return candidates;
  for (const auto& [name, system] : systems.items()) {
    Json document = best;
    document["systems"].erase(name);
    erase_if(document, "workloads", [&, gone = name](const Json& one) {
      return trial::text_of(one, "of") == gone || trial::text_of(one, "database") == gone;
    });
    candidates.push_back({std::move(document), true});
  }
  return candidates;
}

}  // namespace brokersim::shrink
