// Ways in which a scenario can be smaller: each function lists changed documents, the boldest first.
//
// Nothing here knows whether a change is legal or keeps a failure: app/scenario and a run decide that. Where one change
// makes others necessary (a broker that goes leaves assignments and targets), they are made together.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/trial/json.h"
#include "app/trial/trial.h"

namespace brokersim::shrink {

using trial::Json;

struct Candidate {
  Json document;
  /// The change shifts draws (other machines, another load): other seeds are worth a try.
  bool reseed = false;
};

/// A list of candidates made from the best document so far.
struct Cut {
  std::string name;  ///< "faults", for the progress line.
  std::vector<Candidate> (*candidates)(const Json& best);
};

/// What makes a run large, in the order in which they are tried.
[[nodiscard]] const std::vector<Cut>& size_cuts();
/// What makes a file long: settings and digits.
[[nodiscard]] const std::vector<Cut>& word_cuts();
/// Two at once: when no cut alone is left.
[[nodiscard]] const std::vector<Cut>& pair_cuts();

/// The faults that the document's plan draws, with the brokers that `seen` tells (those of a run of it) instead of
/// draws; empty without a plan. What only lets out cannot be written with "everybody else" as its sender: such a
/// partition becomes a full one.
[[nodiscard]] std::vector<Json> faults_of_plan(const Json& document, const std::string& name,
                                               const std::vector<trial::FaultSeen>& seen);

/// The document with every broker that its faults draw at random named as it was drawn in that run; the same document if there
/// is none. Why: what is left out elsewhere then changes no draw of whom a fault hits.
[[nodiscard]] Json with_brokers_named(const Json& document, const std::vector<trial::FaultSeen>& seen);

/// Changes that make a document a little larger, and more seeds fail: see sturdier.cpp.
[[nodiscard]] std::vector<Candidate> sturdier(const Json& best);

/// How large a scenario is.
struct Size {
  std::int64_t faults = 0;  ///< Listed; those of a plan as its counts say.
  std::int64_t brokers = 0;
  std::int64_t partitions = 0;
  std::int64_t workloads = 0;
  std::int64_t duration_ns = 0;
  std::int64_t bytes = 0;  ///< Of the file.
};
[[nodiscard]] Size size_of(const Json& document);

// ---- The kinds of cuts, by file.
[[nodiscard]] std::vector<Candidate> without_faults(const Json& best, std::size_t pieces);
[[nodiscard]] std::vector<Candidate> without_workloads(const Json& best, std::size_t pieces);
[[nodiscard]] std::vector<Candidate> without_topics(const Json& best);
[[nodiscard]] std::vector<Candidate> without_systems(const Json& best);
[[nodiscard]] std::vector<Candidate> fewer_partitions(const Json& best);
[[nodiscard]] std::vector<Candidate> fewer_replicas(const Json& best);
[[nodiscard]] std::vector<Candidate> fewer_brokers(const Json& best);
[[nodiscard]] std::vector<Candidate> fewer_controllers(const Json& best);
[[nodiscard]] std::vector<Candidate> fewer_clients(const Json& best);
[[nodiscard]] std::vector<Candidate> fewer_records(const Json& best);
[[nodiscard]] std::vector<Candidate> shorter(const Json& best);
/// Ends soon after `at_ns`, the soonest first; what comes later goes.
[[nodiscard]] std::vector<Candidate> ending_after(const Json& best, std::int64_t at_ns);
[[nodiscard]] std::vector<Candidate> earlier(const Json& best);
/// Ends later, or all of it comes later: for sturdier().
[[nodiscard]] std::vector<Candidate> longer(const Json& best);
[[nodiscard]] std::vector<Candidate> without_members(const Json& best);
[[nodiscard]] std::vector<Candidate> rounder(const Json& best);
[[nodiscard]] std::vector<Candidate> smaller_seed(const Json& best);
[[nodiscard]] std::vector<Candidate> two_at_once(const Json& best);

}  // namespace brokersim::shrink
