// Where a shrink runs its documents: each in a process of its own, within the budget of the whole.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "app/shrink/cuts.h"
#include "app/shrink/label.h"
#include "app/trial/trial.h"

namespace brokersim::shrink {

struct Progress {
  std::string cut;  ///< What is being left out.
  std::int64_t runs = 0;
  std::int64_t taken = 0;   ///< Cuts that were possible.
  std::int64_t cpu_ns = 0;  ///< Processor time of the runs.
  Size size;
  std::int64_t records = 0;  ///< Sent in the best run so far.
};

struct Budget {
  std::string name;  ///< Of the document, for relative paths and words.
  int jobs = 1;
  std::int64_t runs_max = 0;    ///< 0: no limit.
  std::int64_t cpu_max_ns = 0;  ///< 0: no limit.
  std::function<bool()> stop;   ///< May be empty.
};

class Lab {
 public:
  /// Counts in `progress`, which outlives it.
  Lab(Budget budget, Progress& progress) : budget_(std::move(budget)), progress_(progress) {}

  /// The budget is used up; once it is, for ever.
  [[nodiscard]] bool enough();
  [[nodiscard]] bool over() const { return over_; }
  void give_up() { over_ = true; }

  /// Events of the best run so far: a candidate may take some times as many.
  void set_usual(std::uint64_t events) { usual_events_ = events; }
  [[nodiscard]] std::uint64_t usual() const { return usual_events_; }
  [[nodiscard]] trial::Limits limits() const;
  /// Of a candidate's process: no more than what is left of the budget.
  [[nodiscard]] std::int64_t cpu_seconds() const;

  /// Runs documents as they are; none is left out but for `stop`. `patient`: not even for that.
  [[nodiscard]] std::vector<trial::Outcome> outcomes_of(const std::vector<Json>& documents,
                                                        bool patient = false);
  /// How many of `count` other seeds make the document fail as the goal asks.
  [[nodiscard]] OtherSeeds with_other_seeds(const Json& document, const Goal& goal, std::size_t count);

 private:
  Budget budget_;
  Progress& progress_;
  std::uint64_t usual_events_ = 0;
  std::int64_t first_cpu_ns_ = 0;  // of the first run
  bool over_ = false;
};

}  // namespace brokersim::shrink
