// What branching costs beside the branches' own futures: total processor time of `brokersim branch` on R1 at its
// middle, over the processor time of the same second halves simulated without fork.
//
// The reference runs each branch from the start in this process and takes the time from the middle to the end of the
// simulation only: no judging, no JSON, no exit. The command's time is all it takes, of all its processes: loading, the
// first half, forks, page copies, results, pipes, output. Rounds of both are interleaved; each is over the same branches.
//
// bench_branch [ROUNDS [BRANCHES_PER_ROUND]], in the repository's root.
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
#include <vector>

#include "app/results/execute.h"

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

/// Processor seconds of the whole command and all its processes.
double command(std::uint64_t first, std::uint64_t last) {
  const std::string program =
      (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "brokersim").string();
  const std::string only = std::to_string(first) + ".." + std::to_string(last);
  std::vector<std::string> words{program, "branch", kScenario, "--at", "30 s", "--only", only, "--json"};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t process = 0;
  if (::posix_spawn(&process, program.c_str(), &actions, nullptr, arguments.data(), environ) != 0)
    std::exit(2);
  ::posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  rusage usage{};
  ::wait4(process, &status, 0, &usage);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::fprintf(stderr, "brokersim branch failed: status %d\n", status);
    std::exit(2);
  }
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t rounds = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 4;
  const std::uint64_t branches = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 50;
  const scenario::LoadResult loaded = scenario::load_file(kScenario);
  if (!loaded.scenario || rounds == 0 || branches == 0) return 2;
  std::vector<double> ratios;
  double commands = 0, references = 0;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const std::uint64_t first = round * branches + 1;
    const double reference = halves(*loaded.scenario, first, first + branches - 1);
    const double cost = command(first, first + branches - 1);
    ratios.push_back(cost / reference);
    commands += cost;
    references += reference;
  }
  std::sort(ratios.begin(), ratios.end());
  const double n = static_cast<double>(rounds * branches);
  std::printf("branching R1 at its middle, %llu branches: %.2f ms of processor each, own half %.2f ms\n",
              static_cast<unsigned long long>(rounds * branches), 1e3 * commands / n, 1e3 * references / n);
  std::printf("command / halves: %.3f (rounds of %llu: %.3f to %.3f, median %.3f); aim: at most 1.2\n",
              commands / references, static_cast<unsigned long long>(branches), ratios.front(), ratios.back(),
              ratios[ratios.size() / 2]);
  return 0;
}
