// A scenario without the files beside it: the same run from any folder, whatever becomes of those files.
//
// Why: findings, minimal scenarios and tapes are copied, committed and sent to others; what they name relative to the folder
// where they were made would be missing there.
// Method: what a .properties file says goes into `config` (properties that Kafka knows and the model does not are left out),
// the rows of a file of arrivals into `rows`, and workloads keep the names that they had by their content, so that every
// draw stays the same. A file of arrivals that is too long for a document, or no UTF-8, keeps its absolute path instead.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/trial/json.h"

namespace brokersim::trial {

/// Nothing if the scenario names no file, or is none. `overrides` are part of the result; `name` as of load_text().
[[nodiscard]] std::optional<Json> self_contained(const std::string& text, const std::string& name,
                                                 const std::vector<std::string>& overrides = {});

}  // namespace brokersim::trial
