// A client's requests to coordinators: of transactions, of groups on behalf of transactions, and of share groups. One
// question at a time, one answer.
//
// Finds the coordinator when it is not known, waits for a connection, sends, and returns the answer; nothing if the request
// was lost. What an error means is for the caller to say; forget() makes the next question look for the coordinator anew
// (TransactionManager: lookupCoordinator, enqueueRequest).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/kafka/client/broker_connections.h"
#include "models/kafka/client/params.h"
#include "models/kafka/wire/transaction_messages.h"
#include "sim/sync.h"

namespace brokersim::kafka::client {

class CoordinatorCalls final : private ConnectionListener {
 public:
  CoordinatorCalls(sim::Component& owner, const ClientSite& site, const ProducerParams& params);
  CoordinatorCalls(sim::Component& owner, const ClientSite& site, const ConnectionConfig& config,
                   sim::Duration retry_backoff, const std::vector<wire::BrokerEndpoint>& bootstrap);

  enum class Of : std::uint8_t { transaction, group };
  /// `key`: transactional id, or group. The answer, null if there was none.
  template <class Request>
  [[nodiscard]] sim::Task<std::unique_ptr<wire::Message>> ask(Of of, std::string key,
                                                              std::unique_ptr<Request> request) {
    const sim::Bytes size = wire_bytes(*request);
    return exchange(of, std::move(key), std::move(request), size);
  }
  void forget(Of of) { coordinators_[static_cast<std::size_t>(of)] = -1; }
  void close() { connections_.close_all(); }
  [[nodiscard]] wire::BrokerId coordinator(Of of) const { return coordinators_[static_cast<std::size_t>(of)]; }

 private:
  void on_broker_ready(wire::BrokerId broker) override;
  void on_response(wire::BrokerId broker, RequestTag tag, const wire::Message& response) override;
  void on_request_lost(wire::BrokerId broker, RequestTag tag) override;
  void on_disconnected(wire::BrokerId broker) override;
  [[nodiscard]] sim::Task<std::unique_ptr<wire::Message>> exchange(Of of, std::string key,
                                                                   std::unique_ptr<wire::Message> request,
                                                                   sim::Bytes size);
  [[nodiscard]] sim::Task<void> find(Of of, std::string key);

  sim::Component& owner_;
  BrokerConnections connections_;
  sim::Stream choice_;
  sim::Stream jitter_;
  sim::Duration retry_backoff_;
  std::uint64_t choices_ = 0;
  wire::BrokerId coordinators_[2] = {-1, -1};
  std::uint32_t number_ = 0;  // of the last request
  bool waiting_ = false;      // ... which has no answer yet
  std::unique_ptr<wire::Message> answer_;
  sim::Signal changed_{"client.coordinator"};
};

}  // namespace brokersim::kafka::client
