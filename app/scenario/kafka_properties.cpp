#include "app/scenario/kafka_properties.h"

#include <algorithm>

#include "app/scenario/diagnostic.h"

namespace brokersim::scenario {
namespace {

std::vector<Property> sorted(std::vector<Property> all) {
  std::sort(all.begin(), all.end(), [](const Property& a, const Property& b) { return a.name < b.name; });
  return all;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_real(std::string_view text) {
  bool digits = false;
  bool point = false;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      digits = true;
    } else {
      return false;
    }
  }
  return digits;
}

}  // namespace

std::int64_t Property::min_of(kafka::Version version) const {
  return version == kafka::Version::v3_9 ? min : std::max(min, min_since_4_0);
}

const std::vector<Property>& properties_of(PropertyScope scope) {
  static const std::vector<Property> broker = sorted(broker_properties());
  static const std::vector<Property> topic = sorted(topic_properties());
  static const std::vector<Property> producer = sorted(producer_properties());
  static const std::vector<Property> consumer = sorted(consumer_properties());
  switch (scope) {
    case PropertyScope::broker: return broker;
    case PropertyScope::topic: return topic;
    case PropertyScope::producer: return producer;
    case PropertyScope::consumer: return consumer;
  }
  return broker;
}

const Property* find_property(PropertyScope scope, std::string_view name) {
  const auto& all = properties_of(scope);
  const auto at = std::lower_bound(all.begin(), all.end(), name,
                                   [](const Property& p, std::string_view n) { return p.name < n; });
  return at != all.end() && at->name == name ? &*at : nullptr;
}

std::vector<std::string> property_names(PropertyScope scope) {
  std::vector<std::string> names;
  for (const Property& property : properties_of(scope)) names.emplace_back(property.name);
  return names;
}

std::string_view to_string(PropertyScope scope) {
  switch (scope) {
    case PropertyScope::broker: return "broker";
    case PropertyScope::topic: return "topic";
    case PropertyScope::producer: return "producer";
    case PropertyScope::consumer: return "consumer";
  }
  return "";
}

namespace {

constexpr std::string_view kByDuration = "by_duration:";

/// java.time.Duration.parse without signs: "PnDTnHnMn.nS" in nanoseconds; at most 100 years.
std::optional<std::int64_t> parse_iso_duration(std::string_view text) {
  constexpr std::int64_t most = std::int64_t{100} * 365 * 86'400 * 1'000'000'000;
  const auto is = [&](char c) { return !text.empty() && (text.front() == c || text.front() == c + 32); };
  if (!is('P')) return std::nullopt;
  text.remove_prefix(1);
  __int128 sum = 0;
  bool any = false;
  bool timed = false;
  int last = 0;  // units come in their order, each once
  while (!text.empty()) {
    if (is('T') && !timed) {
      timed = true;
      any = false;
      text.remove_prefix(1);
      continue;
    }
    __int128 number = 0;  // in 10^-9 of the unit
    std::size_t digits = 0;
    std::int64_t weight = 0;
    for (; !text.empty() && (text.front() == '.' || (text.front() >= '0' && text.front() <= '9'));
         text.remove_prefix(1)) {
      if (text.front() == '.') {
        if (weight > 0 || digits == 0) return std::nullopt;
        weight = 1'000'000'000;
        continue;
      }
      ++digits;
      if (digits > 15) return std::nullopt;
      if (weight == 0) {
        number = number * 10 + static_cast<__int128>(text.front() - '0') * 1'000'000'000;
      } else {
        weight /= 10;
        number += static_cast<__int128>(text.front() - '0') * weight;
      }
    }
    const bool fraction = weight > 0;
    const int unit = !timed && is('D')  ? 1
                     : timed && is('H') ? 2
                     : timed && is('M') ? 3
                     : timed && is('S') ? 4
                                        : 0;
    if (digits == 0 || unit <= last || (fraction && unit != 4)) return std::nullopt;
    constexpr std::int64_t seconds[] = {0, 86'400, 3'600, 60, 1};
    sum += number * seconds[unit];
    if (sum > most) return std::nullopt;
    last = unit;
    any = true;
    text.remove_prefix(1);
  }
  if (!any) return std::nullopt;
  return static_cast<std::int64_t>(sum);
}

}  // namespace

std::variant<PropertyValue, QuantityError> parse_property(const Property& property, std::string_view text,
                                                          kafka::Version version) {
  text = trimmed(text);  // As java.util.Properties and ConfigDef do.
  PropertyValue value;
  value.text = std::string(text);
  switch (property.type) {
    case PropertyType::text: return value;
    case PropertyType::boolean: {
      std::string lower(text);
      std::transform(lower.begin(), lower.end(), lower.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      if (lower != "true" && lower != "false")
        return QuantityError{"wrong-type", "must be true or false", ""};
      value.boolean = lower == "true";
      return value;
    }
    case PropertyType::real:
      if (!is_real(text)) return QuantityError{"wrong-type", "must be a number", ""};
      return value;
    case PropertyType::choice:
      if (std::find(property.choices.begin(), property.choices.end(), value.text) != property.choices.end())
        return value;
      if (property.by_duration && version != kafka::Version::v3_9 && text.starts_with(kByDuration)) {
        const auto ago = parse_iso_duration(text.substr(kByDuration.size()));
        if (!ago)
          return QuantityError{"wrong-type", "must have a duration of ISO 8601 behind by_duration:",
                               "such as by_duration:PT1H30M or by_duration:P1D"};
        value.integer = *ago;
        return value;
      }
      {
        std::string known;
        for (const std::string& c : property.choices) known += (known.empty() ? "" : ", ") + c;
        if (property.by_duration && version != kafka::Version::v3_9) known += ", by_duration:PnDTnHnMnS";
        return QuantityError{"unknown-value", "must be one of " + known, ""};
      }
    case PropertyType::integer: break;
  }
  const std::int64_t min = property.min_of(version);
  // As Long.parseLong: digits with a sign, no exponent.
  const bool plain = text.find_first_not_of("0123456789", text.starts_with('-') || text.starts_with('+') ? 1 : 0) ==
                     std::string_view::npos;
  const auto parsed = plain ? parse_integer(text.starts_with('+') ? text.substr(1) : text)
                            : std::variant<std::int64_t, QuantityError>{QuantityError{"wrong-type", "", ""}};
  const auto* n = std::get_if<std::int64_t>(&parsed);
  if (n == nullptr && std::get<QuantityError>(parsed).code == "wrong-type") {
    return QuantityError{"wrong-type", "must be a whole number without a unit",
                         property.name.ends_with(".ms")     ? "Kafka counts this in milliseconds"
                         : property.name.ends_with("bytes") ? "Kafka counts this in bytes"
                                                            : ""};
  }
  if (n == nullptr || *n < min || *n > property.max) {
    return QuantityError{"out-of-range",
                         "must be from " + std::to_string(min) + " to " + std::to_string(property.max), ""};
  }
  value.integer = *n;
  return value;
}

void apply_defaults(KafkaSettings& settings, PropertyScope scope, kafka::Version version) {
  for (const Property& property : properties_of(scope)) {
    const std::string_view fallback = property.default_of(version);
    if (property.set == nullptr || fallback.empty()) continue;
    const auto value = parse_property(property, fallback, version);
    if (const auto* v = std::get_if<PropertyValue>(&value)) property.set(settings, *v);
  }
}

std::string_view to_string(kafka::Version version) {
  switch (version) {
    case kafka::Version::v3_9: return "3.9";
    case kafka::Version::v4_0: return "4.0";
    case kafka::Version::v4_1: return "4.1";
  }
  return "";
}

std::optional<kafka::Version> version_of(std::string_view text) {
  for (const kafka::Version v : {kafka::Version::v3_9, kafka::Version::v4_0, kafka::Version::v4_1}) {
    if (to_string(v) == text) return v;
  }
  return std::nullopt;
}

}  // namespace brokersim::scenario
