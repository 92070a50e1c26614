#include "app/shrink/lab.h"

#include <algorithm>

#include "app/trial/ordered.h"

namespace brokersim::shrink {
namespace {

/// A candidate may take so many times the events of the best run, and a little.
constexpr std::uint64_t kEventsFactor = 3;
constexpr std::uint64_t kEventsMore = 200'000;
/// Processor time of one candidate with all its seeds: so many times that of the run as it was given, and a little. Far
/// above what so many events need; it ends what time or memory makes slow.
constexpr std::int64_t kCpuFactor = 30;
constexpr std::int64_t kCpuSecondsMore = 3;
constexpr std::int64_t kCpuSecondsMax = 120;
constexpr std::int64_t kCpuSecond = 1'000'000'000;  // ns

}  // namespace

bool Lab::enough() {
  if (!over_ && budget_.stop && budget_.stop()) over_ = true;
  if (budget_.runs_max > 0 && progress_.runs >= budget_.runs_max) over_ = true;
  if (budget_.cpu_max_ns > 0 && progress_.cpu_ns >= budget_.cpu_max_ns) over_ = true;
  return over_;
}

std::int64_t Lab::cpu_seconds() const {
  const std::int64_t usual =
      first_cpu_ns_ / kCpuSecond * kCpuFactor + first_cpu_ns_ % kCpuSecond * kCpuFactor / kCpuSecond;
  const std::int64_t seconds = std::min(usual + kCpuSecondsMore, kCpuSecondsMax);
  if (budget_.cpu_max_ns == 0) return seconds;
  return std::min(seconds, std::max<std::int64_t>(0, budget_.cpu_max_ns - progress_.cpu_ns) / kCpuSecond + 1);
}

trial::Limits Lab::limits() const {
  const std::uint64_t events = usual_events_ == 0 ? 0 : usual_events_ * kEventsFactor + kEventsMore;
  return {.events = events, .cpu_seconds = kCpuSecondsMax};
}

std::vector<trial::Outcome> Lab::outcomes_of(const std::vector<Json>& documents, bool patient) {
  std::vector<trial::Outcome> outcomes;
  trial::OrderedWork work;
  work.count = documents.size();
  work.jobs = budget_.jobs;
  work.work = [&](std::size_t i) {
    trial::confine({.cpu_seconds = 0});
    return trial::encode(trial::run_text(documents[i].dump(), budget_.name, limits()));
  };
  work.done = [&](const trial::Piece& piece) {
    ++progress_.runs;
    progress_.cpu_ns += piece.cpu_ns;
    if (first_cpu_ns_ == 0) first_cpu_ns_ = piece.cpu_ns;
    auto outcome = trial::decode(piece.payload);
    if (!outcome) {
      outcome.emplace();
      outcome->valid = true;
      outcome->cut_short = true;
      outcome->problem = piece.died;
    }
    outcomes.push_back(std::move(*outcome));
    return true;
  };
  work.stop = [&] { return !patient && budget_.stop && budget_.stop(); };
  static_cast<void>(trial::run_in_order(work));
  return outcomes;
}

OtherSeeds Lab::with_other_seeds(const Json& document, const Goal& goal, std::size_t count) {
  std::vector<Json> seeded;
  for (std::uint64_t seed = 1; seeded.size() < count; ++seed) {
    if (seed == document.value("seed", std::uint64_t{1})) continue;
    seeded.push_back(document);
    seeded.back()["seed"] = seed;
  }
  OtherSeeds others;
  for (const trial::Outcome& outcome : outcomes_of(seeded)) {
    ++others.tried;
    others.records_max = std::max(others.records_max, outcome.sent);
    if (goal.met_by(outcome)) ++others.failing;
  }
  return others;
}

}  // namespace brokersim::shrink
