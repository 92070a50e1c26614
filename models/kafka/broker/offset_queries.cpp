// ListOffsets and OffsetsForLeaderEpoch: what a leader says of its log without giving any of it (kafka-behaviour.md sections
// 4.3, 4.5).
#include <memory>
#include <utility>

#include "models/kafka/broker/offset_by_time.h"
#include "models/kafka/broker/replica_manager.h"

namespace brokersim::kafka::broker {

void ReplicaManager::list_offsets(RequestId id, const wire::ListOffsetsRequest& request) {
  auto response = std::make_unique<wire::ListOffsetsResponse>();
  response->partition = request.partition;
  Replica* replica = find(request.partition);
  if (replica == nullptr || replica->role() != Role::leader) {
    response->error = wire::ErrorCode::not_leader_or_follower;
  } else if (request.timestamp_ms && replica->high_watermark() >= replica->leader()->epoch_start()) {
    const std::optional<std::int64_t> found = offset_at_time(params_, *replica, *request.timestamp_ms);
    response->offset = found ? *found : replica->readable_end(false, request.read_committed);
  } else if (!request.latest && !request.timestamp_ms) {
    response->offset = replica->log().log_start();
    const auto& epochs = replica->log().epochs().entries();
    if (!epochs.empty()) response->leader_epoch = epochs.front().epoch;
  } else if (request.replica >= 0) {
    response->offset = replica->log().log_end();
  } else if (replica->high_watermark() < replica->leader()->epoch_start()) {
    response->error = wire::ErrorCode::offset_not_available;  // KIP-207
  } else {
    response->offset = replica->readable_end(false, request.read_committed);
    response->leader_epoch = replica->log().epochs().latest_epoch().value_or(-1);
  }
  server_.respond(id, std::move(response));
}

void ReplicaManager::offsets_for_leader_epoch(RequestId id,
                                              const wire::OffsetsForLeaderEpochRequest& request) {
  auto response = std::make_unique<wire::OffsetsForLeaderEpochResponse>();
  for (const wire::EpochQuestion& part : request.parts) {
    wire::EpochAnswer answer;
    answer.partition = part.partition;
    const Replica* replica = find(part.partition);
    answer.error = replica == nullptr ? wire::ErrorCode::not_leader_or_follower
                                      : replica->check_leader(part.current_leader_epoch);
    if (answer.error == wire::ErrorCode::none) {
      const auto end = replica->log().epochs().end_offset_for(part.epoch, replica->log().log_end());
      if (end) {
        answer.epoch = end->epoch;
        answer.end_offset = end->end_offset;
      }
    }
    response->parts.push_back(answer);
  }
  server_.respond(id, std::move(response));
}

}  // namespace brokersim::kafka::broker
