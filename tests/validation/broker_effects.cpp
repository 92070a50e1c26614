// KFK-1: what the shipped scenario of a lagging consumer says, by running the command line that users run.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "tests/validation/areas.h"

namespace brokersim::validation {

namespace {

/// The whole of what the command line says as JSON of the scenario, split in phases at the backfill's start by a fault
/// that changes nothing (a clock that gains 20 us).
std::string run_json(const std::string& brokersim) {
  const std::string command =
      "'" + brokersim +
      "' run scenarios/incidents/lagging-consumer.json --json --set "
      "'/faults=[{\"kind\":\"clock_drift\",\"at\":\"30 s\",\"lasts\":\"20 s\",\"ppm\":1,"
      "\"target\":{\"host\":\"b-0\"}}]'";
  std::string text;
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (pipe != nullptr) {
    char block[4'096];
    while (const std::size_t got = std::fread(block, 1, sizeof block, pipe)) text.append(block, got);
    pclose(pipe);
  }
  return text;
}

/// latency_phases.produce.PHASE.p99_ms; ends the program if there is none.
double produce_p99(const std::string& json, const std::string& phase) {
  std::size_t at = 0;
  for (const std::string& key :
       {std::string("latency_phases"), std::string("produce"), phase, std::string("p99_ms")}) {
    at = json.find("\"" + key + "\":", at);
    if (at == std::string::npos) {
      std::cerr << "validate_devices: no latency_phases.produce." << phase
                << ".p99_ms (run it in the repository's root)\n";
      std::exit(2);
    }
    at += key.size() + 3;
  }
  return std::strtod(json.c_str() + at, nullptr);
}

}  // namespace

void validate_broker_effects(Report& report, const std::string& brokersim) {
  if (brokersim.empty()) return;
  const std::string json = run_json(brokersim);
  report.predict("KFK-1", "produce p99 before", produce_p99(json, "before"));
  report.predict("KFK-1", "produce p99 during", produce_p99(json, "during"));
  report.note("KFK-1",
              "By `brokersim run scenarios/incidents/lagging-consumer.json`, in the 30 s before the backfill "
              "begins and from then on.");
}

}  // namespace brokersim::validation
