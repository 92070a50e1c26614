// Fetch: read, take note of followers, answer now or park (kafka-behaviour.md sections 4.3, 4.6).
#include <algorithm>
#include <utility>

#include "models/kafka/broker/replica_manager.h"
#include "models/kafka/replication/read_replica.h"

namespace brokersim::kafka::broker {

namespace {
/// A fault of a mapped file reads 32 pages around the one that is missing.
constexpr std::int64_t kFaultAround = 128 << 10;
}  // namespace

/// KIP-73: a follower outside the ISR gets nothing of a throttled partition while the leader's quota is used up. It learns
/// offsets all the same.
bool ReplicaManager::held_back(const FetchSession& session, const Replica& replica) {
  if (!leader_quota_.limited() || !session.follower() || !replica.throttled_leading()) return false;
  return replica.role() == Role::leader && !wire::contains(replica.leader()->isr(), session.replica) &&
         leader_quota_.exceeded(owner_.now());
}

/// All that goes to followers counts, to those in sync, too (KafkaApis.sizeOfThrottledPartitions).
void ReplicaManager::count_copied(const ReadSet& set) {
  if (!leader_quota_.limited() || !sessions_[set.session].follower()) return;
  std::int64_t bytes = 0;
  for (const wire::FetchedPart& part : set.response->parts) {
    const Replica* replica = find(part.partition);
    if (replica != nullptr && replica->throttled_leading()) bytes += part.bytes;
  }
  leader_quota_.record(owner_.now(), bytes);
}

/// What the dirty partitions of a session have to say, within its limits.
ReplicaManager::ReadSet ReplicaManager::read(std::uint32_t slot, const wire::FetchRequest& request) {
  FetchSession& session = sessions_[slot];
  ReadSet set;
  set.session = slot;
  set.response = std::make_unique<wire::FetchResponse>();
  set.response->session_id = session.id;
  for (const std::uint32_t place : session.dirty) {
    SessionPart& part = session.parts[place];
    Replica* replica = find(part.asked.partition);
    wire::FetchedPart result;
    log::FileSlice slice;
    if (replica == nullptr) {
      result.partition = part.asked.partition;
      result.error = wire::ErrorCode::not_leader_or_follower;
    } else {
      watch(*replica, slot, place);
      wire::BrokerId elsewhere = -1;
      if (session.rack >= 0 && cluster_.config.rack_aware_reads && replica->role() == Role::leader) {
        elsewhere = replication::preferred_read_replica(*replica->leader(), params_.id, cluster_.broker_racks,
                                                        session.rack, part.asked.fetch_offset);
      }
      if (elsewhere >= 0 || held_back(session, *replica)) {
        result = replica->look(part.asked, session.follower());
        if (result.error == wire::ErrorCode::none) result.preferred = elsewhere;
      } else {
        result =
            replica->read(part.asked, session.follower(), session.read_committed,
                          std::max<std::int64_t>(request.max_bytes - set.bytes, 0), set.bytes == 0, slice);
      }
    }
    const bool refused = result.error == wire::ErrorCode::fenced_leader_epoch ||
                         result.error == wire::ErrorCode::unknown_leader_epoch;
    if (refused && session.follower()) {
      params_.history->record(history::FetchRefused{owner_.now(), params_.id, part.asked.partition,
                                                    session.replica, part.asked.current_leader_epoch,
                                                    replica->leader_epoch()});
    }
    set.bytes += result.bytes;
    const bool loud =
        result.error != wire::ErrorCode::none || result.diverging.has_value() || result.preferred >= 0;
    set.immediate = set.immediate || loud;
    if (slice.bytes > 0) set.slices.emplace_back(replica, slice);
    if (slice.index_file.n >= 0) {
      const log::FileSlice page{slice.index_file, slice.index_position, kFaultAround};
      if (!replica->files().cached(page.file, {page.position}, {page.bytes}))
        set.index_pages.emplace_back(replica, page);
    }
    const bool news = loud || result.bytes > 0 || result.high_watermark != part.sent_high_watermark ||
                      result.log_start != part.sent_log_start;
    if (news) set.response->parts.push_back(std::move(result));
  }
  set.immediate = set.immediate || set.bytes >= request.min_bytes || request.max_wait.ns == 0 ||
                  session.by_partition.empty();
  return set;
}

void ReplicaManager::watch(Replica& replica, std::uint32_t slot, std::uint32_t place) {
  FetchSession& session = sessions_[slot];
  if (session.parts[place].watched) return;
  session.parts[place].watched = true;
  auto& watches = replica.watches;
  if (watches.size() >= 16) {
    std::erase_if(watches, [this](const SessionWatch& w) { return part_of(w) == nullptr; });
  }
  watches.push_back({slot, session.generation, place, replica.name().id});
}

/// Null if the session has gone or no longer fetches the partition there.
SessionPart* ReplicaManager::part_of(const SessionWatch& watch) {
  FetchSession* session = sessions_.find(watch.slot, watch.generation);
  if (session == nullptr || watch.place >= session->parts.size()) return nullptr;
  SessionPart& part = session->parts[watch.place];
  return part.live && part.asked.partition == watch.partition ? &part : nullptr;
}

/// Something of the partition is about to change or has changed: every session looks at it again. A follower that has
/// fetched all along from the end is noted as having done so, up to its last request.
void ReplicaManager::touch_sessions(Replica& replica) {
  // By number: taking note may move the high watermark, answer somebody else's fetch and so add a watch.
  for (std::size_t i = 0; i < replica.watches.size(); ++i) {
    const SessionWatch watch = replica.watches[i];
    SessionPart* part = part_of(watch);
    if (part == nullptr || part->dirty) continue;
    FetchSession& session = sessions_[watch.slot];
    if (session.follower() && session.last_used > part->noted)
      note_follower(session, *part, session.last_used);
    session.touch(watch.place);
  }
}

void ReplicaManager::follow_high_watermark(Replica& replica, std::int64_t leader_high_watermark) {
  if (!replica.follow_high_watermark(leader_high_watermark, owner_.now())) return;
  if (!replica.watches.empty()) wake_fetches(replica, true);
}

void ReplicaManager::log_start_moved(Replica& replica) {
  touch_sessions(replica);
  if (watcher_ != nullptr && replica.role() == Role::leader) watcher_->bounds_moved(replica);
  if (replica.role() == Role::follower) followers_->log_start_moved(replica);
}

std::size_t ReplicaManager::fetched_partitions(const wire::FetchRequest& request) const {
  return sessions_.partitions_of(request);
}

void ReplicaManager::fetch(RequestId id, wire::FetchRequest& request) {
  std::uint32_t slot = 0;
  const wire::ErrorCode error = sessions_.begin(request, owner_.now(), slot);
  if (error != wire::ErrorCode::none) {
    auto response = std::make_unique<wire::FetchResponse>();
    response->error = error;
    server_.respond(id, std::move(response));
    return;
  }
  request.session_slot = slot;
  request.session_generation = sessions_[slot].generation;
  sessions_[slot].rereading = false;  // what was asked before a client connected anew is not its concern
  ReadSet set = read(slot, request);
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
  if (sessions_.find(request->session_slot, request->session_generation) == nullptr) {
    complete_fetch(id, *request);
    co_return;
  }
  answer_or_park(id, *request, read(request->session_slot, *request));
}

void ReplicaManager::answer_or_park(RequestId id, wire::FetchRequest& request, ReadSet set) {
  const std::uint32_t slot = request.session_slot;
  if (request.replica >= 0) note_followers(slot);
  if (set.immediate) {
    answer_fetch(id, std::move(set));
    return;
  }
  FetchSession& session = sessions_[slot];
  // Of a client that has connected anew while its old request is still here: that one ends now.
  if (session.is_parked) fetch_purgatory_.complete(session.parked);
  session.parked = fetch_purgatory_.park(id, request);
  session.is_parked = true;
}

/// What a follower's fetch says of its logs. Quiet partitions are taken note of when something happens there
/// (touch_sessions).
void ReplicaManager::note_followers(std::uint32_t slot) {
  FetchSession& session = sessions_[slot];
  noting_.assign(session.dirty.begin(), session.dirty.end());
  for (const std::uint32_t place : noting_) {
    SessionPart& part = session.parts[place];
    if (part.live) note_follower(session, part, owner_.now());
  }
}

void ReplicaManager::note_follower(FetchSession& session, SessionPart& part, sim::SimTime at) {
  const wire::FetchPart& asked = part.asked;
  part.noted = at;
  Replica* replica = find(asked.partition);
  if (replica == nullptr || replica->check_leader(asked.current_leader_epoch) != wire::ErrorCode::none)
    return;
  // A diverging or out-of-range fetch says nothing of the follower's log in this epoch.
  const auto check =
      replica->log().epochs().end_offset_for(asked.last_fetched_epoch, replica->log().log_end());
  const bool diverging =
      asked.last_fetched_epoch >= 0 &&
      (!check || check->epoch < asked.last_fetched_epoch || check->end_offset < asked.fetch_offset);
  if (diverging || asked.fetch_offset > replica->log().log_end()) return;
  replication::Leader& leader = *replica->leader();
  const wire::BrokerId follower = session.replica;
  const replication::Follower* known = leader.follower(follower);
  if (known != nullptr && known->log_start != asked.log_start) replica->log_starts_moved().notify_all();
  if (!leader.fetched(follower, asked.fetch_offset, asked.log_start, session.replica_epoch,
                      replica->log().log_end(), at)) {
    return;
  }
  if (at != owner_.now()) return;  // belated: the fetch itself had nothing else to say
  const wire::BrokerState* broker = image_.broker(follower);
  if (broker != nullptr) {
    const replication::MemberHealth health{follower, broker->fenced, broker->in_controlled_shutdown,
                                           broker->broker_epoch};
    if (leader.should_expand(health)) {
      propose(*replica, leader.begin_expand(follower));
      replica->record_isr(owner_.now());
    }
  }
  advance(*replica);
}

/// The answer has been made: what of it the session need not look at again. Partitions with data go to the end of the
/// list, so that under a byte limit each has its turn.
void ReplicaManager::settle(const ReadSet& set) {
  FetchSession& session = sessions_[set.session];
  std::size_t next = 0;
  const auto& told = set.response->parts;
  kept_.clear();
  behind_.clear();
  for (const std::uint32_t place : session.dirty) {
    SessionPart& part = session.parts[place];
    const bool answered = next < told.size() && told[next].partition == part.asked.partition;
    if (answered) {
      if (told[next].error == wire::ErrorCode::none && !told[next].diverging) {
        part.sent_high_watermark = told[next].high_watermark;
        part.sent_log_start = told[next].log_start;
      }
    }
    if (!has_more(session, part)) {
      part.dirty = false;
    } else {
      (answered && told[next].bytes > 0 ? behind_ : kept_).push_back(place);
    }
    if (answered) ++next;
  }
  session.dirty.assign(kept_.begin(), kept_.end());
  session.dirty.insert(session.dirty.end(), behind_.begin(), behind_.end());
}

/// May the partition have something to say to the next request?
bool ReplicaManager::has_more(const FetchSession& session, const SessionPart& part) const {
  const Replica* replica = replicas_[static_cast<std::size_t>(part.asked.partition.n)].get();
  if (replica == nullptr ||
      replica->check_reader(part.asked.current_leader_epoch, session.follower()) != wire::ErrorCode::none)
    return true;
  const std::int64_t end = replica->readable_end(session.follower(), session.read_committed);
  if (part.asked.fetch_offset != end) return true;
  if (replica->high_watermark() != part.sent_high_watermark) return true;
  if (replica->log().log_start() != part.sent_log_start) return true;
  // Each fetch of a replica outside the ISR may be the one that lets it in.
  return session.follower() && !wire::contains(replica->leader()->isr(), session.replica);
}

/// A broker sends what its files hold and checks no CRC; the reader will.
void ReplicaManager::mark_corrupt(ReadSet& set) const {
  for (const auto& [replica, slice] : set.slices) {
    if (replica->files().sound(slice.file, {slice.position}, {slice.bytes})) [[likely]]
      continue;
    for (wire::FetchedPart& part : set.response->parts) {
      if (part.partition != replica->name().id) continue;
      std::int64_t position = slice.position;
      for (std::size_t i = 0; i < part.batches.size() && part.corrupt_from < 0; ++i) {
        const std::int64_t bytes = (*params_.store)[part.batches[i]].data.bytes;
        if (!replica->files().sound(slice.file, {position}, {bytes}))
          part.corrupt_from = static_cast<std::int32_t>(i);
        position += bytes;
      }
    }
  }
}

void ReplicaManager::answer_fetch(RequestId id, ReadSet set) {
  mark_corrupt(set);
  count_copied(set);
  settle(set);
  sessions_.end(set.session);
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

}  // namespace brokersim::kafka::broker
