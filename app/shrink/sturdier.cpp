// The other way round: a little more load or time, or a longer fault, with which more seeds fail.
//
// Why: a scenario of one record hangs on the instant at which a seed has it sent, one that ends with an election on how long
// that takes. A regression test must outlive changes of the draws, and a few records or seconds more cost a reader nothing.
#include <set>

#include "app/scenario/quantity.h"
#include "app/shrink/cuts.h"

namespace brokersim::shrink {
namespace {

constexpr std::int64_t kRecordsMost = 10;  // what a minimal scenario may have (the aim of docs/exploring.md)

void more_load(const Json& best, std::size_t i, std::vector<Candidate>& candidates) {
  const Json& workload = best["workloads"][i];
  const auto parsed = scenario::parse_quantity(trial::text_of(workload, "rate"), scenario::Dimension::rate);
  const auto* milli = std::get_if<std::int64_t>(&parsed);
  if (milli == nullptr) return;
  const bool counted = workload.contains("records") && workload["records"].is_number_integer();
  const std::int64_t records = counted ? workload["records"].get<std::int64_t>() : 0;
  std::set<std::int64_t> counts{records};
  for (const std::int64_t more : {std::int64_t{3}, kRecordsMost}) {
    if (counted && more > records) counts.insert(more);
  }
  for (const std::int64_t count : counts) {
    for (const std::int64_t rate : {*milli / 1'000, std::int64_t{1}, std::int64_t{2}, std::int64_t{5},
                                    std::int64_t{20}, std::int64_t{100}}) {
      if (rate < 1 || (count == records && rate * 1'000 <= *milli)) continue;
      Json document = best;
      document["workloads"][i]["rate"] = std::to_string(rate) + " /s";
      if (counted) document["workloads"][i]["records"] = count;
      candidates.push_back({std::move(document), true});
    }
  }
}

}  // namespace

std::vector<Candidate> sturdier(const Json& best) {
  std::vector<Candidate> candidates;
  const Json* workloads = trial::member(best, "workloads");
  for (std::size_t i = 0; workloads != nullptr && i < workloads->size(); ++i) more_load(best, i, candidates);
  for (Candidate& candidate : longer(best)) candidates.push_back(std::move(candidate));
  const Json* faults = trial::member(best, "faults");
  for (std::size_t i = 0; faults != nullptr && i < faults->size(); ++i) {
    const auto lasts = trial::duration_of((*faults)[i], "lasts");
    for (const std::int64_t times : {2, 4}) {
      if (!lasts) continue;
      Json document = best;
      document["faults"][i]["lasts"] = trial::duration_text(*lasts * times);
      candidates.push_back({document, true});
      // What ends later has its effects later.
      const std::int64_t end = trial::duration_of(document, "duration").value_or(0);
      document["duration"] = trial::duration_text(end + *lasts * (times - 1) + 1'000'000'000);
      candidates.push_back({std::move(document), true});
    }
  }
  return candidates;
}

}  // namespace brokersim::shrink
