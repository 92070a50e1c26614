// The story of a world, one line an event, for whoever hunts a failure.
#pragma once

#include "models/history/history.h"

namespace brokersim::worlds {

/// Prints to standard output. `partition` "orders/0": only that one; "" all.
class Tracer final : public history::Watcher {
 public:
  Tracer(const history::History& history, std::string partition)
      : history_(&history), only_(std::move(partition)) {}

  using history::Watcher::on;
  void on(const history::ProduceOutcome& event) override;
  void on(const history::Appended& event) override;
  void on(const history::Truncated& event) override;
  void on(const history::HighWatermark& event) override;
  void on(const history::LeaderIsr& event) override;
  void on(const history::RoleChanged& event) override;
  void on(const history::PartitionChanged& event) override;
  void on(const history::BrokerChanged& event) override;
  void on(const history::RegistrationRefused& event) override;
  void on(const history::ControllerChanged& event) override;
  void on(const history::MetadataLogChanged& event) override;
  void on(const history::Recovered& event) override;
  void on(const history::LogStartMoved& event) override;
  void on(const history::Compacted& event) override;
  void on(const history::StorageLost& event) override;
  void on(const history::Consumed& event) override;
  void on(const history::OwnershipChanged& event) override;
  void on(const history::GroupGeneration& event) override;
  void on(const history::OffsetCommitted& event) override;
  void on(const history::MemberRemoved& event) override;
  void on(const history::OffsetReset& event) override;
  void on(const history::FaultFired& event) override;

 private:
  [[nodiscard]] bool wanted(history::PartitionId id) const {
    return only_.empty() || history_->partition(id).name() == only_;
  }
  void line(sim::SimTime at, const std::string& text) const;
  [[nodiscard]] std::string name(history::PartitionId id) const { return history_->partition(id).name(); }

  const history::History* history_;
  std::string only_;
};

}  // namespace brokersim::worlds
