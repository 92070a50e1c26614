#include "app/shrink/label.h"

#include <algorithm>

#include "app/trial/expect.h"

namespace brokersim::shrink {
namespace {

std::string cause_of(const Goal& goal, const Json& document) {
  std::string cause;
  for (const std::string& one : defect_texts(goal, document)) cause += (cause.empty() ? "" : ", ") + one;
  for (const std::string& one : fault_kinds_of(document)) cause += (cause.empty() ? "" : ", ") + one;
  return cause;
}

Json notes_of(const Label& label) {
  Json notes = Json::array(
      {"Made by brokersim shrink from " + label.origin + ", seed " + std::to_string(label.seed) + ".",
       label.known ? "It passes while the failure is there."
                   : "It fails while the failure is there, and is a regression test from then on."});
  if (label.others)
    notes.push_back("Of " + std::to_string(label.others->tried) + " other seeds " +
                    std::to_string(label.others->failing) + " showed the failure when it was made.");
  if (label.known)
    notes.push_back(
        "If it fails one day, `brokersim run FILE --seeds 1..20` says whether the failure is gone, or only "
        "this seed "
        "does not show it any more.");
  return notes;
}

}  // namespace

std::vector<std::string> fault_kinds_of(const Json& document) {
  std::vector<std::string> kinds;
  const Json* faults = trial::member(document, "faults");
  for (std::size_t i = 0; faults != nullptr && i < faults->size(); ++i) {
    const std::string kind = trial::text_of((*faults)[i], "kind");
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) kinds.push_back(kind);
  }
  return kinds;
}

std::vector<std::string> defect_texts(const Goal& goal, const Json& document) {
  std::vector<std::string> texts;
  for (const Defect& defect : goal.defects) texts.push_back(defect.text(document));
  return texts;
}

Json labelled(const Json& document, const Goal& goal, const Label& label) {
  Json file = Json::object();
  std::string what = trial::rules_text(goal.keep);
  if (what == "lost")
    what = "Acknowledged records are lost";
  else if (trial::is_law(goal.keep.front()))
    what += " is violated";
  const std::string behind = cause_of(goal, document);
  file["title"] = what + (behind.empty() ? "" : " (" + behind + ")");
  if (!label.story.empty()) file["why"] = label.story;
  file["notes"] = notes_of(label);
  for (const auto& [key, value] : document.items()) {
    if (key == "title" || key == "why" || key == "notes" || key == "seed_pinned") continue;
    file[key] = value;
    if (key == "seed" && label.known) file["seed_pinned"] = true;
  }
  return file;
}

}  // namespace brokersim::shrink
