#include "app/results/earlier.h"

#include <algorithm>
#include <string_view>

#include <nlohmann/json.hpp>

#include "app/scenario/reader.h"

namespace brokersim::results {
namespace {

using SortedJson = nlohmann::json;

constexpr std::int64_t kBytesMax = 256ll << 20;

std::optional<std::uint64_t> parse_hex16(const std::string& text) {
  if (text.size() != 16) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    const auto digit = std::string_view("0123456789abcdef").find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    value = value * 16 + digit;
  }
  return value;
}

bool looks_like_a_result(const SortedJson& json) {
  return json.is_object() && json.contains("fingerprint") && json.contains("scenario") &&
         json.contains("replay");
}

std::optional<EarlierRun> run_of(const SortedJson& json) {
  const auto text = [&](const char* key) -> std::optional<std::string> {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_string()) return std::nullopt;
    return found->get<std::string>();
  };
  const auto fingerprint = text("fingerprint");
  const auto scenario = text("scenario");
  const auto seed = json.find("seed");
  if (!fingerprint || !scenario || seed == json.end() || !seed->is_number_unsigned()) return std::nullopt;
  const auto hash = parse_hex16(*fingerprint);
  if (!hash) return std::nullopt;
  EarlierRun run{
      .scenario = *scenario, .seed = seed->get<std::uint64_t>(), .overrides = {}, .fingerprint = *hash};
  if (const auto overrides = json.find("overrides"); overrides != json.end()) {
    if (!overrides->is_array()) return std::nullopt;
    for (const SortedJson& one : *overrides) {
      if (!one.is_string()) return std::nullopt;
      run.overrides.push_back(one.get<std::string>());
    }
  }
  return run;
}

}  // namespace

EarlierRuns read_results(const std::string& path) {
  EarlierRuns earlier;
  scenario::Problems unused;
  const auto content = scenario::read_file(path, kBytesMax, unused);
  if (!content) return earlier;
  const auto add = [&](const SortedJson& json, std::size_t line) {
    if (const auto run = run_of(json)) {
      earlier.runs.push_back(*run);
      return true;
    }
    earlier.error = "line " + std::to_string(line) +
                    " is no result of a run: scenario, seed, fingerprint and overrides are needed";
    return false;
  };
  // One object over many lines (--out), or one in every line (--json).
  const SortedJson whole = SortedJson::parse(*content, nullptr, false);
  if (!whole.is_discarded()) {
    earlier.is_result = looks_like_a_result(whole);
    if (earlier.is_result) add(whole, 1);
    return earlier;
  }
  std::size_t line = 0;
  for (std::size_t from = 0; from < content->size();) {
    const std::size_t end = std::min(content->find('\n', from), content->size());
    const std::string_view text = std::string_view(*content).substr(from, end - from);
    from = end + 1;
    ++line;
    if (text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const SortedJson json = SortedJson::parse(text, nullptr, false);
    if (line == 1) {
      earlier.is_result = !json.is_discarded() && looks_like_a_result(json);
      if (!earlier.is_result) return earlier;
    }
    if (json.is_discarded()) {
      earlier.error = "line " + std::to_string(line) + " is not JSON";
      return earlier;
    }
    if (!add(json, line)) return earlier;
  }
  return earlier;
}

}  // namespace brokersim::results
