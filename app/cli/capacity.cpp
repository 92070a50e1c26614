// capacity: the highest rate that keeps a service level, and what limits it.
#include <cstdio>

#include <nlohmann/json.hpp>

#include "app/capacity/capacity.h"
#include "app/cli/cli.h"
#include "app/cli/commands.h"
#include "app/cli/talk.h"
#include "app/scenario/scenario.h"

namespace brokersim::cli {
namespace {

using capacity::Answer;
using capacity::Part;

constexpr std::size_t kPartsShown = 8;

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string slo_text(const capacity::Request& request) {
  std::string text;
  for (const capacity::Slo& slo : request.slos) text += (text.empty() ? "" : " and ") + slo.text;
  return text;
}

/// What a search that was cut off knows.
std::string bracket_text(const capacity::SeedAnswer& seed) {
  std::string text;
  if (seed.sustained) text = "at or above " + fixed(*seed.sustained, 0);
  if (seed.failed) text += (text.empty() ? "below " : " and below ") + fixed(*seed.failed, 0);
  return text.empty() ? "anywhere" : text + " records/s";
}

std::string as_json(const scenario::Scenario& scenario, const capacity::Request& request,
                    const Answer& answer) {
  using Json = nlohmann::ordered_json;
  Json json;
  json["scenario"] = scenario.file;
  for (const capacity::Slo& slo : request.slos) json["slo"].push_back(slo.text);
  json["records_per_second"] = answer.rate;
  json["interval"] = {answer.interval.low, answer.interval.high};
  json["bytes_per_second"] = answer.bytes_per_second;
  const auto part_of = [](const Part& part) {
    return Json{{"kind", to_string(part.kind)}, {"what", part.what}, {"utilisation", part.utilisation}};
  };
  json["bottleneck"] = part_of(answer.limit);
  json["utilisations"] = Json::array();
  for (const Part& part : answer.parts) json["utilisations"].push_back(part_of(part));
  json["seeds"] = Json::array();
  for (const capacity::SeedAnswer& seed : answer.seeds) {
    Json one{{"seed", seed.seed},
             {"sustained", nullptr},
             {"failed", nullptr},
             {"why", seed.why},
             {"runs", seed.runs}};
    if (seed.sustained) one["sustained"] = *seed.sustained;
    if (seed.failed) one["failed"] = *seed.failed;
    json["seeds"].push_back(one);
  }
  for (const auto& [metric, value] : answer.latencies) json["at_this_rate"][metric] = value;
  return json.dump();
}

std::string as_text(const scenario::Scenario& scenario, const capacity::Request& request,
                    const Answer& answer) {
  std::string text = scenario.config.title + "\n" + slo_text(request) + "\n\n";
  const bool many = answer.seeds.size() > 1;
  text += "highest sustained rate  " + fixed(answer.rate, 0) + " records/s, " +
          fixed(answer.bytes_per_second / 1e6, 1) + " MB/s" + "\n";
  text += std::string(many ? "95 % interval           " : "bracket                 ") +
          fixed(answer.interval.low, 0) + " to " + fixed(answer.interval.high, 0) + " records/s" +
          (many ? ", " + std::to_string(answer.seeds.size()) + " seeds" : "") + "\n";
  const capacity::SeedAnswer& first = answer.seeds.front();
  if (first.failed) {
    text += "just above              " + fixed(*first.failed, 0) + " records/s: " + first.why + "\n";
  } else {
    text += "just above              not tried: that is the highest rate allowed (--max)\n";
  }
  text += "bottleneck              " + to_string(answer.limit.kind) + ": " + answer.limit.what;
  if (answer.limit.utilisation > 0) text += ", busy " + fixed(answer.limit.utilisation * 100, 0) + " %";
  text += "\n";
  for (const auto& [metric, value] : answer.latencies)
    text += "  " + metric + std::string(metric.size() < 26 ? 26 - metric.size() : 1, ' ') + fixed(value, 3) +
            "\n";
  text += "\nbusiest parts\n";
  for (std::size_t i = 0; i < std::min(kPartsShown, answer.parts.size()); ++i) {
    const Part& part = answer.parts[i];
    text += "  " + fixed(part.utilisation * 100, 1) + " %" + "  " + to_string(part.kind) +
            std::string(11 - to_string(part.kind).size(), ' ') + part.what + "\n";
  }
  return text;
}

}  // namespace

int capacity(const CapacityOptions& options, std::ostream& out, std::ostream& err) {
  capacity::Request request;
  bool sound = true;
  const auto refuse = [&](const std::string& message) {
    err << "error: " << message << "\n";
    sound = false;
  };
  for (const std::string& text : options.slos) {
    auto slo = capacity::parse_slo(text);
    if (const auto* wrong = std::get_if<std::string>(&slo)) {
      refuse("--slo \"" + text + "\": " + *wrong + "\n  hint: such as --slo \"produce p99 <= 20 ms\"");
    } else {
      request.slos.push_back(std::move(std::get<capacity::Slo>(slo)));
    }
  }
  if (auto seeds = parse_seeds(options.seeds)) {
    request.seeds = std::move(*seeds);
  } else {
    refuse("--seeds " + options.seeds + " is not a seed or a range of seeds\n  hint: such as --seeds 1..5");
  }
  request.precision = options.precision / 100;
  request.rate_max = options.rate_max;
  request.jobs = options.jobs;
  const scenario::LoadResult loaded = scenario::load_file(options.file, options.overrides);
  err << scenario::render(loaded.diagnostics);
  if (!loaded.scenario || !sound) return exit_usage;
  const Interrupts interrupts;
  ProgressLine progress(err);
  request.told = [&](const capacity::Tried& tried) {
    progress.show("seed " + std::to_string(tried.seed) + ": " + fixed(tried.rate, 0) + " records/s " +
                  (tried.why.empty() ? "are sustained" : "are not: " + tried.why));
    return !Interrupts::noted();
  };
  const Answer answer = capacity::answer(*loaded.scenario, request);
  progress.clear();
  if (answer.stopped) {
    err << "interrupted after " << answer.seeds.front().runs << " runs of seed " << answer.seeds.front().seed
        << "; the answer lies " << bracket_text(answer.seeds.front()) << "\n";
    return 130;
  }
  if (!answer.problem.empty()) {
    err << "error: " << answer.problem << "\n";
    if (answer.bug) return exit_bug;
    return answer.misused ? exit_usage : exit_inconclusive;
  }
  out << (options.json ? as_json(*loaded.scenario, request, answer) + "\n"
                       : as_text(*loaded.scenario, request, answer));
  return exit_ok;
}

}  // namespace brokersim::cli
