#include "models/kafka/broker/internal_log.h"

#include <utility>
#include <vector>

namespace brokersim::kafka::broker {

log::BatchData internal_batch(const BrokerParams& params, sim::SimTime now, wire::PartitionId partition,
                              std::int64_t count, std::int64_t bytes) {
  log::BatchData batch;
  batch.bytes = static_cast<std::int32_t>(log::kBatchHeaderBytes + bytes);
  batch.raw_bytes = batch.bytes;
  batch.payload_bytes = static_cast<std::int32_t>(bytes);
  if (params.clock != nullptr)
    batch.clock_error_ms = static_cast<std::int32_t>(params.clock->read(now) / 1'000'000);
  batch.first_time = now;
  batch.last_time = now;
  batch.records = {params.internal_writer, partition,
                   params.contents->take_ordinals(params.id, partition, count), count};
  return batch;
}

sim::Task<void> read_log(sim::Component* owner, const BrokerParams* params, Replica* replica) {
  std::vector<std::pair<storage::FileId, std::int64_t>> files;
  for (const log::Segment& segment : replica->log().segments()) {
    if (segment.bytes > 0) files.emplace_back(segment.file, segment.bytes);
  }
  const std::int32_t epoch = replica->leader_epoch();
  std::int64_t bytes = 0;
  for (const auto& [file, size] : files) {
    const sim::Bytes from{0};
    const sim::Bytes length{size};
    static_cast<void>(co_await replica->files().read(file, from, length));
    if (replica->leader_epoch() != epoch || replica->role() != Role::leader) co_return;
    bytes += size;
  }
  if (bytes > 0)
    co_await params->cpu->work(*owner, per_byte(bytes, params->cluster->costs.recovery_ps_per_byte));
}

wire::ErrorCode as_coordinator_error(wire::ErrorCode error) {
  switch (error) {
    case wire::ErrorCode::none: return error;
    case wire::ErrorCode::not_leader_or_follower:
    case wire::ErrorCode::kafka_storage_error: return wire::ErrorCode::not_coordinator;
    default: return wire::ErrorCode::coordinator_not_available;
  }
}

}  // namespace brokersim::kafka::broker
