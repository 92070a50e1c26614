// Fewer words: settings that are not needed, and numbers with fewer digits.
#include <algorithm>
#include <array>
#include <optional>

#include "app/scenario/quantity.h"
#include "app/shrink/cuts.h"

namespace brokersim::shrink {
namespace {

constexpr std::int64_t kWholeSecond = 1'000'000'000;

/// What a scenario is not without, what tells its story, and what other cuts make small: without it a default would come
/// back that is larger, to be cut again.
bool stays(const std::string& key) {
  static constexpr std::array kept{"title",      "why",    "notes",   "seed",    "duration", "hosts",
                                   "systems",    "kind",   "name",    "at",      "expect",   "topic",
                                   "brokers_on", "target", "from",    "planted", "faults",   "workloads",
                                   "fault_plan", "stop",   "records", "rate",    "count",    "controllers"};
  return std::find(kept.begin(), kept.end(), key) != kept.end();
}

/// Pointers of members that may go together. Of each object first halves and quarters of what it has, where that is many,
/// then its members one by one; outer ones before what is in them.
void members(const Json& json, const std::string& at, std::vector<std::vector<std::string>>& out) {
  if (json.is_object()) {
    std::vector<std::string> own;
    for (const auto& [key, value] : json.items()) {
      if (!stays(key)) own.push_back((Json::json_pointer(at) / key).to_string());
    }
    for (std::size_t pieces = 1; own.size() >= pieces * 4 && pieces <= 4; pieces *= 2) {
      const std::size_t piece = (own.size() + pieces - 1) / pieces;
      for (std::size_t from = 0; from < own.size(); from += piece)
        out.emplace_back(own.begin() + static_cast<std::ptrdiff_t>(from),
                         own.begin() + static_cast<std::ptrdiff_t>(std::min(own.size(), from + piece)));
    }
    for (const std::string& one : own) out.push_back({one});
    for (const auto& [key, value] : json.items()) {
      if (key != "expect") members(value, (Json::json_pointer(at) / key).to_string(), out);
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

/// Rounder writings of a quantity, the roundest first. Never a larger one: what is long would be cut again.
std::vector<std::string> rounder_texts(const std::string& text) {
  using scenario::Dimension;
  std::vector<std::string> texts;
  for (const Dimension dimension :
       {Dimension::duration, Dimension::size, Dimension::rate, Dimension::bandwidth}) {
    const auto parsed = scenario::parse_quantity(text, dimension);
    const auto* value = std::get_if<std::int64_t>(&parsed);
    if (value == nullptr || *value <= 0) continue;
    const auto offer = [&](std::int64_t other) {
      if (other <= 0 || other >= *value) return;
      const std::string rounder = scenario::format_quantity(other, dimension);
      if (rounder.size() < text.size() && std::find(texts.begin(), texts.end(), rounder) == texts.end())
        texts.push_back(rounder);
    };
    if (dimension == Dimension::duration) {
      for (const std::int64_t unit :
           {10 * kWholeSecond, kWholeSecond, kWholeSecond / 10, kWholeSecond / 100, kWholeSecond / 1'000}) {
        offer(*value / unit * unit);
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
  std::vector<std::vector<std::string>> groups;
  members(best, "", groups);
  for (const std::vector<std::string>& group : groups) {
    Json document = best;
    for (const std::string& pointer : group) {
      const Json::json_pointer place(pointer);
      document[place.parent_pointer()].erase(place.back());
    }
    candidates.push_back({std::move(document), false});
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
      candidates.push_back({std::move(document), false});
    }
  }
  return candidates;
}

}  // namespace brokersim::shrink
