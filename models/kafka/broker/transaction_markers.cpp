#include "models/kafka/broker/transaction_markers.h"

#include <vector>

namespace brokersim::kafka::broker {

using wire::ErrorCode;

ErrorCode TransactionMarkers::append(Replica& replica, const wire::WriteTxnMarkersRequest& request) {
  log::BatchData batch;
  batch.kind = request.committed ? log::BatchKind::commit : log::BatchKind::abort;
  batch.producer_id = request.producer_id;
  batch.producer_epoch = request.producer_epoch;
  batch.coordinator_epoch = request.coordinator_epoch;
  batch.bytes = static_cast<std::int32_t>(log::kMarkerBytes);
  batch.raw_bytes = batch.bytes;
  batch.payload_bytes = batch.bytes - static_cast<std::int32_t>(log::kBatchHeaderBytes);
  batch.clock_error_ms = static_cast<std::int32_t>(params_.clock->read(owner_.now()) / 1'000'000);
  batch.first_time = owner_.now();
  batch.last_time = owner_.now();
  const wire::PartitionId partition = replica.name().id;
  batch.records = {params_.internal_writer, partition,
                   params_.contents->take_ordinals(params_.id, partition, 1), 1};
  return replicas_.append_internal(replica, batch);
}

sim::Task<void> TransactionMarkers::write(RequestId id, wire::WriteTxnMarkersRequest* request) {
  struct Waiting {
    Replica* replica = nullptr;
    std::int64_t required = 0;
    std::int32_t epoch = 0;
    std::size_t index = 0;
  };
  const sim::SimTime deadline = owner_.now() + params_.cluster->config.request_timeout;
  auto response = std::make_unique<wire::WriteTxnMarkersResponse>();
  response->errors.assign(request->partitions.size(), ErrorCode::none);
  std::vector<Waiting> waiting;
  for (std::size_t i = 0; i < request->partitions.size(); ++i) {
    Replica* replica = replicas_.find(request->partitions[i]);
    if (replica == nullptr || replica->role() != Role::leader) {
      response->errors[i] = ErrorCode::not_leader_or_follower;
      continue;
    }
    const std::int32_t epoch = replica->leader_epoch();
    // With one replica the high watermark moves within the append: the end is known before.
    const std::int64_t required = replica->log().log_end() + 1;
    response->errors[i] = append(*replica, *request);
    if (response->errors[i] == ErrorCode::none) waiting.push_back({replica, required, epoch, i});
  }
  for (const Waiting& one : waiting) {
    Replica& replica = *one.replica;
    const auto leads = [&] { return replica.role() == Role::leader && replica.leader_epoch() == one.epoch; };
    while (leads() && replica.high_watermark() < one.required && owner_.now() < deadline)
      co_await replica.committed.wait_for(deadline - owner_.now());
    if (!leads()) {
      response->errors[one.index] = ErrorCode::not_leader_or_follower;
    } else if (replica.high_watermark() < one.required) {
      response->errors[one.index] = ErrorCode::request_timed_out;
    } else if (replica.name().internal >= 0 && replica.name().kind == InternalKind::offsets) {
      groups_.transaction_ended(replica, request->producer_id, request->committed);
    }
  }
  server_.respond(id, std::move(response));
}

}  // namespace brokersim::kafka::broker
