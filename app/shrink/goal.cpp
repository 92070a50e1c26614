#include "app/shrink/goal.h"

#include <algorithm>

#include "app/trial/expect.h"
#include "sim/check.h"

namespace brokersim::shrink {

std::string Defect::text(const Json& document) const {
  if (!planted.empty()) return planted;
  const Json::json_pointer place = Json::json_pointer("/systems") / system / "rules" / rule;
  if (!document.contains(place)) return rule;
  const Json& value = document[place];
  return rule + "=" + (value.is_string() ? value.get<std::string>() : value.dump());
}

std::vector<Defect> defects_of(const Json& document) {
  std::vector<Defect> defects;
  const Json* systems = trial::member(document, "systems");
  if (systems == nullptr || !systems->is_object()) return defects;
  for (const auto& [name, system] : systems->items()) {
    const Json* rules = trial::member(system, "rules");
    if (rules == nullptr || !rules->is_object()) continue;
    for (const auto& [rule, value] : rules->items()) {
      if (rule != "planted") {
        defects.push_back({name, rule, ""});
        continue;
      }
      for (const Json& bug : value) {
        if (bug.is_string()) defects.push_back({name, rule, bug.get<std::string>()});
      }
    }
  }
  return defects;
}

Json without_defects(const Json& document, const std::vector<Defect>& defects) {
  Json changed = document;
  for (const Defect& defect : defects) {
    const Json::json_pointer place = Json::json_pointer("/systems") / defect.system / "rules";
    if (!changed.contains(place)) continue;
    Json& rules = changed[place];
    if (defect.planted.empty()) {
      rules.erase(defect.rule);
    } else if (rules.contains("planted")) {
      Json left = Json::array();
      for (const Json& bug : rules["planted"]) {
        if (bug != defect.planted) left.push_back(bug);
      }
      rules["planted"] = left;
      if (left.empty()) rules.erase("planted");
    }
  }
  return changed;
}

Json without_any_fault(const Json& document) {
  Json changed = document;
  changed.erase("faults");
  changed.erase("fault_plan");
  return changed;
}

bool Goal::is_incident(const trial::Outcome& outcome) const {
  return std::all_of(outcome.failure.rules.begin(), outcome.failure.rules.end(),
                     [&](const std::string& rule) {
                       return (!trial::is_law(rule) && rule != "lost") ||
                              std::find(incident.begin(), incident.end(), rule) != incident.end();
                     });
}

Json Goal::control(const Json& document) const {
  SIM_CHECK(has_control(), "a failure without a known cause has no control");
  return defects.empty() ? without_any_fault(document) : without_defects(document, defects);
}

Answer ask(const Goal& goal, const Question& question, const std::string& name) {
  Answer answer;
  for (const std::uint64_t seed : question.seeds) {
    Json document = question.document;
    document["seed"] = seed;
    trial::Outcome outcome = trial::run_text(document.dump(), name, question.limits);
    if (outcome.valid) ++answer.runs;
    const bool fails = goal.met_by(outcome);
    if (seed == question.seeds.front()) answer.outcome = outcome;
    if (!outcome.valid) return answer;  // no seed makes it a scenario
    if (!fails) continue;
    if (goal.has_control()) {
      const trial::Outcome control = trial::run_text(goal.control(document).dump(), name, question.limits);
      ++answer.runs;
      if (!control.ran() || control.failure.breaks(goal.keep.front())) continue;
    }
    answer.yes = true;
    answer.seed = seed;
    answer.outcome = std::move(outcome);
    return answer;
  }
  return answer;
}

std::string encode(const Answer& answer) {
  return Json{answer.yes, answer.seed, answer.runs, trial::encode(answer.outcome)}.dump();
}

Answer decode_answer(const std::string& payload) {
  Answer answer;
  const auto json = trial::parse(payload);
  if (!json || !json->is_array() || json->size() != 4) return answer;
  if (!(*json)[0].is_boolean() || !(*json)[1].is_number() || !(*json)[2].is_number() ||
      !(*json)[3].is_string())
    return answer;
  answer.yes = (*json)[0].get<bool>();
  answer.seed = (*json)[1].get<std::uint64_t>();
  answer.runs = (*json)[2].get<std::int64_t>();
  if (const auto outcome = trial::decode((*json)[3].get<std::string>())) answer.outcome = *outcome;
  return answer;
}

}  // namespace brokersim::shrink
