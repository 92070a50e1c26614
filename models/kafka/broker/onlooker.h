// Who looks on while brokers work: for traces.
//
// Why not the history: laws are judged by what became of records; how long a request lay in a queue or a flush kept a
// thread is of interest only to somebody who draws it. Nobody looks on unless asked (ClusterShape::onlooker), and
// looking changes nothing: no event, no draw.
#pragma once

#include <cstdint>

#include "models/devices/network/network.h"
#include "models/kafka/wire/messages.h"
#include "sim/time.h"

namespace brokersim::kafka::broker {

/// The stations of a request through its broker, as Kafka's RequestMetrics has them. What has not been reached is 0.
struct RequestTimes {
  sim::SimTime read;      ///< A network thread takes it up.
  sim::SimTime queued;    ///< It stands in the request queue, or before it.
  sim::SimTime handled;   ///< A handler thread has spent its time on it and acts.
  sim::SimTime answered;  ///< The answer is decided: at once, or after the wait in purgatory.
  sim::SimTime sent;      ///< The answer is with the socket, or there is none.
};

class Onlooker {
 public:
  /// A request has been read. `slot` names it at this broker until on_request_done(); a process that dies says no more.
  virtual void on_request(wire::BrokerId broker, std::uint32_t slot, network::HostId from,
                          const wire::Message& request, sim::SimTime at) = 0;
  virtual void on_request_done(wire::BrokerId broker, std::uint32_t slot, const RequestTimes& times) = 0;
  /// A replica's log is on its medium up to offset `end`; asked for at `from`.
  virtual void on_flush(wire::BrokerId broker, wire::PartitionId partition, sim::SimTime from,
                        sim::SimTime to, std::int64_t end) = 0;

 protected:
  ~Onlooker() = default;
};

}  // namespace brokersim::kafka::broker
