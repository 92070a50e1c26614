// schema_json(): the JSON Schema (draft-07) of a scenario, made from the field tables.
//
// Editors complete and check from it. It says all that the tables say; what needs several values at once
// (a host that exists, replicas that fit) only the loader can say.
#include <nlohmann/json.hpp>

#include "app/scenario/field.h"
#include "app/scenario/kafka_properties.h"
#include "app/scenario/limits.h"
#include "app/scenario/scenario.h"

namespace brokersim::scenario {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* name_pattern = "^[A-Za-z0-9._-]{1,200}$";

class SchemaWriter {
 public:
  Json document() {
    Json root = object(scenario_table());
    Json out;
    out["$schema"] = "http://json-schema.org/draft-07/schema#";
    out["title"] = "brokersim scenario";
    for (auto& [key, value] : root.items()) out[key] = value;
    out["definitions"] = std::move(definitions_);
    return out;
  }

 private:
  Json object(const Table& table) {
    Json out;
    out["type"] = "object";
    if (!table.doc.empty()) out["description"] = table.doc;
    out["additionalProperties"] = false;
    Json required = Json::array();
    Json properties = Json::object();
    for (const Field& field : table.fields) {
      properties[field.name] = described(value(field), field);
      if (field.required) required.push_back(field.name);
    }
    if (!required.empty()) out["required"] = std::move(required);
    out["properties"] = std::move(properties);
    return out;
  }

  Json described(Json schema, const Field& field) {
    // Beside a $ref draft-07 reads nothing, so the reference is wrapped.
    if (schema.contains("$ref")) schema = Json{{"allOf", Json::array({std::move(schema)})}};
    schema["description"] = field.doc;
    if (!field.fallback.empty()) schema["default"] = fallback(field);
    return schema;
  }

  static Json fallback(const Field& field) {
    if (field.type == FieldType::integer || field.type == FieldType::decimal ||
        field.type == FieldType::seed || field.type == FieldType::boolean || field.fallback.front() == '[') {
      return Json::parse(field.fallback);
    }
    return field.fallback;
  }

  /// A reference to the schema of an object, defined once.
  Json reference(const Table& table) {
    const std::string name = table.tag.empty() ? table.name : table.name + "." + table.tag;
    if (!definitions_.contains(name)) {
      definitions_[name] = nullptr;  // Keeps the place, and ends a recursion.
      definitions_[name] = object(table);
    }
    return {{"$ref", "#/definitions/" + name}};
  }

  Json reference(const Variants& variants) {
    if (!definitions_.contains(variants.name)) {
      definitions_[variants.name] = nullptr;
      Json any = Json::array();
      for (const Table* table : variants.tables) any.push_back(reference(*table));
      definitions_[variants.name] = Json{{"oneOf", std::move(any)}};
    }
    return {{"$ref", "#/definitions/" + variants.name}};
  }

  Json member(const Field& field) {
    return field.table != nullptr ? reference(*field.table) : reference(*field.variants);
  }

  Json or_object(Json scalar, const Field& field) {
    return {{"anyOf", Json::array({std::move(scalar), member(field)})}};
  }

  static Json list_of(Json items, bool not_empty = false) {
    Json out{{"type", "array"}, {"items", std::move(items)}};
    if (not_empty) out["minItems"] = 1;
    return out;
  }

  Json value(const Field& field) {
    const Json a_text{{"type", "string"}};
    const Json a_name{{"type", "string"}, {"pattern", name_pattern}};
    switch (field.type) {
      case FieldType::text: return a_text;
      case FieldType::name: return a_name;
      case FieldType::boolean: return {{"type", "boolean"}};
      case FieldType::yes: return {{"const", true}};
      case FieldType::integer: {
        Json number{{"type", "integer"}, {"minimum", field.min}, {"maximum", field.max}};
        return field.table == nullptr ? number : or_object(std::move(number), field);
      }
      case FieldType::decimal:
        return {{"type", "number"},
                {"minimum", static_cast<double>(field.min) / 1e6},
                {"maximum", static_cast<double>(field.max) / 1e6}};
      case FieldType::seed:
        return {{"type", "integer"}, {"minimum", 0}, {"maximum", 18'446'744'073'709'551'615ull}};
      case FieldType::duration:
      case FieldType::size:
      case FieldType::bandwidth:
      case FieldType::rate: {
        Json text = quantity(dimension_of(field.type));
        return field.variants == nullptr ? text : or_object(std::move(text), field);
      }
      case FieldType::choice:
        if (field.variants != nullptr) return or_object({{"enum", field.choices}}, field);
        if (field.choices.size() == 1) return {{"const", field.choices.front()}};
        return {{"enum", field.choices}};
      case FieldType::choice_list: return list_of({{"enum", field.choices}});
      case FieldType::text_list: return list_of(a_text);
      case FieldType::name_list: return list_of(a_name, true);
      case FieldType::name_or_list: return {{"anyOf", Json::array({a_name, list_of(a_name, true)})}};
      case FieldType::object: return reference(*field.table);
      case FieldType::list: return list_of(member(field));
      case FieldType::map:
        return {{"type", "object"},
                {"minProperties", 1},
                {"propertyNames", {{"pattern", name_pattern}}},
                {"additionalProperties", member(field)}};
      case FieldType::one_of: return member(field);
      case FieldType::one_of_or_list:
        return {{"anyOf", Json::array({member(field), list_of(member(field), true)})}};
      case FieldType::preset:
        return {{"anyOf", Json::array({Json{{"enum", field.choices}}, reference(*field.table)})}};
      case FieldType::properties: return properties(field.scope);
      case FieldType::assignment:
        return list_of(list_of({{"type", "integer"}, {"minimum", 0}, {"maximum", limits::hosts}}, true),
                       true);
      case FieldType::duration_range: {
        Json range = list_of(quantity(Dimension::duration));
        range["minItems"] = 2;
        range["maxItems"] = 2;
        return range;
      }
      case FieldType::limit: return {{"type", Json::array({"number", "string"})}};
    }
    return {};
  }

  Json quantity(Dimension dimension) {
    const std::string name(to_string(dimension).substr(2));  // Without its article.
    if (!definitions_.contains(name)) {
      definitions_[name] = Json{{"type", "string"},
                                {"pattern", quantity_pattern(dimension)},
                                {"examples", Json::array({std::string(example(dimension))})}};
    }
    return {{"$ref", "#/definitions/" + name}};
  }

  Json properties(PropertyScope scope) {
    const std::string name = "properties." + std::string(to_string(scope));
    if (!definitions_.contains(name)) {
      Json members = Json::object();
      for (const Property& p : properties_of(scope)) members[std::string(p.name)] = property(p);
      definitions_[name] =
          Json{{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(members)}};
    }
    return {{"$ref", "#/definitions/" + name}};
  }

  static Json property(const Property& p) {
    Json out;
    switch (p.type) {
      case PropertyType::boolean: out["enum"] = Json::array({true, false, "true", "false"}); break;
      case PropertyType::integer:
        out["type"] = Json::array({"integer", "string"});
        out["minimum"] = p.min;
        out["maximum"] = p.max;
        break;
      case PropertyType::real: out["type"] = Json::array({"number", "string"}); break;
      case PropertyType::text: out["type"] = Json::array({"string", "number", "boolean"}); break;
      case PropertyType::choice: {
        Json choices = p.choices;
        for (const std::string& c : p.choices) {
          if (parse_integer(c).index() == 0)
            choices.push_back(std::get<std::int64_t>(parse_integer(c)));  // acks: 1
        }
        if (p.by_duration) {
          out["anyOf"] = Json::array({{{"enum", std::move(choices)}}, {{"pattern", "^by_duration:P"}}});
        } else {
          out["enum"] = std::move(choices);
        }
        break;
      }
    }
    std::string doc =
        p.defaults[2].empty() ? "No default." : "Default in 4.1: " + std::string(p.defaults[2]) + ".";
    if (p.defaults[0] != p.defaults[2])
      doc += " In 3.9: " + (p.defaults[0].empty() ? "none" : std::string(p.defaults[0])) + ".";
    if (p.set == nullptr) doc += " No effect in the model.";
    out["description"] = std::move(doc);
    return out;
  }

  Json definitions_ = Json::object();
};

}  // namespace

std::string schema_json() { return SchemaWriter().document().dump(2) + "\n"; }

}  // namespace brokersim::scenario
