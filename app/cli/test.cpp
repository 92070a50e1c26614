// test: every scenario below a folder, as a test.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "app/cli/cli.h"
#include "app/cli/commands.h"
#include "app/results/execute.h"
#include "app/results/junit.h"
#include "app/results/text.h"
#include "app/scenario/scenario.h"
#include "sim/fingerprint.h"

namespace brokersim::cli {
namespace {

/// Scenario files below `folder`, sorted; the schema is none.
std::vector<std::string> scenarios_below(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator it(folder, error), end; it != end; it.increment(error)) {
    if (error) break;
    const std::string path = it->path().string();
    if (it->is_regular_file() && path.ends_with(".json") && !path.ends_with(".schema.json"))
      files.push_back(path);
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int test(const TestOptions& options, std::ostream& out, std::ostream& err) {
  std::vector<std::string> files;
  for (const std::string& path : options.paths) {
    if (std::filesystem::is_directory(path)) {
      const auto below = scenarios_below(path);
      files.insert(files.end(), below.begin(), below.end());
    } else {
      files.push_back(path);
    }
  }
  if (files.empty()) {
    err << "error: no scenario (*.json) in " << (options.paths.empty() ? "." : options.paths.front()) << '\n';
    return exit_usage;
  }
  std::vector<results::TestCase> cases;
  int code = exit_ok;
  std::size_t failed = 0;
  for (const std::string& file : files) {
    results::TestCase test_case;
    test_case.file = file;
    scenario::LoadResult loaded = scenario::load_file(file, options.overrides);
    if (!loaded.scenario) {
      test_case.diagnostics = scenario::render(loaded.diagnostics);
      err << test_case.diagnostics;
      code = worse(code, exit_usage);
      ++failed;
    } else {
      const auto begin = std::chrono::steady_clock::now();
      results::RunResult result =
          results::execute(*loaded.scenario, loaded.scenario->config.seed, options.overrides);
      result.facts.wall_seconds =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      int one = result.exit_code();
      out << results::render_line(result, options.colour) << '\n' << std::flush;
      if (options.twice) {
        const results::RunResult again =
            results::execute(*loaded.scenario, loaded.scenario->config.seed, options.overrides);
        if (again.facts.fingerprint != result.facts.fingerprint) {
          out << "  NOT REPEATABLE: " << sim::hex16(result.facts.fingerprint) << " then "
              << sim::hex16(again.facts.fingerprint) << '\n';
          one = exit_bug;
        }
      }
      if (one != exit_ok) {
        ++failed;
        out << results::render_text(result, {options.width, options.colour});
      }
      code = worse(code, one);
      test_case.runs.push_back(std::move(result));
    }
    cases.push_back(std::move(test_case));
  }
  out << files.size() - failed << " of " << files.size() << " scenarios as expected"
      << (options.twice ? ", each run twice with the same fingerprint" : "") << '\n';
  if (!options.junit.empty()) {
    std::ofstream junit(options.junit);
    junit << results::to_junit("brokersim", cases);
    junit.close();
    if (!junit) {
      err << "error: cannot write " << options.junit << '\n';
      code = worse(code, exit_usage);
    }
  }
  return code;
}

}  // namespace brokersim::cli
