#include "app/results/text.h"

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "app/results/expectations.h"
#include "app/results/layout.h"
#include "app/results/loss_groups.h"
#include "app/results/metric_value.h"
#include "models/checkers/words.h"
#include "sim/fingerprint.h"

namespace brokersim::results {
namespace {

using checkers::count_text;
using checkers::records_text;

std::string fixed(double value, int digits) {
  char text[48];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string seconds_text(sim::SimTime at) { return fixed(at.seconds(), 3) + " s"; }
std::string seconds_text(sim::Duration d) { return fixed(d.seconds(), 3) + " s"; }

/// Milliseconds with three significant digits or so.
std::string ms_text(double ms) { return fixed(ms, ms < 10 ? 3 : ms < 100 ? 2 : ms < 1'000 ? 1 : 0); }

Tint tint_of(const std::string& verdict) {
  if (verdict == "holds") return Tint::good;
  if (verdict == "inconclusive" || verdict == "not_applicable") return Tint::doubtful;
  return Tint::bad;
}

class Report {
 public:
  Report(const RunResult& result, const TextOptions& options)
      : result_(result),
        measures_(result.findings.measures),
        options_(options),
        width_(std::max<std::size_t>(options.width, 60)) {}

  std::string text() {
    verdict();
    if (!result_.facts.bug.empty()) {
      heading("Our own bug stopped this run");
      out_ += wrapped(result_.facts.bug, 2, width_);
      return out_ + "\nReplay\n  " + result_.replay() + "\n";
    }
    records();
    events();
    share_groups();
    transactions();
    losses();
    unavailable();
    latency();
    recoveries();
    admin();
    offset_resets();
    faults();
    checks();
    expectations();
    published();
    list("Notes", result_.notes);
    list("Warnings", result_.warnings);
    heading("Run");
    out_ += "  " + seconds_text(result_.facts.ended_at) + " simulated in " +
            fixed(result_.facts.wall_seconds, 3) + " s, " +
            count_text(static_cast<std::int64_t>(result_.facts.events)) + " events, fingerprint " +
            sim::hex16(result_.facts.fingerprint) + "\n";
    heading("Replay");
    return out_ + "  " + result_.replay() + "\n";
  }

 private:
  void heading(const std::string& title) {
    out_ += "\n" + tinted(title, Tint::strong, options_.colour) + "\n";
  }
  void more(std::size_t shown, std::size_t all, const std::string& what) {
    if (all > shown)
      out_ += "  and " + count_text(static_cast<std::int64_t>(all - shown)) + " more " + what + "\n";
  }

  void verdict() {
    std::string word = result_.verdict();
    std::transform(word.begin(), word.end(), word.begin(),
                   [](unsigned char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c); });
    out_ += tinted(word, tint_of(result_.verdict()), options_.colour) + "  " +
            tinted(result_.title, Tint::strong, options_.colour) + "\n";
    out_ += wrapped(reason(), 2, width_);
  }

  /// Why the verdict is what it is, in a line.
  std::string reason() const {
    if (!result_.facts.bug.empty()) return "";
    std::int64_t held = 0;
    std::string failed;
    std::string open;
    for (const ExpectationResult& e : result_.expectations) {
      if (e.verdict == ExpectationVerdict::holds) ++held;
      if (e.verdict == ExpectationVerdict::violated)
        failed += (failed.empty() ? "" : "; ") + e.text + " (is " + e.detail + ")";
      if (e.verdict == ExpectationVerdict::inconclusive)
        open += (open.empty() ? "" : "; ") + e.text + " (" + e.detail + ")";
    }
    std::string laws;
    for (const std::string& id : result_.failed_laws) laws += (laws.empty() ? "" : ", ") + id;
    std::string text;
    if (!laws.empty()) text += "Broken laws: " + laws + ". ";
    if (!failed.empty()) text += "Not as expected: " + failed + ". ";
    if (!open.empty()) text += "Cannot tell: " + open + ". ";
    if (!text.empty()) return text;
    text = result_.expectations.empty() ? "Nothing was expected"
                                        : "All " + count_text(held) + " expectations hold";
    return text +
           (result_.findings.any_violation() ? "; the broken laws were expected." : "; no law is broken.");
  }

  void records() {
    const checkers::RecordCounts& r = measures_.records;
    const checkers::LossReport& lost = result_.findings.losses;
    heading("Records");
    Columns table({false, true});
    table.row({"sent", count_text(r.sent)});
    table.row({"acknowledged", count_text(r.acknowledged),
               count_text(static_cast<std::int64_t>(measures_.records_per_second())) + " /s, " +
                   fixed(measures_.bytes_per_second() / 1048576.0, 1) + " MiB/s"});
    if (r.failed > 0)
      table.row({"failed", count_text(r.failed),
                 r.unknown > 0 ? "of these " + count_text(r.unknown) + " may have been written" : ""});
    if (r.unfinished() > 0) table.row({"unfinished", count_text(r.unfinished())});
    std::string by_acks;
    const std::pair<const char*, std::int64_t> parts[] = {
        {"acks=0", lost.lost_acks_0}, {"acks=1", lost.lost_acks_1}, {"acks=all", lost.lost_acks_all}};
    for (const auto& [name, n] : parts) {
      if (n > 0) by_acks += (by_acks.empty() ? "" : ", ") + std::string(name) + ": " + count_text(n);
    }
    if (lost.lost_promised > 0)
      by_acks += "; " + count_text(lost.lost_promised) + " of them against the promise of acks=all";
    table.row({"lost after acknowledgement", count_text(r.lost_acknowledged), by_acks});
    if (result_.findings.at_risk_max > r.lost_acknowledged) {
      table.row({"at risk at times", count_text(result_.findings.at_risk_max),
                 "acknowledged, but not on the leader just elected"});
    }
    if (lost.at_risk > 0)
      table.row({"at risk at the end", count_text(lost.at_risk),
                 "nobody leads their partition; some replica still holds them"});
    if (r.expired > 0)
      table.row({"expired", count_text(r.expired),
                 "acknowledged, then taken by retention, DeleteRecords or a topic's deletion"});
    if (r.compacted > 0)
      table.row({"compacted", count_text(r.compacted),
                 "acknowledged, then superseded by a later record of their key"});
    table.row({"duplicated", count_text(r.duplicated)});
    table.row({"out of order", count_text(r.reordered)});
    if (r.out_of_key_order > 0)
      table.row(
          {"out of key order", count_text(r.out_of_key_order), "read after a later record of their key"});
    if (r.consumed > 0) table.row({"consumed", count_text(r.consumed)});
    if (r.unread > 0)
      table.row({"unread", count_text(r.unread),
                 "acknowledged and in a leader's log at the end, and no reader of their topic got them"});
    out_ += table.text(2);
  }

  /// Services, their events and their effects, if there are any.
  void events() {
    const checkers::EventFindings& events = result_.findings.events;
    if (events.pipelines.empty()) return;
    heading("Events");
    Columns table({false, true, true, true, true, true, true, true, true});
    table.row({"", "committed", "published", "lost", "pending", "phantom", "duplicated", "reordered",
               "commit to topic"});
    for (const checkers::PipelineFindings& p : events.pipelines) {
      table.row(
          {p.name, count_text(p.committed), count_text(p.published), count_text(p.lost),
           count_text(p.pending), count_text(p.phantom), count_text(p.duplicated), count_text(p.reordered),
           p.commit_to_topic.count() == 0
               ? "-"
               : "p50 " + fixed(static_cast<double>(p.commit_to_topic.quantile(0.5)) / 1e6, 1) + " ms, p99 " +
                     fixed(static_cast<double>(p.commit_to_topic.quantile(0.99)) / 1e6, 1) + " ms"});
    }
    out_ += table.text(2);
    for (const checkers::EffectFindings& e : events.effects) {
      out_ += wrapped(e.name + ": " + count_text(e.handled) + " events handled, " + count_text(e.applied) +
                          " effects, " + count_text(e.duplicated) + " beyond the first, " +
                          count_text(e.lost) + " events without one.",
                      2, width_);
    }
    for (const checkers::DatabaseFindings& d : events.databases) {
      if (d.lost == 0) continue;
      out_ += wrapped(d.name + " lost " + count_text(d.lost) + " committed transactions, " +
                          count_text(d.lost_answered) + " of them after their client had been told.",
                      2, width_);
    }
    for (const checkers::PipelineFindings& p : events.pipelines) {
      for (std::size_t i = 0; i < std::min(p.stories.size(), options_.losses); ++i) {
        out_ += "  " + tinted(checkers::to_string(p.stories[i].flaw), Tint::bad, options_.colour) + "\n";
        out_ += wrapped(p.stories[i].text, 4, width_);
      }
    }
  }

  /// Transactions of Kafka clients, and what pipelines made, if there are any.
  void transactions() {
    const checkers::KafkaTransactions& all = result_.findings.transactions;
    if (all.empty()) return;
    heading("Transactions");
    if (!all.workloads.empty()) {
      Columns table({false, true, true, true, true, true, true, true});
      table.row({"", "committed", "aborted", "unknown", "unfinished", "torn", "balance", "begin to commit"});
      for (const checkers::TransactionFindings& t : all.workloads) {
        table.row({t.name, count_text(t.committed), count_text(t.aborted), count_text(t.unknown),
                   count_text(t.unfinished), count_text(t.torn + t.wrong), count_text(t.balance),
                   t.duration.count() == 0
                       ? "-"
                       : "p50 " + fixed(static_cast<double>(t.duration.quantile(0.5)) / 1e6, 1) + " ms, p99 " +
                             fixed(static_cast<double>(t.duration.quantile(0.99)) / 1e6, 1) + " ms"});
      }
      out_ += table.text(2);
    }
    for (const checkers::TransformationFindings& t : all.transformations) {
      out_ += wrapped(t.name + ": " + count_text(t.made) + " records made, " + count_text(t.duplicated) +
                          " of them twice, " + count_text(t.reordered) + " out of order; from " + count_text(t.lost) +
                          " committed ones none.",
                      2, width_);
    }
    if (all.hanging > 0)
      out_ += wrapped(count_text(all.hanging) + " open for ever, the oldest for " +
                          fixed(all.hanging_longest.seconds(), 0) + " s.",
                      2, width_);
  }

  /// What share groups did with records, if there are any.
  void share_groups() {
    const checkers::ShareMeasures& s = result_.findings.shares;
    if (!s.any) return;
    heading("Share groups");
    out_ +=
        wrapped(count_text(s.delivered) + " deliveries, " + count_text(s.redelivered) +
                    " of them again and " + count_text(s.out_of_order) + " out of order; " +
                    count_text(s.accepted) + " records accepted, " + count_text(s.rejected) + " rejected, " +
                    count_text(s.archived_by_limit) + " archived after their last delivery, " +
                    (s.archived_by_log_start == 0
                         ? std::string{}
                         : count_text(s.archived_by_log_start) +
                               " archived because retention or DeleteRecords took them from the log, ") +
                    count_text(s.pending) + " not settled at the end.",
                2, width_);
    out_ += wrapped("Given back: " + count_text(s.released) + " released, " + count_text(s.lock_expired) +
                        " whose locks had ended, " + count_text(s.session_ended) +
                        " of members that had gone. Acknowledgements that did not count: " + count_text(s.refused) + ".",
                    2, width_);
  }

  void losses() {
    const auto& losses = result_.findings.losses.losses;
    if (losses.empty()) return;
    heading("What was lost, and why");
    const std::vector<LossGroup> stories = group_losses(losses);
    for (std::size_t i = 0; i < std::min(stories.size(), options_.losses); ++i) {
      const LossGroup& story = stories[i];
      out_ += "  " + tinted(story.title(), Tint::bad, options_.colour) + " (" +
              checkers::acks_text(story.losses()[0]->acks) + ")\n";
      out_ += wrapped(story.text(), 4, width_);
    }
    more(options_.losses, stories.size(), "stories (all of them with --json)");
  }

  void unavailable() {
    heading("Unavailable for more than 1 s");
    std::vector<checkers::UnavailableWindow> windows = measures_.unavailable;
    if (windows.empty()) {
      out_ += "  never\n";
      return;
    }
    const bool cut = windows.size() > options_.windows;
    if (cut) {
      std::stable_sort(windows.begin(), windows.end(),
                       [](const auto& a, const auto& b) { return a.length() > b.length(); });
      windows.resize(options_.windows);
    }
    Columns table({false, false, true, true, true});
    for (const checkers::UnavailableWindow& w : windows) {
      table.row({name_of(w.partition), checkers::to_string(w.what), seconds_text(w.from),
                 "to " + seconds_text(w.to), seconds_text(w.length()), w.open ? "still so at the end" : ""});
    }
    out_ += table.text(2);
    more(options_.windows, measures_.unavailable.size(), "shorter windows");
  }

  void latency_row(Columns& table, const std::string& what, const std::string& when,
                   const sim::Histogram& h) const {
    if (h.empty()) return;
    const auto ms = [](std::int64_t ns) { return ms_text(static_cast<double>(ns) / 1e6); };
    table.row({what, when, count_text(h.count()), ms(h.quantile(0.5)), ms(h.quantile(0.95)),
               ms(h.quantile(0.99)), ms(h.quantile(0.999)), ms(h.max())});
  }

  void latency() {
    if (measures_.latency.produce.empty() && measures_.latency.end_to_end.empty()) return;
    heading("Latency in ms");
    Columns table({false, false, true, true, true, true, true, true});
    table.row({"", "", "records", "p50", "p95", "p99", "p99.9", "max"});
    if (measures_.fault_window.any()) {
      for (const auto& [name, phases] : {std::pair{"produce", &measures_.produce_phases},
                                         std::pair{"end to end", &measures_.end_to_end_phases}}) {
        latency_row(table, name, "before", phases->before);
        latency_row(table, name, "during", phases->during);
        latency_row(table, name, "after", phases->after);
      }
    } else {
      latency_row(table, "produce", "", measures_.latency.produce);
      latency_row(table, "end to end", "", measures_.latency.end_to_end);
    }
    latency_row(table, "produce, successes", "", measures_.latency.produce_ok);
    out_ += table.text(2);
    if (measures_.fault_window.any()) {
      out_ += wrapped("during: from " + seconds_text(measures_.fault_window.from()) + " (first fault) to " +
                          seconds_text(measures_.fault_window.to()) +
                          " (last fault healed, last producer served). produce: from the intended send to "
                          "the final outcome, failures "
                          "included; successes: from the first request to the answer.",
                      2, width_);
    }
  }

  void recoveries() {
    const auto& all = measures_.recoveries;
    if (all.empty()) return;
    heading("Leaders lost");
    Columns table({false, false, false, true, true});
    table.row({"", "", "", "new leader after", "first answer after"});
    for (std::size_t i = 0; i < std::min(all.size(), options_.windows); ++i) {
      const checkers::LeaderRecovery& r = all[i];
      table.row({name_of(r.partition), checkers::broker_text(r.lost) + " at " + seconds_text(r.stopped_at),
                 how_text(r.how), r.elected_at ? seconds_text(*r.elected_at - r.stopped_at) : "never",
                 r.acknowledged_at ? seconds_text(*r.acknowledged_at - r.stopped_at) : "-",
                 r.successor >= 0 ? checkers::broker_text(r.successor) : ""});
    }
    out_ += table.text(2);
    more(options_.windows, all.size(), "");
  }

  static std::string how_text(history::BrokerEvent event) {
    switch (event) {
      case history::BrokerEvent::power_lost: return "lost power";
      case history::BrokerEvent::kernel_panicked: return "kernel panic";
      case history::BrokerEvent::paused: return "paused";
      default: return "killed";
    }
  }

  void faults() {
    if (result_.faults.empty()) return;
    heading("Faults as they happened");
    Columns table({true});
    for (std::size_t i = 0; i < std::min(result_.faults.size(), options_.faults); ++i) {
      const FaultResult& f = result_.faults[i];
      std::string fate = !f.requested   ? "did not come"
                         : !f.fired     ? "no target"
                         : f.had_effect ? ""
                                        : "without effect";
      if (f.healed_at)
        fate += (fate.empty() ? "" : ", ") + std::string("healed at ") + seconds_text(*f.healed_at);
      table.row({seconds_text(f.at), f.kind, f.target, fate});
    }
    out_ += table.text(2);
    more(options_.faults, result_.faults.size(), "faults");
  }

  void admin() {
    const auto& all = result_.findings.measures.admin;
    if (all.empty()) return;
    heading("Administration");
    Columns table({true});
    for (std::size_t i = 0; i < std::min(all.size(), options_.faults); ++i) {
      const history::AdminDone& done = all[i];
      std::string outcome = done.error_name.empty() ? "done at " + seconds_text(done.at) : done.error_name;
      if (done.offset >= 0) outcome += ", log starts at " + std::to_string(done.offset);
      table.row({seconds_text(done.asked_at), done.kind, done.target, outcome});
    }
    out_ += table.text(2);
    more(options_.faults, all.size(), "actions");
  }

  void offset_resets() {
    const auto& all = result_.findings.measures.offset_resets;
    if (all.empty()) return;
    heading("Consumers whose position was outside of the log");
    Columns table({true});
    for (std::size_t i = 0; i < std::min(all.size(), options_.faults); ++i) {
      const checkers::ResetRecord& reset = all[i];
      const auto& names = result_.findings;
      std::string fate = "from " + std::to_string(reset.from) +
                         (reset.to < 0 ? ", stopped" : " to " + std::to_string(reset.to));
      if (reset.expired > 0) fate += "; " + std::to_string(reset.expired) + " had expired unread";
      if (reset.skipped > 0) fate += "; " + std::to_string(reset.skipped) + " passed over";
      table.row({seconds_text(reset.at), names.client_names[static_cast<std::size_t>(reset.consumer.n)],
                 names.partition_names[static_cast<std::size_t>(reset.partition.n)], fate});
    }
    out_ += table.text(2);
    more(options_.faults, all.size(), "resets");
  }

  /// Broken laws first, each with what broke it; then what holds; then what had nothing to judge, by reason.
  void checks() {
    heading("Laws");
    std::string held;
    std::vector<std::pair<std::string, std::string>> unjudged;  // Reason, laws.
    for (const checkers::CheckResult& c : result_.findings.checks) {
      if (c.verdict == checkers::Verdict::holds) {
        held += " " + c.id;
      } else if (c.verdict == checkers::Verdict::violated) {
        out_ += "  " + tinted("violated", Tint::bad, options_.colour) + "  " + c.id + "  " + c.title + "\n";
        out_ += wrapped(c.detail, 6, width_);
      } else {
        const auto same = std::find_if(unjudged.begin(), unjudged.end(),
                                       [&](const auto& reason) { return reason.first == c.detail; });
        if (same == unjudged.end()) {
          unjudged.emplace_back(c.detail, c.id);
        } else {
          same->second += " " + c.id;
        }
      }
    }
    if (!held.empty()) out_ += "  " + tinted("hold", Tint::good, options_.colour) + " " + held + "\n";
    if (unjudged.empty()) return;
    out_ += "  " + tinted("not judged", Tint::doubtful, options_.colour) + "\n";
    for (const auto& [reason, laws] : unjudged) out_ += wrapped(laws + ": " + reason, 4, width_);
  }

  void expectations() {
    if (result_.expectations.empty()) return;
    heading("Expectations");
    for (const ExpectationResult& e : result_.expectations) {
      const std::string verdict = to_string(e.verdict);
      const std::string gap(verdict.size() < 12 ? 12 - verdict.size() : 0, ' ');
      out_ += "  " + tinted(verdict, tint_of(verdict), options_.colour) + gap + "  " + e.text +
              (e.detail.empty() ? "" : ": " + e.detail) + "\n";
    }
  }

  void published() {
    if (result_.published.empty()) return;
    heading("Predicted beside published");
    Columns table({false, true, true, true});
    table.row({"", "predicted", "published", "ratio"});
    for (const Comparison& p : result_.published) {
      table.row({p.metric, p.predicted ? value_text(*p.predicted, p.metric) : "-",
                 value_text(p.published, p.metric),
                 p.predicted && p.published != 0 ? fixed(*p.predicted / p.published, 2) : "-"});
    }
    out_ += table.text(2);
    for (const Comparison& p : result_.published) out_ += wrapped(p.source, 2, width_);
  }

  void list(const std::string& title, const std::vector<std::string>& lines) {
    if (lines.empty()) return;
    heading(title);
    for (const std::string& line : lines) out_ += wrapped("- " + line, 2, width_);
  }

  std::string name_of(history::PartitionId partition) const {
    return result_.findings.partition_names[static_cast<std::size_t>(partition.n)];
  }

  const RunResult& result_;
  const checkers::Measures& measures_;
  const TextOptions& options_;
  std::size_t width_;
  std::string out_;
};

}  // namespace

std::string render_text(const RunResult& result, const TextOptions& options) {
  return printable(Report(result, options).text(), options.colour);
}

std::string render_line(const RunResult& result, bool colour) {
  const std::string verdict = result.verdict();
  std::string line = tinted(verdict, tint_of(verdict), colour) +
                     std::string(verdict.size() < 12 ? 12 - verdict.size() : 0, ' ');
  line += "  seed " + std::to_string(result.facts.seed);
  if (!result.facts.bug.empty()) return line + "  " + result.facts.bug;
  line += "  acknowledged " + count_text(result.findings.measures.records.acknowledged);
  line += "  lost " + count_text(result.findings.measures.records.lost_acknowledged);
  if (const auto longest = metric_value(result, "unavailable.longest"))
    line += "  unavailable " + fixed(longest->value, 3) + " s";
  return printable(line + "  " + result.scenario, colour);
}

}  // namespace brokersim::results
