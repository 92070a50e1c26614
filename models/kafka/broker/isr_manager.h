// Sends ISR changes to the controller: one AlterPartition at a time, all waiting partitions in it.
//
// AlterPartitionManager (KIP-497): a request that fails as a whole is sent again after 50 ms, for ever; results
// per partition go back to the replica's leader state (kafka-behaviour.md section 4.5).
#pragma once

#include <vector>

#include "models/kafka/broker/controller_channel.h"
#include "sim/sync.h"

namespace brokersim::kafka::broker {

/// Takes the controller's answers.
class IsrResults {
 public:
  virtual void on_alter_result(const wire::AlterPartitionPart& asked,
                               const wire::AlterPartitionResult& result) = 0;
  /// Is the change still wanted (same leader epoch, still pending)?
  [[nodiscard]] virtual bool still_wanted(const wire::AlterPartitionPart& asked) const = 0;

 protected:
  ~IsrResults() = default;
};

class IsrManager {
 public:
  IsrManager(ControllerChannel& controller, IsrResults& results, wire::BrokerId broker)
      : controller_(controller), results_(results), broker_(broker) {}

  void submit(wire::AlterPartitionPart part) {
    waiting_.push_back(std::move(part));
    wake_.notify_all();
  }
  /// The sending loop; spawn once. `broker_epoch` lives as long as the broker.
  [[nodiscard]] sim::Task<void> run(const std::int64_t* broker_epoch);

 private:
  ControllerChannel& controller_;
  IsrResults& results_;
  wire::BrokerId broker_;
  std::vector<wire::AlterPartitionPart> waiting_;
  sim::Signal wake_;
};

}  // namespace brokersim::kafka::broker
