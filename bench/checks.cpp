// What the checkers cost: R1 with every check and the invariants, beside the same runs that nobody watches.
//
// Both sides build and run the same worlds in this process, seed by seed, in turns, so that a busy machine slows both.
// Watching changes no event (the fingerprints must be equal). Processor time of this process; building and the judgement
// at the end are part of it.
//
// bench_checks [ROUNDS [SEEDS]], in the repository's root; 5 rounds of 20 seeds if not said.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <optional>
#include <vector>

#include "app/scenario/scenario.h"
#include "models/checkers/run_observer.h"
#include "models/world/world.h"

namespace {

using namespace brokersim;

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

enum class Watch { nobody, laws, all };

/// Seconds of one run; the fingerprint goes to `fingerprint`.
double one(const scenario::Scenario& scenario, std::uint64_t seed, Watch watch, std::uint64_t& fingerprint) {
  const double begin = processor_seconds();
  const auto world = std::make_unique<world::World>(scenario.config, seed);
  std::optional<checkers::RunObserver> observer;
  if (watch != Watch::nobody) observer.emplace(world->history(), watch == Watch::all);
  const world::RunEnd end = world::run(*world);
  if (observer) {
    std::vector<std::int32_t> leaders;
    for (const world::FinalPartition& partition : world->final_partitions())
      leaders.push_back(partition.leader);
    if (observer->finish(end.ended_at, leaders).any_violation())
      std::printf("seed %d: a check is violated\n", static_cast<int>(seed));
  }
  fingerprint = end.fingerprint;
  return processor_seconds() - begin;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
  const std::uint64_t seeds = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 20;
  scenario::LoadResult loaded = scenario::load_file("scenarios/quickstart/r1.json");
  if (!loaded.scenario) {
    std::fprintf(stderr, "%s", scenario::render(loaded.diagnostics).c_str());
    return 2;
  }
  const auto scenario = std::make_unique<scenario::Scenario>(std::move(*loaded.scenario));
  std::vector<double> shares;
  std::vector<double> rates;
  for (int round = 0; round < rounds; ++round) {
    double sums[3] = {0, 0, 0};
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      std::uint64_t fingerprints[3] = {0, 0, 0};
      for (int i = 0; i < 3; ++i) {
        const int which = (i + round) % 3;  // no side is always the first
        sums[which] += one(*scenario, seed, static_cast<Watch>(which), fingerprints[which]);
      }
      if (fingerprints[0] != fingerprints[1] || fingerprints[0] != fingerprints[2]) {
        std::fprintf(stderr, "seed %d: watching changed the run\n", static_cast<int>(seed));
        return 70;
      }
    }
    const double n = static_cast<double>(seeds);
    shares.push_back(1 - sums[0] / sums[2]);
    rates.push_back(3600 * n / sums[2]);
    std::printf(
        "round %d: %.1f ms a run unwatched, %.1f ms with the laws, %.1f ms with laws and invariants: checks "
        "take %.1f %%\n",
        round + 1, sums[0] / n * 1e3, sums[1] / n * 1e3, sums[2] / n * 1e3, shares.back() * 100);
  }
  std::sort(shares.begin(), shares.end());
  std::sort(rates.begin(), rates.end());
  std::printf(
      "checks: median %.1f %% of the time (%.1f to %.1f); R1 with all checks: median %.0f runs per core-hour "
      "(%.0f to %.0f)\n",
      shares[shares.size() / 2] * 100, shares.front() * 100, shares.back() * 100, rates[rates.size() / 2],
      rates.front(), rates.back());
  return 0;
}
