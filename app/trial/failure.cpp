#include "app/trial/failure.h"

#include <algorithm>

namespace brokersim::trial {

bool Failure::breaks(const std::string& rule) const {
  return std::find(rules.begin(), rules.end(), rule) != rules.end();
}

bool Failure::breaks_all(const std::vector<std::string>& wanted) const {
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& rule) { return breaks(rule); });
}

Failure failure_of(const results::RunResult& result) {
  Failure failure;
  if (!result.facts.bug.empty()) {
    failure.rules.push_back("bug: " +
                            without_numbers(result.facts.bug.substr(0, result.facts.bug.find('\n'))));
    return failure;
  }
  for (const checkers::CheckResult& check : result.findings.checks) {
    if (check.verdict == checkers::Verdict::violated) failure.rules.push_back(check.id);
  }
  for (const results::ExpectationResult& expectation : result.expectations) {
    if (expectation.verdict != results::ExpectationVerdict::violated) continue;
    std::string rule = "expect: " + expectation.text;
    if (!failure.breaks(rule)) failure.rules.push_back(std::move(rule));
  }
  if (result.findings.losses.lost > 0) failure.rules.emplace_back("lost");
  return failure;
}

std::string without_numbers(const std::string& text) {
  std::string out;
  bool within = false;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (digit && !within) out += '#';
    within = digit || (within && (c == '.' || c == ','));
    if (!digit && !within) out += c;
  }
  return out;
}

std::string rules_text(const std::vector<std::string>& rules, std::size_t shown) {
  std::string out;
  for (std::size_t i = 0; i < std::min(shown, rules.size()); ++i) out += (i > 0 ? ", " : "") + rules[i];
  if (rules.size() > shown) out += " and " + std::to_string(rules.size() - shown) + " more";
  return out;
}

}  // namespace brokersim::trial
