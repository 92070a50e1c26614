// The form of a document against the field tables: unknown fields, wrong types, units and ranges,
// missing fields. What needs more than one value at a time is checked where it is built (build.h).
#pragma once

#include "app/scenario/document.h"
#include "app/scenario/field.h"

namespace brokersim::scenario {

/// Reports every problem of form in the whole tree.
void validate(Document& document);

/// The same for one list of faults in a document that is none of scenarios.
void validate_faults(Document& document, NodeId list);

/// The table of `variants` that fits the object at `node`, or nullptr; reports why not if `report`.
[[nodiscard]] const Table* choose(Document& document, NodeId node, const Variants& variants, bool report);

}  // namespace brokersim::scenario
