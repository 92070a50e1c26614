#include "app/explore/finding.h"

#include <algorithm>
#include <set>

#include "app/trial/expect.h"
#include "app/trial/self_contained.h"

namespace brokersim::explore {
namespace {

std::vector<std::string> kinds_in(const Json& faults) {
  std::set<std::string> kinds;
  for (const Json& fault : faults) kinds.insert(trial::text_of(fault, "kind"));
  return {kinds.begin(), kinds.end()};
}

/// Adds what fails while the rule is broken, if the document does not ask for it in one way or the other itself.
void expect(Json& document, const std::string& rule) {
  const Json entry = trial::expectation_of(rule);
  if (entry.is_null()) return;
  const Json* all = trial::member(document, "expect");
  const bool asked = all != nullptr && std::any_of(all->begin(), all->end(), [&](const Json& one) {
                       return one == entry || (one.contains("check") && entry.contains("check") &&
                                               one["check"] == entry["check"]);
                     });
  if (!asked) document["expect"].push_back(entry);
}

}  // namespace

std::string Finding::signature() const {
  std::string text = rule + (loss.empty() ? "" : " (" + loss + ")");
  for (const std::string& kind : kinds) text += " + " + kind;
  return text;
}

Finding finding_of(const Genes& genes, const trial::Outcome& outcome) {
  Finding finding;
  finding.rule = outcome.failure.headline();
  if (finding.rule == "lost" && !outcome.losses.empty()) finding.loss = outcome.losses.front();
  finding.kinds = kinds_in(genes.faults);
  finding.rules = outcome.failure.rules;
  finding.story = outcome.story;
  finding.seen = 1;
  return finding;
}

std::string scenario_of(const Finding& finding, const Spec& spec, const Genes& genes) {
  Json document = document_of(spec, genes);
  if (auto whole = trial::self_contained(document.dump(), spec.base_name)) document = std::move(*whole);
  expect(document, finding.rule);
  Json file = Json::object();
  std::string because;
  for (const std::string& kind : finding.kinds) because += (because.empty() ? "" : ", ") + kind;
  file["title"] = finding.rule + (because.empty() ? "" : " (" + because + ")");
  file["why"] = finding.story.empty() ? finding.rule : finding.story;
  file["notes"] =
      Json::array({"Found by brokersim explore " + spec.file + ", trial " + std::to_string(finding.trial) +
                   "; faults that it does not need are left out."});
  for (const auto& [key, value] : document.items()) {
    if (key != "title" && key != "why" && key != "notes" && key != "$schema") file[key] = value;
  }
  return trial::pretty(file);
}

std::string told(const Finding& finding) {
  return trial::pretty({{"signature", finding.signature()},
                        {"rule", finding.rule},
                        {"fault_kinds", finding.kinds},
                        {"breaks", finding.rules},
                        {"trial", finding.trial},
                        {"runs_until_found", finding.runs},
                        {"cpu_seconds_until_failing", static_cast<double>(finding.cpu_failing_ns) / 1e9},
                        {"cpu_seconds_until_found", static_cast<double>(finding.cpu_ns) / 1e9},
                        {"story", finding.story}});
}

}  // namespace brokersim::explore
