// What the worlds of the family `transfers` hold: a bank that moves money in transactions, and who reads its books.
//
// Why: exactly-once is a claim about every schedule of faults. A transfer is two records of which one takes what the other
// gives, so the sum over all that a read_committed reader may see is 0, unless half a transfer counts, or one counts twice,
// or not at all. In some worlds an application leaves in the middle of a transaction for good, or is replaced by another with the
// same transactional.id while it stands still. Some worlds also pass the records on, exactly once, to a second topic.
// All safeguards are on, one of them ahead of its time: 4.0 and 4.1 take markers that come late, and these worlds found out
// what that does before its number was known here (world 1792; KAFKA-19446, KIP-1228, 4.2).
// Every safeguard can be switched off, and then some world must show it: the planted bugs of transactions, and these
// rules of Kafka, which `--plant` takes as well:
//   without_kip_890_epochs   transaction version 1: the epoch stays over transactions (KAFKA-17754)
//   without_verification     version 1, and no broker asks whether a batch belongs to an open transaction (KIP-890 part 1)
//   without_kip_1228         as 4.0 and 4.1 are: a marker that comes late ends the next transaction (KAFKA-19446)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/worlds/choices.h"
#include "tests/worlds/generator.h"

namespace brokersim::worlds {

/// Safeguards of transactions, by the name that `--plant` takes.
[[nodiscard]] const std::vector<std::string>& transaction_safeguards();
/// Whether the name is no planted bug of the program but one of the rules above.
[[nodiscard]] bool is_rule(std::string_view safeguard);

class Transfers {
 public:
  Transfers(Plan& plan, std::uint64_t number, const std::string& without);

  /// For the object "config" of the cluster, with a comma in front.
  [[nodiscard]] std::string config() const { return config_; }
  /// For "rules", "" for none.
  [[nodiscard]] std::string rules() const { return rules_; }
  /// The bank works in `topics`.front(); a second one takes what a pipeline makes.
  void add_workloads(const std::vector<std::string>& topics);
  /// Clients that die, stand still, or whose requests come late.
  void add_faults(std::uint64_t calm_start_ms, std::uint64_t phase_ms);

 private:
  void add_people(const std::string& topic);
  void fault(const std::string& kind, std::uint64_t at, const std::string& rest);

  Plan& plan_;
  Choices choices_;
  std::string config_;
  std::string rules_;
  bool late_requests_ = false;
  bool pipeline_ = false;
  bool leaves_ = false;
  bool replaced_ = false;
  std::uint64_t heir_from_ms_ = 0;
};

}  // namespace brokersim::worlds
