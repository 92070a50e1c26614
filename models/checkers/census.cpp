#include "models/checkers/census.h"

namespace brokersim::checkers {

const IntervalSet& Census::present(std::size_t producer) const {
  static const IntervalSet nothing;
  return producer < producers.size() ? producers[producer].present : nothing;
}

namespace {

/// The first ordinals of the run that stand in the log already; only looked for until the first are found.
Interval first_known(const ProducerCensus& producer, const Run& run) {
  if (producer.duplicated > 0 || run.first >= producer.present.end()) return {run.first, run.first};
  const std::vector<Interval> known = producer.present.within(run.first, run.first + run.count);
  return known.empty() ? Interval{run.first, run.first} : known.front();
}

}  // namespace

Census take_census(const ReplicaLogs& logs, std::size_t replica, std::int64_t end,
                   const IntervalSet& removed) {
  Census census;
  const auto count = [&](const Run& run) {
    if (run.producer == Run::kHole || run.count == 0) return;
    const auto n = static_cast<std::size_t>(run.producer);
    if (census.producers.size() <= n) census.producers.resize(n + 1);
    ProducerCensus& producer = census.producers[n];
    if (producer.first_in_log < 0) producer.first_in_log = run.first;
    const std::int64_t highest = producer.present.end();
    const Interval known = first_known(producer, run);
    const std::int64_t fresh = producer.present.add(run.first, run.first + run.count);
    const std::int64_t again = run.count - fresh;
    if (again > 0) {
      if (producer.duplicated == 0) {
        const std::int64_t base = run.base + (known.first - run.first);
        producer.first_duplicate = clip(run, base, base + known.size());
      }
      producer.duplicated += again;
      census.duplicated += again;
    }
    if (fresh > 0 && run.first < highest) {
      // Fresh ordinals below the highest that already stands there came late.
      const std::int64_t beyond =
          std::max<std::int64_t>(run.first + run.count - std::max(highest, run.first), 0);
      const std::int64_t late = fresh - beyond;
      if (late <= 0) return;
      if (producer.reordered == 0) {
        producer.first_reordered = clip(run, run.base, run.base + run.count - beyond);
        producer.reordered_after = highest - 1;
      }
      producer.reordered += late;
      census.reordered += late;
    }
  };
  logs.for_each(replica, 0, end, [&](const Run& run) {
    if (removed.empty()) return count(run);
    std::int64_t next = run.base;
    for (const Interval& gone : removed.within(run.base, run.end())) {
      count(clip(run, next, gone.first));
      next = gone.end;
    }
    count(clip(run, next, run.end()));
  });
  return census;
}

}  // namespace brokersim::checkers
