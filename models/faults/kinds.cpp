#include "models/faults/kinds/kinds.h"

#include "sim/check.h"

namespace brokersim::faults {

namespace {

const Kind* const all[] = {
    &kinds::kill_process,
    &kinds::controlled_shutdown,
    &kinds::power_loss,
    &kinds::kernel_panic,
    &kinds::pause_process,
    &kinds::partition,
    &kinds::slow_disk,
    &kinds::stall_disk,
    &kinds::lying_flush,
    &kinds::fsync_error,
    &kinds::write_error,
    &kinds::journal_error,
    &kinds::unreadable_sectors,
    &kinds::disk_full,
    &kinds::file_truncated,
    &kinds::disk_failed,
    &kinds::disk_replaced,
    &kinds::disk_rolled_back,
    &kinds::bit_rot,
    &kinds::lost_writes,
    &kinds::misdirected_writes,
    &kinds::memory_pressure,
    &kinds::drop_caches,
    // Network.
    &kinds::flapping_link,
    &kinds::nic_down,
    &kinds::packet_loss,
    &kinds::network_delay,
    &kinds::bandwidth_cap,
    &kinds::mtu_black_hole,
    &kinds::reset_connections,
    &kinds::forget_connections,
    &kinds::refuse_connections,
    &kinds::slow_nic,
    // Processes, processors and clocks.
    &kinds::crash_loop,
    &kinds::frozen_host,
    &kinds::stalled_threads,
    &kinds::slow_cpu,
    &kinds::noisy_neighbour,
    &kinds::lost_cores,
    &kinds::clock_step,
    &kinds::clock_drift,
    &kinds::clock_strobe,
};

}  // namespace

std::span<const Kind* const> all_kinds() { return all; }

const Kind& kind_of(FaultKind kind) {
  const auto index = static_cast<std::size_t>(kind);
  SIM_CHECK(index < std::size(all), "no such kind of fault");
  SIM_CHECK(all[index]->kind == kind, "the kinds of faults are not in the order of FaultKind");
  return *all[index];
}

const Kind* kind_named(std::string_view name) {
  for (const Kind* kind : all) {
    if (kind->name == name) return kind;
  }
  return nullptr;
}

}  // namespace brokersim::faults
