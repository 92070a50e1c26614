// load_file() and load_text(): read, change, check the form, build.
#include <filesystem>

#include "app/scenario/build.h"
#include "app/scenario/limits.h"
#include "app/scenario/outside.h"
#include "app/scenario/reader.h"
#include "app/scenario/scenario.h"
#include "app/scenario/validate.h"
#include "app/scenario/variants.h"

namespace brokersim::scenario {
namespace {

std::string one_line(const Diagnostic& d) {
  std::string place = shown(d.file);
  if (d.line > 0) place += ":" + std::to_string(d.line) + ":" + std::to_string(d.column);
  return place + ": " + d.message;
}

void build_all(Build& build) {
  Document& document = build.doc;
  Scenario& scenario = build.out;
  const View root(document, document.tree.root(), scenario_table());
  world::Config& config = scenario.config;
  config.title = root.text("title").value_or(std::filesystem::path(document.name).stem().string());
  config.why = root.text("why").value_or("");
  config.seed = root.seed("seed");
  scenario.notes = root.texts("notes");
  scenario.invariants = *root.boolean("invariants");
  scenario.seed_pinned = *root.boolean("seed_pinned");
  scenario.cases = root.texts("cases");
  scenario.variant = root.text("variant").value_or("");
  if (const auto duration = root.duration("duration")) {
    config.duration = *duration;
    build.duration_known = true;
  }
  const View limits = root.object("limits");
  scenario.limits.events_at_instant = static_cast<std::uint64_t>(*limits.integer("events_at_instant"));
  scenario.limits.pending_events = static_cast<std::size_t>(*limits.integer("pending_events"));
  const View network = root.object("network");
  config.latency.loopback = *network.duration("loopback");
  config.latency.same_zone = *network.duration("same_zone");
  config.latency.cross_zone = *network.duration("cross_zone");
  build_network(document, network, config);
  build_hosts(build, root);
  build_systems(build, root);
  build_workloads(build, root);
  build_admin(build, root);
  build_faults(build, root);
  build_fault_plan(build, root);
  build_expectations(build, root);
  build_published(build, root);
}

LoadResult finish(Problems& problems, std::optional<Scenario> scenario) {
  if (problems.any_error()) scenario.reset();
  if (scenario) {
    for (const Diagnostic& d : problems.all()) scenario->warnings.push_back(one_line(d));
  }
  return {std::move(scenario), problems.take()};
}

/// `then(build)` is called on a sound scenario.
template <class Then>
LoadResult load(std::string_view text, const std::string& name, const std::vector<std::string>& overrides,
                Problems problems, Then then) {
  auto tree = parse_json(text, name, problems);
  if (!tree) return finish(problems, std::nullopt);
  Document document{std::move(*tree), name, overrides, std::move(problems)};
  apply_overrides(document);
  validate(document);
  Scenario scenario;
  scenario.file = name;
  Build build(document, scenario);
  if (document.tree[document.tree.root()].kind == NodeKind::object) build_all(build);
  if (!document.problems.any_error()) then(build);
  return finish(document.problems, std::move(scenario));
}

void nothing_more(Build&) {}

bool too_large(std::string_view text, const std::string& name, Problems& problems) {
  if (text.size() <= static_cast<std::size_t>(limits::file_bytes)) return false;
  problems.add({Severity::error, "scenario/too-large", "the text has more than 16 MiB", name, 0, 0, "", ""});
  return true;
}

}  // namespace

LoadResult load_file(const std::string& path, const std::vector<std::string>& overrides) {
  Problems problems;
  const auto text = read_file(path, limits::file_bytes, problems);
  if (!text) return finish(problems, std::nullopt);
  return load(*text, path, overrides, std::move(problems), nothing_more);
}

LoadResult load_text(std::string_view text, const std::string& name,
                     const std::vector<std::string>& overrides) {
  Problems problems;
  if (too_large(text, name, problems)) return finish(problems, std::nullopt);
  return load(text, name, overrides, std::move(problems), nothing_more);
}

std::optional<Outside> outside_of(std::string_view text, const std::string& name) {
  Outside outside;
  const auto take = [&](Build& build) {
    const Document& document = build.doc;
    const auto pointer = [&](NodeId node) { return document.tree.pointer(node); };
    for (const Document::FromFile& one : document.from_files)
      outside.properties.push_back({pointer(one.owner), one.name, one.value});
    for (const NodeId owner : document.with_files) outside.owners.push_back(pointer(owner));
    for (const auto& [trace, path] : document.traces) outside.rows.push_back({pointer(trace), path});
    for (const auto& [node, content_name] : document.named_by_content) {
      std::string place = pointer(node);
      if (place.starts_with("/workloads/")) outside.names.emplace(std::move(place), content_name);
    }
  };
  Problems problems;
  if (too_large(text, name, problems)) return std::nullopt;
  if (!load(text, name, {}, std::move(problems), take).scenario) return std::nullopt;
  return outside;
}

VariantsResult load_with_variants(const NamedText& scenario, const std::vector<std::string>& overrides,
                                  const NamedText& variants, sim::SimTime last_branch) {
  VariantsResult result;
  Problems of_variants;
  Problems of_scenario;
  const auto take = [&](Build& base) {
    if (auto tree = parse_json(variants.text, variants.name, of_variants)) {
      Document document{std::move(*tree), variants.name, {}, std::move(of_variants)};
      build_variants(base, document, last_branch, result.variants);
      of_variants = std::move(document.problems);
    }
  };
  if (too_large(scenario.text, scenario.name, of_scenario) ||
      too_large(variants.text, variants.name, of_scenario)) {
    result.loaded = finish(of_scenario, std::nullopt);
    return result;
  }
  result.loaded = load(scenario.text, scenario.name, overrides, std::move(of_scenario), take);
  for (Diagnostic& d : of_variants.take()) {
    if (d.severity == Severity::error) result.loaded.scenario.reset();
    result.loaded.diagnostics.push_back(std::move(d));
  }
  return result;
}

}  // namespace brokersim::scenario
