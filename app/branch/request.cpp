#include "app/branch/request.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "app/scenario/quantity.h"

namespace brokersim::branch {
namespace {

using SortedJson = nlohmann::json;
using scenario::Diagnostic;
using scenario::format_quantity;
using scenario::Severity;

std::string seconds(sim::SimTime at) { return format_quantity(at.ns, scenario::Dimension::duration); }

class Planner {
 public:
  explicit Planner(const Request& request) : request_(request) {}

  PlanResult make() {
    check_ids();
    const sim::SimTime last_at =
        request_.at.empty() ? sim::SimTime{} : *std::max_element(request_.at.begin(), request_.at.end());
    scenario::LoadResult loaded;
    if (request_.variants) {
      scenario::VariantsResult both =
          scenario::load_with_variants(request_.scenario, request_.overrides, *request_.variants, last_at);
      loaded = std::move(both.loaded);
      plan_.variants = std::move(both.variants);
    } else {
      loaded = scenario::load_text(request_.scenario.text, request_.scenario.name, request_.overrides);
      plan_.variants.push_back({});
    }
    problems_.insert(problems_.end(), loaded.diagnostics.begin(), loaded.diagnostics.end());
    if (loaded.scenario) {
      plan_.scenario = std::move(*loaded.scenario);
      plan_.seed = request_.seed.value_or(plan_.scenario.config.seed);
      choose_variant();
      choose_points();
    }
    const bool any_error = std::any_of(problems_.begin(), problems_.end(),
                                       [](const Diagnostic& d) { return d.severity == Severity::error; });
    PlanResult result;
    if (!any_error) result.plan = std::move(plan_);
    result.diagnostics = std::move(problems_);
    return result;
  }

 private:
  void error(std::string place, std::string code, std::string message, std::string hint) {
    problems_.push_back({Severity::error, "branch/" + std::move(code), std::move(message), std::move(place),
                         0, 0, "", std::move(hint)});
  }

  void check_ids() {
    plan_.first = request_.first;
    plan_.last = request_.last;
    if (request_.last < request_.first) {
      error("--branches", "no-branches", "there is no branch to run", "ask for 1 or more");
    } else if (request_.last - request_.first >= kOutcomesMax) {
      error("--branches", "too-many", "that are more than " + std::to_string(kOutcomesMax) + " branches",
            "ask for fewer at a time: --only A..B runs a part of them");
    }
  }

  void choose_variant() {
    if (request_.variant.empty()) return;
    std::vector<std::string> names;
    for (const scenario::FaultVariant& v : plan_.variants) names.push_back(v.name);
    std::erase_if(plan_.variants,
                  [&](const scenario::FaultVariant& v) { return v.name != request_.variant; });
    if (!plan_.variants.empty()) return;
    std::string known;
    for (const std::string& name : names) {
      if (!name.empty() && known.size() < 200) known += (known.empty() ? "" : ", ") + name;
    }
    error("--variant", "unknown-variant",
          "there is no variant named " + scenario::in_quotes(request_.variant),
          known.empty() ? "name a file of variants with --faults" : "there are: " + known);
  }

  void choose_points() {
    const sim::Duration run = plan_.scenario.config.duration;
    const std::string end = "the run ends at " + format_quantity(run.ns, scenario::Dimension::duration);
    for (const sim::SimTime at : request_.at) {
      if (at.ns <= 0) {
        error("--at", "at-the-start", "nothing has happened at " + seconds(at) + ", so nothing can branch",
              "branch later; for other randomness from the start, run --seeds 1..100");
      } else if (at.ns >= run.ns) {
        error("--at", "after-the-end", "a branch at " + seconds(at) + " has no future: " + end,
              "branch earlier, or raise /duration");
      } else {
        plan_.at.push_back(at);
      }
    }
    if (request_.every.ns < 0) {
      error("--every", "no-instant", "the distance of instants is negative", "such as --every \"1 s\"");
    } else if (request_.every.ns > 0) {
      const std::int64_t count = (run.ns - 1) / request_.every.ns;
      if (count == 0)
        error("--every", "after-the-end", "there is no such instant before the end: " + end, "choose less");
      if (count > static_cast<std::int64_t>(kOutcomesMax)) {
        error("--every", "too-many", "that are " + std::to_string(count) + " instants",
              "choose a longer distance");
        return;
      }
      for (std::int64_t n = 1; n <= count; ++n) plan_.at.push_back({n * request_.every.ns});
    }
    std::sort(plan_.at.begin(), plan_.at.end());
    plan_.at.erase(std::unique(plan_.at.begin(), plan_.at.end()), plan_.at.end());
    if (plan_.at.empty() && request_.at.empty() && request_.every.ns == 0)
      error("--at", "no-instant", "no instant is named", "such as --at \"30 s\" or --every \"1 s\"");
    check_faults_before_end(run);
    if (plan_.last < plan_.first || plan_.last - plan_.first >= kOutcomesMax) return;
    if (plan_.tasks() > kOutcomesMax) {
      error("--branches", "too-many",
            std::to_string(plan_.at.size()) + " instants, " + std::to_string(plan_.variants.size()) +
                " variants and " + std::to_string(plan_.last - plan_.first + 1) + " branches are " +
                std::to_string(plan_.tasks()) + " runs, but at most " + std::to_string(kOutcomesMax) +
                " are done at a time",
            "ask for fewer");
    }
  }

  /// With --every the last instant is known only now; a fault behind the end of the run is never requested, which
  /// the result tells, and the curve stays whole. With --at the loader has refused it.
  void check_faults_before_end(sim::Duration run) {
    if (request_.every.ns <= 0 || plan_.at.empty()) return;
    for (const scenario::FaultVariant& variant : plan_.variants) {
      for (const faults::FaultConfig& fault : variant.faults) {
        if (fault.at.ns <= run.ns - plan_.at.front().ns) continue;
        error("--faults", "after-the-end",
              "the fault " + scenario::in_quotes(fault.name) + " of variant " +
                  scenario::in_quotes(variant.name) + " comes after the end from every instant",
              "set it earlier");
      }
    }
  }

  const Request& request_;
  Plan plan_;
  std::vector<Diagnostic> problems_;
};

SortedJson of_text(const scenario::NamedText& text) { return {{"name", text.name}, {"text", text.text}}; }

scenario::NamedText to_text(const SortedJson& json) {
  return {json.at("name").get<std::string>(), json.at("text").get<std::string>()};
}

}  // namespace

std::string encode(const Request& request) {
  SortedJson json{{"scenario", of_text(request.scenario)},
                  {"overrides", request.overrides},
                  {"every_ns", request.every.ns},
                  {"first", request.first},
                  {"last", request.last},
                  {"variant", request.variant},
                  {"jobs", request.jobs},
                  {"text_width", request.text_width}};
  json["seed"] = request.seed ? SortedJson(*request.seed) : SortedJson(nullptr);
  json["at_ns"] = SortedJson::array();
  for (const sim::SimTime at : request.at) json["at_ns"].push_back(at.ns);
  json["variants"] = request.variants ? of_text(*request.variants) : SortedJson(nullptr);
  json["metrics"] = SortedJson::array();
  for (const MetricName& metric : request.metrics) json["metrics"].push_back({metric.name, metric.of});
  // Texts of any bytes must arrive as they are: the loader says what is wrong with them.
  const std::vector<std::uint8_t> bytes = SortedJson::to_msgpack(json);
  return {bytes.begin(), bytes.end()};
}

std::optional<Request> decode(std::string_view text) {
  try {
    const SortedJson json = SortedJson::from_msgpack(text);
    Request request;
    request.scenario = to_text(json.at("scenario"));
    request.overrides = json.at("overrides").get<std::vector<std::string>>();
    request.every = {json.at("every_ns").get<std::int64_t>()};
    request.first = json.at("first").get<std::uint64_t>();
    request.last = json.at("last").get<std::uint64_t>();
    request.variant = json.at("variant").get<std::string>();
    request.jobs = std::clamp(json.at("jobs").get<int>(), 1, 1'024);
    request.text_width = json.at("text_width").get<std::size_t>();
    if (!json.at("seed").is_null()) request.seed = json.at("seed").get<std::uint64_t>();
    for (const SortedJson& at : json.at("at_ns")) request.at.push_back({at.get<std::int64_t>()});
    if (!json.at("variants").is_null()) request.variants = to_text(json.at("variants"));
    for (const SortedJson& metric : json.at("metrics"))
      request.metrics.push_back({metric.at(0).get<std::string>(), metric.at(1).get<std::string>()});
    return request;
  } catch (const SortedJson::exception&) {
    return std::nullopt;
  }
}

Task Plan::task(std::uint64_t number) const {
  const std::uint64_t ids = last - first + 1;
  const std::uint64_t group = number / ids;
  return {.point = static_cast<std::size_t>(group / variants.size()),
          .variant = static_cast<std::size_t>(group % variants.size()),
          .id = first + number % ids};
}

PlanResult make_plan(const Request& request) { return Planner(request).make(); }

}  // namespace brokersim::branch
