// render_comparison(): the same place in two runs, for a person.
#include <algorithm>

#include "app/results/compare.h"
#include "app/results/layout.h"
#include "app/scenario/diagnostic.h"

namespace brokersim::results {
namespace {

constexpr std::size_t kDrawsShown = 8;

std::string grouped(std::uint64_t n) {
  std::string text = std::to_string(n);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), ",");
  }
  return text;
}

/// To the nanosecond: what differs may differ by one.
std::string exact(sim::SimTime time) {
  std::string fraction = std::to_string(time.ns % 1'000'000'000);
  fraction.insert(0, 9 - fraction.size(), '0');
  return std::to_string(time.ns / 1'000'000'000) + "." + fraction + " s";
}

std::string event_words(std::uint64_t number, sim::SimTime time, const std::string& kind,
                        const std::string& component) {
  return "event " + grouped(number) + "  " + exact(time) + "  " + kind + "  of " + scenario::shown(component);
}

class Page {
 public:
  Page(const RunComparison& comparison, bool colour) : c_(comparison), colour_(colour) {}

  std::string text() {
    side("A", c_.a);
    side("B", c_.b);
    line("");
    if (!c_.not_repeatable.empty()) {
      line(tinted("NOT REPEATABLE", Tint::bad, colour_) + ": " + c_.not_repeatable +
           ". This is a bug of brokersim: please report both command lines.");
      return text_;
    }
    if (c_.equal) {
      line(tinted("The runs are identical", Tint::good, colour_) + ": " + grouped(c_.equal_events) +
           " events, fingerprint " + sim::hex16(c_.a.fingerprint) + ".");
      return text_;
    }
    difference();
    return text_;
  }

 private:
  void line(const std::string& words) { text_ += words + "\n"; }

  void side(const char* name, const ComparedRun& run) {
    std::string words =
        std::string(name) + "  " + scenario::shown(run.scenario) + "  seed " + std::to_string(run.seed);
    for (const std::string& change : run.overrides) words += "  --set " + scenario::shown(change);
    line(tinted(words, Tint::strong, colour_));
    words = run.completed ? "complete: " : "followed up to " + exact(run.reached) + ": ";
    words += grouped(run.events) + " events";
    if (run.completed) words += ", fingerprint " + sim::hex16(run.fingerprint);
    line("   " + words);
    if (!run.bug.empty()) line("   stopped by our own bug: " + run.bug);
    if (run.completed && run.earlier_fingerprint && *run.earlier_fingerprint != run.fingerprint) {
      line("   " + tinted("not the run of the file", Tint::bad, colour_) + ", whose fingerprint is " +
           sim::hex16(*run.earlier_fingerprint) + ": the scenario or brokersim itself has changed since");
    }
  }

  void difference() {
    if (!c_.setup.empty()) line("Before any event: " + c_.setup + ".");
    if (!c_.a_event && !c_.b_event) {
      line("All " + grouped(c_.equal_events) + " events are the same.");
      return;
    }
    std::string what;
    for (const Ingredient ingredient : c_.differs) what += (what.empty() ? "" : ", ") + to_string(ingredient);
    if (!c_.a_event || !c_.b_event) {
      line("The first " + grouped(c_.equal_events) + " events are the same; then " +
           (c_.a_event ? "B" : "A") + " ends.");
    } else {
      line("The first " + grouped(c_.equal_events) + " events are the same. Event " +
           grouped(c_.equal_events + 1) + " differs in its " + tinted(what, Tint::strong, colour_) + ".");
    }
    event("A", "B", c_.a_event, c_.b_event);
    event("B", "A", c_.b_event, c_.a_event);
    if (c_.before.empty()) return;
    line("");
    line("Just before, in both:");
    for (const ComparedEvent& e : c_.before) line("   " + event_words(e.number, e.time, e.kind, e.component));
  }

  void event(const char* name, const char* other, const std::optional<ComparedEvent>& e,
             const std::optional<ComparedEvent>& others) {
    line("");
    if (!e) {
      line(std::string(name) + "  has no further event");
      return;
    }
    line(tinted(std::string(name) + "  " + event_words(e->number, e->time, e->kind, e->component),
                Tint::strong, colour_));
    draws(*e, others);
    const char* label = "   scheduled by  ";
    for (const ComparedCause& cause : e->causes) {
      line(label + event_words(cause.number, cause.time, cause.kind, cause.component));
      label = "            by  ";
    }
    if (e->causes.empty()) line("   scheduled while the world was built");
    const bool only_draws = c_.differs.size() == 1 && c_.differs.front() == Ingredient::draws;
    if (only_draws || !others) return;
    if (e->in_other) {
      line(std::string("   ") + other + " has such an event too, as number " + grouped(*e->in_other));
    } else {
      line(std::string("   ") + other + " has no such event");
    }
  }

  void draws(const ComparedEvent& e, const std::optional<ComparedEvent>& others) {
    // The first draw that differs must be among those shown.
    std::size_t from = 0;
    if (others) {
      while (from < std::min(e.draws.size(), others->draws.size()) &&
             e.draws[from].value == others->draws[from].value) {
        ++from;
      }
    }
    from = e.draws.size() <= kDrawsShown ? 0 : std::min(from, e.draws.size() - kDrawsShown);
    const std::size_t to = std::min(e.draws.size(), from + kDrawsShown);
    if (from > 0) line("   draws         " + grouped(from) + " that are the same, then");
    for (std::size_t i = from; i < to; ++i) {
      const ComparedDraw& draw = e.draws[i];
      line(std::string(i == 0 ? "   draws         " : "                 ") + scenario::shown(draw.stream) +
           " #" + std::to_string(draw.ordinal) + " = " + sim::hex16(draw.value));
    }
    if (to < e.draws.size()) line("                 and " + grouped(e.draws.size() - to) + " more");
  }

  const RunComparison& c_;
  bool colour_;
  std::string text_;
};

}  // namespace

std::string render_comparison(const RunComparison& comparison, bool colour) {
  return Page(comparison, colour).text();
}

}  // namespace brokersim::results
