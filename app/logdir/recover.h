// One partition directory, loaded by a broker's rules (see inspect.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/logdir/inspect.h"

namespace brokersim::logdir {

/// What the log directory's checkpoints say of a partition.
struct Checkpoints {
  bool clean = false;
  std::int64_t recovery_point = 0;
  std::optional<std::int64_t> high_watermark;
  std::optional<std::int64_t> log_start;
};

[[nodiscard]] PartitionReport recover_partition(const std::string& path, const std::string& name,
                                                const Checkpoints& checkpoints, const BatchSink& batches);

}  // namespace brokersim::logdir
