// shrink: from a failing run to the smallest scenario that fails in the same way.
#include "app/shrink/shrink.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "app/cli/cli.h"
#include "app/cli/commands.h"
#include "app/cli/talk.h"
#include "app/results/shell.h"
#include "app/scenario/limits.h"
#include "app/scenario/reader.h"
#include "app/scenario/scenario.h"

namespace brokersim::cli {
namespace {

namespace fs = std::filesystem;

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", seconds);
  return text;
}

std::string size_text(const shrink::Size& size) {
  return scenario::counted(static_cast<std::size_t>(size.faults), "fault") + ", " +
         scenario::counted(static_cast<std::size_t>(size.brokers), "broker") + ", " +
         scenario::counted(static_cast<std::size_t>(size.partitions), "partition") + ", " +
         trial::duration_text(size.duration_ns) + ", " + std::to_string(size.bytes) + " bytes";
}

std::string list(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

/// How much the failure hangs on the seed.
void tell_of_seeds(const shrink::OtherSeeds& others, const shrink::OtherSeeds& smallest, std::ostream& out) {
  out << "  other seeds       " << others.failing << " of " << others.tried << " fail in the same way";
  if (others.failing > smallest.failing)
    out << "; " << smallest.failing << " did before a little load or time was put back";
  out << "\n";
}

void tell(const shrink::Result& result, const std::string& file, double seconds, std::ostream& out) {
  out << file << "\n";
  out << "  fails as before   " << trial::rules_text(result.rules)
      << (result.fails_again ? "" : "  NOT REPEATED") << "\n";
  std::vector<std::string> no_more;
  for (const std::string& rule : result.rules_before) {
    if (std::find(result.rules.begin(), result.rules.end(), rule) == result.rules.end() &&
        !rule.starts_with("expect: "))
      no_more.push_back(rule);
  }
  if (!no_more.empty()) out << "  breaks no more    " << trial::rules_text(no_more) << "\n";
  if (!result.loss.empty()) out << "  kind of loss      " << result.loss << "\n";
  if (!result.defects.empty()) out << "  defect behind it  " << list(result.defects) << "\n";
  if (!result.fault_kinds.empty()) out << "  faults            " << list(result.fault_kinds) << "\n";
  if (result.has_control) {
    out << "  without " << (result.defects.empty() ? "its faults " : "the defect ") << "it "
        << (result.control_holds ? "holds" : "FAILS, TOO") << "\n";
  } else {
    out << "  it fails without any fault or defect: nothing can be taken away to make it hold\n";
  }
  out << "  before            " << size_text(result.before) << "\n";
  out << "  now               " << size_text(result.after.size) << ", " << result.after.records
      << (result.after.records == 1 ? " record" : " records") << "\n";
  if (result.others) tell_of_seeds(*result.others, result.others_of_smallest, out);
  out << "  " << (result.minimal ? "no cut is left" : "stopped before every cut was tried") << " after "
      << result.after.runs << " runs in " << seconds_text(seconds) << ", "
      << seconds_text(static_cast<double>(result.after.cpu_ns) / 1e9) << " of processor time\n";
  if (!result.story.empty()) out << "\n" << result.story << "\n";
  out << "\nbrokersim run " << results::shell_quoted(file) << "\n";
}

}  // namespace

int shrink(const ShrinkOptions& options, std::ostream& out, std::ostream& err) {
  scenario::Problems problems;
  const auto text = scenario::read_file(options.file, scenario::limits::file_bytes, problems);
  if (!text) {
    err << scenario::render(problems.all());
    return exit_usage;
  }
  std::vector<std::string> overrides = options.overrides;
  if (!options.seed.empty()) {
    const auto seeds = parse_seeds(options.seed);
    if (!seeds || seeds->size() != 1) {
      complain(err, "shrink/usage", scenario::in_quotes(options.seed) + " is not a seed", "--seed",
               "such as --seed 42");
      return exit_usage;
    }
    overrides.push_back("/seed=" + std::to_string(seeds->front()));
  }
  // Everything that is wrong with the scenario at once, with its places.
  const scenario::LoadResult loaded = scenario::load_text(*text, options.file, overrides);
  err << scenario::render(loaded.diagnostics);
  if (!loaded.scenario) return exit_usage;
  std::optional<std::int64_t> budget_ns;
  if (!options.budget.empty()) {
    budget_ns = duration_option("--budget", options.budget, err);
    if (!budget_ns) return exit_usage;
  }
  std::optional<std::int64_t> cpu_ns;
  if (!options.cpu.empty()) {
    cpu_ns = duration_option("--cpu", options.cpu, err);
    if (!cpu_ns) return exit_usage;
  }
  fs::path file = options.out;
  if (options.out.empty()) file = fs::path(options.file).replace_extension(".min.json");
  std::error_code error;
  if (fs::equivalent(file, options.file, error)) {
    complain(err, "shrink/usage", "the result would take the place of what it is made from", "--out",
             "choose another file");
    return exit_usage;
  }

  const Interrupts interrupts;
  const double begin = seconds_now();
  ProgressLine line(err);
  std::string not_written;
  const auto write = [&](const std::string& better) {
    not_written = write_whole(file.string(), better);
    return not_written.empty();
  };
  shrink::Watching watching;
  watching.progress = [&](const shrink::Progress& p) {
    line.show("shrink " + seconds_text(seconds_now() - begin) + "  " + std::to_string(p.runs) + " runs, " +
              std::to_string(p.taken) + " cuts  [" + size_text(p.size) + "]  trying: " + p.cut);
  };
  watching.better = write;
  watching.stop = [&] {
    return Interrupts::noted() ||
           (budget_ns && (seconds_now() - begin) * 1e9 > static_cast<double>(*budget_ns));
  };
  shrink::Options how;
  how.keep = options.keep;
  how.jobs = options.jobs;
  how.seeds = options.seeds;
  how.runs_max = options.runs;
  how.cpu_max_ns = cpu_ns.value_or(0);
  how.known = options.known;
  how.any_loss = options.any_loss;
  const shrink::Result result = shrink::shrink(*text, options.file, overrides, how, watching);
  line.clear();
  if (!not_written.empty()) {
    complain(err, "shrink/output", "the result cannot be written: " + not_written, file.string(),
             "is the disk full, or the folder not yours to write? --out names another file");
    return exit_usage;
  }
  if (!result.error.empty()) {
    if (Interrupts::noted()) return 130;
    const bool no_time = budget_ns && (seconds_now() - begin) * 1e9 > static_cast<double>(*budget_ns);
    complain(err, no_time ? "shrink/no-time" : "shrink/no-failure", result.error, options.file,
             no_time ? "give it a longer --budget"
                     : "give the seed with which it fails (--seed), or what it breaks (--keep S1)");
    return exit_usage;
  }
  tell(result, file.string(), seconds_now() - begin, out);
  out.flush();
  if (Interrupts::noted()) return 130;
  const bool sound = result.fails_again && (!result.has_control || result.control_holds);
  return sound ? exit_ok : exit_failed;
}

}  // namespace brokersim::cli
