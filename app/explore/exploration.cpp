#include "app/explore/exploration.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <set>
#include <utility>

#include "app/explore/coverage.h"
#include "app/explore/reduce.h"
#include "app/replay/tape.h"
#include "app/results/execute.h"
#include "app/scenario/content.h"
#include "app/trial/ordered.h"
#include "sim/fingerprint.h"
#include "sim/hash.h"

namespace brokersim::explore {
namespace {

/// Trials between two looks at what was reached. Not the number of processes: results must not depend on that.
constexpr std::uint64_t kGeneration = 32;
/// Failing trials of a generation that are looked into.
constexpr std::size_t kReductions = 6;
constexpr std::int64_t kReductionRuns = 60;
constexpr std::int64_t kCpuSeconds = 120;
/// A trial may take so many times the events of the scenario as it is.
constexpr std::uint64_t kEventsFactor = 4;

std::string file_word(const std::string& rule) {
  std::string word;
  for (const char c : rule.substr(0, 40)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    word += plain ? c : '-';
  }
  return word;
}

Json genes_json(const Genes& genes) {
  return {{"seed", genes.seed}, {"knobs", genes.knobs}, {"faults", genes.faults}};
}

std::optional<Genes> genes_of(const Json& json) {
  try {
    Genes genes;
    genes.seed = json.at("seed").get<std::uint64_t>();
    json.at("knobs").get_to(genes.knobs);
    genes.faults = json.at("faults");
    return genes;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

/// One trial in this process, with its coverage.
trial::Outcome run_trial(const Spec& spec, const Genes& genes, const trial::Limits& limits) {
  const scenario::LoadResult loaded = scenario::load_text(document_of(spec, genes).dump(), spec.base_name);
  if (!loaded.scenario) {
    trial::Outcome outcome;
    outcome.problem = scenario::render(loaded.diagnostics);
    return outcome;
  }
  Coverage coverage;
  checkers::ProbeCounts probes;
  trial::Outcome outcome = trial::run(*loaded.scenario, genes.seed, limits, &coverage, &probes);
  outcome.cells = coverage.cells(probes);
  return outcome;
}

class Explorer {
 public:
  Explorer(const Spec& spec, Store& store, const Options& options, const Watching& watching)
      : spec_(spec), store_(store), options_(options), watching_(watching) {}

  End run() {
    for (const Json& line : store_.take_lines()) {
      if (line.contains("run"))
        runs_logged_.push_back(line);
      else if (line.contains("reduced"))
        reductions_logged_[line["reduced"].get<std::uint64_t>()] = line;
    }
    if (!measure_base()) return std::move(end_);
    while (!over()) {
      if (!generation()) break;
    }
    if (end_.error.empty()) end_.error = store_.sync();
    return std::move(end_);
  }

 private:
  struct Entry {
    Genes genes;
    std::uint64_t trial = 0;
  };

  [[nodiscard]] bool over() const {
    const Totals& t = end_.totals;
    return t.runs >= options_.runs_max ||
           (options_.simulated_max_ns > 0 && t.simulated_ns >= options_.simulated_max_ns) ||
           (options_.cpu_max_ns > 0 && t.cpu_ns >= options_.cpu_max_ns) ||
           (options_.first_only && !end_.findings.empty());
  }
  [[nodiscard]] bool stopped() {
    if (watching_.stop && watching_.stop()) end_.interrupted = true;
    return end_.interrupted;
  }
  bool fail(const std::string& what) {
    if (!what.empty()) end_.error = what;
    return what.empty();
  }

  /// The scenario as it is: how many events are usual.
  bool measure_base() {
    trial::OrderedWork work;
    work.count = 1;
    work.work = [&](std::size_t) {
      trial::confine({.cpu_seconds = kCpuSeconds});
      return trial::encode(trial::run_text(spec_.base.dump(), spec_.base_name, {}));
    };
    work.done = [&](const trial::Piece& piece) {
      if (const auto outcome = trial::decode(piece.payload))
        limits_.events = outcome->events * kEventsFactor + 500'000;
      return true;
    };
    work.stop = [&] { return stopped(); };
    limits_.cpu_seconds = kCpuSeconds;
    return trial::run_in_order(work) == 1;
  }

  // ---- Choosing trials.

  [[nodiscard]] Genes plan(std::uint64_t trial) const {
    Choices choose(sim::combine(spec_.seed, sim::hash_name("explore")), trial);
    if (corpus_.empty() || choose.percent(50)) return fresh(spec_, choose);
    return mutated(spec_, entry(choose).genes, corpus_[choose.below(corpus_.size())].genes, choose);
  }

  /// Who reached one of the rarest cells first; or anybody.
  [[nodiscard]] const Entry& entry(Choices& choose) const {
    if (rare_.empty() || choose.percent(30)) return corpus_[choose.below(corpus_.size())];
    return corpus_[rare_[choose.below(rare_.size())]];
  }

  /// Entries of the cells that the fewest trials have reached, an eighth of all.
  void rank() {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> by_rarity;  // trials, cell
    for (const auto& [cell, seen] : cells_) by_rarity.emplace_back(seen.trials, cell);
    std::sort(by_rarity.begin(), by_rarity.end());
    rare_.clear();
    const std::size_t most = std::max<std::size_t>(8, by_rarity.size() / 8);
    for (std::size_t i = 0; i < std::min(most, by_rarity.size()); ++i) {
      const Cell& cell = cells_.at(by_rarity[i].second);
      if (cell.entry) rare_.push_back(*cell.entry);
    }
  }

  // ---- A generation.

  /// False: there shall be no other one.
  bool generation() {
    const std::uint64_t first = end_.totals.runs;
    const std::uint64_t count = std::min(kGeneration, options_.runs_max - first);
    std::vector<Genes> genes;
    for (std::uint64_t i = 0; i < count; ++i) genes.push_back(plan(first + i));
    std::vector<std::size_t> failing;  // places in genes
    std::vector<trial::Outcome> outcomes;
    const auto absorb_one = [&](trial::Outcome outcome, std::int64_t cpu_ns) {
      const std::size_t place = outcomes.size();
      if (fails(outcome)) failing.push_back(place);
      absorb(genes[place], outcome, first + place, cpu_ns);
      outcomes.push_back(std::move(outcome));
      if (watching_.progress) watching_.progress(end_.totals, end_.findings);
    };
    while (outcomes.size() < count && first + outcomes.size() < runs_logged_.size()) {
      const Json& line = runs_logged_[first + outcomes.size()];
      auto outcome = trial::decode(line.value("outcome", std::string()));
      if (!outcome) return fail("a line of the search cannot be read: start another folder");
      absorb_one(std::move(*outcome), line.value("cpu_ns", std::int64_t{0}));
    }
    const std::size_t known = outcomes.size();
    trial::OrderedWork work;
    work.count = count - known;
    work.jobs = options_.jobs;
    work.work = [&](std::size_t i) {
      trial::confine(limits_);
      return trial::encode(run_trial(spec_, genes[known + i], limits_));
    };
    work.done = [&](const trial::Piece& piece) {
      trial::Outcome outcome = trial::decode(piece.payload).value_or(trial::Outcome{});
      if (!piece.died.empty()) {
        outcome.valid = true;
        outcome.cut_short = true;
        outcome.problem = piece.died;
      }
      if (!fail(store_.add({{"run", first + known + piece.index},
                            {"cpu_ns", piece.cpu_ns},
                            {"outcome", trial::encode(outcome)}})))
        return false;
      absorb_one(std::move(outcome), piece.cpu_ns);
      return true;
    };
    work.stop = [&] { return stopped(); };
    static_cast<void>(trial::run_in_order(work));
    if (!end_.error.empty() || end_.interrupted) return false;
    if (known < count && !fail(store_.sync())) return false;
    rank();
    return look_into(genes, outcomes, failing, first);
  }

  [[nodiscard]] bool fails(const trial::Outcome& outcome) const {
    if (!outcome.ran() || outcome.failure.rules.empty()) return false;
    return spec_.losses_are_failures || outcome.failure.headline() != "lost";
  }

  void absorb(const Genes& genes, const trial::Outcome& outcome, std::uint64_t trial, std::int64_t cpu_ns) {
    Totals& totals = end_.totals;
    ++totals.runs;
    totals.cpu_ns += cpu_ns;
    if (!outcome.valid) {
      ++totals.invalid;
      if (totals.problem.empty()) totals.problem = outcome.problem;
      return;
    }
    if (outcome.cut_short) {
      ++totals.cut_short;
      if (totals.problem.empty()) totals.problem = outcome.problem;
      return;
    }
    totals.simulated_ns += spec_.duration_ns;
    if (fails(outcome)) ++totals.failing;
    std::optional<std::size_t> as_entry;
    for (std::size_t i = 0; i + 1 < outcome.cells.size(); i += 2) {
      const std::uint32_t cell = outcome.cells[i];
      const std::uint32_t count = outcome.cells[i + 1];
      if (cell < kProbeCells) totals.probes[cell] += count;
      Cell& seen = cells_[cell];
      ++seen.trials;
      if (!seen.classes.insert(count_class(count)).second) continue;
      if (!as_entry) {
        as_entry = corpus_.size();
        corpus_.push_back({genes, trial});
      }
      if (!seen.entry) seen.entry = as_entry;
    }
    totals.corpus = corpus_.size();
    totals.cells = cells_.size();
  }

  // ---- What failed.

  [[nodiscard]] Finding* explaining(const trial::Outcome& outcome) {
    std::set<std::string> kinds;
    for (const trial::FaultSeen& fault : outcome.faults) {
      if (fault.had_effect) kinds.insert(fault.kind);
    }
    for (Finding& finding : end_.findings) {
      if (finding.rule != outcome.failure.headline() || !outcome.loses(finding.loss)) continue;
      if (std::includes(kinds.begin(), kinds.end(), finding.kinds.begin(), finding.kinds.end()))
        return &finding;
    }
    return nullptr;
  }

  bool look_into(const std::vector<Genes>& genes, const std::vector<trial::Outcome>& outcomes,
                 const std::vector<std::size_t>& failing, std::uint64_t first) {
    failing_cpu_ns_ = end_.totals.cpu_ns;
    const std::size_t most = options_.first_only ? 1 : kReductions;
    std::vector<std::size_t> open;
    for (const std::size_t place : failing) {
      if (Finding* known = explaining(outcomes[place]))
        ++known->seen;
      else if (open.size() < most)
        open.push_back(place);
      else
        ++end_.totals.unexplained;
    }
    // Those that were reduced before the search was interrupted are known.
    std::vector<Reduced> reduced(open.size());
    std::vector<std::size_t> missing;
    for (std::size_t i = 0; i < open.size(); ++i) {
      const auto logged = reductions_logged_.find(first + open[i]);
      if (logged == reductions_logged_.end() || !read_reduced(logged->second, reduced[i])) {
        missing.push_back(i);
      } else {
        end_.totals.cpu_ns += logged->second.value("cpu_ns", std::int64_t{0});
      }
    }
    trial::OrderedWork work;
    work.count = missing.size();
    work.jobs = options_.jobs;
    work.work = [&](std::size_t k) {
      const std::size_t place = open[missing[k]];
      trial::confine({.cpu_seconds = kCpuSeconds * 4});
      return reduced_json(reduce(spec_, genes[place], outcomes[place], outcomes[place].failure.headline(),
                                 limits_, kReductionRuns))
          .dump();
    };
    work.done = [&](const trial::Piece& piece) {
      const std::size_t i = missing[piece.index];
      Json line = trial::parse(piece.payload).value_or(Json::object());
      // One that died is kept with all its faults.
      if (!piece.died.empty() || !read_reduced(line, reduced[i])) {
        reduced[i] = {genes[open[i]], outcomes[open[i]], 0};
        line = reduced_json(reduced[i]);
      }
      line["reduced"] = first + open[i];
      line["cpu_ns"] = piece.cpu_ns;
      end_.totals.cpu_ns += piece.cpu_ns;
      return fail(store_.add(line));
    };
    work.stop = [&] { return stopped(); };
    const std::size_t told = trial::run_in_order(work);
    if (!end_.error.empty() || told < missing.size()) return false;
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (!take_finding(reduced[i], first + open[i])) return false;
    }
    return true;
  }

  static Json reduced_json(const Reduced& reduced) {
    return {{"reduced", 0},
            {"genes", genes_json(reduced.genes)},
            {"runs", reduced.runs},
            {"outcome", trial::encode(reduced.outcome)}};
  }
  bool read_reduced(const Json& line, Reduced& reduced) {
    if (!line.contains("genes") || !line.contains("outcome") || !line["outcome"].is_string()) return false;
    auto genes = genes_of(line["genes"]);
    auto outcome = trial::decode(line["outcome"].get<std::string>());
    if (!genes || !outcome) return false;
    reduced.genes = std::move(*genes);
    reduced.outcome = std::move(*outcome);
    reduced.runs = line.value("runs", std::int64_t{0});
    return true;
  }

  /// A new signature becomes a finding.
  bool take_finding(const Reduced& reduced, std::uint64_t trial) {
    Finding finding = finding_of(reduced.genes, reduced.outcome);
    finding.trial = trial;
    finding.cpu_failing_ns = failing_cpu_ns_;
    finding.cpu_ns = end_.totals.cpu_ns;
    finding.runs = end_.totals.runs;
    for (Finding& known : end_.findings) {
      if (known.signature() != finding.signature()) continue;
      ++known.seen;
      return true;
    }
    char number[16];
    std::snprintf(number, sizeof number, "%03zu", end_.findings.size() + 1);
    finding.folder = "findings/" + std::string(number) + "-" + file_word(finding.rule);
    if (!write(finding, reduced)) return false;
    end_.findings.push_back(finding);
    if (watching_.found) watching_.found(finding);
    return true;
  }

  bool write(const Finding& finding, const Reduced& reduced) {
    if (store_.has(finding.folder + "/finding.json")) return true;  // from before the search was interrupted
    const std::string text = scenario_of(finding, spec_, reduced.genes);
    if (!fail(store_.put(finding.folder + "/scenario.json", text))) return false;
    std::string tape;
    trial::OrderedWork work;
    work.count = 1;
    work.work = [&](std::size_t) {
      trial::confine({.cpu_seconds = kCpuSeconds * 4});
      return replay::to_text(replay::record(text, finding.folder + "/scenario.json", reduced.genes.seed, {}));
    };
    work.done = [&](const trial::Piece& piece) {
      tape = piece.payload;
      return true;
    };
    static_cast<void>(trial::run_in_order(work));
    if (!tape.empty() && !fail(store_.put(finding.folder + "/tape.json", tape))) return false;
    return fail(store_.put(finding.folder + "/finding.json", told(finding)));
  }

  struct Cell {
    std::uint64_t trials = 0;
    std::set<std::uint32_t> classes;   // of counts
    std::optional<std::size_t> entry;  // of the corpus: who reached it first
  };

  const Spec& spec_;
  Store& store_;
  const Options& options_;
  const Watching& watching_;
  trial::Limits limits_;
  std::vector<Json> runs_logged_;                    // of an earlier process, in order
  std::map<std::uint64_t, Json> reductions_logged_;  // by trial
  std::vector<Entry> corpus_;
  std::map<std::uint32_t, Cell> cells_;
  std::vector<std::size_t> rare_;    // entries of the rarest cells
  std::int64_t failing_cpu_ns_ = 0;  // of the search, when the generation that is looked into was over
  End end_;
};

}  // namespace

End explore(const Spec& spec, Store& store, const Options& options, const Watching& watching) {
  return Explorer(spec, store, options, watching).run();
}

Json header_of(const Spec& spec, const std::string& program) {
  return {{"explore", 1},
          {"search", spec.hash},
          {"scenario", scenario::content_id(spec.base.dump(), spec.base_name, {}).value_or("")},
          {"seed", spec.seed},
          {"program", program}};
}

std::uint64_t clean_runs_needed(std::uint64_t seen, std::uint64_t runs) {
  if (seen == 0 || runs == 0) return 0;
  if (seen >= runs) return 1;
  const double share = static_cast<double>(seen) / static_cast<double>(runs);
  return static_cast<std::uint64_t>(std::ceil(std::log(0.01) / std::log1p(-share)));
}

}  // namespace brokersim::explore
