// Requests that wait: produce with acks=all for the high watermark, fetch for data.
//
// Why apart: an operation can wait on several partitions and ends once: when its last partition is settled, when
// its time is up, or when leadership goes. Partitions hold references with a generation; outdated ones are
// skipped.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/kafka/broker/request_server.h"
#include "sim/component.h"

namespace brokersim::kafka::broker {

/// Produce operations (DelayedProduce).
class ProducePurgatory {
 public:
  ProducePurgatory(sim::Component& owner, RequestServer& server) : owner_(owner), server_(server) {}

  struct Ref {
    std::uint32_t operation = 0;
    std::uint32_t generation = 0;
  };
  /// Parks `response`, of which `open` results are undecided, for at most `timeout`.
  Ref park(RequestId request, std::unique_ptr<wire::ProduceResponse> response, std::int32_t open,
           sim::Duration timeout);
  /// Settles one result; answers when it was the last. Outdated references do nothing.
  void settle(Ref ref, std::uint32_t result, wire::ErrorCode error);
  [[nodiscard]] std::size_t parked() const { return parked_; }

 private:
  struct Operation {
    RequestId request;
    std::unique_ptr<wire::ProduceResponse> response;
    std::vector<bool> decided;
    std::int32_t open = 0;
    std::uint32_t generation = 0;
    sim::EventHandle timer;
  };
  void expire(std::uint64_t operation);
  void finish(std::uint32_t operation);

  sim::Component& owner_;
  RequestServer& server_;
  std::vector<Operation> operations_;
  std::vector<std::uint32_t> free_;
  std::size_t parked_ = 0;
};

/// Who completes a parked fetch: reads again and answers.
class FetchCompleter {
 public:
  virtual void complete_fetch(RequestId request, wire::FetchRequest& fetch) = 0;

 protected:
  ~FetchCompleter() = default;
};

/// Fetch operations (DelayedFetch).
class FetchPurgatory {
 public:
  FetchPurgatory(sim::Component& owner, FetchCompleter& completer) : owner_(owner), completer_(completer) {}

  struct Ref {
    std::uint32_t operation = 0;
    std::uint32_t generation = 0;
  };
  Ref park(RequestId request, wire::FetchRequest& fetch);
  /// The parked request, or null if it is gone.
  [[nodiscard]] wire::FetchRequest* get(Ref ref) const;
  void complete(Ref ref);

 private:
  struct Operation {
    RequestId request;
    wire::FetchRequest* fetch = nullptr;
    std::uint32_t generation = 0;
    sim::EventHandle timer;
  };
  void expire(std::uint64_t operation);

  sim::Component& owner_;
  FetchCompleter& completer_;
  std::vector<Operation> operations_;
  std::vector<std::uint32_t> free_;
};

}  // namespace brokersim::kafka::broker
