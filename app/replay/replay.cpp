#include "app/replay/replay.h"

#include <algorithm>
#include <tuple>

#include "app/scenario/content.h"
#include "app/trial/json.h"
#include "models/world/world.h"
#include "sim/recorder.h"

namespace brokersim::replay {
namespace {

/// The range of events that holds the first difference, from 1. Bytes say where; checkpoints say that no byte was equal
/// by chance for long.
std::pair<std::uint64_t, std::uint64_t> first_difference(const Tape& a, const Tape& b) {
  const std::uint64_t both = std::min(a.events, b.events);
  std::uint64_t first = both + 1;
  std::uint64_t last = std::max(a.events, b.events);
  if (last < first) last = first;
  const auto& left = a.marks.checkpoints;
  const auto& right = b.marks.checkpoints;
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    if (left[i] == right[i]) continue;
    first = i * a.marks.checkpoint_every + 1;
    last = (i + 1) * a.marks.checkpoint_every;
    break;
  }
  const auto& x = a.marks.bytes;
  const auto& y = b.marks.bytes;
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    const std::uint64_t from = i * a.marks.every + 1;
    const std::uint64_t to = (i + 1) * a.marks.every;
    if (x[i] == y[i] || to < first) continue;  // before a checkpoint that is the same, nothing differs
    return {from, to};
  }
  // Beyond the last byte, or within an interval of which no byte tells.
  const std::uint64_t told = std::min(x.size(), y.size()) * a.marks.every;
  return {std::max(first, std::min(told + 1, last)), last};
}

std::string event_here(const Tape& now, std::uint64_t number) {
  if (number > now.events) return "";
  const scenario::LoadResult loaded = scenario::load_text(now.text, now.file, now.overrides);
  if (!loaded.scenario) return "";
  sim::Recorder recorder(number - 1, 1);
  world::World world(loaded.scenario->config, now.seed, &recorder);
  static_cast<void>(world::run_events(world, number));
  if (recorder.events().empty()) return "";
  const sim::RecordedEvent& event = recorder.events().front();
  return sim::to_string(event.time) + " " + event.component + " " + event.kind;
}

void compare_decisions(const Tape& tape, const Tape& now, Divergence& divergence) {
  for (std::size_t i = 0; i < std::max(tape.decisions.size(), now.decisions.size()); ++i) {
    const std::string on_tape = i < tape.decisions.size() ? tape.decisions[i] : "";
    const std::string here = i < now.decisions.size() ? now.decisions[i] : "";
    if (on_tape == here) continue;
    divergence.decision_on_tape = on_tape;
    divergence.decision_here = here;
    return;
  }
}

std::string fault_text(const trial::FaultSeen& fault) {
  return sim::to_string(sim::SimTime{fault.at_ns}) + " " + fault.kind + " at " + fault.target +
         (fault.fired ? fault.had_effect ? "" : ", without effect" : ", not fired");
}

void compare_faults(const Tape& tape, const Tape& now, Divergence& divergence) {
  for (std::size_t i = 0; i < std::min(tape.faults.size(), now.faults.size()); ++i) {
    if (tape.faults[i] == now.faults[i]) continue;
    divergence.fault_on_tape = fault_text(tape.faults[i]);
    divergence.fault_here = fault_text(now.faults[i]);
    return;
  }
}

Verdict judge(const Tape& tape, const Tape& now) {
  if (!now.valid) return Verdict::no_scenario;
  if (now.fingerprint == tape.fingerprint && now.events == tape.events && now.failure == tape.failure &&
      now.marks == tape.marks)
    return Verdict::identical;
  // "lost" alone is a measure: a run whose headline it was keeps it, any other one may come and go.
  const std::string headline = tape.failure.headline();
  if (headline.empty()) return now.failure.rules.empty() ? Verdict::same : Verdict::other_failure;
  if (now.failure.breaks(headline)) return Verdict::same;
  return now.failure.rules.empty() ? Verdict::passes : Verdict::other_failure;
}

}  // namespace

std::string to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::identical: return "identical";
    case Verdict::same: return "same failure";
    case Verdict::other_failure: return "other failure";
    case Verdict::passes: return "passes";
    case Verdict::no_scenario: return "no scenario";
  }
  return "";
}

int Replay::exit_code() const {
  if (same_program && !other_files && verdict != Verdict::identical) return 70;
  switch (verdict) {
    case Verdict::identical:
    case Verdict::same: return 0;
    case Verdict::other_failure: return 1;
    case Verdict::passes: return 3;
    case Verdict::no_scenario: return 2;
  }
  return 70;
}

Replay replay(const Tape& tape) {
  Replay replay;
  replay.now = record(tape.text, tape.file, tape.seed, tape.overrides, &tape.marks);
  replay.same_program = !tape.build.program.empty() && tape.build.program == replay.now.build.program;
  const auto content = scenario::content_id(tape.text, tape.file, tape.overrides);
  replay.other_files = !tape.content.empty() && tape.content != content.value_or("");
  replay.verdict = judge(tape, replay.now);
  if (replay.verdict == Verdict::identical || !replay.now.valid) return replay;
  Divergence divergence;
  std::tie(divergence.first, divergence.last) = first_difference(tape, replay.now);
  divergence.here = event_here(replay.now, divergence.last);
  compare_decisions(tape, replay.now, divergence);
  compare_faults(tape, replay.now, divergence);
  replay.divergence = std::move(divergence);
  return replay;
}

std::string render(const Tape& tape, const Replay& replay) {
  const auto broken = [](const Tape& t) {
    return t.failure.rules.empty() ? std::string("nothing") : trial::rules_text(t.failure.rules);
  };
  std::string out = to_string(replay.verdict);
  if (replay.verdict == Verdict::same && tape.failure.rules.empty()) out = "no failure, as before";
  if (replay.verdict == Verdict::no_scenario)
    return out + ": this build does not accept what the tape holds\n" + replay.now.problem;
  out += "\n  tape   breaks " + broken(tape) + "; " + std::to_string(tape.events) + " events, fingerprint " +
         sim::hex16(tape.fingerprint) + "; brokersim " + tape.build.version + ", " + tape.build.compiler +
         "\n";
  out += "  here   breaks " + broken(replay.now) + "; " + std::to_string(replay.now.events) +
         " events, fingerprint " + sim::hex16(replay.now.fingerprint) + "; " +
         (replay.same_program ? "the same program" : "another build: " + replay.now.build.compiler) + "\n";
  if (const auto& d = replay.divergence) {
    out += "  diverged at event " + std::to_string(d->first);
    if (d->last != d->first) out += " to " + std::to_string(d->last);
    out += d->here.empty() ? "; here the run has ended by then\n" : "; here it is " + d->here + "\n";
    const auto pair = [&](const char* what, const std::string& on_tape, const std::string& here) {
      if (on_tape.empty() && here.empty()) return;
      out += std::string("  first other ") + what + "\n    tape   " + (on_tape.empty() ? "none" : on_tape) +
             "\n    here   " + (here.empty() ? "none" : here) + "\n";
    };
    pair("fault", d->fault_on_tape, d->fault_here);
    pair("decision", d->decision_on_tape, d->decision_here);
  }
  if (replay.other_files)
    out +=
        "  A file that the scenario names (.properties, arrivals) is not what it was when the tape was "
        "made.\n";
  if (replay.same_program && !replay.other_files && replay.verdict != Verdict::identical)
    out +=
        "  The same program came to another run: that is a bug of brokersim. Please report it with the "
        "tape.\n";
  if (!replay.now.story.empty()) out += "\n" + replay.now.story + "\n";
  return out;
}

std::string to_json(const Tape& tape, const Replay& replay) {
  trial::Json json = trial::Json::object();
  json["verdict"] = to_string(replay.verdict);
  json["same_program"] = replay.same_program;
  json["other_files"] = replay.other_files;
  json["scenario"] = tape.file;
  json["seed"] = tape.seed;
  json["broken_on_tape"] = tape.failure.rules;
  json["broken_here"] = replay.now.failure.rules;
  json["fingerprint_on_tape"] = sim::hex16(tape.fingerprint);
  json["fingerprint_here"] = sim::hex16(replay.now.fingerprint);
  if (const auto& d = replay.divergence) {
    json["diverged_at_event"] = d->first;
    json["diverged_at_event_at_most"] = d->last;
    json["event_here"] = d->here;
    json["decision_on_tape"] = d->decision_on_tape;
    json["decision_here"] = d->decision_here;
  }
  return json.dump(-1, ' ', false, trial::Json::error_handler_t::replace);
}

}  // namespace brokersim::replay
