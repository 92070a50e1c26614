// The properties of one component: inline `config` over a named .properties file over the defaults.
#pragma once

#include <map>
#include <set>
#include <string>

#include "app/scenario/document.h"
#include "app/scenario/kafka_properties.h"
#include "app/scenario/view.h"

namespace brokersim::scenario {

/// A property as the user gave it, and where.
struct GivenProperty {
  std::string text;       ///< The value in Kafka's form.
  NodeId node = no_node;  ///< In the scenario file, or
  std::string file;       ///< in this .properties file,
  std::int32_t line = 0;  ///< on this line.
};

class PropertySet {
 public:
  /// Reads the `config` and `properties` members of `owner` and reports what is wrong with them: unknown
  /// names (an error inline, a warning in a file), wrong values, names without effect in the model.
  PropertySet(Document& document, const View& owner, PropertyScope scope, kafka::Version version);

  [[nodiscard]] bool has(std::string_view name) const { return given_.contains(name); }
  [[nodiscard]] const GivenProperty* find(std::string_view name) const;

  /// Sets what was given and is valid, in the order of the names.
  void apply(KafkaSettings& settings) const;

  /// A problem with a given property, at its place; at `owner` if it was not given.
  void report(Severity severity, std::string_view name, std::string code, std::string message,
              std::string hint = {}) const;

 private:
  void read_file(const View& owner);
  void read_inline(const View& owner);
  void check(std::string_view name, const GivenProperty& given);

  Document& document_;
  NodeId owner_;
  PropertyScope scope_;
  kafka::Version version_;
  std::map<std::string, GivenProperty, std::less<>> given_;
  std::map<std::string, PropertyValue, std::less<>> valid_;
};

/// delivery.timeout.ms as KafkaProducer.configureDeliveryTimeout treats it: below linger.ms + request.timeout.ms it is an error
/// where it was given, else it is raised.
void check_delivery_timeout(const PropertySet& given, kafka::ProducerConfig& config);

/// The lines of a java.util.Properties text: comments (# !), "=" or ":" or blanks between name and value,
/// continued lines, escapes.
struct PropertyLine {
  std::string name;
  std::string value;
  std::int32_t line = 0;  ///< On which it begins, from 1.
};
[[nodiscard]] std::vector<PropertyLine> parse_properties(std::string_view text);

}  // namespace brokersim::scenario
