#include "models/kafka/broker/producer_ids.h"

namespace brokersim::kafka::broker {

namespace {
constexpr sim::Duration kRetry = {100'000'000};
}  // namespace

sim::Task<void> ProducerIds::fill() {
  while (!ready()) {
    auto request = std::make_unique<wire::AllocateProducerIdsRequest>();
    request->broker = params_.id;
    using Answer = wire::AllocateProducerIdsResponse;
    std::unique_ptr<Answer> block = co_await controller_.call<wire::AllocateProducerIdsRequest, Answer>(
        std::move(request), params_.cluster->config.request_timeout);
    if (block == nullptr || block->error != wire::ErrorCode::none) {
      co_await sim::delay(kRetry, "broker.producer_id_retry");
      continue;
    }
    if (ready()) break;  // another request was faster
    next_ = block->first;
    end_ = block->first + block->count;
  }
}

}  // namespace brokersim::kafka::broker
