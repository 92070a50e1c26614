// Producer ids of a broker: from blocks of a thousand that the controller gives out (ProducerIdManager, KIP-730).
//
// Simplified: the next block is asked for when the last one is used up, not at 90 %.
#pragma once

#include <cstdint>

#include "models/kafka/broker/controller_channel.h"
#include "models/kafka/broker/params.h"

namespace brokersim::kafka::broker {

class ProducerIds {
 public:
  ProducerIds(const BrokerParams& params, ControllerChannel& controller)
      : params_(params), controller_(controller) {}

  /// True: take() has one at once.
  [[nodiscard]] bool ready() const { return next_ < end_; }
  [[nodiscard]] std::int64_t take() { return next_++; }
  /// Ends when there is one. Several may wait; each looks again.
  [[nodiscard]] sim::Task<void> fill();

 private:
  const BrokerParams& params_;
  ControllerChannel& controller_;
  std::int64_t next_ = 0;
  std::int64_t end_ = 0;
};

}  // namespace brokersim::kafka::broker
