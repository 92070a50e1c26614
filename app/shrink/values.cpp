// Fewer words: settings that are not needed, and numbers with fewer digits.
#include <algorithm>
#include <array>
#include <optional>

#include "app/scenario/quantity.h"
#include "app/shrink/cuts.h"

namespace brokersim::shrink {
namespace {

constexpr std::int64_t kWholeSecond = 1'000'000'000;

/// What a scenario is not without, or what tells its story.
bool stays(const std::string& key) {
  static constexpr std::array kept{"title",   "why",     "notes",      "seed",      "duration",
                                   "hosts",   "systems", "kind",       "name",      "at",
                                   "expect",  "topic",   "brokers_on", "target",    "from",
                                   "planted", "faults",  "workloads",  "fault_plan"};
  return std::find(kept.begin(), kept.end(), key) != kept.end();
}

/// Pointers of all members that may go, outer ones before what is in them.
void members(const Json& json, const std::string& at, std::vector<std::string>& out) {
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) {
      const std::string pointer = (Json::json_pointer(at) / key).to_string();
      if (!stays(key)) out.push_back(pointer);
      if (key != "expect") members(value, pointer, out);
    }
  } else if (json.is_array()) {
    for (std::size_t i = 0; i < json.size(); ++i) members(json[i], at + "/" + std::to_string(i), out);
  }
}

/// One significant digit (towards zero), or two.
std::int64_t with_digits(std::int64_t value, std::int64_t most) {
  std::int64_t power = 1;
  while (value / power >= most) power *= 10;
  return value / power * power;
}

/// Rounder writings of a quantity, the roundest first.
std::vector<std::string> rounder_texts(const std::string& text) {
  using scenario::Dimension;
  std::vector<std::string> texts;
  for (const Dimension dimension :
       {Dimension::duration, Dimension::size, Dimension::rate, Dimension::bandwidth}) {
    const auto parsed = scenario::parse_quantity(text, dimension);
    const auto* value = std::get_if<std::int64_t>(&parsed);
    if (value == nullptr || *value <= 0) continue;
    const auto offer = [&](std::int64_t other) {
      if (other <= 0 || other == *value) return;
      const std::string rounder = scenario::format_quantity(other, dimension);
      if (rounder.size() < text.size() && std::find(texts.begin(), texts.end(), rounder) == texts.end())
        texts.push_back(rounder);
    };
    if (dimension == Dimension::duration) {
      for (const std::int64_t unit : {10 * kWholeSecond, kWholeSecond, kWholeSecond / 10, kWholeSecond / 100, kWholeSecond / 1'000}) {
        offer((*value + unit / 2) / unit * unit);
        offer(*value / unit * unit);
        offer((*value + unit - 1) / unit * unit);
      }
    } else {
      offer(with_digits(*value, 10));
      offer(with_digits(*value, 100));
    }
    return texts;
  }
  return texts;
}

void quantities(const Json& json, const std::string& at, std::vector<std::string>& out) {
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) {
      if (key == "expect" || key == "title" || key == "why" || key == "notes" || key == "name") continue;
      quantities(value, (Json::json_pointer(at) / key).to_string(), out);
    }
  } else if (json.is_array()) {
    for (std::size_t i = 0; i < json.size(); ++i) quantities(json[i], at + "/" + std::to_string(i), out);
  } else if (json.is_string() || (json.is_number_integer() && json.get<std::int64_t>() > 9)) {
    out.push_back(at);
  }
}

}  // namespace

std::vector<Candidate> without_members(const Json& best) {
  std::vector<Candidate> candidates;
  std::vector<std::string> pointers;
  members(best, "", pointers);
  for (const std::string& pointer : pointers) {
    const Json::json_pointer place(pointer);
    Json document = best;
    Json& parent = document[place.parent_pointer()];
    parent.erase(place.back());
    candidates.push_back({std::move(document), true});
  }
  return candidates;
}

std::vector<Candidate> rounder(const Json& best) {
  std::vector<Candidate> candidates;
  std::vector<std::string> pointers;
  quantities(best, "", pointers);
  for (const std::string& pointer : pointers) {
    if (pointer == "/seed") continue;
    const Json::json_pointer place(pointer);
    const Json& value = best[place];
    std::vector<Json> others;
    if (value.is_string()) {
      for (const std::string& text : rounder_texts(value.get<std::string>())) others.emplace_back(text);
    } else if (const std::int64_t number = value.get<std::int64_t>(); with_digits(number, 10) != number) {
      others.emplace_back(with_digits(number, 10));
    }
    for (Json& other : others) {
      Json document = best;
      document[place] = std::move(other);
      candidates.push_back({std::move(document), true});
    }
  }
  return candidates;
}

}  // namespace brokersim::shrink
