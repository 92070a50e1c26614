// How a row of a property table is written: shared by kafka_*_properties.cpp and by nobody else.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/scenario/kafka_properties.h"
#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::scenario::rows {

inline constexpr std::int64_t int_max = std::numeric_limits<std::int32_t>::max();
inline constexpr std::int64_t long_max = std::numeric_limits<std::int64_t>::max();
inline constexpr std::string_view long_max_text = "9223372036854775807";
inline constexpr std::string_view int_max_text = "2147483647";

enum class Unit : std::int64_t {
  ms = 1'000'000,
  seconds = 1'000'000'000,
  minutes = 60'000'000'000,
  hours = 3'600'000'000'000
};

/// Kafka writes "never" as Long.MAX_VALUE milliseconds; that stays "never" here.
inline sim::Duration to_duration(std::int64_t count, Unit unit) {
  const auto factor = static_cast<std::int64_t>(unit);
  return count > long_max / factor ? sim::Duration::max() : sim::Duration{count * factor};
}

template <Unit U>
void assign(sim::Duration& to, const PropertyValue& v) {
  to = to_duration(v.integer, U);
}
template <Unit U>
void assign(sim::Bytes& to, const PropertyValue& v) {
  to = {v.integer};
}
template <Unit U>
void assign(std::int32_t& to, const PropertyValue& v) {
  to = static_cast<std::int32_t>(v.integer);
}
template <Unit U>
void assign(std::int64_t& to, const PropertyValue& v) {
  to = v.integer;
}
template <Unit U>
void assign(bool& to, const PropertyValue& v) {
  to = v.boolean;
}

/// Sets one member of one part of the settings.
template <auto Part, auto Member, Unit U = Unit::ms>
void set(KafkaSettings& settings, const PropertyValue& v) {
  assign<U>((settings.*Part).*Member, v);
}

/// Of sasl.mechanism and its inter-broker twin.
inline std::vector<std::string> sasl_mechanisms() {
  return {"GSSAPI", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"};
}
inline kafka::SaslMechanism mechanism_of(std::string_view name) {
  if (name == "PLAIN") return kafka::SaslMechanism::plain;
  if (name == "OAUTHBEARER") return kafka::SaslMechanism::oauthbearer;
  return name == "GSSAPI" ? kafka::SaslMechanism::gssapi : kafka::SaslMechanism::scram;
}

using Setter = void (*)(KafkaSettings&, const PropertyValue&);
using Defaults = std::array<std::string_view, 3>;

inline Defaults always(std::string_view value) { return {value, value, value}; }
inline Defaults since_4_0(std::string_view before, std::string_view after) { return {before, after, after}; }

inline Property number(std::string_view name, Defaults defaults, std::int64_t min, std::int64_t max,
                       Setter setter = nullptr) {
  return {.name = name,
          .type = PropertyType::integer,
          .defaults = defaults,
          .min = min,
          .max = max,
          .set = setter};
}
inline Property number(std::string_view name, std::string_view value, std::int64_t min, std::int64_t max,
                       Setter setter = nullptr) {
  return number(name, always(value), min, max, setter);
}
inline Property flag(std::string_view name, std::string_view value, Setter setter = nullptr) {
  return {.name = name, .type = PropertyType::boolean, .defaults = always(value), .set = setter};
}
inline Property real(std::string_view name, std::string_view value, Setter setter = nullptr) {
  return {.name = name, .type = PropertyType::real, .defaults = always(value), .set = setter};
}
/// A share such as "0.5" in millionths; more digits are cut off. The text is a number (is_real).
inline std::int64_t millionths(std::string_view text) {
  std::int64_t whole = 0;
  std::int64_t part = 0;
  std::int64_t scale = 1'000'000;
  bool behind_point = false;
  for (const char c : text) {
    if (c == '.') {
      behind_point = true;
    } else if (c >= '0' && c <= '9') {
      if (!behind_point) {
        whole = std::min<std::int64_t>(whole * 10 + (c - '0'), 1'000);
      } else if (scale > 1) {
        scale /= 10;
        part += scale * (c - '0');
      }
    } else {
      break;
    }
  }
  return whole * 1'000'000 + part;
}
template <auto Part, auto Member>
void set_share(KafkaSettings& settings, const PropertyValue& v) {
  (settings.*Part).*Member = millionths(v.text);
}
inline void set_cleanup_policy(KafkaSettings& s, const PropertyValue& v) {
  s.topic.cleanup_delete = v.text.find("delete") != std::string::npos;
  s.topic.cleanup_compact = v.text.find("compact") != std::string::npos;
}
inline const std::vector<std::string>& cleanup_policies() {
  static const std::vector<std::string> names{"delete", "compact", "delete,compact", "compact,delete"};
  return names;
}
/// retention.ms and its relatives: -1 is no limit.
template <Unit U>
void set_retention(KafkaSettings& s, const PropertyValue& v) {
  s.topic.retention = v.integer < 0 ? sim::Duration{-1} : to_duration(v.integer, U);
}
inline Property word(std::string_view name, std::string_view value = "") {
  return {.name = name, .type = PropertyType::text, .defaults = always(value)};
}
inline Property choice(std::string_view name, std::string_view value, std::vector<std::string> choices,
                       Setter setter = nullptr) {
  return {.name = name,
          .type = PropertyType::choice,
          .defaults = always(value),
          .choices = std::move(choices),
          .set = setter};
}

/// Codec of a producer, or of a topic.
template <auto Part>
inline void set_codec(KafkaSettings& s, const PropertyValue& v) {
  kafka::Compression& compression = (s.*Part).compression;
  compression.codec = v.text == "gzip"     ? compute::Codec::gzip
                      : v.text == "snappy" ? compute::Codec::snappy
                      : v.text == "lz4"    ? compute::Codec::lz4
                      : v.text == "zstd"   ? compute::Codec::zstd
                                           : compute::Codec::none;
}
inline void set_topic_codec(KafkaSettings& s, const PropertyValue& v) {
  s.topic.keeps_codec = v.text == "producer";
  set_codec<&KafkaSettings::topic>(s, v);
}
/// compression.<codec>.level (KIP-390, since 3.8), of a producer or of a topic.
template <auto Part>
inline void add_levels(std::vector<Property>& all) {
  all.push_back(number("compression.gzip.level", "-1", -1, 9, [](KafkaSettings& s, const PropertyValue& v) {
    (s.*Part).compression.gzip_level = static_cast<std::int32_t>(v.integer);
  }));
  all.push_back(number("compression.lz4.level", "9", 1, 17, [](KafkaSettings& s, const PropertyValue& v) {
    (s.*Part).compression.lz4_level = static_cast<std::int32_t>(v.integer);
  }));
  all.push_back(
      number("compression.zstd.level", "3", -131'072, 22, [](KafkaSettings& s, const PropertyValue& v) {
        (s.*Part).compression.zstd_level = static_cast<std::int32_t>(v.integer);
      }));
}
/// "*", or "0:1,0:2": partition and broker. What is neither is an error of the topic, see build_topics.
template <auto Member>
void set_throttled(KafkaSettings& settings, const PropertyValue& v) {
  kafka::ThrottledReplicas& to = settings.topic.*Member;
  to = {};
  std::size_t at = 0;
  while (at < v.text.size()) {
    const std::size_t end = std::min(v.text.find(',', at), v.text.size());
    const std::string_view one = std::string_view(v.text).substr(at, end - at);
    at = end + 1;
    if (one == "*") {
      to.all = true;
      continue;
    }
    std::int64_t numbers[2] = {0, 0};
    std::size_t digits[2] = {0, 0};
    std::size_t which = 0;
    for (const char c : one) {
      if (c == ':' && which == 0) {
        which = 1;
      } else if (c >= '0' && c <= '9' && digits[which] < 9) {
        numbers[which] = numbers[which] * 10 + (c - '0');
        ++digits[which];
      } else if (c != ' ') {
        digits[0] = 0;
        break;
      }
    }
    to.malformed = to.malformed || digits[0] == 0 || digits[1] == 0;
    to.some.emplace_back(static_cast<std::int32_t>(numbers[0]), static_cast<std::int32_t>(numbers[1]));
  }
}
inline void set_timestamp_type(KafkaSettings& s, const PropertyValue& v) {
  s.topic.log_append_time = v.text == "LogAppendTime";
}
inline const std::vector<std::string>& topic_codecs() {
  static const std::vector<std::string> names{"producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"};
  return names;
}

}  // namespace brokersim::scenario::rows
