// Fetch and ListOffsets: read, take note of followers, answer now or park (kafka-behaviour.md sections 4.3, 4.6).
#include <algorithm>
#include <utility>

#include "models/kafka/broker/replica_manager.h"

namespace brokersim::kafka::broker {

namespace {
/// A fault of a mapped file reads 32 pages around the one that is missing.
constexpr std::int64_t kFaultAround = 128 << 10;
}  // namespace

ReplicaManager::ReadSet ReplicaManager::read(const wire::FetchRequest& request) {
  ReadSet set;
  set.response = std::make_unique<wire::FetchResponse>();
  const bool follower = request.replica >= 0;
  for (const wire::FetchPart& part : request.parts) {
    Replica* replica = find(part.partition);
    wire::FetchedPart result;
    log::FileSlice slice;
    if (replica == nullptr) {
      result.partition = part.partition;
      result.error = wire::ErrorCode::not_leader_or_follower;
    } else {
      result = replica->read(part, follower, std::max<std::int64_t>(request.max_bytes - set.bytes, 0),
                             set.bytes == 0, slice);
    }
    set.bytes += result.bytes;
    const bool loud = result.error != wire::ErrorCode::none || result.diverging.has_value();
    set.immediate = set.immediate || loud;
    if (slice.bytes > 0) set.slices.emplace_back(replica, slice);
    if (slice.index_file.n >= 0) {
      const log::FileSlice page{slice.index_file, slice.index_position, kFaultAround};
      if (!replica->files().cached(page.file, {page.position}, {page.bytes}))
        set.index_pages.emplace_back(replica, page);
    }
    // An incremental session lists only partitions with news; a changed HW is news for followers and consumers.
    if (loud || result.bytes > 0 || result.high_watermark >= 0)
      set.response->parts.push_back(std::move(result));
  }
  set.immediate =
      set.immediate || set.bytes >= request.min_bytes || request.max_wait.ns == 0 || request.parts.empty();
  return set;
}

void ReplicaManager::fetch(RequestId id, wire::FetchRequest& request) {
  ReadSet set = read(request);
  if (set.index_pages.empty()) [[likely]]
    return answer_or_park(id, request, std::move(set));
  // The page fault of a mapped index file is served in this very thread.
  const std::size_t thread = server_.hold_thread();
  owner_.spawn(fault_indexes(id, &request, thread, std::move(set.index_pages)));
}

sim::Task<void> ReplicaManager::fault_indexes(RequestId id, wire::FetchRequest* request, std::size_t thread,
                                              std::vector<std::pair<Replica*, log::FileSlice>> pages) {
  for (const auto& [replica, page] : pages) {
    static_cast<void>(co_await replica->files().read(page.file, {page.position}, {page.bytes}));
  }
  server_.release_thread(thread);
  answer_or_park(id, *request, read(*request));
}

void ReplicaManager::answer_or_park(RequestId id, wire::FetchRequest& request, ReadSet set) {
  if (request.replica >= 0) note_follower(request);
  if (set.immediate) {
    answer_fetch(id, std::move(set));
    return;
  }
  const FetchPurgatory::Ref ref = fetch_purgatory_.park(id, request);
  for (const wire::FetchPart& part : request.parts) {
    Replica* replica = find(part.partition);
    auto& waits = replica->fetch_waits;
    if (waits.size() >= 16) {
      std::erase_if(waits, [this](const FetchWait& w) {
        return fetch_purgatory_.get({w.operation, w.generation}) == nullptr;
      });
    }
    waits.push_back({ref.operation, ref.generation});
  }
}

void ReplicaManager::note_follower(wire::FetchRequest& request) {
  for (const wire::FetchPart& part : request.parts) {
    Replica* replica = find(part.partition);
    if (replica == nullptr || replica->check_leader(part.current_leader_epoch) != wire::ErrorCode::none)
      continue;
    // A diverging or out-of-range fetch says nothing of the follower's log in this epoch.
    const auto check =
        replica->log().epochs().end_offset_for(part.last_fetched_epoch, replica->log().log_end());
    const bool diverging =
        part.last_fetched_epoch >= 0 &&
        (!check || check->epoch < part.last_fetched_epoch || check->end_offset < part.fetch_offset);
    if (diverging || part.fetch_offset > replica->log().log_end()) continue;
    replication::Leader& leader = *replica->leader();
    const replication::Follower* known = leader.follower(request.replica);
    if (known != nullptr && known->log_start != part.log_start) replica->log_starts_moved().notify_all();
    if (!leader.fetched(request.replica, part.fetch_offset, part.log_start, request.replica_epoch,
                        replica->log().log_end(), owner_.now())) {
      continue;
    }
    const wire::BrokerState* broker = image_.broker(request.replica);
    if (broker != nullptr) {
      const replication::MemberHealth health{request.replica, broker->fenced, broker->in_controlled_shutdown,
                                             broker->broker_epoch};
      if (leader.should_expand(health)) propose(*replica, leader.begin_expand(request.replica));
    }
    advance(*replica);
  }
}

void ReplicaManager::complete_fetch(RequestId id, wire::FetchRequest& request) {
  answer_fetch(id, read(request));
}

void ReplicaManager::answer_fetch(RequestId id, ReadSet set) {
  std::erase_if(set.slices, [](const auto& entry) {
    const log::FileSlice& slice = entry.second;
    return entry.first->files().cached(slice.file, {slice.position}, {slice.bytes});
  });
  if (set.slices.empty()) {
    server_.respond(id, std::move(set.response));
    return;
  }
  std::uint32_t index = 0;
  if (cold_free_.empty()) {
    index = static_cast<std::uint32_t>(cold_.size());
    cold_.emplace_back();
  } else {
    index = cold_free_.back();
    cold_free_.pop_back();
  }
  cold_[index] = {id, std::move(set.slices)};
  server_.respond_reading(id, std::move(set.response), sim::bind<&ReplicaManager::read_cold>(this, index));
}

void ReplicaManager::read_cold(std::uint64_t index) { owner_.spawn(read_slices(index)); }

sim::Task<void> ReplicaManager::read_slices(std::uint64_t index) {
  const ColdAnswer answer = std::exchange(cold_[index], {});
  cold_free_.push_back(static_cast<std::uint32_t>(index));
  storage::Status status = storage::Status::ok;
  for (const auto& [replica, slice] : answer.slices) {
    status = co_await replica->files().read(slice.file, {slice.position}, {slice.bytes});
    if (status != storage::Status::ok) break;
  }
  status == storage::Status::ok ? server_.read_complete(answer.id) : server_.read_failed(answer.id);
}

bool ReplicaManager::has_data(const wire::FetchRequest& request) const {
  std::int64_t bytes = 0;
  const bool follower = request.replica >= 0;
  for (const wire::FetchPart& part : request.parts) {
    const Replica* replica = replicas_[static_cast<std::size_t>(part.partition.n)].get();
    if (replica == nullptr || replica->role() != Role::leader) return true;  // an error to tell
    const std::int64_t upper = follower ? replica->log().log_end() : replica->high_watermark();
    if (upper <= part.fetch_offset) continue;
    if (request.min_bytes <= 1) return true;
    bytes += replica->log().read(part.fetch_offset, part.max_bytes, upper, bytes == 0).bytes;
    if (bytes >= request.min_bytes) return true;
  }
  return false;
}

void ReplicaManager::wake_fetches(Replica& replica, bool consumers) {
  // Followers watch the log end, consumers the high watermark; completing one may answer and remove it here.
  auto& waits = replica.fetch_waits;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < waits.size(); ++i) {
    const FetchPurgatory::Ref ref{waits[i].operation, waits[i].generation};
    const wire::FetchRequest* request = fetch_purgatory_.get(ref);
    if (request == nullptr) continue;
    const bool watches = consumers ? request->replica < 0 : request->replica >= 0;
    if (watches && has_data(*request)) {
      fetch_purgatory_.complete(ref);
    } else {
      waits[kept++] = waits[i];
    }
  }
  waits.resize(kept);
}

void ReplicaManager::list_offsets(RequestId id, const wire::ListOffsetsRequest& request) {
  auto response = std::make_unique<wire::ListOffsetsResponse>();
  response->partition = request.partition;
  Replica* replica = find(request.partition);
  if (replica == nullptr || replica->role() != Role::leader) {
    response->error = wire::ErrorCode::not_leader_or_follower;
  } else if (!request.latest) {
    response->offset = replica->log().log_start();
  } else if (request.replica >= 0) {
    response->offset = replica->log().log_end();
  } else if (replica->high_watermark() < replica->leader()->epoch_start()) {
    response->error = wire::ErrorCode::offset_not_available;  // KIP-207
  } else {
    response->offset = replica->high_watermark();
  }
  server_.respond(id, std::move(response));
}

}  // namespace brokersim::kafka::broker
