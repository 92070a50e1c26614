#include "models/kafka/broker/purgatory.h"

namespace brokersim::kafka::broker {

namespace {

template <class Operation>
std::uint32_t take_slot(std::vector<Operation>& operations, std::vector<std::uint32_t>& free) {
  if (free.empty()) {
    operations.emplace_back();
    return static_cast<std::uint32_t>(operations.size() - 1);
  }
  const std::uint32_t slot = free.back();
  free.pop_back();
  return slot;
}

}  // namespace

ProducePurgatory::Ref ProducePurgatory::park(RequestId request,
                                             std::unique_ptr<wire::ProduceResponse> response,
                                             std::int32_t open, sim::Duration timeout) {
  const std::uint32_t slot = take_slot(operations_, free_);
  Operation& operation = operations_[slot];
  operation.request = request;
  operation.decided.assign(response->results.size(), false);
  operation.response = std::move(response);
  operation.open = open;
  operation.timer =
      owner_.after(timeout, "broker.produce_timeout", sim::bind<&ProducePurgatory::expire>(this, slot));
  ++parked_;
  return {slot, operation.generation};
}

void ProducePurgatory::settle(Ref ref, std::uint32_t result, wire::ErrorCode error) {
  Operation& operation = operations_[ref.operation];
  if (operation.generation != ref.generation || operation.decided[result]) return;
  operation.decided[result] = true;
  wire::ProduceResult& answer = operation.response->results[result];
  answer.error = error;
  if (--operation.open == 0) finish(ref.operation);
}

void ProducePurgatory::expire(std::uint64_t slot) {
  Operation& operation = operations_[slot];
  operation.timer = {};
  for (std::size_t i = 0; i < operation.decided.size(); ++i) {
    wire::ProduceResult& answer = operation.response->results[i];
    // Results decided before parking carry their error already; base_offset marks the ones that wait.
    if (!operation.decided[i] && answer.error == wire::ErrorCode::none)
      answer.error = wire::ErrorCode::request_timed_out;
  }
  finish(static_cast<std::uint32_t>(slot));
}

void ProducePurgatory::finish(std::uint32_t slot) {
  Operation& operation = operations_[slot];
  owner_.cancel(operation.timer);
  ++operation.generation;
  --parked_;
  free_.push_back(slot);
  const RequestId request = operation.request;
  std::unique_ptr<wire::ProduceResponse> response = std::move(operation.response);
  server_.respond(request, std::move(response));
}

FetchPurgatory::Ref FetchPurgatory::park(RequestId request, wire::FetchRequest& fetch) {
  const std::uint32_t slot = take_slot(operations_, free_);
  Operation& operation = operations_[slot];
  operation.request = request;
  operation.fetch = &fetch;
  operation.timer =
      owner_.after(fetch.max_wait, "broker.fetch_timeout", sim::bind<&FetchPurgatory::expire>(this, slot));
  return {slot, operation.generation};
}

wire::FetchRequest* FetchPurgatory::get(Ref ref) const {
  const Operation& operation = operations_[ref.operation];
  return operation.generation == ref.generation ? operation.fetch : nullptr;
}

void FetchPurgatory::complete(Ref ref) {
  Operation& operation = operations_[ref.operation];
  if (operation.generation != ref.generation) return;
  owner_.cancel(operation.timer);
  expire(ref.operation);
}

void FetchPurgatory::expire(std::uint64_t slot) {
  Operation& operation = operations_[slot];
  operation.timer = {};
  ++operation.generation;
  free_.push_back(static_cast<std::uint32_t>(slot));
  completer_.complete_fetch(operation.request, *operation.fetch);
}

}  // namespace brokersim::kafka::broker
