#include "models/kafka/broker/fetch_sessions.h"

#include <algorithm>
#include <tuple>

namespace brokersim::kafka::broker {

void FetchSession::touch(std::uint32_t place) {
  SessionPart& part = parts[place];
  if (part.dirty || !part.live) return;
  part.dirty = true;
  dirty.push_back(place);
}

void FetchSession::put(const wire::FetchPart& part) {
  const auto at =
      std::lower_bound(by_partition.begin(), by_partition.end(), std::pair{part.partition, std::uint32_t{0}});
  if (at != by_partition.end() && at->first == part.partition) {
    parts[at->second].asked = part;
    touch(at->second);
    return;
  }
  if (free_places.empty()) {
    parts.emplace_back();
    free_places.push_back(static_cast<std::uint32_t>(parts.size() - 1));
  }
  const std::uint32_t place = free_places.back();
  free_places.pop_back();
  parts[place] = {};
  parts[place].asked = part;
  parts[place].live = true;
  by_partition.insert(at, {part.partition, place});
  touch(place);
}

void FetchSession::drop(wire::PartitionId partition) {
  const auto at =
      std::lower_bound(by_partition.begin(), by_partition.end(), std::pair{partition, std::uint32_t{0}});
  if (at == by_partition.end() || at->first != partition) return;
  SessionPart& part = parts[at->second];
  if (part.dirty) std::erase(dirty, at->second);
  part = {};
  free_places.push_back(at->second);
  by_partition.erase(at);
}

std::uint32_t FetchSessions::allocate() {
  if (free_.empty()) {
    sessions_.emplace_back();
    free_.push_back(static_cast<std::uint32_t>(sessions_.size() - 1));
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  sessions_[slot].in_use = true;
  return slot;
}

void FetchSessions::release(std::uint32_t slot) {
  FetchSession& session = sessions_[slot];
  if (session.id != 0) {
    std::erase_if(by_id_, [&](const auto& entry) { return entry.second == slot; });
    --cached_;
  }
  ++session.generation;
  session.id = 0;
  session.in_use = false;
  session.is_parked = false;
  session.rereading = false;
  session.parts.clear();
  session.free_places.clear();
  session.dirty.clear();
  session.by_partition.clear();
  free_.push_back(slot);
}

std::int32_t FetchSessions::slot_of(std::int32_t id) const {
  const auto at = std::lower_bound(by_id_.begin(), by_id_.end(), std::pair{id, std::uint32_t{0}});
  return at != by_id_.end() && at->first == id ? static_cast<std::int32_t>(at->second) : -1;
}

bool FetchSessions::make_room(bool follower, std::size_t partitions, sim::SimTime now) {
  if (slots_max_ <= 0) return false;
  if (cached_ < static_cast<std::size_t>(slots_max_)) return true;
  std::int32_t oldest = -1;
  std::int32_t least = -1;
  const auto worth = [&](std::uint32_t slot) {
    const FetchSession& s = sessions_[slot];
    return std::tuple{s.follower(), s.by_partition.size(), s.id};
  };
  for (const auto& [id, slot] : by_id_) {
    const FetchSession& session = sessions_[slot];
    if (session.is_parked || session.rereading) continue;  // a request of it is under way
    if (oldest < 0 || session.last_used < sessions_[static_cast<std::size_t>(oldest)].last_used)
      oldest = static_cast<std::int32_t>(slot);
    if (now - session.created <= kSessionEvictionMin) continue;
    if (least < 0 || worth(slot) < worth(static_cast<std::uint32_t>(least)))
      least = static_cast<std::int32_t>(slot);
  }
  if (oldest >= 0 && now - sessions_[static_cast<std::size_t>(oldest)].last_used > kSessionEvictionMin) {
    release(static_cast<std::uint32_t>(oldest));
    return true;
  }
  if (least < 0) return false;
  const FetchSession& weakest = sessions_[static_cast<std::size_t>(least)];
  if (std::pair{weakest.follower(), weakest.by_partition.size()} >= std::pair{follower, partitions})
    return false;
  release(static_cast<std::uint32_t>(least));
  return true;
}

wire::ErrorCode FetchSessions::begin(const wire::FetchRequest& request, sim::SimTime now,
                                     std::uint32_t& slot) {
  if (request.session_epoch > 0) {
    const std::int32_t found = slot_of(request.session_id);
    if (found < 0) return wire::ErrorCode::fetch_session_id_not_found;
    FetchSession& session = sessions_[static_cast<std::size_t>(found)];
    if (session.next_epoch != request.session_epoch) return wire::ErrorCode::invalid_fetch_session_epoch;
    session.next_epoch = session.next_epoch == INT32_MAX ? 1 : session.next_epoch + 1;
    slot = static_cast<std::uint32_t>(found);
    for (const wire::PartitionId partition : request.forgotten) session.drop(partition);
  } else {
    const std::int32_t closed = request.session_id != 0 ? slot_of(request.session_id) : -1;
    if (closed >= 0) release(static_cast<std::uint32_t>(closed));
    const bool wanted = request.session_epoch == 0 && !request.parts.empty();
    const bool cached = wanted && make_room(request.replica >= 0, request.parts.size(), now);
    slot = allocate();
    FetchSession& session = sessions_[slot];
    session.created = now;
    session.next_epoch = 1;
    if (cached) {
      session.id = next_id_++;
      by_id_.emplace_back(session.id, slot);
      ++cached_;
    }
  }
  FetchSession& session = sessions_[slot];
  session.replica = request.replica;
  session.replica_epoch = request.replica_epoch;
  session.min_bytes = request.min_bytes;
  session.rack = request.rack;
  session.read_committed = request.read_committed;
  session.last_used = now;
  for (const wire::FetchPart& part : request.parts) session.put(part);
  return wire::ErrorCode::none;
}

void FetchSessions::end(std::uint32_t slot) {
  FetchSession& session = sessions_[slot];
  session.is_parked = false;
  session.rereading = false;
  if (session.id == 0) release(slot);
}

FetchSession* FetchSessions::find(std::uint32_t slot, std::uint32_t generation) {
  FetchSession& session = sessions_[slot];
  return session.in_use && session.generation == generation ? &session : nullptr;
}

std::size_t FetchSessions::partitions_of(const wire::FetchRequest& request) const {
  if (request.session_epoch <= 0) return request.parts.size();
  const std::int32_t slot = slot_of(request.session_id);
  return slot < 0 ? request.parts.size() : sessions_[static_cast<std::size_t>(slot)].by_partition.size();
}

}  // namespace brokersim::kafka::broker
