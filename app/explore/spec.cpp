#include "app/explore/spec.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "app/explore/genes.h"
#include "app/scenario/limits.h"
#include "app/scenario/quantity.h"
#include "app/scenario/reader.h"
#include "app/scenario/scenario.h"
#include "sim/fingerprint.h"
#include "sim/hash.h"

namespace brokersim::explore {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kShortest = 1'000'000;  // ns

class Reader {
 public:
  explicit Reader(std::string path) { spec_.file = std::move(path); }

  SpecResult read(const std::vector<std::string>& overrides, std::optional<std::uint64_t> seed) {
    scenario::Problems problems;
    const auto text = scenario::read_file(spec_.file, scenario::limits::file_bytes, problems);
    // As for scenarios: depth, size and syntax are judged before anything is made of it.
    if (text && scenario::parse_json(*text, spec_.file, problems)) {
      if (const auto json = trial::parse(*text); json && json->is_object()) {
        take(*json, overrides);
        if (seed) spec_.seed = *seed;
      } else {
        wrong("", "a search is one JSON object", "");
      }
    }
    for (scenario::Diagnostic& d : problems.take())
      result_.diagnostics.insert(result_.diagnostics.begin(), d);
    const bool errors = std::any_of(result_.diagnostics.begin(), result_.diagnostics.end(),
                                    [](const auto& d) { return d.severity == scenario::Severity::error; });
    if (text && !errors) result_.spec = std::move(spec_);
    return std::move(result_);
  }

 private:
  void wrong(const std::string& pointer, std::string message, std::string hint) {
    scenario::Diagnostic d;
    d.code = "explore/spec";
    d.message = std::move(message);
    d.file = spec_.file;
    d.pointer = pointer;
    d.hint = std::move(hint);
    result_.diagnostics.push_back(std::move(d));
  }

  void only(const Json& object, const std::string& pointer, std::initializer_list<const char*> keys) {
    for (const auto& [key, value] : object.items()) {
      if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
      std::string all;
      for (const char* known : keys) all += (all.empty() ? "" : ", ") + std::string(known);
      wrong(pointer + "/" + key, "unknown field " + scenario::in_quotes(key), "there are: " + all);
    }
  }

  std::optional<std::int64_t> duration(const Json& value, const std::string& pointer) {
    if (value.is_string()) {
      const auto parsed = scenario::parse_quantity(value.get<std::string>(), scenario::Dimension::duration);
      if (const auto* ns = std::get_if<std::int64_t>(&parsed); ns != nullptr && *ns >= 0) return *ns;
    }
    wrong(pointer, "this is no duration", "write it as \"10 s\"");
    return std::nullopt;
  }

  void durations(const Json& object, const char* key, std::int64_t& low, std::int64_t& high) {
    const Json* range = trial::member(object, key);
    if (range == nullptr) return;
    const std::string pointer = std::string("/faults/") + key;
    if (!range->is_array() || range->size() != 2)
      return wrong(pointer, "this is no range", "write [\"1 s\", \"10 s\"]");
    const auto from = duration((*range)[0], pointer + "/0");
    const auto to = duration((*range)[1], pointer + "/1");
    if (!from || !to) return;
    if (*to < *from) return wrong(pointer, "the range is reversed", "");
    low = *from;
    high = *to;
  }

  bool flag(const Json& object, const char* key, bool fallback) {
    const Json* value = trial::member(object, key);
    if (value == nullptr) return fallback;
    if (!value->is_boolean()) wrong(std::string("/") + key, "this is neither true nor false", "");
    return value->is_boolean() ? value->get<bool>() : fallback;
  }

  void take(const Json& json, const std::vector<std::string>& overrides) {
    only(json, "", {"title", "why", "scenario", "seed", "faults", "knobs", "losses_are_failures"});
    if (const Json* seed = trial::member(json, "seed")) {
      if (seed->is_number_unsigned())
        spec_.seed = seed->get<std::uint64_t>();
      else
        wrong("/seed", "a seed is a whole number", "");
    }
    spec_.losses_are_failures = flag(json, "losses_are_failures", false);
    take_base(json, overrides);
    take_faults(json);
    take_knobs(json);
    spec_.hash = sim::hex16(sim::combine(sim::hash_name(json.dump()), base_hash_));
  }

  void take_base(const Json& json, const std::vector<std::string>& overrides) {
    const Json* base = trial::member(json, "scenario");
    spec_.base_name = spec_.file;
    if (base != nullptr && base->is_string()) {
      const fs::path named(base->get<std::string>());
      spec_.base_name = (named.is_absolute() ? named : fs::path(spec_.file).parent_path() / named).string();
      scenario::Problems problems;
      const auto text = scenario::read_file(spec_.base_name, scenario::limits::file_bytes, problems);
      for (scenario::Diagnostic& d : problems.take()) result_.diagnostics.push_back(std::move(d));
      if (!text) return;
      // What is wrong with it is said with lines, before it is changed.
      scenario::LoadResult loaded = scenario::load_text(*text, spec_.base_name, overrides);
      if (!loaded.scenario) {
        for (scenario::Diagnostic& d : loaded.diagnostics) result_.diagnostics.push_back(std::move(d));
        return;
      }
      spec_.base = trial::parse(*text).value_or(Json());
    } else if (base != nullptr && base->is_object()) {
      spec_.base = *base;
    } else {
      return wrong("/scenario", "a search needs a scenario", "name its file, or write it here");
    }
    base_hash_ = sim::hash_name(spec_.base.dump());
    for (const std::string& change : overrides) {
      if (!trial::apply_override(spec_.base, change))
        wrong("", "--set " + change + " leads nowhere in the search's scenario",
              "the search's own fields are changed in its file");
    }
    scenario::LoadResult loaded = scenario::load_text(spec_.base.dump(), spec_.base_name);
    if (!loaded.scenario) {
      for (scenario::Diagnostic& d : loaded.diagnostics) {
        d.line = d.column = 0;  // of the text as it was put together
        result_.diagnostics.push_back(std::move(d));
      }
      if (!overrides.empty())
        wrong("/scenario", "the search's scenario is wrong with its --set",
              "--set points into the scenario; the search's own fields (faults, knobs) are changed in its "
              "file");
      return;
    }
    look_at(loaded.scenario->config);
  }

  void look_at(const world::Config& config) {
    spec_.duration_ns = config.duration.ns;
    spec_.from_ns = config.duration.ns / 8;
    spec_.to_ns = config.duration.ns / 8 * 5;
    for (const kafka::ClusterConfig& cluster : config.clusters) {
      if (!spec_.system.empty()) break;  // the first one
      spec_.system = cluster.name;
      spec_.brokers = static_cast<std::int64_t>(cluster.broker_hosts.size());
      for (const kafka::TopicSpec& topic : cluster.topics) {
        for (std::int32_t p = 0; p < std::min(topic.partitions, topic.internal ? 4 : 16); ++p)
          (topic.internal ? spec_.coordinators : spec_.partitions)
              .push_back(topic.name + "/" + std::to_string(p));
      }
    }
    for (const auto& one : config.producers) spec_.workloads.push_back(one.name);
    for (const auto& one : config.consumers) spec_.workloads.push_back(one.name);
    for (const auto& one : config.transactions) spec_.workloads.push_back(one.name);
    for (const auto& one : config.pipelines) spec_.workloads.push_back(one.name);
  }

  void take_faults(const Json& json) {
    const Json* faults = trial::member(json, "faults");
    if (faults == nullptr) return;
    if (!faults->is_object()) return wrong("/faults", "this is no object", "");
    only(*faults, "/faults",
         {"kinds", "count", "between", "lasts", "restart_after", "stable_for", "inside_budget", "patterns",
          "leave_broken"});
    spec_.inside_budget = flag(*faults, "inside_budget", false);
    spec_.patterns = flag(*faults, "patterns", true);
    spec_.patterns_of_all = spec_.patterns && faults->contains("patterns");
    spec_.leave_broken = flag(*faults, "leave_broken", false);
    const Json* kinds = trial::member(*faults, "kinds");
    if (kinds == nullptr || (kinds->is_string() && kinds->get<std::string>() == "all")) {
      spec_.kinds = known_kinds();
    } else if (kinds->is_array()) {
      for (std::size_t i = 0; i < kinds->size(); ++i) {
        const std::string kind = (*kinds)[i].is_string() ? (*kinds)[i].get<std::string>() : "";
        const auto& known = known_kinds();
        if (std::find(known.begin(), known.end(), kind) == known.end()) {
          std::string all;
          for (const std::string& one : known) all += (all.empty() ? "" : ", ") + one;
          wrong("/faults/kinds/" + std::to_string(i),
                scenario::in_quotes(kind) + " is no kind of fault that a search makes", "there are: " + all);
        }
        spec_.kinds.push_back(kind);
      }
    } else {
      wrong("/faults/kinds", "this is no list of kinds", "\"all\" means every kind");
    }
    judge_count(*faults);
    if (kinds != nullptr && kinds->is_array() && kinds->empty() && spec_.count_max > 0)
      wrong("/faults/kinds", "the list is empty: no fault would ever be made",
            "leave it out for every kind, or write \"count\": [0, 0]");
    durations(*faults, "between", spec_.from_ns, spec_.to_ns);
    durations(*faults, "lasts", spec_.lasts_min_ns, spec_.lasts_max_ns);
    if (faults->contains("lasts") && spec_.lasts_min_ns < kShortest)
      wrong("/faults/lasts/0", "a fault that lasts no time is none", "write 1 ms or more");
    durations(*faults, "restart_after", spec_.restart_min_ns, spec_.restart_max_ns);
    if (const Json* stable = trial::member(*faults, "stable_for"))
      spec_.stable_ns = duration(*stable, "/faults/stable_for").value_or(0);
    if (spec_.duration_ns > 0 && spec_.to_ns > spec_.duration_ns)
      wrong("/faults/between/1",
            "faults come after the end of the run at " + trial::duration_text(spec_.duration_ns), "");
    if (!spec_.kinds.empty() && spec_.duration_ns > 0 && spec_.brokers == 0)
      wrong("/scenario", "a search for faults needs a Kafka cluster", "");
  }

  void judge_count(const Json& faults) {
    if (const Json* count = trial::member(faults, "count")) {
      const bool range = count->is_array() && count->size() == 2 && (*count)[0].is_number_unsigned() &&
                         (*count)[1].is_number_unsigned();
      if (range) {
        spec_.count_min = (*count)[0].get<std::int64_t>();
        spec_.count_max = (*count)[1].get<std::int64_t>();
      }
      if (!range || spec_.count_max < spec_.count_min || spec_.count_max > 1'000)
        wrong("/faults/count", "this is no range of counts up to 1,000", "write [1, 6]");
    }
  }

  void take_knobs(const Json& json) {
    const Json* knobs = trial::member(json, "knobs");
    if (knobs == nullptr) return;
    if (!knobs->is_object()) return wrong("/knobs", "this is no object of pointers", "");
    for (const auto& [pointer, values] : knobs->items()) {
      if (!values.is_array() || values.empty()) {
        wrong("/knobs", "the alternatives of " + pointer + " are no list", "");
        continue;
      }
      Knob knob{pointer, {}};
      for (const Json& value : values) knob.values.push_back(value);
      if (!pointer.starts_with("/") || !reaches(spec_.base, pointer)) {
        wrong("/knobs", scenario::in_quotes(pointer) + " leads nowhere in the scenario",
              "write a JSON pointer to what is there, or to a new member of it");
        continue;
      }
      spec_.knobs.push_back(std::move(knob));
    }
    if (!spec_.base.is_null() && spec_.duration_ns > 0) judge_values();
  }

  /// What is wrong with the scenario when knobs stand so; "" if nothing is.
  std::string problem_with(std::vector<std::uint32_t> knobs) const {
    Genes genes;
    genes.knobs = std::move(knobs);
    const scenario::LoadResult loaded =
        scenario::load_text(document_of(spec_, genes).dump(), spec_.base_name);
    if (loaded.scenario) return "";
    for (const scenario::Diagnostic& d : loaded.diagnostics) {
      if (d.severity == scenario::Severity::error) return d.message;
    }
    return "it is no scenario";
  }

  /// Every alternative must make a scenario, alone or with one of another knob's: else half of the trials are none.
  void judge_values() {
    for (std::size_t k = 0; k < spec_.knobs.size(); ++k) {
      for (std::size_t v = 0; v < spec_.knobs[k].values.size(); ++v) {
        std::vector<std::uint32_t> knobs(spec_.knobs.size(), 0);
        knobs[k] = static_cast<std::uint32_t>(v + 1);
        const std::string problem = problem_with(knobs);
        if (problem.empty() || works_with_another(knobs, k)) continue;
        wrong("/knobs" + escaped(spec_.knobs[k].pointer) + "/" + std::to_string(v),
              "with " + spec_.knobs[k].pointer + " = " + spec_.knobs[k].values[v].dump() +
                  " it is no scenario: " + problem,
              "correct the value, or leave it out");
      }
    }
  }
  bool works_with_another(std::vector<std::uint32_t> knobs, std::size_t fixed) const {
    for (std::size_t k = 0; k < knobs.size(); ++k) {
      for (std::size_t v = 1; k != fixed && v <= spec_.knobs[k].values.size(); ++v) {
        knobs[k] = static_cast<std::uint32_t>(v);
        if (problem_with(knobs).empty()) return true;
      }
      if (k != fixed) knobs[k] = 0;
    }
    return false;
  }
  /// A member's name as a step of a JSON pointer.
  static std::string escaped(const std::string& name) { return (Json::json_pointer() / name).to_string(); }

  /// Something stands there, or could as a member of an object that does.
  static bool reaches(const Json& document, const std::string& pointer) {
    try {
      const Json::json_pointer place(pointer);
      if (document.contains(place)) return true;
      const Json::json_pointer parent = place.parent_pointer();
      return document.contains(parent) && document[parent].is_object();
    } catch (const Json::exception&) {
      return false;
    }
  }

  Spec spec_;
  SpecResult result_;
  std::uint64_t base_hash_ = 0;
};

}  // namespace

SpecResult load_spec(const std::string& path, const std::vector<std::string>& overrides,
                     std::optional<std::uint64_t> seed) {
  return Reader(path).read(overrides, seed);
}

}  // namespace brokersim::explore
