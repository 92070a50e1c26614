// Who plays which role: the fault engine's view of the cluster, from what the controller committed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/faults/cluster_view.h"
#include "models/history/history.h"
#include "models/world/kafka_cluster.h"

namespace brokersim::world {

/// Remembers the last committed state of partitions and brokers, also while no controller is active.
class Roles final : public faults::ClusterView, public history::Watcher {
 public:
  /// `kafka` may be null and must outlive this.
  explicit Roles(const KafkaCluster* kafka) : kafka_(kafka) {}
  /// More processes that faults may name by a workload.
  void add_process(const std::string& workload, faults::ProcessRef process) {
    others_[workload].push_back(std::move(process));
  }

  using history::Watcher::on;
  void on(const history::PartitionChanged& event) override;
  void on(const history::BrokerChanged& event) override;

  [[nodiscard]] std::int32_t leader(history::PartitionId partition) const;

  [[nodiscard]] std::int32_t leader_of(const std::string& system, const std::string& topic,
                                       std::int32_t partition) const override;
  [[nodiscard]] std::vector<std::int32_t> isr_of(const std::string& system, const std::string& topic,
                                                 std::int32_t partition) const override;
  [[nodiscard]] std::vector<std::int32_t> live_brokers(const std::string& system) const override;
  [[nodiscard]] std::optional<faults::ProcessRef> broker(const std::string& system,
                                                         std::int32_t id) const override;
  [[nodiscard]] std::optional<faults::ProcessRef> active_controller(const std::string& system) const override;
  [[nodiscard]] std::vector<faults::ProcessRef> controller_followers(
      const std::string& system) const override;
  [[nodiscard]] std::vector<faults::ProcessRef> workload(const std::string& name) const override;

 private:
  /// With its twin in combined mode.
  [[nodiscard]] faults::ProcessRef process(const std::string& host, const std::string& program) const;
  [[nodiscard]] const history::PartitionChanged* find(const std::string& topic, std::int32_t partition) const;

  const KafkaCluster* kafka_;
  std::map<history::PartitionId, history::PartitionChanged> partitions_;
  std::map<std::int32_t, bool> unfenced_;
  std::map<std::string, std::vector<faults::ProcessRef>> others_;
};

}  // namespace brokersim::world
