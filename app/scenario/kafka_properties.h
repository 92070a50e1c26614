// Kafka's own settings: every property of a broker, topic, producer or consumer that a file may name.
//
// Why: a user pastes a real configuration. Names, types, ranges and defaults are therefore Kafka's, per
// release (kafka-behaviour.md section 1; Apache Kafka documentation of 3.9, 4.0 and 4.1); the table says
// which typed field of the model a property sets, or that it is known and has no effect here.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/scenario/field.h"
#include "app/scenario/quantity.h"
#include "models/kafka/config.h"

namespace brokersim::scenario {

/// Everything that properties can set. Each scope fills its own part; broker properties also fill
/// `topic`, the defaults that topics inherit.
struct KafkaSettings {
  kafka::BrokerConfig broker;
  kafka::TopicConfig topic;
  kafka::ProducerConfig producer;
  kafka::ConsumerConfig consumer;
  kafka::ShareGroupConfig share_group;  ///< Of the group that a share consumer is a member of.
  std::int32_t default_replication_factor = 1;  ///< default.replication.factor
  std::int32_t num_partitions = 1;              ///< num.partitions
};

enum class PropertyType : std::uint8_t { boolean, integer, real, text, choice };

/// A property's value in its type.
struct PropertyValue {
  std::int64_t integer = 0;
  bool boolean = false;
  std::string text;
};

struct Property {
  std::string_view name;
  PropertyType type = PropertyType::text;
  std::array<std::string_view, 3> defaults{};  ///< Of 3.9, 4.0 and 4.1; "" = none (null, or required).
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  std::vector<std::string> choices = {};
  void (*set)(KafkaSettings&, const PropertyValue&) = nullptr;  ///< nullptr = no effect in the model.
  bool by_duration = false;  ///< A choice that also may be by_duration:PnDTnHnMn.nS, from 4.0 (KIP-1106).
  std::int64_t min_since_4_0 = std::numeric_limits<std::int64_t>::min();  ///< A stricter minimum.

  [[nodiscard]] std::string_view default_of(kafka::Version version) const {
    return defaults[static_cast<std::size_t>(version)];
  }
  [[nodiscard]] std::int64_t min_of(kafka::Version version) const;
};

/// All properties of a scope, sorted by name.
[[nodiscard]] const std::vector<Property>& properties_of(PropertyScope scope);
[[nodiscard]] const Property* find_property(PropertyScope scope, std::string_view name);
[[nodiscard]] std::vector<std::string> property_names(PropertyScope scope);

/// "broker", "topic", "producer", "consumer".
[[nodiscard]] std::string_view to_string(PropertyScope scope);

/// `text` as a value of `property` in that release. Errors read "is not ...", "must be ...".
[[nodiscard]] std::variant<PropertyValue, QuantityError> parse_property(const Property& property,
                                                                        std::string_view text,
                                                                        kafka::Version version);

/// Sets every property of the scope that has an effect to its default in that release.
void apply_defaults(KafkaSettings& settings, PropertyScope scope, kafka::Version version);

/// "3.9", "4.0", "4.1", and back (nothing for another text).
[[nodiscard]] std::string_view to_string(kafka::Version version);
[[nodiscard]] std::optional<kafka::Version> version_of(std::string_view text);

// The tables, one file each.
[[nodiscard]] std::vector<Property> broker_properties();
[[nodiscard]] std::vector<Property> topic_properties();
[[nodiscard]] std::vector<Property> producer_properties();
[[nodiscard]] std::vector<Property> consumer_properties();

}  // namespace brokersim::scenario
