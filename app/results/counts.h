// What a run counts, by the names that metrics and --json share: one list for each kind of findings.
//
// A metric is the list's prefix and the name ("share.delivered"), a member of the JSON object has the name alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "models/checkers/group_meter.h"
#include "models/checkers/measures.h"
#include "models/checkers/pipelines.h"
#include "models/checkers/share_laws.h"
#include "models/checkers/transaction_laws.h"
#include "models/checkers/transactions_seen.h"

namespace brokersim::results {

using Counts = std::vector<std::pair<std::string_view, std::int64_t>>;

[[nodiscard]] Counts counts_of(const checkers::RecordCounts& records);
[[nodiscard]] Counts counts_of(
    const checkers::GroupMeasures& groups);  ///< "records.*" and "group.*", without times.
[[nodiscard]] Counts counts_of(const checkers::ShareMeasures& shares);
[[nodiscard]] Counts counts_of(const checkers::PipelineFindings& events);
[[nodiscard]] Counts counts_of(const checkers::EffectFindings& effects);
[[nodiscard]] Counts counts_of(const checkers::DatabaseFindings& database);
[[nodiscard]] Counts counts_of(const checkers::TransactionFindings& transactions);
[[nodiscard]] Counts counts_of(const checkers::TransformationFindings& pipeline);

/// Nothing if there is no count of that name.
[[nodiscard]] std::optional<std::int64_t> find(const Counts& counts, std::string_view name);

}  // namespace brokersim::results
