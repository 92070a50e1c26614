// Runs small random worlds and prints a line for each: what every column of the determinism matrix must agree on.
//
//   small_worlds 1..200               number, fingerprint, its four ingredients, events, and a hash of the findings
//   small_worlds 1..200 --backwards   the same lines, run in the other order: no world knows of the one before it
//   small_worlds 1..200 --plant       with a planted bug, an address that becomes a draw: columns must find it out
//   small_worlds --print 17           world 17 as a scenario file
//   small_worlds --file FILE          the fingerprint of that scenario, as `brokersim run` gives it
// The last line says what the worlds went through, so that nobody compares two hundred empty runs.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/scenario/scenario.h"
#include "models/checkers/run_observer.h"
#include "models/faults/names.h"
#include "models/world/world.h"
#include "sim/hash.h"
#include "tests/matrix/small_world.h"

namespace brokersim::matrix {
namespace {

struct Seen {
  std::uint64_t events = 0;
  std::int64_t acknowledged = 0;
  std::int64_t failed = 0;
  std::int64_t lost = 0;
  std::int64_t leader_changes = 0;
  std::map<std::string, int> effective_faults;
};

std::uint64_t hash_of(const checkers::Findings& findings) {
  const checkers::Measures& m = findings.measures;
  std::uint64_t hash = 0;
  const auto add = [&](std::int64_t value) { hash = sim::combine(hash, static_cast<std::uint64_t>(value)); };
  for (const std::int64_t n :
       {m.records.sent, m.records.acknowledged, m.records.failed, m.records.lost_acknowledged,
        m.records.duplicated, m.records.reordered, m.records.consumed, m.leader_changes}) {
    add(n);
  }
  for (const sim::Histogram* latency : {&m.latency.produce, &m.latency.produce_ok, &m.latency.end_to_end}) {
    for (const double q : {0.0, 0.5, 0.99, 1.0}) add(latency->quantile(q));
  }
  for (const checkers::UnavailableWindow& window : m.unavailable) {
    add(window.from.ns);
    add(window.to.ns);
  }
  for (const checkers::CheckResult& check : findings.checks) add(static_cast<std::int64_t>(check.verdict));
  return hash;
}

/// Fingerprint, its ingredients, events and findings of a loaded scenario; ends the program if it is none.
std::string run_loaded(const std::string& name, scenario::LoadResult loaded, bool plant, Seen& seen) {
  if (!loaded.scenario) {
    std::fprintf(stderr, "%s", scenario::render(loaded.diagnostics).c_str());
    std::exit(2);
  }
  const auto scenario = std::make_unique<scenario::Scenario>(std::move(*loaded.scenario));
  const auto world = std::make_unique<world::World>(scenario->config, scenario->config.seed);
  checkers::RunObserver observer(world->history());
  if (plant) world->sim().fingerprint().draw(reinterpret_cast<std::uintptr_t>(world.get()));
  const world::RunEnd end = world::run(*world);
  if (!end.bug.empty()) std::fprintf(stderr, "%s: %s\n", name.c_str(), end.bug.c_str());
  std::vector<std::int32_t> leaders;
  for (const world::FinalPartition& partition : world->final_partitions())
    leaders.push_back(partition.leader);
  const checkers::Findings findings = observer.finish(end.ended_at, leaders);
  seen.events += end.events;
  seen.acknowledged += findings.measures.records.acknowledged;
  seen.failed += findings.measures.records.failed;
  seen.lost += findings.measures.records.lost_acknowledged;
  seen.leader_changes += findings.measures.leader_changes;
  for (const faults::RealisedFault& fault : world->faults().realised()) {
    seen.effective_faults[std::string(faults::to_string(fault.kind))] += fault.had_effect ? 1 : 0;
  }
  const sim::FingerprintParts& parts = end.fingerprint_parts;
  return sim::hex16(end.fingerprint) + " " + sim::hex16(parts.time) + " " + sim::hex16(parts.component) +
         " " + sim::hex16(parts.kind) + " " + sim::hex16(parts.draws) + " " + std::to_string(end.events) +
         " " + sim::hex16(hash_of(findings)) + (end.bug.empty() ? "" : " BUG");
}

std::string run_world(std::uint64_t number, bool plant, Seen& seen) {
  const std::string name = "small-world-" + std::to_string(number) + ".json";
  return std::to_string(number) + " " +
         run_loaded(name, scenario::load_text(small_world(number), name), plant, seen);
}

int usage() {
  std::fprintf(stderr,
               "usage: small_worlds FIRST..LAST [--backwards] [--plant] | --print NUMBER | --file FILE\n");
  return 2;
}

int run(const std::vector<std::string>& arguments) {
  bool backwards = false;
  bool plant = false;
  std::string range;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--print" && i + 1 < arguments.size()) {
      std::printf("%s", small_world(std::strtoull(arguments[i + 1].c_str(), nullptr, 10)).c_str());
      return 0;
    }
    if (arguments[i] == "--file" && i + 1 < arguments.size()) {
      Seen seen;
      const std::string line =
          run_loaded(arguments[i + 1], scenario::load_file(arguments[i + 1]), false, seen);
      std::printf("%s\n", line.substr(0, 16).c_str());
      return line.ends_with(" BUG") ? 70 : 0;
    }
    if (arguments[i] == "--backwards") {
      backwards = true;
    } else if (arguments[i] == "--plant") {
      plant = true;
    } else {
      range = arguments[i];
    }
  }
  const std::size_t dots = range.find("..");
  if (dots == std::string::npos) return usage();
  const std::uint64_t first = std::strtoull(range.c_str(), nullptr, 10);
  const std::uint64_t last = std::strtoull(range.c_str() + dots + 2, nullptr, 10);
  if (last < first) return usage();

  Seen seen;
  std::vector<std::string> lines;
  for (std::uint64_t i = first; i <= last; ++i)
    lines.push_back(run_world(backwards ? last - (i - first) : i, plant, seen));
  if (backwards) std::reverse(lines.begin(), lines.end());
  for (const std::string& line : lines) std::printf("%s\n", line.c_str());
  std::printf("total: %s events, %s acknowledged, %s failed, %s lost, %s leader changes; faults with effect:",
              std::to_string(seen.events).c_str(), std::to_string(seen.acknowledged).c_str(),
              std::to_string(seen.failed).c_str(), std::to_string(seen.lost).c_str(),
              std::to_string(seen.leader_changes).c_str());
  for (const auto& [kind, count] : seen.effective_faults) std::printf(" %s %d", kind.c_str(), count);
  std::printf("\n");
  return 0;
}

}  // namespace
}  // namespace brokersim::matrix

int main(int argc, char** argv) { return brokersim::matrix::run({argv + 1, argv + argc}); }
