#include <algorithm>

#include "app/replay/tape.h"
#include "app/results/execute.h"
#include "app/scenario/content.h"
#include "app/trial/self_contained.h"
#include "models/history/history.h"

namespace brokersim::replay {
namespace {

/// Bytes of a tape, at most; longer runs have one for every so many events.
constexpr std::uint64_t kBytesMax = 1u << 18;
constexpr std::uint64_t kCheckpointsMax = 4'096;
constexpr std::size_t kDecisionsMax = 5'000;

/// Writes down what the cluster decided.
class Decisions final : public history::Watcher {
 public:
  Decisions(const history::History& history, Tape& tape) : history_(history), tape_(tape) {}

  using history::Watcher::on;
  void on(const history::PartitionChanged& event) override {
    std::string text = history_.partition(event.partition).name() + ": leader " +
                       std::to_string(event.leader) + ", epoch " + std::to_string(event.leader_epoch) +
                       ", ISR";
    for (const history::BrokerId broker : event.isr) text += " " + std::to_string(broker);
    if (!event.elr.empty()) text += ", ELR";
    for (const history::BrokerId broker : event.elr) text += " " + std::to_string(broker);
    if (event.unclean) text += ", unclean";
    say(event.at, text);
  }
  void on(const history::ControllerChanged& event) override {
    say(event.at, "controller " + std::to_string(event.node) + ": change " +
                      std::to_string(static_cast<int>(event.event)) + ", epoch " +
                      std::to_string(event.epoch));
  }
  void on(const history::BrokerChanged& event) override {
    say(event.at, "broker " + std::to_string(event.broker) + ": change " +
                      std::to_string(static_cast<int>(event.event)));
  }
  void on(const history::Truncated& event) override {
    say(event.at, history_.partition(event.partition).name() + ": broker " + std::to_string(event.broker) +
                      " cuts its log");
  }
  void on(const history::FaultFired& event) override {
    say(event.at, "fault " + event.kind + " at " + event.target);
  }

 private:
  void say(sim::SimTime at, const std::string& text) {
    ++tape_.decisions_made;
    if (tape_.decisions.size() < kDecisionsMax) tape_.decisions.push_back(sim::to_string(at) + " " + text);
  }

  const history::History& history_;
  Tape& tape_;
};

std::uint64_t folded(const sim::FingerprintParts& parts) {
  return sim::combine(sim::combine(sim::combine(parts.time, parts.component), parts.kind), parts.draws);
}

/// How many events a run has.
std::uint64_t events_of(const scenario::Scenario& scenario, std::uint64_t seed) {
  world::World world(scenario.config, seed);
  return world::run(world).events;
}

Marks marks_for(std::uint64_t events) {
  Marks marks;
  marks.every = std::max<std::uint64_t>(1, (events + kBytesMax - 1) / kBytesMax);
  const std::uint64_t intervals = events / sim::Fingerprint::kInterval;
  marks.checkpoint_every = sim::Fingerprint::kInterval *
                           std::max<std::uint64_t>(1, (intervals + kCheckpointsMax - 1) / kCheckpointsMax);
  return marks;
}

}  // namespace

Tape record(const std::string& text, const std::string& file, std::uint64_t seed,
            const std::vector<std::string>& overrides, const Marks* marks_like) {
  Tape tape;
  tape.build = this_build();
  tape.file = file;
  tape.text = text;
  tape.seed = seed;
  tape.overrides = overrides;
  if (const auto whole = trial::self_contained(text, file, overrides)) {
    tape.text = trial::pretty(*whole);
    tape.overrides.clear();
  }
  tape.content = scenario::content_id(tape.text, file, tape.overrides).value_or("");
  const scenario::LoadResult loaded = scenario::load_text(tape.text, file, tape.overrides);
  if (!loaded.scenario) {
    tape.problem = scenario::render(loaded.diagnostics);
    return tape;
  }
  tape.valid = true;
  tape.marks = marks_like != nullptr ? *marks_like : marks_for(events_of(*loaded.scenario, seed));
  tape.marks.bytes.clear();
  tape.marks.checkpoints.clear();

  results::Execution execution(*loaded.scenario, seed, tape.overrides);
  world::World& world = execution.world();
  Decisions decisions(world.history(), tape);
  world.history().attach(decisions);
  const sim::Fingerprint& fingerprint = world.sim().fingerprint();
  // A run without an end of its own is not recorded for ever: what is beyond the tape's own marks is told by its end.
  const std::uint64_t bytes_max = marks_like != nullptr ? kBytesMax * 4 : kBytesMax + 1;
  world::RunEnd end;
  while (tape.marks.bytes.size() < bytes_max && !end.completed && end.bug.empty()) {
    const std::uint64_t target = (tape.marks.bytes.size() + 1) * tape.marks.every;
    end = world::run_events(world, target);
    if (fingerprint.events() == target)
      tape.marks.bytes.push_back(static_cast<std::uint8_t>(folded(fingerprint.parts())));
  }
  results::RunResult result;
  if (end.bug.empty()) {
    result = execution.finish();
  } else {
    result.facts.bug = end.bug;
    result.facts.fingerprint = end.fingerprint;
    result.facts.events = end.events;
    result.facts.ended_at = end.ended_at;
  }
  const std::uint64_t step = tape.marks.checkpoint_every / sim::Fingerprint::kInterval;
  for (std::size_t i = step; i <= fingerprint.checkpoints().size(); i += step)
    tape.marks.checkpoints.push_back(folded(fingerprint.checkpoints()[i - 1]));
  trial::Outcome outcome = trial::outcome_of(result);
  tape.failure = std::move(outcome.failure);
  tape.story = std::move(outcome.story);
  tape.fingerprint = outcome.fingerprint;
  tape.events = outcome.events;
  tape.ended_ns = result.facts.ended_at.ns;
  tape.sent = outcome.sent;
  tape.lost = outcome.lost;
  tape.faults = std::move(outcome.faults);
  return tape;
}

}  // namespace brokersim::replay
