// The scenario file's fields as data: one table per object.
//
// Why: the parser, the JSON Schema and the reference page must never disagree, so all three are made
// from these tables: name, type, range, default and meaning of every field stand in tables_*.cpp and
// nowhere else.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "app/scenario/quantity.h"

namespace brokersim::scenario {

enum class FieldType : std::uint8_t {
  text,            ///< any text
  name,            ///< letters, digits and . _ - ; 1 to 200 of them
  boolean,         ///< true or false
  integer,         ///< whole number in [min, max]; with a `table`, an object by it will do, too
  decimal,         ///< number in [min, max] millionths
  seed,            ///< whole number, 0 to 2^64 - 1
  duration,        ///< "15 ms" in [min, max] ns
  size,            ///< "1 KiB" in [min, max] bytes; with `variants`, an object by them will do, too
  bandwidth,       ///< "10 Gb/s" in [min, max] bytes per second
  rate,            ///< "20000 /s" in [min, max] thousandths per second
  choice,          ///< one of `choices`; with `variants`, an object by them will do, too
  choice_list,     ///< list of `choices`
  text_list,       ///< list of texts
  name_list,       ///< list of names
  name_or_list,    ///< a name, or a list of names
  object,          ///< object by `table`
  list,            ///< list of objects by `table` or `variants`
  map,             ///< names to objects by `table` or `variants`
  one_of,          ///< object by `variants`
  one_of_or_list,  ///< object by `variants`, or a list of such
  preset,          ///< one of `choices`, or an object by `table`
  properties,      ///< object of Kafka properties (kafka_properties.h) of `scope`
  assignment,      ///< list of lists of broker ids
  duration_range,  ///< two durations, the second not below the first
  limit,           ///< number or quantity, by the metric beside it
  yes,             ///< true
};

/// Which of Kafka's property tables an object of properties is checked against.
enum class PropertyScope : std::uint8_t { broker, topic, producer, consumer };

struct Table;

/// Several tables for one place: chosen by the member `discriminator` (a kind), or, if that is empty, by
/// which table's tag is present as a member.
struct Variants {
  std::string name;           ///< "workload": for messages.
  std::string discriminator;  ///< "kind", or "".
  std::vector<const Table*> tables;
};

struct Field {
  std::string name;
  FieldType type = FieldType::text;
  std::string doc;            ///< A sentence or two, for the schema and the page.
  std::string fallback = {};  ///< Default as the file would say it; "" = none, or computed (doc says how).
  bool required = false;
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  std::vector<std::string> choices = {};
  const Table* table = nullptr;
  const Variants* variants = nullptr;
  PropertyScope scope = PropertyScope::broker;
};

struct Table {
  std::string name;  ///< "host": for messages and the page's headings.
  std::string tag;   ///< The kind or member that chooses this table among variants; else "".
  std::string doc;
  std::vector<Field> fields;

  [[nodiscard]] const Field* find(std::string_view field) const;
};

/// The dimension of a quantity field. Only for duration, size, bandwidth and rate.
[[nodiscard]] Dimension dimension_of(FieldType type);
[[nodiscard]] bool is_quantity(FieldType type);

/// The whole document.
[[nodiscard]] const Table& scenario_table();

// Its parts, in the order of the page.
[[nodiscard]] const Table& network_table();
[[nodiscard]] const Table& host_table();
[[nodiscard]] const Table& hardware_table();
[[nodiscard]] const Table& disk_table();
[[nodiscard]] const Variants& system_variants();
[[nodiscard]] const Variants& workload_variants();
[[nodiscard]] const Table& keys_table();           ///< Keys of a producer's records.
[[nodiscard]] const Variants& size_variants();     ///< How their sizes differ.
[[nodiscard]] const Variants& arrival_variants();  ///< Arrivals that need more than a word.
[[nodiscard]] const Variants& admin_variants();
[[nodiscard]] const Variants& fault_variants();
[[nodiscard]] const Variants& target_variants();
[[nodiscard]] const Table& fault_plan_table();
[[nodiscard]] const Variants& expectation_variants();
[[nodiscard]] const Table& published_table();

}  // namespace brokersim::scenario
