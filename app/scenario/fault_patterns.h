// Named combinations of faults: what outages are made of, as one entry of `faults`.
//
// Why: the failures that matter need two or three faults in an order and with pauses that nobody writes down at the first
// attempt. A pattern is only a way to write faults: it becomes faults of ordinary kinds, named NAME-1, NAME-2 ..., each
// counted, taped and shown by itself. Sources: section 1.7 of the fault catalogue; FoundationDB's swizzled clogging
// (testing page of its documentation), KIP-279, KIP-320, KIP-903, KIP-966, KAFKA-12241, and the write-ups named at each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/scenario/build.h"
#include "app/scenario/field.h"

namespace brokersim::scenario {

/// The tables of all patterns, in the order of the page.
[[nodiscard]] std::vector<const Table*> fault_patterns();
[[nodiscard]] bool is_pattern(std::string_view kind);

/// Appends the faults of one entry to `list`. What is wrong with it is reported in build.doc.
void build_pattern(Build& build, const View& view, std::vector<faults::FaultConfig>& list);

/// Warns where bits would rot at `at`, before the page cache has written anything back of itself: what is not on the medium
/// cannot rot. What was flushed is there; so no warning where topics or brokers flush.
void warn_of_early_rot(Build& build, const View& view, sim::SimTime at);

}  // namespace brokersim::scenario
