// worlds: runs random small worlds of Kafka, with every law and the nine invariants on, and says which break one.
//
//   worlds 1..20000 --jobs 2              inside the fault budget: everything must hold, and be well again at the end
//   worlds 1..5000 --family outside       beyond it; broken_disks: disks that lie and fail (generator.h)
//   worlds 1..10000 --family transfers    a bank's transactions: the sum is conserved (transfers.h)
//   worlds 1..10000 --family shares       share groups: nothing is passed over, nothing settled comes again (shares.h)
//   worlds 1..500 --plant fsync_lies      with a planted bug; --mutations: each of them until the first world sees it
//   worlds 1..20000 --family quiet        5 s without faults: no law may say anything
//   worlds 17 --print                     world 17 as a scenario file; --trace orders/0: its story, event by event
//   worlds --scenario FILE --trace all    the same of a scenario file
// Each failure is shrunk (faults, then clients are left out as long as it still fails), written to a scenario file, and
// printed with the line that replays it. Exit code 1 if a world failed, or if a state stayed cold in 15,000 worlds or more.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "app/scenario/planted_bugs.h"
#include "tests/worlds/runner.h"
#include "tests/worlds/totals.h"
#include "tests/worlds/shares.h"
#include "tests/worlds/transfers.h"

namespace brokersim::worlds {
namespace {

struct Options {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  Family family = Family::inside;
  int jobs = 1;
  std::string planted;
  bool print = false;
  bool shrinks = true;
  bool table = false;
  bool mutations = false;
  std::optional<std::string> trace;
  std::string scenario;
  std::string out = "build/worlds";
};

int usage() {
  std::fprintf(stderr,
               "usage: worlds FIRST..LAST [--family inside|outside|broken_disks|transfers|shares|quiet] [--jobs N] "
               "[--plant BUG]\n"
               "              [--out DIR] [--table] [--no-shrink] [--print] [--trace PARTITION|all]\n"
               "       worlds --scenario FILE [--trace PARTITION|all]\n"
               "       worlds FIRST..LAST --mutations [--family transfers|shares]\n");
  return 2;
}

bool parse(const std::vector<std::string>& arguments, Options& options) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const bool more = i + 1 < arguments.size();
    if (argument == "--family" && more) {
      const std::string& name = arguments[++i];
      bool known = false;
      for (const Family family : {Family::inside, Family::outside, Family::broken_disks, Family::transfers, Family::shares,
                                  Family::quiet}) {
        if (to_string(family) != name) continue;
        options.family = family;
        known = true;
      }
      if (!known) return false;
    } else if (argument == "--plant" && more) {
      options.planted = arguments[++i];
    } else if (argument == "--out" && more) {
      options.out = arguments[++i];
    } else if (argument == "--jobs" && more) {
      options.jobs = std::max(1, std::atoi(arguments[++i].c_str()));
    } else if (argument == "--trace" && more) {
      const std::string& partition = arguments[++i];
      options.trace = partition == "all" ? "" : partition;
    } else if (argument == "--scenario" && more) {
      options.scenario = arguments[++i];
    } else if (argument == "--print") {
      options.print = true;
    } else if (argument == "--table") {
      options.table = true;
    } else if (argument == "--mutations") {
      options.mutations = true;
    } else if (argument == "--no-shrink") {
      options.shrinks = false;
    } else if (!argument.empty() && argument[0] >= '0' && argument[0] <= '9') {
      const std::size_t dots = argument.find("..");
      options.first = std::strtoull(argument.c_str(), nullptr, 10);
      options.last =
          dots == std::string::npos ? options.first : std::strtoull(argument.c_str() + dots + 2, nullptr, 10);
    } else {
      return false;
    }
  }
  return !options.scenario.empty() || (options.first > 0 && options.last >= options.first);
}

/// Worlds handed out to threads; failures told as they come, sums at the end.
class Batch {
 public:
  explicit Batch(const Options& options) : options_(options), next_(options.first) {}

  void run() {
    std::vector<std::thread> threads;
    for (int t = 1; t < options_.jobs; ++t) threads.emplace_back([this] { work(); });
    work();
    for (std::thread& thread : threads) thread.join();
  }
  [[nodiscard]] const Totals& totals() const { return totals_; }

 private:
  void work() {
    for (;;) {
      const std::uint64_t number = next_.fetch_add(1);
      if (number > options_.last) return;
      const Plan world = plan(options_.family, number, options_.planted);
      Outcome outcome = worlds::run(world, options_.trace);
      // The same world once more: the same events, bit for bit.
      if (number % 10 == 0 && worlds::run(world).fingerprint != outcome.fingerprint) {
        outcome.kinds.insert(outcome.kinds.begin(), "repeat");
        outcome.failures.insert(outcome.failures.begin(), "repeat: a second run was another one");
      }
      bool tell = false;
      {
        const std::lock_guard lock(mutex_);
        totals_.add(outcome);
        tell = !outcome.failures.empty() && totals_.failures.at(outcome.kinds.front()) <= kShrunk;
      }
      if (!outcome.failures.empty()) report(world, outcome, tell && options_.shrinks);
    }
  }

  void report(const Plan& world, const Outcome& outcome, bool shrunk) {
    int runs = 0;
    const Plan small = shrunk ? shrink(world, outcome.kinds.front(), runs) : world;
    const std::string name = std::string(to_string(world.family)) + "-" + std::to_string(world.number);
    const std::lock_guard lock(mutex_);
    std::filesystem::create_directories(options_.out);
    const std::string file = options_.out + "/" + name + ".json";
    std::ofstream(file) << text(small);
    std::printf("world %s: %s\n    brokersim run %s --invariants   # %s of %s faults\n", name.c_str(),
                outcome.failures.front().c_str(), file.c_str(), std::to_string(small.faults.size()).c_str(),
                std::to_string(world.faults.size()).c_str());
    std::fflush(stdout);
  }

  /// Failures of a kind that are made smaller; the rest is written as it is.
  static constexpr int kShrunk = 5;
  const Options& options_;
  std::atomic<std::uint64_t> next_;
  std::mutex mutex_;
  Totals totals_;
};

/// Why the worlds cannot see a planted bug: they do not hold what it needs. Each has its file in scenarios/planted, which
/// tests/regression judges, and is not looked for. "": they must see it.
std::string_view why_unseen(std::string_view bug) {
  // Whoever lost its cache copies its log anew before it is read or leads; the scenario takes the whole ISR's power at once.
  if (bug == "recovery_skips_crc") return "open: no world loses the power of a whole ISR inside the budget";
  if (bug == "group_frees_before_revoked") return "open: the groups of the worlds are too short-lived for it";
  if (bug == "ignores_fsync_errors")
    return "open: takes a failed fsync before a crash; of the worlds that are judged some have full disks, none failing ones";
  if (bug == "clean_marker_after_failed_recovery")
    return "no disk is full during a recovery in the worlds yet";
  if (bug == "epoch_file_unsynced") return "a directory that does not load breaks no law";
  if (bug == "verification_shares_buffers")
    return "a sound batch that is refused breaks no law: the producer sends it again";
  const std::vector<std::string>& transactional = transaction_safeguards();
  if (bug != "skip_duplicate_check" && bug != "ack_before_replication" &&
      std::find(transactional.begin(), transactional.end(), bug) != transactional.end())
    return "looked for in the family transfers";
  const std::vector<std::string>& sharing = share_safeguards();
  if (std::find(sharing.begin(), sharing.end(), bug) != sharing.end()) return "looked for in the family shares";
  return "";
}

/// Each planted bug until a world sees it: which check, after how many worlds.
int mutations(const Options& options) {
  int missed = 0;
  const bool transfers = options.family == Family::transfers;
  std::vector<Family> families{Family::inside, Family::outside, Family::broken_disks};
  const bool shares = options.family == Family::shares;
  if (transfers || shares) families = {options.family};
  for (const std::string& bug : transfers ? transaction_safeguards()
                                : shares  ? share_safeguards()
                                          : scenario::planted_bug_names()) {
    const std::string_view reason = transfers || shares ? "" : why_unseen(bug);
    if (!reason.empty()) {
      std::printf("| `%s` | not looked for | | %s |\n", bug.c_str(), std::string(reason).c_str());
      continue;
    }
    bool caught = false;
    // Bugs that need a broken disk to show are looked for among those worlds.
    for (const Family family : families) {
      for (std::uint64_t number = options.first; number <= options.last && !caught; ++number) {
        const Outcome outcome = worlds::run(plan(family, number, bug));
        if (outcome.failures.empty()) continue;
        caught = true;
        std::string kinds;
        for (const std::string& kind : outcome.kinds) {
          if (kinds.find(kind) == std::string::npos) kinds += (kinds.empty() ? "" : ", ") + kind;
        }
        std::printf("| `%s` | %s | %s | %s |\n", bug.c_str(), std::string(to_string(family)).c_str(),
                    std::to_string(number - options.first + 1).c_str(), kinds.c_str());
        std::fflush(stdout);
      }
    }
    if (caught) continue;
    ++missed;
    std::printf("| `%s` | none | more than %s | |\n", bug.c_str(),
                std::to_string(options.last - options.first + 1).c_str());
  }
  return missed == 0 ? 0 : 1;
}

/// A scenario file, judged as a world beyond the budget is.
int one_scenario(const Options& options) {
  std::ifstream file(options.scenario);
  Plan world;
  world.family = Family::outside;
  world.verbatim.assign(std::istreambuf_iterator<char>(file), {});
  const Outcome outcome = worlds::run(world, options.trace);
  for (const std::string& failure : outcome.failures) std::printf("%s\n", failure.c_str());
  return outcome.failures.empty() ? 0 : 1;
}

int main_of(const std::vector<std::string>& arguments) {
  Options options;
  if (!parse(arguments, options)) return usage();
  if (!options.scenario.empty()) return one_scenario(options);
  if (options.mutations) return mutations(options);
  if (options.print) {
    for (std::uint64_t number = options.first; number <= options.last; ++number)
      std::printf("%s", text(plan(options.family, number, options.planted)).c_str());
    return 0;
  }
  Batch batch(options);
  batch.run();
  std::printf("%s", batch.totals().text(options.family, options.table).c_str());
  const bool cold = batch.totals().worlds >= kWorldsToBeWarm && !batch.totals().cold(options.family).empty();
  return batch.totals().failures.empty() && !cold ? 0 : 1;
}

}  // namespace
}  // namespace brokersim::worlds

int main(int argc, char** argv) { return brokersim::worlds::main_of({argv + 1, argv + argc}); }
