// What branching costs beside the branches' own futures: total processor time of `brokersim branch` on R1 at its
// middle, over the processor time of the same second halves simulated without fork.
//
// Two references, each over the same branches as the command, in interleaved rounds:
//   plain      a process of its own for each branch, from the start; what it takes from the middle to its exit, with the
//              judging and the line of JSON that the command's branches write too. This is what branching replaces.
//   simulated  the branches one after the other in this process; from the middle to the end of the simulation only,
//              in memory that is warm: no judging, no JSON, no first touch of a page, no exit.
// The command's time is all it takes, of all its processes: loading, the first half, forks, page copies, results,
// pipes, output. Each round has a first half of its own, so many branches a round are cheaper than few. The references
// of one half of the branches are measured before the command, those of the other half after it.
//
// bench_branch [ROUNDS [BRANCHES_PER_ROUND]], in the repository's root; one command with 1,000 branches if not said
// (three minutes).
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "app/results/execute.h"
#include "app/results/json.h"

extern char** environ;  // NOLINT: POSIX names it so

namespace {

using namespace brokersim;

constexpr const char* kScenario = "scenarios/quickstart/r1.json";
constexpr sim::SimTime kMiddle{30'000'000'000};
constexpr sim::SimTime kEnd{60'000'000'000};

double cpu_now() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

/// Processor seconds of the second halves of branches `first` to `last`.
double halves(const scenario::Scenario& scenario, std::uint64_t first, std::uint64_t last) {
  double sum = 0;
  for (std::uint64_t id = first; id <= last; ++id) {
    results::Execution run(scenario, scenario.config.seed);
    if (!run.run_until(kMiddle).empty()) std::exit(70);
    const double begin = cpu_now();
    run.branch({.id = id, .at = kMiddle, .variant = "", .faults_file = ""}, {});
    if (!run.run_until(kEnd).empty()) std::exit(70);
    sum += cpu_now() - begin;
  }
  return sum;
}

/// In a process of its own: one branch from the start. Says on standard error what it had taken at the middle, in
/// processor seconds.
int run_plain(const scenario::Scenario& scenario, std::uint64_t id) {
  results::Execution run(scenario, scenario.config.seed);
  if (!run.run_until(kMiddle).empty()) return 70;
  std::fprintf(stderr, "%.6f\n", cpu_now());
  run.branch({.id = id, .at = kMiddle, .variant = "", .faults_file = ""}, {});
  std::puts(results::to_json(run.finish()).c_str());
  return 0;
}

/// Processor seconds of `words`, whose standard output is thrown away; what it says on standard error goes to `said`.
double spawned(std::vector<std::string> words, std::string& said) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) std::exit(2);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  pid_t process = 0;
  if (::posix_spawn(&process, arguments[0], &actions, nullptr, arguments.data(), environ) != 0) std::exit(2);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  char chunk[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], chunk, sizeof chunk)) > 0;)
    said.append(chunk, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  rusage usage{};
  ::wait4(process, &status, 0, &usage);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::fprintf(stderr, "%s failed: status %d\n", words[0].c_str(), status);
    std::exit(2);
  }
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Processor seconds from the middle to the exit of a process for each branch.
double plain(std::uint64_t first, std::uint64_t last) {
  double sum = 0;
  for (std::uint64_t id = first; id <= last; ++id) {
    std::string said;
    const double all = spawned({"/proc/self/exe", "plain", std::to_string(id)}, said);
    sum += all - std::strtod(said.c_str(), nullptr);
  }
  return sum;
}

/// Processor seconds of the whole command and all its processes.
double command(std::uint64_t first, std::uint64_t last) {
  const std::string program =
      (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "brokersim").string();
  const std::string only = std::to_string(first) + ".." + std::to_string(last);
  std::vector<std::string> words{program, "branch", kScenario, "--at", "30 s", "--only", only, "--json"};
  std::string said;
  return spawned(std::move(words), said);
}

}  // namespace

int main(int argc, char** argv) {
  const scenario::LoadResult loaded = scenario::load_file(kScenario);
  if (!loaded.scenario) return 2;
  if (argc == 3 && std::string(argv[1]) == "plain")
    return run_plain(*loaded.scenario, std::strtoull(argv[2], nullptr, 10));
  const std::uint64_t rounds = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  const std::uint64_t branches = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1'000;
  if (rounds == 0 || branches == 0) return 2;
  std::vector<double> ratios;
  double commands = 0, plains = 0, simulated = 0;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const std::uint64_t first = round * branches + 1;
    const std::uint64_t last = first + branches - 1;
    const std::uint64_t middle = first + branches / 2;
    double reference = plain(first, middle - 1);
    simulated += halves(*loaded.scenario, first, middle - 1);
    const double cost = command(first, last);
    simulated += halves(*loaded.scenario, middle, last);
    reference += plain(middle, last);
    ratios.push_back(cost / reference);
    commands += cost;
    plains += reference;
  }
  std::sort(ratios.begin(), ratios.end());
  const auto n = static_cast<double>(rounds * branches);
  std::printf(
      "branching R1 at its middle, %.0f branches, processor time each: command %.2f ms, own half in a plain "
      "process %.2f ms, simulated alone %.2f ms\n",
      n, 1e3 * commands / n, 1e3 * plains / n, 1e3 * simulated / n);
  std::printf(
      "command / plain halves: %.3f (rounds of %.0f: %.3f to %.3f, median %.3f); aim: at most 1.2\n"
      "command / simulated alone: %.3f\n",
      commands / plains, static_cast<double>(branches), ratios.front(), ratios.back(),
      ratios[ratios.size() / 2], commands / simulated);
  return 0;
}
