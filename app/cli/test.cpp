// test: every scenario below a folder, as a test.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <utility>

#include "app/cli/cli.h"
#include "app/cli/commands.h"
#include "app/results/execute.h"
#include "app/results/junit.h"
#include "app/results/shell.h"
#include "app/results/text.h"
#include "app/scenario/scenario.h"
#include "sim/fingerprint.h"
#include "sim/hash.h"

namespace brokersim::cli {
namespace {

namespace fs = std::filesystem;

/// What stands beside scenarios and is none: schemas, tapes, and in a finding's folder (explore) what tells of it. Of a
/// finding's scenarios explore's own is the test, the minimal one where it has made that.
bool is_test(const fs::path& path) {
  const std::string name = path.filename().string();
  if (!name.ends_with(".json") || name.ends_with(".schema.json") || name.ends_with(".tape.json"))
    return false;
  std::error_code error;
  const auto beside = [&](const char* other) { return fs::exists(path.parent_path() / other, error); };
  if (!beside("finding.json")) return true;
  // What shrink has put there by hand may be of the other kind, that passes while the failure is there (--known).
  if (name == "finding.json" || name == "tape.json" || name == "scenario.min.json") return false;
  return name != "scenario.json" || !beside("minimal.json");
}

/// Scenario files below `folder`, sorted.
std::vector<std::string> scenarios_below(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; it != end; it.increment(error)) {
    if (error) break;
    if (it->is_regular_file() && is_test(it->path())) files.push_back(it->path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Seeds of a rotation: the same for the same number, others for another one.
std::vector<std::uint64_t> rotating_seeds(std::uint64_t rotation, std::int64_t count) {
  std::vector<std::uint64_t> seeds;
  for (std::int64_t i = 0; i < count; ++i)
    seeds.push_back(
        1 + sim::combine(sim::combine(sim::hash_name("rotate"), rotation), static_cast<std::uint64_t>(i)) %
                1'000'000);
  return seeds;
}

class Tester {
 public:
  Tester(const TestOptions& options, const std::vector<std::string>& files, std::ostream& out,
         std::ostream& err)
      : options_(options), out_(out), err_(err) {
    std::set<std::string> names;
    for (const std::string& file : files) {
      const std::string name = fs::path(file).stem().string();
      if (!names.insert(name).second) same_names_.insert(name);
    }
  }

  [[nodiscard]] std::size_t cases() const { return results_.size(); }
  [[nodiscard]] std::size_t passed() const { return passed_; }
  [[nodiscard]] int code() const { return code_; }
  [[nodiscard]] const std::vector<results::TestCase>& results() const { return results_; }

  /// The scenario with its own seed, and with those of the rotation.
  void scenario(const std::string& file) {
    results::TestCase test_case;
    test_case.file = file;
    int code = exit_usage;
    if (const auto loaded = load(file, test_case)) {
      std::vector<std::uint64_t> seeds{loaded->config.seed};
      if (options_.rotate && loaded->seed_pinned) {
        out_ << "pinned to its seed, " << seeds.front() << ": " << file << '\n';
      } else if (options_.rotate) {
        for (const std::uint64_t seed : rotating_seeds(*options_.rotate, options_.more))
          seeds.push_back(seed);
      }
      code = exit_ok;
      for (const std::uint64_t seed : seeds) code = worse(code, one(*loaded, seed, test_case));
    }
    take(std::move(test_case), code);
  }

  /// A scenario that must fail: one that does not proves that the checks are blind.
  void canary(const std::string& file) {
    results::TestCase test_case;
    test_case.file = file;
    test_case.canary = true;
    int code = exit_usage;
    if (const auto loaded = load(file, test_case)) {
      const results::RunResult result = timed(*loaded, loaded->config.seed);
      code = result.exit_code() == exit_failed ? exit_ok : exit_failed;
      out_ << results::render_line(result, options_.colour) << '\n';
      if (code == exit_ok) {
        out_ << "  the canary fails, as it must\n";
      } else {
        out_ << "  THE CANARY DID NOT FAIL: what is green beside it proves nothing\n";
        test_case.diagnostics = "It did not fail: what is green beside it proves nothing.";
      }
    }
    take(std::move(test_case), code);
  }

 private:
  std::optional<scenario::Scenario> load(const std::string& file, results::TestCase& test_case) {
    scenario::LoadResult loaded = scenario::load_file(file, options_.overrides);
    if (!loaded.scenario) {
      test_case.diagnostics = scenario::render(loaded.diagnostics);
      err_ << test_case.diagnostics;
    }
    return std::move(loaded.scenario);
  }

  [[nodiscard]] results::RunResult timed(const scenario::Scenario& scenario, std::uint64_t seed) const {
    const auto begin = std::chrono::steady_clock::now();
    results::RunResult result = results::execute(scenario, seed, options_.overrides);
    result.facts.wall_seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return result;
  }

  int one(const scenario::Scenario& scenario, std::uint64_t seed, results::TestCase& test_case) {
    results::RunResult result = timed(scenario, seed);
    int code = result.exit_code();
    out_ << results::render_line(result, options_.colour) << '\n' << std::flush;
    if (options_.twice) {
      const results::RunResult again = results::execute(scenario, seed, options_.overrides);
      if (again.facts.fingerprint != result.facts.fingerprint) {
        out_ << "  NOT REPEATABLE: " << sim::hex16(result.facts.fingerprint) << " then "
             << sim::hex16(again.facts.fingerprint) << '\n';
        code = exit_bug;
      }
    }
    if (code != exit_ok) {
      out_ << results::render_text(result, {options_.width, options_.colour});
      if (!options_.tapes.empty() && !tape(scenario.file, seed)) code = worse(code, exit_usage);
    }
    test_case.runs.push_back(std::move(result));
    return code;
  }

  [[nodiscard]] bool tape(const std::string& file, std::uint64_t seed) const {
    std::string name = fs::path(file).stem().string();
    if (same_names_.contains(name)) {
      // Two files of one name in two folders: the path tells them apart.
      name = fs::path(file).lexically_normal().replace_extension("").string();
      std::replace(name.begin(), name.end(), '/', '-');
    }
    const fs::path tape = fs::path(options_.tapes) / (name + "-" + std::to_string(seed) + ".tape.json");
    if (!write_tape(tape.string(), file, seed, options_.overrides, err_)) return false;
    out_ << "brokersim replay " << results::shell_quoted(tape.string()) << '\n';
    return true;
  }

  void take(results::TestCase test_case, int code) {
    if (code == exit_ok) ++passed_;
    code_ = worse(code_, code);
    results_.push_back(std::move(test_case));
  }

  const TestOptions& options_;
  std::set<std::string> same_names_;  // of files in several folders
  std::ostream& out_;
  std::ostream& err_;
  std::vector<results::TestCase> results_;
  std::size_t passed_ = 0;
  int code_ = exit_ok;
};

}  // namespace

int test(const TestOptions& options, std::ostream& out, std::ostream& err) {
  std::vector<std::string> files;
  for (const std::string& path : options.paths) {
    if (std::filesystem::is_directory(path)) {
      const auto below = scenarios_below(path);
      for (const std::string& file : below) {
        // A canary must fail, so it is no test, too.
        const bool canary =
            std::any_of(options.canaries.begin(), options.canaries.end(), [&](const std::string& one) {
              std::error_code error;
              return fs::equivalent(one, file, error);
            });
        if (!canary) files.push_back(file);
      }
    } else {
      files.push_back(path);
    }
  }
  if (files.empty() && options.canaries.empty()) {
    err << "error: no scenario (*.json) in " << (options.paths.empty() ? "." : options.paths.front()) << '\n';
    return exit_usage;
  }
  if (!options.tapes.empty()) {
    std::error_code error;
    std::filesystem::create_directories(options.tapes, error);
    if (error) {
      err << "error: cannot make the folder " << options.tapes << ": " << error.message() << '\n';
      return exit_usage;
    }
  }
  Tester tester(options, files, out, err);
  for (const std::string& file : files) tester.scenario(file);
  for (const std::string& file : options.canaries) tester.canary(file);
  out << tester.passed() << " of " << tester.cases() << " scenarios as expected"
      << (options.twice ? ", each run twice with the same fingerprint" : "") << '\n';
  out << tester.passed() << " passed, " << tester.cases() - tester.passed() << " failed\n";
  int code = tester.code();
  if (!options.junit.empty()) {
    std::ofstream junit(options.junit);
    junit << results::to_junit("brokersim", tester.results());
    junit.close();
    if (!junit) {
      err << "error: cannot write " << options.junit << '\n';
      code = worse(code, exit_usage);
    }
  }
  out.flush();
  if (!out) {
    err << "error: the output could not be written (is the disk full?)\n";
    code = worse(code, exit_usage);
  }
  return code;
}

}  // namespace brokersim::cli
