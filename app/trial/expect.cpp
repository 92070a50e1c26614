#include "app/trial/expect.h"

#include <algorithm>

#include "app/scenario/scenario.h"

namespace brokersim::trial {
namespace {

/// Texts of the entry alone in the document's `expect`: one entry may make two.
std::vector<std::string> texts_of(const Json& entry, const Json& document, const std::string& name) {
  Json alone = document;
  alone["expect"] = Json::array({entry});
  std::vector<std::string> texts;
  const scenario::LoadResult loaded = scenario::load_text(alone.dump(), name);
  if (!loaded.scenario) return texts;
  for (const scenario::Expectation& one : loaded.scenario->expect) texts.push_back("expect: " + one.text);
  return texts;
}

}  // namespace

bool is_law(const std::string& rule) {
  return !rule.starts_with("expect: ") && !rule.starts_with("bug: ") && !rule.starts_with("died: ") &&
         rule != "lost";
}

Json expectation_of(const std::string& rule, bool known) {
  if (rule == "lost") {
    Json entry{{"metric", "records.lost_acknowledged"}};
    entry[known ? "at_least" : "equals"] = known ? 1 : 0;
    return entry;
  }
  if (!is_law(rule)) return nullptr;
  return {{"check", rule}, {"verdict", known ? "violated" : "holds"}};
}

Json expectations_of(const Json& document, const std::vector<std::string>& keep, const std::string& name,
                     bool known) {
  Json expect = Json::array();
  for (const std::string& rule : keep) {
    if (Json entry = expectation_of(rule, known); !entry.is_null()) expect.push_back(std::move(entry));
  }
  const Json* all = member(document, "expect");
  for (std::size_t i = 0; all != nullptr && all->is_array() && i < all->size(); ++i) {
    const std::vector<std::string> texts = texts_of((*all)[i], document, name);
    const bool kept = std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
      return std::find(keep.begin(), keep.end(), text) != keep.end();
    });
    if (kept) expect.push_back((*all)[i]);
  }
  return expect;
}

bool says_lost(const std::string& rule, const Json& document, const std::string& name) {
  if (!rule.starts_with("expect: ")) return false;
  return texts_of(expectation_of("lost"), document, name) == std::vector<std::string>{rule};
}

}  // namespace brokersim::trial
