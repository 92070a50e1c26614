// What a scenario expects of its own outcome: the `expect` list as typed values.
//
// Why: a scenario file is also a regression test (`brokersim test`). A metric expectation compares one
// number of the result with a limit; a check expectation names the verdict of a law (that is how
// scenarios/planted/ is green); a sometimes expectation asks that a rare state was reached at all.
#pragma once

#include <cstdint>
#include <string>

#include "models/checkers/law_book.h"

namespace brokersim::scenario {

enum class ExpectationKind : std::uint8_t {
  metric,     ///< name = metric, of = workload, "topic/partition" or "" for the whole run
  check,      ///< name = check id, verdict = the verdict it must have
  sometimes,  ///< name = probe that must have been seen at least once
};

enum class Comparison : std::uint8_t { equals, at_most, at_least };

/// One comparison; an entry of the file with both at_least and at_most becomes two of these.
struct Expectation {
  ExpectationKind kind = ExpectationKind::metric;
  std::string name;
  std::string of;
  Comparison comparison = Comparison::equals;
  double limit = 0;  ///< In the metric's own unit (metrics.h): a count, ms, s, records/s, bytes/s.
  checkers::Verdict verdict = checkers::Verdict::holds;
  std::string text;  ///< For people: "unavailable.longest of orders/0 at_most 20 s".

  bool operator==(const Expectation&) const = default;
};

/// A value that somebody measured on the real system: shown beside the prediction, not judged.
struct Published {
  std::string metric;
  std::string of;    ///< A workload, or "" for the whole run.
  double value = 0;  ///< In the metric's own unit (metrics.h).
  std::string source;

  bool operator==(const Published&) const = default;
};

}  // namespace brokersim::scenario
