// Where a run has been: cells of a map that guide a search.
//
// Why: most random runs repeat each other. A run that reaches a state, or a succession of two, that none before it had
// reached is worth changing a little. Cells are the probes (models/checkers/probes.h), then hashed features of the
// history: a partition's state (size of ISR and ELR, leader or none) and the one before it; two notable events of a
// partition, or of a broker, in a row; what a fault met. Counts are looked at by powers of two, as fuzzers do.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "models/checkers/probes.h"
#include "models/history/history.h"

namespace brokersim::explore {

inline constexpr std::uint32_t kProbeCells = static_cast<std::uint32_t>(checkers::kProbes);
inline constexpr std::uint32_t kCells = 1u << 14;  ///< Probes included.

class Coverage final : public history::Watcher {
 public:
  using history::Watcher::on;
  void on(const history::PartitionChanged& event) override;
  void on(const history::LeaderIsr& event) override;
  void on(const history::RoleChanged& event) override;
  void on(const history::Truncated& event) override;
  void on(const history::FetchRefused& event) override;
  void on(const history::BrokerChanged& event) override;
  void on(const history::RegistrationRefused& event) override;
  void on(const history::ControllerChanged& event) override;
  void on(const history::MetadataLogChanged& event) override;
  void on(const history::StorageLost& event) override;
  void on(const history::Recovered& event) override;
  void on(const history::CorruptRead& event) override;
  void on(const history::FaultFired& event) override;
  void on(const history::ProduceOutcome& event) override;
  void on(const history::GroupGeneration& event) override;
  void on(const history::LogDirFailed& event) override;
  void on(const history::Compacted& event) override;
  void on(const history::LogStartMoved& event) override;

  /// Index and hits of each cell that was reached, by index; probes first.
  [[nodiscard]] std::vector<std::uint32_t> cells(const checkers::ProbeCounts& probes) const;

 private:
  /// Something happened to a thing of a family: alone, and after what happened to it last.
  void note(std::uint64_t family, std::uint64_t thing, std::uint64_t what);
  void hit(std::uint64_t feature);

  std::map<std::uint32_t, std::uint32_t> hits_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> last_;  // by family and thing
  std::uint64_t cluster_ = 0;  // how the cluster stands: brokers down, partitions without a leader, roughly
  std::map<std::int32_t, bool> leaderless_;
  std::map<std::int32_t, bool> down_;
};

/// 0, 1, 2, 3 (for 3), 4 (4 to 7), 5 (8 to 15) ...: counts of one class are alike.
[[nodiscard]] std::uint32_t count_class(std::uint32_t hits);

}  // namespace brokersim::explore
