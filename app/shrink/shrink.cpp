#include "app/shrink/shrink.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "app/scenario/scenario.h"
#include "app/shrink/label.h"
#include "app/trial/expect.h"
#include "app/trial/ordered.h"
#include "app/trial/self_contained.h"
#include "sim/hash.h"

namespace brokersim::shrink {
namespace {

/// What is larger than this after all cuts gets so many times the seeds for another round: the aims of docs/exploring.md.
constexpr std::int64_t kFaultsAim = 3;
constexpr std::int64_t kBrokersAim = 3;
constexpr std::int64_t kPartitionsAim = 1;
constexpr std::int64_t kRecordsAim = 10;
constexpr std::int64_t kMoreSeeds = 3;
/// So many other seeds are tried with the result. Where fewer than kSturdy of them fail, a little load is put back, in so many
/// steps, if at least kWorthIt more fail then.
constexpr std::size_t kOtherSeeds = 20;
constexpr std::int64_t kSturdy = 16;
constexpr std::int64_t kWorthIt = 3;
constexpr int kStrengthenings = 4;
/// ... and only if its run has no more events: some 400 runs are made for it.
constexpr std::uint64_t kCheapEvents = 100'000;

class Shrinker {
 public:
  Shrinker(std::string name, const Options& options, const Watching& watching)
      : name_(std::move(name)),
        options_(options),
        watching_(watching),
        lab_({name_, options.jobs, options.runs_max, options.cpu_max_ns, watching.stop}, progress_) {}

  Result run(const std::string& text, const std::vector<std::string>& overrides) {
    if (!read(text, overrides) || !find_goal()) return std::move(result_);
    tidy();
    if (!save()) return std::move(result_);
    result_.minimal = search();
    if (!lab_.enough()) strengthen();
    finish();
    return std::move(result_);
  }

 private:
  // ---- Asking.

  /// Seeds that are worth a try and were not tried with it; none: its answer is known.
  [[nodiscard]] std::vector<std::uint64_t> seeds_for(const Candidate& candidate, std::uint64_t key) const {
    const std::uint64_t own = candidate.document.value("seed", std::uint64_t{1});
    const auto most = static_cast<std::size_t>(candidate.reseed ? seeds_ : 1);
    std::vector<std::uint64_t> seeds{own};
    for (std::uint64_t seed = 1; seeds.size() < most; ++seed) {
      if (seed != own) seeds.push_back(seed);
    }
    const auto tried = refused_.find(key);
    if (tried != refused_.end())
      seeds.erase(seeds.begin(),
                  seeds.begin() + static_cast<std::ptrdiff_t>(std::min(seeds.size(), tried->second)));
    return seeds;
  }

  [[nodiscard]] static std::uint64_t without_seed(Json document) {
    document.erase("seed");
    return sim::hash_name(document.dump());
  }

  /// The first of `candidates` from `from` on that still fails, and takes it.
  std::optional<std::size_t> take_first(const std::vector<Candidate>& candidates, std::size_t from) {
    struct Open {
      std::size_t index = 0;
      std::uint64_t key = 0;
      std::vector<std::uint64_t> seeds;
    };
    std::vector<Open> open;  // those whose answer is not known
    for (std::size_t i = from; i < candidates.size(); ++i) {
      const std::uint64_t key = sim::hash_name(candidates[i].document.dump());
      std::vector<std::uint64_t> seeds = seeds_for(candidates[i], key);
      if (!seeds.empty() && !been_.contains(without_seed(candidates[i].document)))
        open.push_back({i, key, std::move(seeds)});
    }
    std::optional<std::size_t> taken;
    trial::OrderedWork work;
    work.count = open.size();
    work.jobs = options_.jobs;
    work.work = [&](std::size_t k) {
      trial::confine({.cpu_seconds = lab_.cpu_seconds()});
      return encode(ask(goal_, {candidates[open[k].index].document, open[k].seeds, lab_.limits()}, name_));
    };
    work.done = [&](const trial::Piece& piece) {
      const Answer answer = decode_answer(piece.payload);
      progress_.runs += answer.runs;
      progress_.cpu_ns += piece.cpu_ns;
      if (answer.yes) {
        taken = open[piece.index].index;
        const std::uint64_t before = without_seed(best_);
        best_ = candidates[*taken].document;
        if (without_seed(best_) != before) been_.insert(before);
        best_["seed"] = answer.seed;
        lab_.set_usual(answer.outcome.events);
        progress_.records = answer.outcome.sent;
        best_seen_ = answer.outcome.faults;
        return false;
      }
      refused_[open[piece.index].key] += open[piece.index].seeds.size();
      return !lab_.enough();
    };
    work.stop = [&] { return lab_.enough(); };
    static_cast<void>(trial::run_in_order(work));
    return taken;
  }

  // ---- Preliminaries.

  bool fail(std::string why) {
    result_.error = std::move(why);
    return false;
  }

  bool read(const std::string& text, const std::vector<std::string>& overrides) {
    auto json = trial::parse(text);
    if (!json || !json->is_object()) return fail("the file is no JSON object");
    best_ = std::move(*json);
    for (const std::string& change : overrides) {
      if (!trial::apply_override(best_, change)) return fail("--set " + change + " leads nowhere");
    }
    if (auto whole = trial::self_contained(best_.dump(), name_)) best_ = std::move(*whole);
    if (!best_.contains("seed")) best_["seed"] = 1;
    result_.before = size_of(best_);
    original_seed_ = best_.value("seed", std::uint64_t{1});
    return true;
  }

  bool find_goal() {
    progress_.cut = "the run as it is";
    report();
    const std::vector<trial::Outcome> first = lab_.outcomes_of({best_});
    if (first.empty()) return fail("there was no time to run it once");
    const trial::Outcome& outcome = first.front();
    if (!outcome.valid) return fail(outcome.problem);
    if (!outcome.problem.empty()) {
      return fail("the run " + outcome.problem + ": what kills a process cannot be kept as a rule");
    }
    goal_.keep = options_.keep;
    if (goal_.keep.empty()) {
      if (outcome.failure.rules.empty())
        return fail(
            "the run does not fail: no law and no expectation is violated, nothing acknowledged is lost");
      const bool lost =
          outcome.failure.breaks("lost") && trial::says_lost(outcome.failure.headline(), best_, name_);
      goal_.keep = {lost ? "lost" : outcome.failure.headline()};
    }
    for (const std::string& rule : goal_.keep) {
      if (outcome.failure.breaks(rule)) continue;
      return fail("the run does not break \"" + rule + "\"; it breaks " +
                  (outcome.failure.rules.empty() ? "nothing" : trial::rules_text(outcome.failure.rules, 20)));
    }
    const bool lost = std::find(goal_.keep.begin(), goal_.keep.end(), "lost") != goal_.keep.end();
    if (lost && !options_.any_loss && !outcome.losses.empty()) goal_.loss = outcome.losses.front();
    result_.loss = goal_.loss;
    for (const std::string& rule : outcome.failure.rules) {
      if (trial::is_law(rule) || rule == "lost") goal_.incident.push_back(rule);
    }
    result_.rules_before = outcome.failure.rules;
    best_seen_ = outcome.faults;
    lab_.set_usual(outcome.events);
    failed_at_ns_ = outcome.failed_at_ns;
    seen_ = outcome.faults;
    progress_.records = outcome.sent;
    find_cause();
    return true;
  }

  void find_cause() {
    const std::string& headline = goal_.keep.front();
    const auto gone = [&](const trial::Outcome& o) { return o.ran() && !o.failure.breaks(headline); };
    const std::vector<Defect> defects = defects_of(best_);
    std::vector<Json> without;
    without.push_back(without_any_fault(best_));
    without.push_back(without_defects(best_, defects));
    for (const Defect& defect : defects) without.push_back(without_defects(best_, {defect}));
    const std::vector<trial::Outcome> outcomes = lab_.outcomes_of(without);
    if (outcomes.size() < without.size()) return;
    for (std::size_t i = 0; i < defects.size(); ++i) {
      if (gone(outcomes[i + 2])) goal_.defects.push_back(defects[i]);
    }
    // None alone, but all together: then all are the cause.
    if (goal_.defects.empty() && !defects.empty() && gone(outcomes[1])) goal_.defects = defects;
    goal_.faults_behind = goal_.defects.empty() && gone(outcomes[0]);
  }

  /// What no reader of a small file needs, as far as the failure does not need it either.
  void tidy() {
    progress_.cut = "what is not run";
    report();
    Json plain = best_;
    for (const char* key : {"$schema", "cases", "variant", "notes", "published", "why", "seed_pinned"})
      plain.erase(key);
    plain["expect"] = trial::expectations_of(best_, goal_.keep, name_, options_.known);
    if (plain["expect"].empty()) plain.erase("expect");
    const bool invariant = std::any_of(goal_.keep.begin(), goal_.keep.end(),
                                       [](const std::string& rule) { return rule.starts_with("INV"); });
    if (!invariant) plain.erase("invariants");
    static_cast<void>(take_first({{plain, false}}, 0));
    // Faults and workloads with the names that they have anyway: what is left out must not rename the others.
    const scenario::LoadResult loaded = scenario::load_text(best_.dump(), name_);
    Json named = best_;
    if (loaded.scenario && named.contains("faults")) {
      for (std::size_t i = 0; i < loaded.scenario->config.faults.size() && i < named["faults"].size(); ++i) {
        Json fault{{"name", loaded.scenario->config.faults[i].name}};
        for (auto& [key, value] : named["faults"][i].items()) fault[key] = value;
        named["faults"][i] = std::move(fault);
      }
      static_cast<void>(take_first({{named, false}}, 0));
    }
    if (best_.contains("fault_plan")) {
      Json written = best_;
      written.erase("fault_plan");
      for (Json& fault : faults_of_plan(best_, name_, seen_)) written["faults"].push_back(std::move(fault));
      static_cast<void>(take_first({{written, true}}, 0));
    }
    // Every run from here on ends soon after what is looked for.
    if (failed_at_ns_ >= 0) static_cast<void>(take_first(ending_after(best_, failed_at_ns_), 0));
  }

  // ---- The search.

  /// True: no cut is left.
  bool search() {
    seeds_ = 1;
    while (!lab_.over() && cut_all(size_cuts())) continue;
    seeds_ = options_.seeds;
    bool any = true;
    while (!lab_.over() && any) {
      any = false;
      while (!lab_.over() && cut_all(size_cuts())) any = true;
      if (!lab_.over() && cut_all(word_cuts())) any = true;
      if (!lab_.over() && !any) any = name_brokers() || cut_all(pair_cuts());
      // What is still large gets the seeds that the others do not need.
      if (!lab_.over() && !any && is_large() && seeds_ == options_.seeds) {
        seeds_ = options_.seeds * kMoreSeeds;
        any = true;
      }
    }
    return !lab_.over();
  }

  /// Drawn brokers by their numbers, so that other cuts leave whom the faults hit as it is. True: there were such.
  bool name_brokers() {
    Json named = with_brokers_named(best_, best_seen_);
    if (named == best_ || !take_first({{std::move(named), false}}, 0)) return false;
    ++progress_.taken;
    return save();
  }

  [[nodiscard]] bool is_large() const {
    const Size size = size_of(best_);
    return size.faults > kFaultsAim || size.brokers > kBrokersAim || size.partitions > kPartitionsAim ||
           progress_.records > kRecordsAim;
  }

  // ---- Other seeds.

  /// Tells how much the result hangs on its seed, and puts a little load back where many more seeds fail with it.
  void strengthen() {
    progress_.cut = "other seeds";
    report();
    others_ = result_.others_of_smallest = lab_.with_other_seeds(best_, goal_, kOtherSeeds);
    const bool cheap = lab_.usual() < kCheapEvents;
    been_.clear();
    for (int round = 0; cheap && round < kStrengthenings && others_->failing < kSturdy; ++round) {
      std::optional<Json> sturdiest;
      OtherSeeds most = *others_;
      for (const Candidate& candidate : sturdier(best_)) {
        if (lab_.enough() || most.failing >= kSturdy) break;
        const OtherSeeds now = lab_.with_other_seeds(candidate.document, goal_, kOtherSeeds);
        if (now.failing < most.failing + (sturdiest ? 1 : kWorthIt)) continue;
        if (now.records_max > std::max(kRecordsAim, 2 * result_.others_of_smallest.records_max)) continue;
        sturdiest = candidate.document;
        most = now;
      }
      // Its own seed must fail, too, and not without the cause.
      if (!sturdiest || lab_.enough() || !take_first({{std::move(*sturdiest), true}}, 0)) return;
      others_ = lab_.with_other_seeds(best_, goal_, kOtherSeeds);
      if (!save()) return;
    }
  }

  /// Every cut of the list once. True: at least one was possible.
  bool cut_all(const std::vector<Cut>& cuts) {
    bool any = false;
    for (const Cut& cut : cuts) {
      progress_.cut = cut.name;
      report();
      std::vector<Candidate> candidates = cut.candidates(best_);
      for (std::size_t from = 0; from < candidates.size();) {
        if (lab_.enough()) return any;
        const auto taken = take_first(candidates, from);
        if (!taken) break;
        any = true;
        ++progress_.taken;
        report();
        if (!save()) return any;
        candidates = cut.candidates(best_);
        from = *taken;  // what stood before was refused for a larger document; the next round asks again
      }
    }
    return any;
  }

  void report() {
    progress_.size = size_of(best_);
    if (watching_.progress) watching_.progress(progress_);
  }

  bool save() {
    if (!watching_.better || watching_.better(trial::pretty(labelled_best(nullptr)))) return true;
    lab_.give_up();
    return false;
  }

  // ---- The file.

  [[nodiscard]] Json labelled_best(const trial::Outcome* outcome) const {
    Label label{
        .origin = name_, .seed = original_seed_, .known = options_.known, .story = "", .others = others_};
    if (outcome != nullptr) label.story = outcome->story;
    return labelled(best_, goal_, label);
  }

  /// A file that passes while the failure is there names every law that its run breaks, not the kept one alone.
  void expect_all(const trial::Outcome& outcome) {
    for (const std::string& rule : outcome.failure.rules) {
      const Json entry = trial::is_law(rule) ? trial::expectation_of(rule, true) : Json();
      const Json* all = trial::member(best_, "expect");
      const bool there = all != nullptr && std::find(all->begin(), all->end(), entry) != all->end();
      if (!entry.is_null() && !there) best_["expect"].push_back(entry);
    }
  }

  void finish() {
    progress_.cut = "the result again";
    report();
    std::vector<Json> documents{best_, best_};
    if (goal_.has_control()) documents.push_back(goal_.control(best_));
    // An interrupt ended the search, not this: it is short, and what is written must be known.
    const std::vector<trial::Outcome> outcomes = lab_.outcomes_of(documents, true);
    result_.rules = outcomes[0].failure.rules;
    result_.fails_again = goal_.met_by(outcomes[0]) && outcomes[1].fingerprint == outcomes[0].fingerprint &&
                          outcomes[1].failure == outcomes[0].failure;
    result_.has_control = goal_.has_control();
    result_.control_holds =
        goal_.has_control() && outcomes[2].ran() && !outcomes[2].failure.breaks(goal_.keep.front());
    result_.fingerprint = outcomes[0].fingerprint;
    result_.story = outcomes[0].story;
    result_.defects = defect_texts(goal_, best_);
    result_.fault_kinds = fault_kinds_of(best_);
    if (options_.known) expect_all(outcomes[0]);
    result_.text = trial::pretty(labelled_best(&outcomes[0]));
    if (others_ && others_->tried > 0) result_.others = others_;
    progress_.records = outcomes[0].sent;
    progress_.size = size_of(best_);
    result_.after = progress_;
    if (watching_.better && !watching_.better(result_.text)) result_.minimal = false;
  }

  std::string name_;
  const Options& options_;
  const Watching& watching_;
  Goal goal_;
  Json best_;
  std::uint64_t original_seed_ = 1;
  std::vector<trial::FaultSeen> seen_;  // in the run as it was given
  std::map<std::uint64_t, std::size_t>
      refused_;  // candidates that do not fail: how many seeds were tried, by hash
  // The documents that were the best one before, without their seeds: two cuts that undo each other must not go on for ever.
  std::set<std::uint64_t> been_;
  std::int64_t failed_at_ns_ = -1;           // in that run
  std::int64_t seeds_ = 1;                   // tried where a cut shifts draws
  std::vector<trial::FaultSeen> best_seen_;  // in the best run
  std::optional<OtherSeeds> others_;
  Progress progress_;
  Lab lab_;
  Result result_;
};

}  // namespace

Result shrink(const std::string& text, const std::string& name, const std::vector<std::string>& overrides,
              const Options& options, const Watching& watching) {
  return Shrinker(name, options, watching).run(text, overrides);
}

}  // namespace brokersim::shrink
