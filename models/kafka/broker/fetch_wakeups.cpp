// Parked fetches: what wakes them, and what answering one costs (kafka-behaviour.md section 4.3).
#include <limits>

#include "models/kafka/broker/replica_manager.h"

namespace brokersim::kafka::broker {
namespace {

/// What a parked fetch costs when it is answered is told apart from this on; below, it is within its arrival's cost. Ten or
/// so partitions at 2 us each.
constexpr sim::Duration kSecondRead = {20'000};
}  // namespace

/// The client has connected anew and has another session, or another request, by now.
void ReplicaManager::refuse_session(RequestId id) {
  auto response = std::make_unique<wire::FetchResponse>();
  response->error = wire::ErrorCode::fetch_session_id_not_found;
  server_.respond(id, std::move(response));
}

void ReplicaManager::complete_fetch(RequestId id, wire::FetchRequest& request) {
  FetchSession* session = sessions_.find(request.session_slot, request.session_generation);
  if (session == nullptr) return refuse_session(id);
  session->is_parked = false;
  const sim::Duration again =
      cluster_.costs.read_partition * static_cast<std::int64_t>(sessions_.partitions_of(request));
  if (again <= kSecondRead) [[likely]]
    return answer_fetch(id, read(request.session_slot, request));
  // Every partition of the session is read once more, by the thread that has found that it may be answered
  // (DelayedFetch.onComplete). The request at hand has had its answer before (ReplicaManager.tryCompleteActions, 2.7).
  std::uint32_t index = 0;
  if (again_free_.empty()) {
    index = static_cast<std::uint32_t>(again_.size());
    again_.emplace_back();
  } else {
    index = again_free_.back();
    again_free_.pop_back();
  }
  again_[index] = {id, &request};
  session->rereading = true;
  compute::ThreadPool& handlers = server_.handler_pool();
  const std::size_t thread = handlers.current();
  const sim::Callback done = sim::bind<&ReplicaManager::read_again>(this, index);
  thread == std::numeric_limits<std::size_t>::max() ? handlers.submit(again, done)
                                                    : handlers.submit_to(thread, again, done);
}

void ReplicaManager::read_again(std::uint64_t index) {
  const ParkedFetch fetch = again_[index];
  again_free_.push_back(static_cast<std::uint32_t>(index));
  if (!server_.waiting(fetch.id)) return;
  wire::FetchRequest& request = *fetch.request;
  FetchSession* session = sessions_.find(request.session_slot, request.session_generation);
  if (session == nullptr || !session->rereading) return refuse_session(fetch.id);
  session->rereading = false;
  answer_fetch(fetch.id, read(request.session_slot, request));
}

/// Is there something that a parked fetch does not wait for in vain? Errors too are to be told.
bool ReplicaManager::has_data(const FetchSession& session) {
  std::int64_t bytes = 0;
  for (const std::uint32_t place : session.dirty) {
    const wire::FetchPart& part = session.parts[place].asked;
    const Replica* replica = replicas_[static_cast<std::size_t>(part.partition.n)].get();
    if (replica == nullptr ||
        replica->check_reader(part.current_leader_epoch, session.follower()) != wire::ErrorCode::none)
      return true;
    const std::int64_t upper = replica->readable_end(session.follower(), session.read_committed);
    if (upper <= part.fetch_offset || held_back(session, *replica)) continue;
    if (session.min_bytes <= 1) return true;
    bytes += replica->log().read(part.fetch_offset, part.max_bytes, upper, bytes == 0).bytes;
    if (bytes >= session.min_bytes) return true;
  }
  return false;
}

void ReplicaManager::wake_fetches(Replica& replica, bool consumers) {
  // Followers watch the log end, consumers the high watermark; completing one may answer and touch the list here.
  waking_ = replica.watches;
  for (const SessionWatch& watch : waking_) {
    SessionPart* part = part_of(watch);
    if (part == nullptr) continue;
    FetchSession& session = sessions_[watch.slot];
    session.touch(watch.place);
    if (!session.is_parked) continue;
    if (!cluster_.config.high_watermark_wakes_fetches) [[unlikely]] {
      if (!consumers) fetch_purgatory_.complete(session.parked);
      continue;
    }
    if (session.follower() == consumers) continue;
    const std::int64_t upper = replica.readable_end(!consumers, session.read_committed);
    const bool enough =
        session.min_bytes <= 1 && upper > part->asked.fetch_offset && !held_back(session, replica);
    if (enough || has_data(session)) fetch_purgatory_.complete(session.parked);
  }
}

}  // namespace brokersim::kafka::broker
