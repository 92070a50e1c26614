// worlds: runs random small worlds of Kafka and says which of them break a law.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/hash.h"
#include "tests/worlds/runner.h"

namespace brokersim::worlds {
namespace {

struct Options {
  std::uint64_t first = 1;
  std::uint64_t last = 100;
  Family family = Family::inside;
  std::string planted;
  bool print = false;
  bool no_shrink = false;
  bool table = false;
  std::optional<std::string> trace;
  std::string out = "build/worlds";
};

/// Sums over worlds.
struct Totals {
  std::int64_t worlds = 0;
  std::int64_t in_budget = 0;
  std::int64_t acknowledged_all = 0;
  std::int64_t lost_all = 0;
  std::array<std::int64_t, kStates> times{};
  std::array<std::int64_t, kStates> in_worlds{};
  std::map<std::string, int> faults;

  void add(const Outcome& outcome) {
    ++worlds;
    if (outcome.in_budget) ++in_budget;
    acknowledged_all += outcome.acknowledged_all;
    lost_all += outcome.lost_all;
    for (std::size_t i = 0; i < kStates; ++i) {
      times[i] += outcome.seen[i];
      if (outcome.seen[i] > 0) ++in_worlds[i];
    }
    for (const auto& [kind, count] : outcome.effective_faults) faults[kind] += count;
  }
  void print(bool table) const {
    std::printf("in budget: %s of %s worlds; acks=all: %s records acknowledged, %s lost\nfaults with effect:",
                std::to_string(in_budget).c_str(), std::to_string(worlds).c_str(), std::to_string(acknowledged_all).c_str(),
                std::to_string(lost_all).c_str());
    for (const auto& [kind, count] : faults) std::printf(" %s %d", kind.c_str(), count);
    std::printf("\n");
    std::string cold;
    for (std::size_t i = 0; i < kStates; ++i) {
      const auto& [name, doc] = states()[i];
      if (in_worlds[i] == 0) cold += " " + std::string(name);
      if (table)
        std::printf("| `%s` | %s | %s | %s |\n", std::string(name).c_str(), std::string(doc).c_str(),
                    std::to_string(in_worlds[i]).c_str(), std::to_string(times[i]).c_str());
    }
    std::printf("cold states:%s\n", cold.empty() ? " none" : cold.c_str());
  }
};

int usage() {
  std::fprintf(stderr,
               "usage: worlds FIRST..LAST [--family inside|outside|broken_disks] [--plant BUG] [--out DIR] "
               "[--no-shrink] [--print]\n");
  return 2;
}

bool parse(const std::vector<std::string>& arguments, Options& options) {
  bool range = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const bool more = i + 1 < arguments.size();
    if (argument == "--family" && more) {
      const std::string& name = arguments[++i];
      bool known = false;
      for (const Family family : {Family::inside, Family::outside, Family::broken_disks}) {
        if (to_string(family) != name) continue;
        options.family = family;
        known = true;
      }
      if (!known) return false;
    } else if (argument == "--plant" && more) {
      options.planted = arguments[++i];
    } else if (argument == "--out" && more) {
      options.out = arguments[++i];
    } else if (argument == "--print") {
      options.print = true;
    } else if (argument == "--trace" && more) {
      const std::string& partition = arguments[++i];
      options.trace = partition == "all" ? "" : partition;
    } else if (argument == "--table") {
      options.table = true;
    } else if (argument == "--no-shrink") {
      options.no_shrink = true;
    } else {
      const std::size_t dots = argument.find("..");
      options.first = std::strtoull(argument.c_str(), nullptr, 10);
      options.last = dots == std::string::npos ? options.first : std::strtoull(argument.c_str() + dots + 2, nullptr, 10);
      range = options.first > 0 && options.last >= options.first;
    }
  }
  return range;
}

int main_of(const std::vector<std::string>& arguments) {
  Options options;
  if (!parse(arguments, options)) return usage();
  std::map<std::string, int> kinds;
  Totals totals;
  std::uint64_t events = 0;
  int failed = 0;
  for (std::uint64_t number = options.first; number <= options.last; ++number) {
    const Plan world = plan(options.family, number, options.planted);
    if (options.print) {
      std::printf("%s", text(world).c_str());
      continue;
    }
    const Outcome outcome = run(world, options.trace);
    events += outcome.events;
    totals.add(outcome);
    if (outcome.failures.empty()) continue;
    ++failed;
    ++kinds[outcome.kinds.front()];
    Plan small = world;
    int runs = 0;
    if (!options.no_shrink && kinds[outcome.kinds.front()] <= 5) small = shrink(world, outcome.kinds.front(), runs);
    std::filesystem::create_directories(options.out);
    const std::string file = options.out + "/" + std::string(to_string(options.family)) + "-" + std::to_string(number) + ".json";
    std::ofstream(file) << text(small);
    std::printf("%s\n    brokersim run %s   # of %s faults %s are left\n", outcome.failures.front().c_str(), file.c_str(),
                std::to_string(world.faults.size()).c_str(), std::to_string(small.faults.size()).c_str());
    std::fflush(stdout);
  }
  std::printf("%s: %s worlds, %s events, %d failed:", std::string(to_string(options.family)).c_str(),
              std::to_string(options.last - options.first + 1).c_str(), std::to_string(events).c_str(), failed);
  for (const auto& [kind, count] : kinds) std::printf(" %s %d", kind.c_str(), count);
  std::printf("\n");
  if (!options.print) totals.print(options.table);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace brokersim::worlds

int main(int argc, char** argv) { return brokersim::worlds::main_of({argv + 1, argv + argc}); }
