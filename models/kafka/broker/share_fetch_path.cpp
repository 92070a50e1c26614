// ShareFetch and ShareAcknowledge: sessions, acknowledgements, what is acquired, and the wait for something to acquire.
#include <algorithm>
#include <utility>

#include "models/kafka/broker/share_partitions.h"
#include "sim/check.h"

namespace brokersim::kafka::broker {

using wire::ErrorCode;

void SharePartitions::handle(RequestId id, wire::Message& request) {
  if (request.api == wire::Api::share_fetch) {
    owner_.spawn(fetch(id, static_cast<wire::ShareFetchRequest*>(&request)));
    return;
  }
  SIM_CHECK(request.api == wire::Api::share_acknowledge, "not a request of share groups");
  owner_.spawn(acknowledge(id, static_cast<wire::ShareAcknowledgeRequest*>(&request)));
}

// --- sessions -----------------------------------------------------------------------------------------------------------

history::ClientId SharePartitions::client_named(const std::string& name) const {
  const auto& clients = params_.history->clients();
  for (std::size_t i = 0; i < clients.size(); ++i) {
    if (clients[i].name == name) return {static_cast<std::int32_t>(i)};
  }
  return {};
}

/// The session of that epoch, or why there is none (ShareSessionContext).
SharePartitions::Session* SharePartitions::session(const SessionKey& key, std::int32_t epoch,
                                                   ErrorCode& error) {
  const auto known = sessions_.find(key);
  if (known == sessions_.end()) {
    error = ErrorCode::share_session_not_found;
    return nullptr;
  }
  if (epoch >= 0 && epoch != known->second.epoch) {
    error = ErrorCode::invalid_share_session_epoch;
    return nullptr;
  }
  if (epoch >= 0) ++known->second.epoch;
  return &known->second;
}

SharePartitions::Session* SharePartitions::begin_session(const wire::ShareFetchRequest& request,
                                                         network::ConnectionId connection, ErrorCode& error) {
  const SessionKey key{request.group, request.member};
  if (request.session_epoch == 0) {
    sessions_.erase(key);  // what its member holds stays locked until the locks end
    Session& fresh = sessions_[key];
    fresh.number = ++session_numbers_;
    fresh.epoch = 1;
    fresh.client = client_named(request.client_id);
  }
  Session* known = request.session_epoch == 0 ? &sessions_[key] : session(key, request.session_epoch, error);
  if (known == nullptr) return nullptr;
  known->connection = connection;
  for (const wire::PartitionId gone : request.forgotten) std::erase(known->parts, gone);
  for (const wire::SharePart& part : request.parts) {
    const bool leaves = std::find(request.forgotten.begin(), request.forgotten.end(), part.partition) !=
                        request.forgotten.end();
    const bool has =
        std::find(known->parts.begin(), known->parts.end(), part.partition) != known->parts.end();
    if (!leaves && !has) known->parts.push_back(part.partition);
  }
  return known;
}

/// Releases all that the member holds, wherever its session has led it.
std::vector<SharePartitions::Waiting> SharePartitions::end_session(const SessionKey& key) {
  std::vector<Waiting> waiting;
  sessions_.erase(key);
  for (const auto& [number, held] : std::map<std::uint64_t, HeldPtr>(held_)) {
    if (held->group != key.first || held->state == nullptr) continue;
    waiting.push_back({held->partition, persist(held, held->state->release(key.second))});
  }
  return waiting;
}

/// ShareSessionCache.connectionDisconnectListener.
void SharePartitions::connection_closed(network::ConnectionId connection) {
  std::vector<SessionKey> over;
  for (const auto& [key, session] : sessions_) {
    if (session.connection == connection) over.push_back(key);
  }
  for (const SessionKey& key : over) {
    sessions_.at(key).woken.notify_all();
    static_cast<void>(end_session(key));
  }
}

// --- fetch --------------------------------------------------------------------------------------------------------------

sim::Task<void> SharePartitions::fetch(RequestId id, wire::ShareFetchRequest* request) {
  auto response = std::make_unique<wire::ShareFetchResponse>();
  const SessionKey key{request->group, request->member};
  Session* known = begin_session(*request, server_.connection_of(id), response->error);
  if (known == nullptr) {
    server_.respond(id, std::move(response));
    co_return;
  }
  const std::uint64_t number = known->number;
  std::vector<Waiting> waiting;
  for (const wire::SharePart& part : request->parts) {
    if (!part.acknowledgements.empty())
      waiting.push_back({part.partition, take(request->group, request->member, part)});
  }
  const sim::SimTime deadline = owner_.now() + request->max_wait;
  Reads reads;
  for (;;) {
    serve(*known, *request, *response, reads);
    if (!response->parts.empty() || owner_.now() >= deadline) break;
    co_await known->woken.wait_for(deadline - owner_.now());
    const auto again = sessions_.find(key);
    if (again == sessions_.end() || again->second.number != number) break;  // it has no session any more
    known = &again->second;
  }
  for (const Waiting& one : waiting) {
    while (!one.outcome->done) co_await one.outcome->changed.wait();
    auto part = std::find_if(response->parts.begin(), response->parts.end(),
                             [&](const auto& p) { return p.partition == one.partition; });
    if (part == response->parts.end()) {
      part = response->parts.emplace(response->parts.end());
      part->partition = one.partition;
    }
    part->acknowledge_error = one.outcome->error;
  }
  for (const auto& [replica, slice] : reads.slices) {
    if (replica->files().cached(slice.file, {slice.position}, {slice.bytes})) continue;
    static_cast<void>(co_await replica->files().read(slice.file, {slice.position}, {slice.bytes}));
  }
  server_.respond(id, std::move(response));
}

/// The partitions of the session in turn, until the fetch has enough.
void SharePartitions::serve(Session& session, const wire::ShareFetchRequest& request,
                            wire::ShareFetchResponse& response, Reads& reads) {
  const std::size_t count = session.parts.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (reads.records >= request.max_records || reads.bytes >= request.max_bytes) break;
    wire::ShareFetchedPart part;
    part.partition = session.parts[(session.turn + i) % count];
    if (serve_part(part.partition, session, request, part, reads)) response.parts.push_back(std::move(part));
  }
  if (count > 0 && !response.parts.empty()) session.turn = (session.turn + 1) % count;
}

/// False: the partition has nothing to say now.
bool SharePartitions::serve_part(wire::PartitionId partition, const Session& session,
                                 const wire::ShareFetchRequest& request, wire::ShareFetchedPart& part,
                                 Reads& reads) {
  Replica* replica = replicas_.find(partition);
  if (replica == nullptr || replica->role() != Role::leader || replica->offline()) {
    part.error = ErrorCode::not_leader_or_follower;
    const wire::PartitionState* state = image_.partition(partition);
    if (state != nullptr && state->leader != params_.id) {
      part.leader = state->leader;
      part.leader_epoch = state->leader_epoch;
    }
    return true;
  }
  const HeldPtr held = open(request.group, *replica);
  if (held->state == nullptr || !held->state->may_acquire()) return false;
  held->members[request.member] = session.client;
  const std::int64_t from = held->state->next_fetch_offset();
  const std::int64_t readable = replica->high_watermark();
  if (from >= readable || from < replica->log().log_start()) return false;
  const log::ReadResult read =
      replica->log().read(from, request.max_bytes - reads.bytes, readable, /*at_least_one=*/reads.bytes == 0);
  std::vector<std::int64_t> batch_ends;
  for (const log::BatchId batch : read.batches)
    batch_ends.push_back(std::min((*params_.store)[batch].next_offset(), readable));
  part.acquired = held->state->acquire(request.member, from, batch_ends, request.max_records - reads.records,
                                       owner_.now());
  if (part.acquired.empty()) return false;
  for (const wire::AcquiredRecords& range : part.acquired) {
    reads.records += range.end - range.first;
    params_.history->record(history::ShareRecordsChanged{
        owner_.now(), params_.id, held->group_id, held->partition, range.first, range.end, session.client,
        history::ShareState::acquired, history::ShareCause::delivered, range.delivery_count});
  }
  for (const log::BatchId batch : read.batches) {
    const log::StoredBatch stored = (*params_.store)[batch];
    const bool holds = std::any_of(part.acquired.begin(), part.acquired.end(), [&](const auto& range) {
      return range.first < stored.next_offset() && range.end > stored.base_offset;
    });
    if (!holds) continue;
    part.batches.push_back(batch);
    part.bytes += stored.data.bytes;
  }
  reads.bytes += part.bytes;
  if (read.slice.bytes > 0) reads.slices.emplace_back(replica, read.slice);
  arm(*held);
  return true;
}

// --- acknowledge --------------------------------------------------------------------------------------------------------

sim::Task<void> SharePartitions::acknowledge(RequestId id, wire::ShareAcknowledgeRequest* request) {
  auto response = std::make_unique<wire::ShareAcknowledgeResponse>();
  const SessionKey key{request->group, request->member};
  // Epoch 0 would begin a session, which only a fetch can.
  if (request->session_epoch == 0) response->error = ErrorCode::invalid_share_session_epoch;
  if (response->error == ErrorCode::none)
    static_cast<void>(session(key, request->session_epoch, response->error));
  if (response->error != ErrorCode::none) {
    server_.respond(id, std::move(response));
    co_return;
  }
  std::vector<Waiting> waiting;
  for (const wire::SharePart& part : request->parts)
    waiting.push_back({part.partition, take(request->group, request->member, part)});
  std::vector<Waiting> releasing;
  if (request->session_epoch < 0) releasing = end_session(key);
  for (const Waiting& one : waiting) {
    while (!one.outcome->done) co_await one.outcome->changed.wait();
    response->parts.push_back({one.partition, one.outcome->error, -1, -1});
  }
  for (const Waiting& one : releasing) {
    while (!one.outcome->done) co_await one.outcome->changed.wait();
  }
  server_.respond(id, std::move(response));
}

}  // namespace brokersim::kafka::broker
