#include "app/scenario/property_set.h"

#include <filesystem>

#include "app/scenario/limits.h"
#include "app/scenario/reader.h"

namespace brokersim::scenario {

PropertySet::PropertySet(Document& document, const View& owner, PropertyScope scope, kafka::Version version)
    : document_(document), owner_(owner.node()), scope_(scope), version_(version) {
  if (owner.table().find("properties") != nullptr) read_file(owner);
  read_inline(owner);
  for (const auto& [name, given] : given_) check(name, given);
  for (const auto& [name, value] : valid_) {
    const GivenProperty& given = given_.find(name)->second;
    if (given.node == no_node) document_.from_files.push_back({owner_, name, given.text});
  }
}

const GivenProperty* PropertySet::find(std::string_view name) const {
  const auto at = given_.find(name);
  return at == given_.end() ? nullptr : &at->second;
}

void PropertySet::read_file(const View& owner) {
  const NodeId node = owner.member("properties");
  if (node == no_node || document_.tree[node].kind != NodeKind::text) return;
  const std::filesystem::path path =
      std::filesystem::path(document_.name).parent_path() / document_.tree[node].text;
  Problems problems;
  const auto text = scenario::read_file(path.string(), limits::properties_bytes, problems);
  if (!text) {
    for (const Diagnostic& d : problems.all()) {
      document_.error(node, d.code.substr(d.code.find('/') + 1), in_quotes(path.string()) + ": " + d.message,
                      d.hint);
    }
    return;
  }
  document_.with_files.push_back(node == no_node ? owner_ : document_.tree[node].parent);
  document_.properties_bytes_read += static_cast<std::int64_t>(text->size());
  if (document_.properties_bytes_read > limits::properties_bytes_all) {
    document_.error(node, "too-large",
                    "the .properties files of this scenario have more than " +
                        std::to_string(limits::properties_bytes_all >> 20) + " MiB in all");
    return;
  }
  for (PropertyLine& line : parse_properties(*text)) {
    given_[line.name] = {std::move(line.value), no_node, path.string(),
                         line.line};  // The last one holds, as in Java.
  }
}

void PropertySet::read_inline(const View& owner) {
  const NodeId config = owner.member("config");
  if (config == no_node || document_.tree[config].kind != NodeKind::object) return;
  for (NodeId child = document_.tree[config].first; child != no_node; child = document_.tree[child].next) {
    const Node& node = document_.tree[child];
    if (node.kind == NodeKind::boolean) {
      given_[node.key] = {node.boolean ? "true" : "false", child, "", 0};
    } else if (node.kind == NodeKind::number || node.kind == NodeKind::text) {
      given_[node.key] = {node.text, child, "", 0};
    }
  }
}

void PropertySet::check(std::string_view name, const GivenProperty& given) {
  const bool in_file = given.node == no_node;
  const std::string scope(to_string(scope_));
  const Property* property = find_property(scope_, name);
  if (property == nullptr) {
    const auto severity = in_file ? Severity::warning : Severity::error;
    std::string hint;
    for (const PropertyScope other :
         {PropertyScope::broker, PropertyScope::topic, PropertyScope::producer, PropertyScope::consumer}) {
      if (hint.empty() && other != scope_ && find_property(other, name) != nullptr)
        hint = "it is a " + std::string(to_string(other)) + " property";
    }
    if (hint.empty()) hint = document_.suggest(name, [&] { return property_names(scope_); });
    report(severity, name, "unknown-property", "unknown " + scope + " property " + in_quotes(name),
           std::move(hint));
    return;
  }
  auto parsed = parse_property(*property, given.text, version_);
  if (const auto* error = std::get_if<QuantityError>(&parsed)) {
    report(Severity::error, name, error->code,
           std::string(name) + " is " + in_quotes(given.text) + ", but " + error->message, error->hint);
    return;
  }
  if (property->set == nullptr) {
    report(Severity::warning, name, "no-effect", std::string(name) + " has no effect in the model", "");
  }
  valid_.emplace(std::string(name), std::get<PropertyValue>(std::move(parsed)));
}

void PropertySet::apply(KafkaSettings& settings) const {
  for (const auto& [name, value] : valid_) {
    const Property* property = find_property(scope_, name);
    if (property->set != nullptr) property->set(settings, value);
  }
}

void PropertySet::report(Severity severity, std::string_view name, std::string code, std::string message,
                         std::string hint) const {
  const GivenProperty* given = find(name);
  if (given != nullptr && given->node == no_node) {
    document_.problems.add({severity, "scenario/" + std::move(code), std::move(message), given->file,
                            given->line, 1, "", std::move(hint)});
    return;
  }
  // A wrong name is shown at the name, a wrong value at the value.
  const bool at_key = code == "unknown-property" || code == "no-effect";
  document_.report(severity, given != nullptr ? given->node : owner_, std::move(code), std::move(message),
                   std::move(hint), at_key);
}

void check_delivery_timeout(const PropertySet& given, kafka::ProducerConfig& config) {
  const bool never = config.linger == sim::Duration::max();
  const sim::Duration least = never ? sim::Duration::max() : config.linger + config.request_timeout;
  if (config.delivery_timeout >= least) return;
  const std::string rule = "delivery.timeout.ms must not be below linger.ms + request.timeout.ms (" +
                           std::to_string(least.ns / 1'000'000) + ")";
  if (given.has("delivery.timeout.ms")) {
    given.report(Severity::error, "delivery.timeout.ms", "config", rule,
                 "raise it, or lower request.timeout.ms");
    return;
  }
  given.report(Severity::warning, given.has("request.timeout.ms") ? "request.timeout.ms" : "linger.ms",
               "config", rule + ", so it is raised to that",
               "Kafka's producer does the same and logs a warning");
  config.delivery_timeout = least;
}

}  // namespace brokersim::scenario
