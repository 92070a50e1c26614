// The kinds of faults, one file each.
#pragma once

#include "models/faults/kind.h"

namespace brokersim::faults::kinds {

// Processes and hosts.
extern const Kind kill_process;
extern const Kind controlled_shutdown;
extern const Kind power_loss;
extern const Kind kernel_panic;
extern const Kind pause_process;
extern const Kind crash_loop;
extern const Kind frozen_host;
extern const Kind stalled_threads;
// Processors.
extern const Kind slow_cpu;
extern const Kind noisy_neighbour;
extern const Kind lost_cores;
// Clocks.
extern const Kind clock_step;
extern const Kind clock_drift;
extern const Kind clock_strobe;
// Network.
extern const Kind partition;
extern const Kind flapping_link;
extern const Kind nic_down;
extern const Kind packet_loss;
extern const Kind network_delay;
extern const Kind bandwidth_cap;
extern const Kind mtu_black_hole;
extern const Kind reset_connections;
extern const Kind forget_connections;
extern const Kind refuse_connections;
extern const Kind slow_nic;
// Storage.
extern const Kind slow_disk;
extern const Kind stall_disk;
extern const Kind lying_flush;
extern const Kind fsync_error;
extern const Kind write_error;
extern const Kind journal_error;
extern const Kind unreadable_sectors;
extern const Kind disk_full;
extern const Kind file_truncated;
extern const Kind disk_failed;
extern const Kind disk_replaced;
extern const Kind disk_rolled_back;
extern const Kind bit_rot;
extern const Kind lost_writes;
extern const Kind misdirected_writes;
extern const Kind memory_pressure;
extern const Kind drop_caches;

}  // namespace brokersim::faults::kinds
