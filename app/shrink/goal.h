// What a smaller scenario must still show, and what must take it away.
//
// A failure is kept by its rules (app/trial/failure.h). What stands behind it is found out by experiment: the planted
// bugs and rules of old releases without which the same run does not break the first rule; if there is none, the faults.
// A candidate counts only if it breaks the rules, and does not with that cause taken away: else a run that is too short
// to reach a mark would pass for a smaller failure.
#pragma once

#include <string>
#include <vector>

#include "app/trial/json.h"
#include "app/trial/trial.h"

namespace brokersim::shrink {

using trial::Json;

/// A member of a system's `rules`, or one of its planted bugs.
struct Defect {
  std::string system;
  std::string rule;     ///< "topic_ids"; "planted" for a planted bug.
  std::string planted;  ///< Its name, "" for a rule.

  /// "fsync_lies", "topic_ids=false".
  [[nodiscard]] std::string text(const Json& document) const;
};

/// All of the document's.
[[nodiscard]] std::vector<Defect> defects_of(const Json& document);
/// The document without them.
[[nodiscard]] Json without_defects(const Json& document, const std::vector<Defect>& defects);
/// The document without faults, listed or drawn.
[[nodiscard]] Json without_any_fault(const Json& document);

struct Goal {
  std::vector<std::string> keep;  ///< Rules, the headline first. At least one.
  /// Kind of loss to keep where "lost" is kept (trial::loss_kind): that acks=1 loses something is another question than
  /// that acks=all does. "": any.
  std::string loss;
  /// Laws, and "lost", that the run as it was given breaks. One that breaks another law is another incident.
  std::vector<std::string> incident;
  std::vector<Defect> defects;  ///< Behind the failure, all of them together.
  bool faults_behind = false;   ///< Without defects: the faults are.

  /// Fails as it must.
  [[nodiscard]] bool met_by(const trial::Outcome& outcome) const {
    return outcome.ran() && outcome.failure.breaks_all(keep) && outcome.loses(loss) && is_incident(outcome);
  }
  /// Breaks no law that the run as it was given keeps.
  [[nodiscard]] bool is_incident(const trial::Outcome& outcome) const;
  [[nodiscard]] bool has_control() const { return !defects.empty() || faults_behind; }
  /// The document without the cause. Only with one.
  [[nodiscard]] Json control(const Json& document) const;
};

/// Whether a document is a smaller failure, and with which seed.
struct Question {
  Json document;
  std::vector<std::uint64_t> seeds;  ///< Tried in this order; at least one.
  trial::Limits limits;
};
struct Answer {
  bool yes = false;
  std::uint64_t seed = 0;
  std::int64_t runs = 0;
  trial::Outcome outcome;  ///< Of that seed; else of the first.
};

/// Runs it in this process. `name` as for load_text().
[[nodiscard]] Answer ask(const Goal& goal, const Question& question, const std::string& name);

/// For the way between processes.
[[nodiscard]] std::string encode(const Answer& answer);
[[nodiscard]] Answer decode_answer(const std::string& payload);

}  // namespace brokersim::shrink
