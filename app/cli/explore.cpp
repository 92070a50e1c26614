// explore: a search for failures, in a folder that survives it.
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "app/cli/cli.h"
#include "app/cli/commands.h"
#include "app/cli/talk.h"
#include "app/explore/exploration.h"
#include "app/replay/tape.h"
#include "app/report/pages.h"
#include "app/results/shell.h"
#include "app/scenario/diagnostic.h"
#include "app/shrink/shrink.h"

namespace brokersim::cli {
namespace {

/// Of one finding with --shrink, at most.
constexpr std::int64_t kShrinkRuns = 3'000;

std::string with_digits(double value, int digits) {
  char text[48];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string counted(std::uint64_t n, const char* noun) {
  return scenario::counted(static_cast<std::size_t>(n), noun);
}

std::string bar(std::uint64_t done, std::uint64_t all) {
  constexpr std::uint64_t width = 24;
  const std::uint64_t full = all == 0 ? 0 : std::min(width, done * width / all);
  return "[" + std::string(full, '#') + std::string(width - full, '.') + "]";
}

/// The finding's scenario, as small as it gets, beside it. Its text for people.
std::string shrink_finding(const explore::Store& store, const explore::Finding& finding,
                           const ExploreOptions& options, ProgressLine& line, std::string& error) {
  const std::string file = store.path(finding.folder + "/scenario.json");
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  shrink::Options how;
  how.keep = {finding.rule};
  how.jobs = options.jobs;
  how.runs_max = kShrinkRuns;
  shrink::Watching watching;
  watching.progress = [&](const shrink::Progress& p) {
    line.show("shrink " + finding.folder + "  " + std::to_string(p.runs) + " runs, " +
              std::to_string(p.taken) + " cuts, trying: " + p.cut);
  };
  watching.better = [&](const std::string& better) {
    error = store.put(finding.folder + "/minimal.json", better);
    return error.empty();
  };
  watching.stop = [] { return Interrupts::noted(); };
  const shrink::Result result = shrink::shrink(text, file, {}, how, watching);
  if (!result.error.empty()) return "    not shrunk: " + result.error + "\n";
  return "    minimal: " + counted(static_cast<std::uint64_t>(result.after.size.faults), "fault") + ", " +
         counted(static_cast<std::uint64_t>(result.after.size.brokers), "broker") + ", " +
         counted(static_cast<std::uint64_t>(result.after.size.partitions), "partition") + ", " +
         counted(static_cast<std::uint64_t>(result.after.records), "record") + " in " +
         trial::duration_text(result.after.size.duration_ns) + (result.fails_again ? "" : "; NOT REPEATED") +
         (result.has_control && !result.control_holds ? "; FAILS WITHOUT ITS CAUSE, TOO" : "") +
         (result.others ? "; " + std::to_string(result.others->failing) + " of " +
                              std::to_string(result.others->tried) + " other seeds fail in the same way"
                        : "") +
         "\n";
}

/// Trials of which something is known: neither no scenarios nor cut short.
std::uint64_t judged(const explore::Totals& t) { return t.runs - t.invalid - t.cut_short; }

/// What a search without findings has shown, and no more.
std::string tell_nothing_found(const explore::Totals& t) {
  const std::uint64_t n = judged(t);
  if (t.failing > 0)
    return counted(t.failing, "failing trial") +
           " not looked into yet: the search ended before; the same command goes on\n";
  if (n == 0) return "nothing was tested: no trial ran to its end\n";
  // No failure in n runs: with 95 % their share is below 1 - 0.05^(1/n).
  const double share = 1 - std::pow(0.05, 1 / static_cast<double>(n));
  return "no failure in " + counted(n, "run") + ": the share of such runs that fail is below " +
         with_digits(100 * share, 2) + " % (95 %)\n";
}

/// 2: the search makes no scenarios; 3: nothing was tested, or what failed was not looked into.
int verdict_of(const explore::End& end) {
  const explore::Totals& t = end.totals;
  if (!end.findings.empty() || t.failing > 0) return exit_failed;
  if (t.runs > 0 && t.invalid == t.runs) return exit_usage;
  return judged(t) == 0 ? exit_inconclusive : exit_ok;
}

void tell(const explore::End& end, const explore::Store& store, std::ostream& out) {
  const explore::Totals& t = end.totals;
  out << counted(t.runs, "run") << ", " << t.failing << " failing, "
      << counted(end.findings.size(), "finding") << "; " << t.cells << " cells reached, " << t.corpus
      << " trials kept to be changed; " << with_digits(static_cast<double>(t.simulated_ns) / 3.6e12, 2)
      << " h simulated in " << with_digits(static_cast<double>(t.cpu_ns) / 1e9, 1)
      << " s of processor time\n";
  if (t.invalid > 0) {
    out << counted(t.invalid, "trial")
        << " were no scenarios; the first: " << t.problem.substr(0, t.problem.find("; nothing")) << "\n";
  }
  if (t.cut_short > 0) out << counted(t.cut_short, "trial") << " reached a limit and were not judged\n";
  if (t.unexplained > 0 && !end.findings.empty())
    out << counted(t.unexplained, "failing trial") << " were not looked into: too many at a time\n";
  if (end.findings.empty()) out << tell_nothing_found(t);
  out << "probes reached:";
  std::size_t cold = 0;
  for (const checkers::ProbeInfo& probe : checkers::probes()) {
    const auto found = t.probes.find(static_cast<std::uint32_t>(probe.probe));
    if (found == t.probes.end())
      ++cold;
    else
      out << " " << probe.name << " " << found->second;
  }
  out << "; " << counted(cold, "probe") << " never\n";
  for (const explore::Finding& finding : end.findings) {
    out << "\n" << finding.folder << "  " << finding.signature() << "\n";
    out << "  seen " << finding.seen << " times; first after " << counted(finding.runs, "run") << ", "
        << with_digits(static_cast<double>(finding.cpu_ns) / 1e9, 1)
        << " s of processor time; if its share is what was seen, "
        << explore::clean_runs_needed(finding.seen, t.runs) << " runs without it come by luck once in 100\n";
    out << "  " << finding.story << "\n";
    out << "  brokersim replay " << results::shell_quoted(store.path(finding.folder + "/tape.json")) << "\n";
    out << "  brokersim shrink " << results::shell_quoted(store.path(finding.folder + "/scenario.json"))
        << "\n";
  }
}

std::string json_of(const explore::Spec& spec, const explore::End& end) {
  const explore::Totals& t = end.totals;
  trial::Json findings = trial::Json::array();
  for (const explore::Finding& f : end.findings) {
    findings.push_back({{"folder", f.folder},
                        {"signature", f.signature()},
                        {"rule", f.rule},
                        {"fault_kinds", f.kinds},
                        {"breaks", f.rules},
                        {"seen", f.seen},
                        {"trial", f.trial},
                        {"runs_until_found", f.runs},
                        {"cpu_seconds_until_failing", static_cast<double>(f.cpu_failing_ns) / 1e9},
                        {"cpu_seconds_until_found", static_cast<double>(f.cpu_ns) / 1e9},
                        {"clean_runs_needed", explore::clean_runs_needed(f.seen, t.runs)},
                        {"story", f.story}});
  }
  trial::Json probes = trial::Json::object();
  for (const checkers::ProbeInfo& probe : checkers::probes()) {
    const auto found = t.probes.find(static_cast<std::uint32_t>(probe.probe));
    probes[probe.name] = found == t.probes.end() ? 0 : found->second;
  }
  const trial::Json json{{"search", spec.hash},
                         {"seed", spec.seed},
                         {"runs", t.runs},
                         {"judged", judged(t)},
                         {"failing", t.failing},
                         {"invalid", t.invalid},
                         {"cut_short", t.cut_short},
                         {"unexplained", t.unexplained},
                         {"cells", t.cells},
                         {"corpus", t.corpus},
                         {"cpu_seconds", static_cast<double>(t.cpu_ns) / 1e9},
                         {"simulated_seconds", static_cast<double>(t.simulated_ns) / 1e9},
                         {"interrupted", end.interrupted},
                         {"probes", probes},
                         {"findings", findings}};
  return json.dump(-1, ' ', false, trial::Json::error_handler_t::replace);
}

}  // namespace

int explore(const ExploreOptions& options, std::ostream& out, std::ostream& err) {
  std::optional<std::uint64_t> seed;
  if (!options.seed.empty()) {
    const auto seeds = parse_seeds(options.seed);
    if (!seeds || seeds->size() != 1) {
      complain(err, "explore/usage", scenario::in_quotes(options.seed) + " is not a seed", "--seed",
               "such as --seed 42");
      return exit_usage;
    }
    seed = seeds->front();
  }
  explore::Options how;
  how.jobs = options.jobs;
  how.runs_max = options.runs;
  how.first_only = options.first;
  std::optional<std::int64_t> wall_ns;
  bool sound = true;
  const auto take = [&](const char* name, const std::string& text, auto&& set) {
    if (text.empty()) return;
    const auto ns = duration_option(name, text, err);
    sound = sound && ns.has_value();
    set(ns.value_or(1));
  };
  take("--budget", options.budget, [&](std::int64_t ns) { wall_ns = ns; });
  take("--simulated", options.simulated, [&](std::int64_t ns) { how.simulated_max_ns = ns; });
  take("--cpu", options.cpu, [&](std::int64_t ns) { how.cpu_max_ns = ns; });
  if (!sound) return exit_usage;
  const explore::SpecResult loaded = explore::load_spec(options.file, options.overrides, seed);
  err << scenario::render(loaded.diagnostics);
  if (!loaded.spec) return exit_usage;

  explore::Store store;
  if (const std::string why =
          store.open(options.out, explore::header_of(*loaded.spec, replay::this_build().program));
      !why.empty()) {
    complain(err, "explore/output", why, options.out,
             "choose another folder, or make room; what was found stays");
    return exit_usage;
  }
  if (!store.note().empty()) err << "warning: " << store.note() << '\n';
  const Interrupts interrupts;
  const double begin = seconds_now();
  ProgressLine line(err);
  explore::Watching watching;
  watching.progress = [&](const explore::Totals& t, const std::vector<explore::Finding>& findings) {
    const double seconds = seconds_now() - begin;
    line.show("explore " + bar(t.runs, how.runs_max) + " " + std::to_string(t.runs) + " of " +
              std::to_string(how.runs_max) + " runs, " + counted(findings.size(), "finding") + ", " +
              counted(t.cells, "cell") + ", " +
              with_digits(seconds > 0 ? static_cast<double>(t.runs) / seconds : 0, 1) + " runs/s");
  };
  watching.found = [&](const explore::Finding& finding) {
    line.clear();
    err << "found " << finding.signature() << " (" << finding.folder << ")\n";
  };
  watching.stop = [&] {
    return Interrupts::noted() || (wall_ns && (seconds_now() - begin) * 1e9 > static_cast<double>(*wall_ns));
  };
  explore::End end = explore::explore(*loaded.spec, store, how, watching);
  line.clear();
  if (options.json) {
    out << json_of(*loaded.spec, end) << '\n';
  } else {
    tell(end, store, out);
  }
  if (!options.report.empty()) {
    const std::string page = report::explore_page(options.file, options.out, json_of(*loaded.spec, end));
    if (const std::string why = write_whole(options.report, page); !why.empty()) {
      complain(err, "explore/output", "the report cannot be written: " + why, options.report,
               "choose a file you may write with --report");
      return exit_usage;
    }
    err << "report: " << options.report << '\n';
  }
  std::string not_written = end.error;
  for (const explore::Finding& finding : end.findings) {
    if (!options.shrink || Interrupts::noted() || !not_written.empty()) break;
    const std::string told = shrink_finding(store, finding, options, line, not_written);
    line.clear();
    (options.json ? err : out) << "  " << store.path(finding.folder + "/minimal.json") << "\n" << told;
  }
  out.flush();
  if (!not_written.empty()) {
    complain(err, "explore/output", "the results cannot be written: " + not_written, options.out,
             "make room and start it again: it goes on with what is there");
    return exit_usage;
  }
  if (Interrupts::noted()) {
    err << "interrupted; the same command goes on from here\n";
    return 130;
  }
  return verdict_of(end);
}

}  // namespace brokersim::cli
