// Rare states, counted: proof that a run reached what it claims to test.
//
// Why: a green run in which nothing happened proves nothing. `{"sometimes": "isr_shrank"}` in a scenario asks
// for at least one hit.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace brokersim::checkers {

enum class Probe : std::uint8_t {
  acknowledgement_unknown,
  broker_fenced,
  broker_paused,
  broker_resumed,
  compacted,
  corrupt_batch_read,
  duplicate_in_log,
  elr_used,
  fault_fired,
  fault_not_fired,
  high_watermark_went_back,
  isr_below_minimum,
  isr_expanded,
  isr_shrank,
  kernel_panicked,
  leader_changed,
  leader_lost,
  log_dir_failed,
  log_dir_failure_halts,
  log_started_anew,
  not_enough_replicas,
  offset_not_available,
  offset_reset,
  position_lost,
  power_lost,
  preferred_leader_returned,
  process_killed,
  produce_failed,
  produce_retried,
  read_from_follower,
  records_deleted,
  records_lost,
  records_reordered,
  recovered_unclean,
  retention_deleted,
  stopped_clean,
  storage_damaged,
  storage_lost,
  storage_lost_beyond_size,
  storage_lost_dirty,
  storage_lost_in_drive_cache,
  storage_lost_in_writeback,
  storage_lost_on_medium,
  truncated,
  truncated_committed,
  truncated_in_recovery,
  truncated_on_divergence,
  unavailable,
  unclean_election,
};
inline constexpr std::size_t kProbes = static_cast<std::size_t>(Probe::unclean_election) + 1;

struct ProbeInfo {
  Probe probe = Probe::isr_shrank;
  std::string name;  ///< "isr_shrank"
  std::string doc;
};
/// All probes, in the order of Probe (that of their names).
[[nodiscard]] const std::vector<ProbeInfo>& probes();

class ProbeCounts {
 public:
  void hit(Probe probe, std::int64_t times = 1) { counts_[static_cast<std::size_t>(probe)] += times; }
  [[nodiscard]] std::int64_t count(Probe probe) const { return counts_[static_cast<std::size_t>(probe)]; }

 private:
  std::array<std::int64_t, kProbes> counts_{};
};

}  // namespace brokersim::checkers
