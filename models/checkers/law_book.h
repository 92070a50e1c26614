// The catalogue of checks, and what a run found out about each.
//
// Ids are those of faults-and-checks.md section 2. A breach outside a check's premises (fault budget,
// configuration) is counted as excused: measured, not flagged.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/time.h"

namespace brokersim::checkers {

enum class CheckId : std::uint8_t {
  S1,
  S2,
  S3,
  S5,
  S7,
  S8,
  S9,
  S11,
  S12,
  S15,
  S20,
  S21,
  S22,
  S23,
  S24,
  S25,
  S26,
  S27,
  S28,
  S29,
  S34,
  L1,
  L4,
  L8,
  L11,
  G1,
  G2,
  G3,
  G4,
  B1,
  O1,
  O2,
  O3,
  O4,
  O5,
  INV1,
  INV2,
  INV3,
  INV4,
  INV5,
  INV6,
  INV7,
  INV8,
  INV9,
};
inline constexpr std::size_t kChecks = static_cast<std::size_t>(CheckId::INV9) + 1;
/// INV1 and what follows: shown only where they were asked for.
inline constexpr std::size_t kInvariantsFrom = static_cast<std::size_t>(CheckId::INV1);

struct CheckInfo {
  CheckId check = CheckId::S1;
  std::string id;       ///< "S1"
  std::string title;    ///< The law in one sentence.
  std::string applies;  ///< Its premises in words.
};
/// All checks, in the order of CheckId.
[[nodiscard]] const std::vector<CheckInfo>& checks();

enum class Verdict : std::uint8_t { holds, violated, not_applicable };
/// "holds", "violated", "not_applicable".
[[nodiscard]] std::string to_string(Verdict verdict);

struct CheckResult {
  std::string id;
  std::string title;
  Verdict verdict = Verdict::holds;
  std::string detail;         ///< The story of the first breach; or why the law does not apply; may be empty.
  std::int64_t breaches = 0;  ///< Of the verdict's kind; a story may stand for many records.
  sim::SimTime first_at;      ///< Of the first breach. 0 if none.
};

class LawBook {
 public:
  /// `invariants`: results() has INV1 to INV9, too.
  explicit LawBook(bool invariants = false) : shown_(invariants ? kChecks : kInvariantsFrom) {}

  /// A breach. `excuse` is why the law did not apply just then, "" if it did.
  void breach(CheckId check, sim::SimTime at, const std::string& story, const std::string& excuse = "");
  /// The law has (also) no subject or premise in this run; says why. Counts only if nothing was violated.
  void not_applicable(CheckId check, const std::string& why);
  /// Shown beside "holds".
  void note(CheckId check, const std::string& text);

  /// Whether a breach is worth its story: only the first of each kind is kept.
  [[nodiscard]] bool wants_story(CheckId check, bool excused) const;
  [[nodiscard]] std::int64_t violations(CheckId check) const { return entry(check).violations; }
  [[nodiscard]] std::vector<CheckResult> results() const;

 private:
  struct Entry {
    std::int64_t violations = 0;
    std::int64_t excused = 0;
    sim::SimTime violated_at;
    sim::SimTime excused_at;
    std::string violation;
    std::string excused_story;
    std::string excuse;
    std::string no_subject;
    std::string note;
  };
  [[nodiscard]] const Entry& entry(CheckId check) const { return entries_[static_cast<std::size_t>(check)]; }
  std::size_t shown_;
  std::array<Entry, kChecks> entries_;
};

}  // namespace brokersim::checkers
