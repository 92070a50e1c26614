#include "models/kafka/broker/isr_manager.h"

#include <algorithm>

namespace brokersim::kafka::broker {

namespace {
constexpr sim::Duration kRetryDelay = {50'000'000};  // AlterPartitionManager: resend after 50 ms
}  // namespace

sim::Task<void> IsrManager::run(const std::int64_t* broker_epoch) {
  for (;;) {
    while (waiting_.empty()) co_await wake_.wait();
    auto request = std::make_unique<wire::AlterPartitionRequest>();
    request->broker = broker_;
    request->broker_epoch = *broker_epoch;
    std::erase_if(waiting_, [this](const wire::AlterPartitionPart& p) { return !results_.still_wanted(p); });
    if (waiting_.empty()) continue;
    std::vector<wire::AlterPartitionPart> asked = std::exchange(waiting_, {});
    request->parts = asked;
    using Answer = wire::AlterPartitionResponse;
    std::unique_ptr<Answer> response = co_await controller_.call<wire::AlterPartitionRequest, Answer>(
        std::move(request), sim::Duration::max());
    if (response == nullptr || response->error != wire::ErrorCode::none) {
      waiting_.insert(waiting_.begin(), asked.begin(), asked.end());
      co_await sim::delay(kRetryDelay, "broker.alter_partition_retry");
      continue;
    }
    for (const auto& part : asked) {
      const auto found = std::find_if(response->results.begin(), response->results.end(),
                                      [&](const auto& r) { return r.state.partition == part.partition; });
      if (found != response->results.end()) results_.on_alter_result(part, *found);
    }
  }
}

}  // namespace brokersim::kafka::broker
