// DeleteRecords: the leader moves its log start up and waits until its live followers have done so (KIP-107).
//
// Rules (Partition.deleteRecordsOnLeader, DelayedDeleteRecords): -1 means the high watermark; beyond it, or negative:
// OFFSET_OUT_OF_RANGE; not above the present log start: nothing happens, and it is answered as done. The low watermark
// is the smallest log start of the leader and of those replicas whose brokers are live. Segments that lie below the log
// start go with the next retention scan, whatever cleanup.policy says.
#include <algorithm>

#include "models/kafka/broker/replica_manager.h"

namespace brokersim::kafka::broker {

void ReplicaManager::delete_records(RequestId id, const wire::DeleteRecordsRequest& request) {
  auto response = std::make_unique<wire::DeleteRecordsResponse>();
  response->partition = request.partition;
  Replica* replica = find(request.partition);
  if (replica == nullptr || replica->role() != Role::leader) {
    response->error = wire::ErrorCode::not_leader_or_follower;
    server_.respond(id, std::move(response));
    return;
  }
  const std::int64_t high_watermark = replica->high_watermark();
  const std::int64_t offset = request.offset == -1 ? high_watermark : request.offset;
  if (offset < 0 || offset > high_watermark) {
    response->error = wire::ErrorCode::offset_out_of_range;
    server_.respond(id, std::move(response));
    return;
  }
  replica->move_log_start(offset, history::LogStartCause::delete_records, owner_.now());
  log_start_moved(*replica);
  owner_.spawn(await_low_watermark(id, replica, offset, request.timeout));
}

std::int64_t ReplicaManager::low_watermark(const Replica& replica) const {
  std::int64_t low = replica.log().log_start();
  for (const replication::Follower& follower : const_cast<Replica&>(replica).leader()->followers()) {
    if (std::find(eligible_.begin(), eligible_.end(), follower.broker) == eligible_.end()) continue;
    low = std::min(low, follower.log_start);
  }
  return low;
}

sim::Task<void> ReplicaManager::await_low_watermark(RequestId id, Replica* replica, std::int64_t offset,
                                                    sim::Duration timeout) {
  const sim::SimTime deadline = owner_.now() + timeout;
  auto response = std::make_unique<wire::DeleteRecordsResponse>();
  response->partition = replica->name().id;
  for (;;) {
    if (replica->role() != Role::leader) {
      response->error = wire::ErrorCode::not_leader_or_follower;
      break;
    }
    response->low_watermark = low_watermark(*replica);
    if (response->low_watermark >= offset) break;
    const sim::Duration left = deadline - owner_.now();
    if (left.ns <= 0) {
      response->error = wire::ErrorCode::request_timed_out;
      break;
    }
    co_await replica->log_starts_moved().wait_for(left);
  }
  server_.respond(id, std::move(response));
}

}  // namespace brokersim::kafka::broker
