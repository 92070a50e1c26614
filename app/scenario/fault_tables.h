// How the tables of fault kinds are made, and which files hold them.
//
// A kind's fields beside name, kind, at, target, lasts and restart_after need no code in build_faults.cpp: they become
// FaultConfig::numbers (in base units; a boolean is 0 or 1) and FaultConfig::texts under their own names.
#pragma once

#include <vector>

#include "app/scenario/field.h"

namespace brokersim::scenario {

/// A kind with the fields that all have (and `target`, unless it says itself whom it hits), then `more`.
[[nodiscard]] Table fault_table(const char* kind, const char* doc, std::vector<Field> more,
                                bool with_target = true);
[[nodiscard]] Field restart_after_field();
[[nodiscard]] Field lasts_field();
/// Which of the host's disks; without it every one.
[[nodiscard]] Field log_dir_field();

// The kinds by what they strike, in the order of the page. One file each: tables_faults_*.cpp.
[[nodiscard]] std::vector<const Table*> process_faults();
[[nodiscard]] std::vector<const Table*> storage_faults();
[[nodiscard]] std::vector<const Table*> file_system_faults();
[[nodiscard]] std::vector<const Table*> network_faults();
[[nodiscard]] std::vector<const Table*> time_faults();

}  // namespace brokersim::scenario
