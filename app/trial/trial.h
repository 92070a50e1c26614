// One document, run to its end or to a limit, in a process of its own: what searches are made of.
//
// Why a process: a candidate that fails a check of ours, runs away or needs too much memory must cost the search
// nothing. Why the limits count events and not seconds: the same candidate must come to the same outcome on a busy
// machine; the limit of processor time is far above, for what no count of events bounds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/results/run_result.h"
#include "app/scenario/scenario.h"
#include "app/trial/failure.h"
#include "models/history/history.h"

namespace brokersim::trial {

struct Limits {
  std::uint64_t events = 0;                           ///< A run that needs more is cut short. 0: no limit.
  std::int64_t cpu_seconds = 0;                       ///< Of the process; then it is ended. 0: no limit.
  std::int64_t memory_bytes = std::int64_t{4} << 30;  ///< Address space of the process. 0: no limit.

  bool operator==(const Limits&) const = default;
};

/// A fault as it really happened.
struct FaultSeen {
  std::string name;
  std::string kind;
  std::string target;  ///< In words: "broker 1 on host b-1 (leader of orders/0)".
  std::int64_t at_ns = 0;
  bool fired = false;
  bool had_effect = false;

  bool operator==(const FaultSeen&) const = default;
};

/// What a run came to, as far as searches look at it.
struct Outcome {
  bool valid = false;      ///< The document is a scenario; else `problem` says what is wrong with it.
  bool cut_short = false;  ///< The limit of events was reached: nothing was judged.
  std::string problem;     ///< Diagnostics, or how the process died.
  int exit_code = 0;       ///< As of RunResult.
  Failure failure;
  std::uint64_t seed = 0;
  std::uint64_t fingerprint = 0;
  std::uint64_t events = 0;
  std::int64_t sent = 0;
  std::int64_t lost = 0;
  /// Kinds of losses, those of the story first, each once: "acks=1", "acks=all, nobody leads" (loss_kind()).
  std::vector<std::string> losses;
  /// First breach of the headline where that is a law that is judged on the way, else -1.
  std::int64_t failed_at_ns = -1;
  std::string story;                 ///< Of the headline: the law's first breach, or the first loss.
  std::vector<FaultSeen> faults;     ///< In order of time.
  std::vector<std::uint32_t> cells;  ///< Coverage, if it was asked for: index, hits, index, hits ...

  [[nodiscard]] bool ran() const { return valid && !cut_short; }
  /// Something of this kind was lost; "" is any kind.
  [[nodiscard]] bool loses(const std::string& loss) const;
};

/// Runs the scenario in this process; `watcher` sees its history, `probes` becomes what the run's probes
/// counted. `cells` stays empty. The limit of events is looked at
/// 256 times in a run.
[[nodiscard]] Outcome run(const scenario::Scenario& scenario, std::uint64_t seed, const Limits& limits,
                          history::Watcher* watcher = nullptr, checkers::ProbeCounts* probes = nullptr);
/// The same for a document; `name` as for load_text().
[[nodiscard]] Outcome run_text(std::string_view text, const std::string& name, const Limits& limits);

/// What kind of loss it is: what the producer had asked for, and whether the partition is led when the run ends. A loss
/// with acks=1 and one with acks=all are different questions, and so is one that only the end of the run makes.
[[nodiscard]] std::string loss_kind(const checkers::Loss& loss);

/// What is told of a finished result.
[[nodiscard]] Outcome outcome_of(const results::RunResult& result);

/// Sets this process's limits; for children.
void confine(const Limits& limits);

/// For the way between processes. decode() gives nothing for what encode() cannot have made.
[[nodiscard]] std::string encode(const Outcome& outcome);
[[nodiscard]] std::optional<Outcome> decode(std::string_view text);

}  // namespace brokersim::trial
