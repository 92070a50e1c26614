// KFK-1: what the shipped scenario of a lagging consumer says, by running the command line that users run.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "tests/validation/areas.h"

namespace brokersim::validation {

namespace {

/// latency.produce.p99_ms of a run of the scenario; ends the program if there is none.
double produce_p99(const std::string& brokersim, const std::string& arguments) {
  const std::string command = "'" + brokersim + "' run scenarios/incidents/lagging-consumer.json --json " +
                              arguments + " 2>/dev/null";
  std::FILE* const pipe = popen(command.c_str(), "r");
  std::string text;
  if (pipe != nullptr) {
    char block[4'096];
    while (const std::size_t got = std::fread(block, 1, sizeof block, pipe)) text.append(block, got);
    pclose(pipe);
  }
  // "latency":{...,"produce":{"count":..,"max_ms":..,"p50_ms":..,"p95_ms":..,"p999_ms":..,"p99_ms":..},...
  const std::size_t latency = text.find("\"latency\"");
  const std::size_t produce = latency == std::string::npos ? latency : text.find("\"produce\"", latency);
  const std::size_t p99 = produce == std::string::npos ? produce : text.find("\"p99_ms\":", produce);
  if (p99 == std::string::npos) {
    std::cerr << "validate_devices: no latency.produce.p99_ms from: " << command << "\n";
    std::exit(2);
  }
  return std::strtod(text.c_str() + p99 + 9, nullptr);
}

}  // namespace

void validate_broker_effects(Report& report, const std::string& brokersim) {
  if (brokersim.empty()) return;
  // Without the backfill: the run ends before it begins.
  report.predict("KFK-1", "produce p99 before",
                 produce_p99(brokersim,
                             "--set '/duration=29 s' --set '/workloads/0/stop=25 s' --set "
                             "'/workloads/2/start=28 s'"));
  report.predict("KFK-1", "produce p99 during", produce_p99(brokersim, ""));
  report.note("KFK-1",
              "By `brokersim run scenarios/incidents/lagging-consumer.json`, and the same cut off before the "
              "backfill begins.");
}

}  // namespace brokersim::validation
