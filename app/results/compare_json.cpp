// comparison_json(): the same facts as render_comparison(), for programs.
#include <nlohmann/json.hpp>

#include "app/results/compare.h"

namespace brokersim::results {
namespace {

using Json = nlohmann::ordered_json;

Json of_run(const ComparedRun& run) {
  Json json{{"scenario", run.scenario},
            {"seed", run.seed},
            {"overrides", run.overrides},
            {"completed", run.completed},
            {"events", run.events},
            {"reached_s", run.reached.seconds()},
            // Only the fingerprint of a whole run is one that `run` prints.
            {"fingerprint", run.completed ? Json(sim::hex16(run.fingerprint)) : Json(nullptr)},
            {"bug", run.bug.empty() ? Json(nullptr) : Json(run.bug)}};
  if (run.earlier_fingerprint) json["earlier_fingerprint"] = sim::hex16(*run.earlier_fingerprint);
  return json;
}

Json of_event(const ComparedEvent& event) {
  Json json{{"number", event.number}, {"at_ns", event.time.ns}, {"component", event.component},
            {"kind", event.kind},     {"draws", Json::array()}, {"causes", Json::array()}};
  for (const ComparedDraw& draw : event.draws) {
    json["draws"].push_back(
        {{"stream", draw.stream}, {"ordinal", sim::hex16(draw.ordinal)}, {"value", sim::hex16(draw.value)}});
  }
  for (const ComparedCause& cause : event.causes) {
    json["causes"].push_back({{"number", cause.number},
                              {"at_ns", cause.time.ns},
                              {"component", cause.component},
                              {"kind", cause.kind}});
  }
  json["number_in_other"] = event.in_other ? Json(*event.in_other) : Json(nullptr);
  return json;
}

}  // namespace

std::string comparison_json(const RunComparison& comparison) {
  Json json{
      {"equal", comparison.equal},
      {"exit_code", comparison.exit_code()},
      {"a", of_run(comparison.a)},
      {"b", of_run(comparison.b)},
      {"equal_events", comparison.equal_events},
      {"differs_first_in",
       comparison.differs.empty() ? Json(nullptr) : Json(to_string(comparison.differs.front()))},
      {"differs", Json::array()},
      {"a_event", comparison.a_event ? of_event(*comparison.a_event) : Json(nullptr)},
      {"b_event", comparison.b_event ? of_event(*comparison.b_event) : Json(nullptr)},
      {"before", Json::array()},
      {"setup", comparison.setup.empty() ? Json(nullptr) : Json(comparison.setup)},
      {"not_repeatable", comparison.not_repeatable.empty() ? Json(nullptr) : Json(comparison.not_repeatable)},
      {"recorded_events", comparison.recorded}};
  for (const Ingredient ingredient : comparison.differs) json["differs"].push_back(to_string(ingredient));
  for (const ComparedEvent& event : comparison.before) json["before"].push_back(of_event(event));
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace brokersim::results
