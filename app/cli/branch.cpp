// branch: a run that forks at an instant into many futures.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "app/branch/driver.h"
#include "app/branch/summary.h"
#include "app/branch/worker.h"
#include "app/cli/cli.h"
#include "app/cli/commands.h"
#include "app/cli/talk.h"
#include "app/scenario/limits.h"
#include "app/scenario/quantity.h"
#include "app/scenario/reader.h"

namespace brokersim::cli {
namespace {

std::optional<scenario::NamedText> text_of(const std::string& path, std::ostream& err) {
  scenario::Problems problems;
  auto text = scenario::read_file(path, scenario::limits::file_bytes, problems);
  if (!text) {
    err << scenario::render(problems.all());
    return std::nullopt;
  }
  return scenario::NamedText{path, std::move(*text)};
}

/// The request as the options say; nothing after complaints.
std::optional<branch::Request> request_of(const BranchOptions& options, std::ostream& err) {
  branch::Request request;
  bool sound = true;
  if (auto text = text_of(options.file, err)) {
    request.scenario = std::move(*text);
  } else {
    sound = false;
  }
  if (!options.faults.empty()) {
    request.variants = text_of(options.faults, err);
    sound = sound && request.variants.has_value();
  }
  for (const std::string& at : options.at) {
    const auto ns = duration_option("--at", at, err, true);
    sound = sound && ns.has_value();
    request.at.push_back({ns.value_or(1)});
  }
  if (!options.every.empty()) {
    const auto ns = duration_option("--every", options.every, err, true);
    sound = sound && ns.has_value();
    if (ns && *ns <= 0) {
      complain(err, "branch/usage", "the distance of instants is " + options.every, "--every",
               "such as \"1 s\"");
      sound = false;
    }
    request.every = {ns.value_or(1)};
  }
  if (!options.seed.empty()) {
    const auto seeds = parse_seeds(options.seed);
    if (!seeds || seeds->size() != 1) {
      complain(err, "branch/usage", scenario::in_quotes(options.seed) + " is not a seed", "--seed",
               "such as --seed 42");
      sound = false;
    } else {
      request.seed = seeds->front();
    }
  }
  if (!options.only.empty()) {
    const auto ids = parse_seeds(options.only);
    if (!ids) {
      complain(err, "branch/usage",
               scenario::in_quotes(options.only) + " is not a branch or a range of branches", "--only",
               "--only 17, or --only 1..100 (at most a million)");
      sound = false;
    } else {
      request.first = ids->front();
      request.last = ids->back();
    }
  } else if (options.branches) {
    request.last = *options.branches;
  } else if (request.variants) {
    request.first = request.last = 0;  // each variant once, with the randomness of the run itself
  } else {
    complain(err, "branch/usage", "it is not said how many branches to run", "--branches",
             "such as --branches 100");
    sound = false;
  }
  request.overrides = options.overrides;
  request.variant = options.variant;
  request.jobs = options.jobs;
  request.metrics = branch::summary_metrics();
  if (!sound) return std::nullopt;
  return request;
}

/// Keeps results in a folder; says so once if it cannot.
class Folder {
 public:
  Folder(std::string path, std::ostream& err) : path_(std::move(path)), err_(err) {}

  /// Makes it. False after a complaint.
  bool make() {
    std::error_code error;
    std::filesystem::create_directories(path_, error);
    if (!error) return keep(".brokersim", "") && std::filesystem::remove(path_ + "/.brokersim", error);
    complain(err_, "branch/usage", "the folder cannot be made: " + error.message(), "--out " + path_,
             "choose a folder you may write");
    return false;
  }
  bool keep(const std::string& name, const std::string& text) {
    if (failed_) return false;
    const std::filesystem::path file = std::filesystem::path(path_) / name;
    std::ofstream stream(file);
    stream << text;
    stream.close();
    if (stream) return true;
    failed_ = true;
    complain(err_, "branch/usage", "the result cannot be written: " + scenario::shown(file.string()),
             "--out " + path_, "is the disk full, or the folder not yours to write?");
    return false;
  }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::string path_;
  std::ostream& err_;
  bool failed_ = false;
};

std::string file_name(const branch::Plan& plan, const branch::Outcome& outcome) {
  std::string name = "result-" + std::to_string(plan.seed);
  if (plan.at.size() > 1) name += "-at-" + std::to_string(plan.at[outcome.task.point].ns) + "ns";
  if (plan.variants.size() > 1) name += "-variant-" + std::to_string(outcome.task.variant);
  return name + "-branch-" + std::to_string(outcome.task.id) + ".json";
}

}  // namespace

int branch(const BranchOptions& options, std::ostream& out, std::ostream& err) {
  const std::optional<branch::Request> request = request_of(options, err);
  if (!request) return exit_usage;
  const branch::PlanResult made = branch::make_plan(*request);
  err << scenario::render(made.diagnostics);
  if (!made.plan) return exit_usage;
  const branch::Plan& plan = *made.plan;
  std::optional<Folder> folder;
  if (options.out) {
    folder.emplace(*options.out, err);
    if (!folder->make()) return exit_usage;
  }

  const bool progress = isatty(STDERR_FILENO) != 0 && plan.tasks() > 1;
  branch::Summary summary(*request, plan);
  const auto take = [&](const branch::Outcome& outcome) {
    summary.add(outcome);
    if (folder) folder->keep(file_name(plan, outcome), outcome.json + "\n");
    if (options.json) out << outcome.json << '\n' << std::flush;
    if (progress) err << '\r' << summary.branches() << " of " << plan.tasks() << " branches" << std::flush;
  };
  const Interrupts noting;
  const branch::DriveEnd end =
      branch::drive(options.worker, *request, plan, take, [&] { return Interrupts::noted() || !out; });
  if (progress) err << "\r\033[K";
  if (options.json) {
    err << summary.render(options.width, false);
  } else {
    out << summary.render(options.width, options.colour);
  }
  if (folder) folder->keep("summary.json", summary.json() + "\n");
  out.flush();
  if (!out) {
    err << "error: the output could not be written (is the disk full?)\n";
    return worse(summary.exit_code(), exit_usage);
  }
  if (end.interrupted) {
    err << "interrupted after " << end.told << " of " << plan.tasks()
        << " branches; what is above is complete\n";
    return 130;
  }
  int code = summary.exit_code();
  if (!end.error.empty()) {
    err << "error: " << end.error << "\n  " << end.told << " of " << plan.tasks()
        << " branches have ended; what is told of them is complete\n";
    code = worse(code, exit_bug);
  }
  if (folder && folder->failed()) code = worse(code, exit_usage);
  return code;
}

int branch_worker() { return branch::serve(STDIN_FILENO, seconds_now); }

}  // namespace brokersim::cli
