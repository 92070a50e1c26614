#include "app/results/compare.h"

#include <algorithm>
#include <memory>

#include "models/world/world.h"
#include "sim/recorder.h"

namespace brokersim::results {
namespace {

constexpr std::uint64_t kInterval = sim::Fingerprint::kInterval;
/// Events that each world runs before the other one has its turn: 64 checkpoints.
constexpr std::uint64_t kTurn = 64 * kInterval;

/// A run as it goes.
struct Follower {
  explicit Follower(const CompareSide& compared, sim::Recorder* recorder = nullptr)
      : side(compared), world(compared.scenario->config, compared.seed, recorder) {}

  void advance(std::uint64_t events) {
    if (over()) return;
    end = world::run_events(world, events);
  }
  [[nodiscard]] bool over() const { return end.completed || !end.bug.empty(); }
  [[nodiscard]] const sim::Fingerprint& fingerprint() const { return world.sim().fingerprint(); }

  [[nodiscard]] ComparedRun facts() const {
    return {.scenario = side.scenario->file,
            .seed = side.seed,
            .overrides = side.overrides,
            .earlier_fingerprint = side.earlier_fingerprint,
            .completed = end.completed,
            .events = fingerprint().events(),
            .fingerprint = fingerprint().value(),
            .reached = world.sim().now(),
            .bug = end.bug};
  }

  const CompareSide& side;
  world::World world;
  world::RunEnd end;
};

/// Draws made while the worlds were built shift every later state of that ingredient: then it says nothing.
bool same_parts(const sim::FingerprintParts& a, const sim::FingerprintParts& b, bool with_draws) {
  if (a.time != b.time || a.component != b.component || a.kind != b.kind) return false;
  return !with_draws || a.draws == b.draws;
}

struct Search {
  bool found = false;
  std::uint64_t from = 0;  // events up to the last checkpoint that is the same
  bool setup_differs = false;
};

/// Runs both until a checkpoint or their ends differ.
Search find_interval(Follower& a, Follower& b, const CompareProgress& progress) {
  Search search;
  search.setup_differs = a.fingerprint().parts() != b.fingerprint().parts();
  const bool with_draws = !search.setup_differs;
  std::size_t compared = 0;
  for (std::uint64_t target = kTurn;; target += kTurn) {
    a.advance(target);
    b.advance(target);
    const auto& left = a.fingerprint().checkpoints();
    const auto& right = b.fingerprint().checkpoints();
    for (; compared < std::min(left.size(), right.size()); ++compared) {
      if (!same_parts(left[compared], right[compared], with_draws)) {
        return {true, compared * kInterval, search.setup_differs};
      }
    }
    search.from = compared * kInterval;
    if (progress) progress(1, std::max(a.fingerprint().events(), b.fingerprint().events()));
    if (!a.over() && !b.over()) continue;
    // One has ended, so the other one has all that it shares with it: what is left is its tail.
    const bool same_end = a.over() && b.over() && a.fingerprint().events() == b.fingerprint().events();
    search.found = !same_end || !same_parts(a.fingerprint().parts(), b.fingerprint().parts(), with_draws);
    return search;
  }
}

/// What a fingerprint was after `from` events, a multiple of kInterval.
sim::FingerprintParts parts_after(const sim::Fingerprint& fingerprint, std::uint64_t from,
                                  const sim::FingerprintParts& at_first) {
  return from == 0 ? at_first : fingerprint.checkpoints()[from / kInterval - 1];
}

struct Recording {
  std::unique_ptr<sim::Recorder> recorder;
  sim::FingerprintParts at_start;  // parts after `from` events
};

/// The same run again, with a recorder from event `from` on. One interval for the difference, and another one so that
/// an event that only moved is found again. A checkpoint is taken when its last event begins, so that event's draws
/// belong to the interval that follows: it is recorded, too.
Recording record_again(const CompareSide& side, std::uint64_t from, const CompareProgress& progress) {
  Recording recording;
  recording.recorder = std::make_unique<sim::Recorder>(from == 0 ? 0 : from - 1, 2 * kInterval);
  Follower run(side, recording.recorder.get());
  const sim::FingerprintParts at_first = run.fingerprint().parts();
  for (const std::uint64_t to = from + 2 * kInterval; run.fingerprint().events() < to && !run.over();) {
    run.advance(std::min(to, run.fingerprint().events() + kTurn));
    if (progress) progress(2, run.fingerprint().events());
  }
  if (run.fingerprint().events() >= from) recording.at_start = parts_after(run.fingerprint(), from, at_first);
  return recording;
}

/// A draw by the names of its own recorder: keys differ between seeds although the stream is the same.
ComparedDraw draw_of(const sim::Recorder& recorder, const sim::RecordedDraw& draw) {
  return {recorder.stream_name(draw.stream), draw.ordinal, draw.value};
}

ComparedEvent event_of(const sim::Recorder& recorder, const sim::RecordedEvent& event) {
  ComparedEvent compared;
  compared.number = event.index + 1;
  compared.time = event.time;
  compared.component = event.component;
  compared.kind = event.kind;
  for (const sim::RecordedDraw& draw : event.draws) compared.draws.push_back(draw_of(recorder, draw));
  for (const sim::Cause& cause : event.causes) {
    compared.causes.push_back({cause.index + 1, cause.time, recorder.path(cause.component), cause.kind});
  }
  return compared;
}

std::vector<std::uint64_t> values_of(const std::vector<sim::RecordedDraw>& draws) {
  std::vector<std::uint64_t> values;
  for (const sim::RecordedDraw& draw : draws) values.push_back(draw.value);
  return values;
}

std::vector<Ingredient> differences(const sim::RecordedEvent& a, const sim::RecordedEvent& b,
                                    bool with_draws) {
  std::vector<Ingredient> differs;
  if (a.time != b.time) differs.push_back(Ingredient::time);
  if (a.component != b.component) differs.push_back(Ingredient::component);
  if (a.kind != b.kind) differs.push_back(Ingredient::kind);
  if (with_draws && values_of(a.draws) != values_of(b.draws)) differs.push_back(Ingredient::draws);
  return differs;
}

std::optional<std::uint64_t> found_in(const std::vector<sim::RecordedEvent>& events, std::size_t from,
                                      const sim::RecordedEvent& wanted) {
  for (std::size_t i = from; i < events.size(); ++i) {
    if (events[i].time > wanted.time) break;
    if (events[i].time == wanted.time && events[i].component == wanted.component &&
        events[i].kind == wanted.kind) {
      return events[i].index + 1;
    }
  }
  return std::nullopt;
}

std::string setup_words(const sim::Recorder& a, const sim::Recorder& b) {
  const auto& left = a.draws_outside();
  const auto& right = b.draws_outside();
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    if (i < left.size() && i < right.size() && left[i].value == right[i].value) continue;
    const auto words = [i](const sim::Recorder& recorder, const std::vector<sim::RecordedDraw>& draws) {
      if (i >= draws.size()) return std::string("none");
      return recorder.stream_name(draws[i].stream) + " #" + std::to_string(draws[i].ordinal) + " = " +
             sim::hex16(draws[i].value);
    };
    return "draw " + std::to_string(i + 1) + " while the world is built: A " + words(a, left) + ", B " +
           words(b, right);
  }
  return "the state of the draws before the first event";
}

/// Fills in the first event that differs. False: there is none among the recorded ones.
bool find_event(const sim::Recorder& a, const sim::Recorder& b, bool with_draws, RunComparison& comparison) {
  const auto& left = a.events();
  const auto& right = b.events();
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const bool both = i < left.size() && i < right.size();
    comparison.differs =
        both ? differences(left[i], right[i], with_draws) : std::vector<Ingredient>{Ingredient::end};
    if (comparison.differs.empty()) continue;
    for (std::size_t k = i - std::min<std::size_t>(i, 3); k < i; ++k) {
      comparison.before.push_back(event_of(a, left[k]));
    }
    if (i < left.size()) {
      comparison.a_event = event_of(a, left[i]);
      comparison.a_event->in_other = found_in(right, i, left[i]);
    }
    if (i < right.size()) {
      comparison.b_event = event_of(b, right[i]);
      comparison.b_event->in_other = found_in(left, i, right[i]);
    }
    comparison.equal_events = (i < left.size() ? left[i] : right[i]).index;
    return true;
  }
  return false;
}

}  // namespace

std::string to_string(Ingredient ingredient) {
  switch (ingredient) {
    case Ingredient::time: return "time";
    case Ingredient::component: return "component";
    case Ingredient::kind: return "kind";
    case Ingredient::draws: return "draws";
    case Ingredient::end: return "end";
  }
  return "";
}

int RunComparison::exit_code() const {
  if (!not_repeatable.empty() || !a.bug.empty() || !b.bug.empty()) return 70;
  const auto changed = [](const ComparedRun& run) {
    return run.completed && run.earlier_fingerprint && *run.earlier_fingerprint != run.fingerprint;
  };
  return equal && !changed(a) && !changed(b) ? 0 : 1;
}

RunComparison compare(const CompareSide& a, const CompareSide& b, const CompareProgress& progress) {
  RunComparison comparison;
  Search search;
  sim::FingerprintParts a_before;  // what each run had after search.from events
  sim::FingerprintParts b_before;
  {
    Follower left(a);
    Follower right(b);
    const sim::FingerprintParts a_first = left.fingerprint().parts();
    const sim::FingerprintParts b_first = right.fingerprint().parts();
    search = find_interval(left, right, progress);
    comparison.a = left.facts();
    comparison.b = right.facts();
    a_before = parts_after(left.fingerprint(), search.from, a_first);
    b_before = parts_after(right.fingerprint(), search.from, b_first);
  }
  if (!search.found && !search.setup_differs) {
    comparison.equal = true;
    comparison.equal_events = comparison.a.events;
    return comparison;
  }
  const Recording left = record_again(a, search.from, progress);
  const Recording right = record_again(b, search.from, progress);
  comparison.recorded = std::max(left.recorder->events().size(), right.recorder->events().size());
  if (left.at_start != a_before) comparison.not_repeatable = "A was another run when it was repeated";
  if (right.at_start != b_before) comparison.not_repeatable = "B was another run when it was repeated";
  if (!comparison.not_repeatable.empty()) return comparison;
  if (search.setup_differs) {
    comparison.setup = setup_words(*left.recorder, *right.recorder);
    // The checkpoints say nothing of draws now. The first events are compared draw by draw all the same: where worlds
    // are built with other draws, the first events make others, too.
    const Recording first_of_a = search.from == 0 ? Recording{} : record_again(a, 0, progress);
    const Recording first_of_b = search.from == 0 ? Recording{} : record_again(b, 0, progress);
    const Recording& early_a = search.from == 0 ? left : first_of_a;
    const Recording& early_b = search.from == 0 ? right : first_of_b;
    if (find_event(*early_a.recorder, *early_b.recorder, true, comparison)) return comparison;
  }
  if (!search.found) {
    comparison.differs = {Ingredient::draws};
    comparison.equal_events = comparison.a.events;
    return comparison;
  }
  if (!find_event(*left.recorder, *right.recorder, !search.setup_differs, comparison)) {
    comparison.not_repeatable = "the checkpoints differ, but no event does when both are repeated";
  }
  return comparison;
}

}  // namespace brokersim::results
