// Less load: fewer clients, lower rates, fewer records.
#include <array>

#include "app/scenario/quantity.h"
#include "app/shrink/cuts.h"

namespace brokersim::shrink {
namespace {

template <class Change>
void for_each_workload(const Json& best, Change change) {
  const Json* workloads = trial::member(best, "workloads");
  for (std::size_t i = 0; workloads != nullptr && workloads->is_array() && i < workloads->size(); ++i)
    change(i, (*workloads)[i]);
}

/// Of the rows of arrivals that stand in the document: the first ones, the last ones.
void fewer_rows(const Json& best, std::size_t i, std::vector<Candidate>& candidates) {
  const Json::json_pointer place("/workloads/" + std::to_string(i) + "/arrivals/rows");
  if (!best.contains(place) || !best[place].is_array() || best[place].empty()) return;
  const auto rows = static_cast<std::ptrdiff_t>(best[place].size()) - 1;  // without the names of the columns
  for (const std::ptrdiff_t fewer :
       {std::ptrdiff_t{1}, std::ptrdiff_t{2}, std::ptrdiff_t{5}, std::ptrdiff_t{10}, std::ptrdiff_t{20},
        std::ptrdiff_t{100}, std::ptrdiff_t{1'000}, rows / 2}) {
    if (fewer < 1 || fewer >= rows) continue;
    for (const bool first : {true, false}) {
      Json document = best;
      Json& its = document[place];
      if (first)
        its.erase(its.begin() + 1 + fewer, its.end());
      else
        its.erase(its.begin() + 1, its.end() - fewer);
      candidates.push_back({std::move(document), true});
    }
  }
}

}  // namespace

std::vector<Candidate> fewer_clients(const Json& best) {
  std::vector<Candidate> candidates;
  for_each_workload(best, [&](std::size_t i, const Json& workload) {
    const std::int64_t count = workload.value("count", std::int64_t{1});
    for (const std::int64_t fewer : {std::int64_t{1}, count / 2, count - 1}) {
      if (fewer < 1 || fewer >= count) continue;
      Json document = best;
      document["workloads"][i]["count"] = fewer;
      candidates.push_back({std::move(document), true});
    }
  });
  return candidates;
}

std::vector<Candidate> fewer_records(const Json& best) {
  std::vector<Candidate> candidates;
  for_each_workload(best, [&](std::size_t i, const Json& workload) {
    const auto change = [&](const char* key, Json value) {
      Json document = best;
      document["workloads"][i][key] = std::move(value);
      candidates.push_back({std::move(document), true});
    };
    const auto rate = scenario::parse_quantity(trial::text_of(workload, "rate"), scenario::Dimension::rate);
    if (const auto* milli = std::get_if<std::int64_t>(&rate)) {
      for (const std::int64_t lower : {1, 2, 5, 10, 20, 50, 100, 200, 500, 1'000, 2'000, 5'000}) {
        if (lower * 1'000 < *milli) change("rate", std::to_string(lower) + " /s");
      }
    }
    fewer_rows(best, i, candidates);
    if (trial::text_of(workload, "kind") != "kafka_producer") return;
    const std::int64_t records = workload.value("records", std::int64_t{1'000'000});
    for (const std::int64_t fewer : {1, 2, 5, 10, 20, 50, 100, 1'000}) {
      if (fewer < records) change("records", fewer);
    }
  });
  return candidates;
}

std::vector<Candidate> smaller_seed(const Json& best) {
  std::vector<Candidate> candidates;
  const Json* seed = trial::member(best, "seed");
  for (const std::uint64_t smaller : {1, 2, 3, 4, 5}) {
    if (seed == nullptr || !seed->is_number_unsigned() || smaller >= seed->get<std::uint64_t>()) continue;
    Json document = best;
    document["seed"] = smaller;
    candidates.push_back({std::move(document), false});
  }
  return candidates;
}

}  // namespace brokersim::shrink
