// Synchronous writers on a simulated disk, for the fsync rows.
#pragma once

#include <cstdint>

#include "models/devices/storage/config.h"

namespace brokersim::validation {

/// Mean time of one write of `length` over existing bytes and a flush (fdatasync: no metadata), in microseconds.
double sync_overwrite_us(const storage::DiskConfig& config, std::int64_t length);
/// The same with a growing file: fsync commits the journal too.
double sync_append_us(const storage::DiskConfig& config, std::int64_t length);
/// A write through the drive's cache (FUA), as O_DSYNC does.
double write_through_us(const storage::DiskConfig& config, std::int64_t length);

}  // namespace brokersim::validation
