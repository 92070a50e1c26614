// A tape run again: is it the same run, and if not, what has become of the failure, and where do the runs part?
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/replay/tape.h"

namespace brokersim::replay {

enum class Verdict : std::uint8_t {
  identical,      ///< Every mark is the same, and so is what it came to.
  same,           ///< Another run, but it breaks the rule that named the failure (or, as the tape, none).
  other_failure,  ///< It breaks other rules.
  passes,         ///< It breaks none any more.
  no_scenario,    ///< This build does not accept the document.
};
/// "identical", "same failure", "other failure", "passes", "no scenario".
[[nodiscard]] std::string to_string(Verdict verdict);

struct Divergence {
  std::uint64_t first = 0;  ///< Number of the first event that differs, from 1; with `last`, one of a range.
  std::uint64_t last = 0;
  /// The event `last` as this build has it: "12.003 s broker/1 fetch"; "" if its run has ended before.
  std::string here;
  std::string
      decision_on_tape;  ///< First decision that differs; "" if all are the same, or this one has no more.
  std::string decision_here;
  std::string fault_on_tape;  ///< First fault that hit something else; "" if none did.
  std::string fault_here;
};

struct Replay {
  Verdict verdict = Verdict::identical;
  bool same_program = false;
  bool other_files = false;              ///< A file that the scenario names is not what it was on tape.
  std::optional<Divergence> divergence;  ///< Nothing if identical.
  Tape now;

  /// 0 identical or the same failure, 1 another failure, 3 it passes now, 2 no scenario, 70 the same program came to
  /// another run although the files are the same: a bug of ours.
  [[nodiscard]] int exit_code() const;
};

/// Runs it, two or three times. Files that the document names are looked for from the folder of its scenario.
[[nodiscard]] Replay replay(const Tape& tape);

/// For people.
[[nodiscard]] std::string render(const Tape& tape, const Replay& replay);
/// One JSON object on one line.
[[nodiscard]] std::string to_json(const Tape& tape, const Replay& replay);

}  // namespace brokersim::replay
