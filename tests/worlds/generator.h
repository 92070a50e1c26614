// Random small worlds of Kafka: a number in, a scenario out.
//
// Why: a defect of replication needs a rare meeting of crashes, cuts and elections. Sessions, lags and timeouts are short
// here, logs and rates small, so that half a minute of simulated time holds what takes a real cluster days, and a world
// costs some milliseconds. Equal numbers make equal worlds, everywhere.
// Each world has a quiet end: every fault has healed, every process that died was started again, and producers go on for
// a while. So what must hold after healing can be asked at the end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim::worlds {

/// What may go wrong in a world, and with it what is asked of it.
enum class Family : std::uint8_t {
  /// Faults inside the budget (DESIGN.md decision 12): kills, pauses, cuts, slow and hanging disks without limit; power
  /// losses and kernel panics of at most min ISR - 1 brokers; unclean elections off. Everything must hold, and
  /// everything must be well again at the end.
  inside,
  /// Beyond it: power losses of whole zones, unclean elections, minimal ISR, full disks. What is promised under no
  /// condition must still hold.
  outside,
  /// Disks that lie, fail and lose: no law of replication is judged. The program must not fail, and the run must repeat.
  broken_disks,
  /// As `inside`, and the clients are a bank that moves money in transactions (transfers.h): its books must balance.
  transfers,
  /// As `inside`, and a share group reads (shares.h).
  shares,
  /// No faults, 5 s, a few hundred batches: whatever a law says here is a false alarm.
  quiet,
};
[[nodiscard]] std::string_view to_string(Family family);

/// A world in pieces, so that some can be left out. Each piece is a JSON object.
struct Plan {
  std::uint64_t number = 0;
  Family family = Family::inside;
  std::uint64_t duration_ms = 0;
  std::uint64_t quiet_from_ms = 0;  ///< All faults have healed.
  std::uint64_t settled_from_ms =
      0;  ///< What they left behind is over, too: service must be good from here on.
  std::string hosts;
  std::string system;  ///< Up to its topics.
  std::string planted;
  std::vector<std::string> topics;
  std::vector<std::string> aging;  ///< Names of topics of which compaction or retention takes something.
  std::vector<std::string> workloads;
  std::vector<std::string> faults;
  std::string verbatim;  ///< A scenario file as it stands, instead of all the pieces.
};

/// The world. `planted` is the name of a planted bug, or of a safeguard of transfers.h; "" for none.
[[nodiscard]] Plan plan(Family family, std::uint64_t number, const std::string& planted = "");

/// The plan as a scenario file.
[[nodiscard]] std::string text(const Plan& plan);

}  // namespace brokersim::worlds
