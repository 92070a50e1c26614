// diff: the first event at which two runs part.
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "app/cli/cli.h"
#include "app/cli/commands.h"
#include "app/results/compare.h"
#include "app/results/earlier.h"
#include "app/scenario/scenario.h"

namespace brokersim::cli {
namespace {

/// What one side runs, or the reason why it cannot.
struct Side {
  std::optional<scenario::Scenario> scenario;
  std::uint64_t seed = 0;
  std::vector<std::string> overrides;
  std::optional<std::uint64_t> earlier_fingerprint;
};

/// A scenario named by a result: as it was given then, else beside the result.
std::string find_scenario(const std::string& named, const std::string& result_file) {
  std::error_code error;
  if (std::filesystem::exists(named, error)) return named;
  const std::filesystem::path beside =
      std::filesystem::path(result_file).parent_path() / std::filesystem::path(named).filename();
  if (!named.empty() && std::filesystem::exists(beside, error)) return beside.string();
  return named;
}

/// The run of a result file that `wanted_seed` asks for, or its only one.
std::optional<results::EarlierRun> choose(const results::EarlierRuns& earlier, const std::string& file,
                                          std::optional<std::uint64_t> wanted_seed, std::ostream& err) {
  std::vector<results::EarlierRun> fitting;
  for (const results::EarlierRun& run : earlier.runs) {
    if (!wanted_seed || run.seed == *wanted_seed) fitting.push_back(run);
  }
  if (earlier.runs.size() == 1) return earlier.runs.front();  // Another seed: that run with another seed.
  if (fitting.size() == 1) return fitting.front();
  err << "error: " << file << " holds " << earlier.runs.size() << " runs"
      << (wanted_seed
              ? ", " + std::to_string(fitting.size()) + " of them with seed " + std::to_string(*wanted_seed)
              : std::string())
      << "\n  hint: choose one by its seed, with --seed-a or --seed-b\n";
  return std::nullopt;
}

std::optional<Side> load_side(const std::string& file, std::optional<std::uint64_t> seed,
                              const std::vector<std::string>& changes, std::ostream& err) {
  Side side;
  std::string path = file;
  std::optional<std::uint64_t> own_seed;
  const results::EarlierRuns earlier = results::read_results(file);
  if (earlier.is_result) {
    if (!earlier.error.empty()) {
      err << "error: " << file << ": " << earlier.error << '\n';
      return std::nullopt;
    }
    const auto run = choose(earlier, file, seed, err);
    if (!run) return std::nullopt;
    path = find_scenario(run->scenario, file);
    own_seed = run->seed;
    side.overrides = run->overrides;
    if (changes.empty() && (!seed || *seed == run->seed)) side.earlier_fingerprint = run->fingerprint;
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
      err << "error: " << file << " is the result of " << scenario::in_quotes(run->scenario)
          << ", which is not there: the run cannot be repeated\n  hint: start brokersim where that path "
             "holds, or "
          << "put the scenario beside the result\n";
      return std::nullopt;
    }
  }
  side.overrides.insert(side.overrides.end(), changes.begin(), changes.end());
  scenario::LoadResult loaded = scenario::load_file(path, side.overrides);
  if (!loaded.diagnostics.empty()) err << scenario::render(loaded.diagnostics);
  if (!loaded.scenario) return std::nullopt;
  side.scenario = std::move(loaded.scenario);
  side.seed = seed ? *seed : own_seed ? *own_seed : side.scenario->config.seed;
  return side;
}

}  // namespace

int diff(const DiffOptions& options, std::ostream& out, std::ostream& err) {
  if (options.files.size() > 2) {
    err << "error: diff compares two runs, but " << options.files.size() << " files are named\n";
    return exit_usage;
  }
  const auto both = [](const std::vector<std::string>& shared, const std::vector<std::string>& own) {
    std::vector<std::string> all = shared;
    all.insert(all.end(), own.begin(), own.end());
    return all;
  };
  bool seeds_good = true;
  const auto seed_of = [&](const std::string& own) -> std::optional<std::uint64_t> {
    const std::string& text = own.empty() ? options.seed : own;
    if (text.empty()) return std::nullopt;
    const auto seeds = parse_seeds(text);
    if (seeds && seeds->size() == 1) return seeds->front();
    err << "error: " << scenario::in_quotes(text)
        << " is not a seed\n  hint: a whole number, as in --seed-b 7\n";
    seeds_good = false;
    return std::nullopt;
  };
  const auto seed_a = seed_of(options.seed_a);
  const auto seed_b = seed_of(options.seed_b);
  if (!seeds_good) return exit_usage;
  const auto a = load_side(options.files.front(), seed_a, both(options.overrides, options.overrides_a), err);
  const auto b = load_side(options.files.back(), seed_b, both(options.overrides, options.overrides_b), err);
  if (!a || !b) return exit_usage;
  results::CompareProgress progress;
  const bool talk = isatty(STDERR_FILENO) != 0;
  if (talk) {
    progress = [&](int phase, std::uint64_t events) {
      err << '\r' << (phase == 1 ? "searching: " : "recording: ") << events << " events" << std::flush;
    };
  }
  const results::CompareSide left{&*a->scenario, a->seed, a->overrides, a->earlier_fingerprint};
  const results::CompareSide right{&*b->scenario, b->seed, b->overrides, b->earlier_fingerprint};
  const results::RunComparison comparison = results::compare(left, right, progress);
  if (talk) err << "\r\033[K";
  if (options.json) {
    out << results::comparison_json(comparison) << '\n';
  } else {
    out << results::render_comparison(comparison, options.colour);
  }
  out.flush();
  if (!out) {
    err << "error: the output could not be written (is the disk full?)\n";
    return exit_usage;
  }
  return comparison.exit_code();
}

}  // namespace brokersim::cli
