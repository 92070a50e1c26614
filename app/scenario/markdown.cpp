// format_markdown(): the reference page of the file format, made from the field tables.
#include <algorithm>
#include <vector>

#include "app/scenario/field.h"
#include "app/scenario/kafka_properties.h"
#include "app/scenario/limits.h"
#include "app/scenario/metrics.h"
#include "app/scenario/scenario.h"

namespace brokersim::scenario {
namespace {

std::string range_of(const Field& field) {
  const auto text = [&](std::int64_t n) {
    return is_quantity(field.type) ? format_quantity(n, dimension_of(field.type)) : std::to_string(n);
  };
  return text(field.min) + " to " + text(field.max);
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "`" : ", `") + word + "`";
  return out;
}

/// What a number or a choice may be instead.
std::string or_object(const Field& field) {
  if (field.table != nullptr) return ", or object: " + field.table->name;
  return field.variants != nullptr ? ", or object: " + field.variants->name : "";
}

std::string type_of(const Field& field) {
  switch (field.type) {
    case FieldType::text: return "text";
    case FieldType::name: return "name";
    case FieldType::boolean: return "true or false";
    case FieldType::yes: return "`true`";
    case FieldType::integer: return "whole number, " + range_of(field) + or_object(field);
    case FieldType::decimal:
      return "number, " + format_millionths(field.min) + " to " + format_millionths(field.max);
    case FieldType::seed: return "whole number, 0 to 2^64 - 1";
    case FieldType::duration: return "duration, " + range_of(field);
    case FieldType::size: return "size, " + range_of(field) + or_object(field);
    case FieldType::bandwidth: return "bandwidth, " + range_of(field);
    case FieldType::rate: return "rate, " + range_of(field);
    case FieldType::choice:
      return field.choices.size() > 12 ? "name from a list" : joined(field.choices) + or_object(field);
    case FieldType::choice_list: return "list of " + joined(field.choices);
    case FieldType::text_list: return "list of texts";
    case FieldType::name_list: return "list of names";
    case FieldType::name_or_list: return "name, or list of names";
    case FieldType::object: return "object: " + field.table->name;
    case FieldType::list:
      return "list of: " + (field.table != nullptr ? field.table->name : field.variants->name);
    case FieldType::map:
      return "name to: " + (field.table != nullptr ? field.table->name : field.variants->name);
    case FieldType::one_of: return "object: " + field.variants->name;
    case FieldType::one_of_or_list: return field.variants->name + ", or list of such";
    case FieldType::preset: return "preset, or object: " + field.table->name;
    case FieldType::properties: return std::string(to_string(field.scope)) + " properties";
    case FieldType::assignment: return "list of lists of broker ids";
    case FieldType::duration_range: return "two durations";
    case FieldType::limit: return "number or quantity";
  }
  return "";
}

class PageWriter {
 public:
  std::string page() {
    intro();
    section("The document", scenario_table());
    told_ = {&network_table(), &host_table(), &hardware_table(), &fault_plan_table(), &published_table()};
    section("network", network_table());
    nested(network_table());
    section("hosts", host_table());
    section("hardware", hardware_table());
    nested(hardware_table());
    variants("systems", system_variants());
    nested(system_variants());
    variants("workloads", workload_variants());
    nested(workload_variants());
    variants("record_size", size_variants());
    nested(size_variants());
    variants("arrivals", arrival_variants());
    variants("admin", admin_variants());
    variants("faults", fault_variants());
    variants("Targets of faults", target_variants());
    section("fault_plan", fault_plan_table());
    nested(fault_plan_table());
    variants("expect", expectation_variants());
    section("published", published_table());
    metric_list();
    for (const PropertyScope scope :
         {PropertyScope::broker, PropertyScope::topic, PropertyScope::producer, PropertyScope::consumer})
      property_list(scope);
    return std::move(out_);
  }

 private:
  void intro() {
    out_ +=
        "# The scenario file\n\n"
        "<!-- Made by `brokersim schema --markdown` from app/scenario/tables_*.cpp and "
        "kafka_*_properties.cpp. Do not edit. -->\n\n"
        "A scenario is one JSON document (UTF-8, at most 16 MiB). `brokersim check FILE` tells everything "
        "that is wrong with it at once;\n"
        "`scenarios/schema/scenario.schema.json` makes editors complete and check it.\n\n"
        "- Quantities carry units. Durations: `ns us ms s min h d`. Sizes: `B kB KB MB GB TB` (powers of "
        "1000), `KiB MiB GiB TiB` (powers of 1024).\n"
        "  Bandwidths: a size per second (`333.4 MB/s`) or bits per second (`10 Gb/s`). Rates: `/s /min /h`. "
        "They are read exactly, without rounding.\n"
        "- Kafka's own settings keep Kafka's names and forms: plain numbers in milliseconds or bytes, "
        "`\"all\"`.\n"
        "- Unknown fields are errors. A name has letters, digits, dots, underscores and dashes.\n"
        "- `--set POINTER=VALUE` replaces the value at a JSON pointer before anything is checked: `--set "
        "/duration=\"30 s\"`,\n"
        "  `--set /systems/kafka/config/min.insync.replicas=1`. Missing members are made; `-` appends to a "
        "list.\n"
        "- Limits: " +
        std::to_string(limits::hosts) + " hosts, " + std::to_string(limits::replicas) + " replicas, " +
        std::to_string(limits::faults) + " faults, 30 days, " + std::to_string(limits::values) +
        " values in one document.\n\n";
  }

  void section(const std::string& title, const Table& table) {
    out_ += "## " + title + "\n\n";
    body(table);
  }

  void body(const Table& table) {
    out_ += table.doc + "\n\n| field | type | default | meaning |\n|---|---|---|---|\n";
    for (const Field& field : table.fields) {
      const std::string fallback = field.required           ? "**required**"
                                   : field.fallback.empty() ? ""
                                                            : "`" + field.fallback + "`";
      out_ += "| `" + field.name + "` | " + type_of(field) + " | " + fallback + " | " + field.doc + " |\n";
    }
    out_ += "\n";
  }

  void variants(const std::string& title, const Variants& v) {
    out_ += "## " + title + "\n\n";
    for (const Table* table : v.tables) {
      if (v.tables.size() > 1) out_ += "### " + table->tag + "\n\n";
      body(*table);
    }
  }

  /// Tables of objects inside `table`, and inside those, once each.
  void nested(const Table& table) {
    for (const Field& field : table.fields) {
      if (field.table == nullptr || std::find(told_.begin(), told_.end(), field.table) != told_.end()) continue;
      told_.push_back(field.table);
      out_ += "### " + field.table->name + "\n\n";
      body(*field.table);
      nested(*field.table);
    }
  }

  /// The same for the tables of every variant.
  void nested(const Variants& v) {
    for (const Table* table : v.tables) nested(*table);
  }

  void metric_list() {
    out_ += "## Metrics\n\n| metric | unit | meaning |\n|---|---|---|\n";
    for (const Metric& metric : metrics())
      out_ +=
          "| `" + metric.name + "` | " + std::string(to_string(metric.unit)) + " | " + metric.doc + " |\n";
    out_ += "\n";
  }

  void property_list(PropertyScope scope) {
    out_ +=
        "## Kafka " + std::string(to_string(scope)) +
        " properties\n\nWith an effect in the model:\n\n| property | 3.9 | 4.0 | 4.1 |\n|---|---|---|---|\n";
    std::string others;
    for (const Property& p : properties_of(scope)) {
      if (p.set == nullptr) {
        others += (others.empty() ? "`" : ", `") + std::string(p.name) + "`";
        continue;
      }
      out_ += "| `" + std::string(p.name) + "`";
      for (const std::string_view value : p.defaults) out_ += " | " + std::string(value);
      out_ += " |\n";
    }
    out_ += "\nKnown, without effect (a warning): " + others + ".\n\n";
  }

  std::string out_;
  std::vector<const Table*> told_;  // tables that have been described
};

}  // namespace

std::string format_markdown() {
  std::string page = PageWriter().page();
  page.pop_back();
  return page;
}

}  // namespace brokersim::scenario
