// What a broker remembers of who fetches what (KIP-227, FetchSession.scala): sessions, and the cache that limits them.
//
// Why: a follower of a thousand quiet partitions should cost what its busy ones cost. A session keeps the partitions with
// the offsets last asked for, and a list of those that may have something to say; all others are not looked at.
// A request without a session is served by one that lives as long as the request.
// Cache: max.incremental.fetch.session.cache.slots. A full cache takes the place of a session that was not used for 2 min,
// or of one that is at least 2 min old and counts for less (a consumer's before a follower's, fewer partitions before
// more); else the client goes without. Kafka divides the cache into 8 shards by a hash; here it is one.
// Pure: the replica manager reads logs and decides what has something to say.
#pragma once

#include <cstdint>
#include <vector>

#include "models/kafka/broker/purgatory.h"
#include "models/kafka/wire/messages.h"
#include "sim/time.h"

namespace brokersim::kafka::broker {

/// A session is not thrown out for a better one before it is so old (FetchSessionCache: MIN_INCREMENTAL_FETCH_SESSION_EVICTION_MS).
inline constexpr sim::Duration kSessionEvictionMin = {120'000'000'000};

/// One partition of a session.
struct SessionPart {
  wire::FetchPart asked;
  std::int64_t sent_high_watermark = -1;  ///< As last told; -1 never.
  std::int64_t sent_log_start = -1;
  sim::SimTime noted;    ///< A follower's fetch of it was last taken note of then.
  bool dirty = false;    ///< In FetchSession::dirty: may have something to say.
  bool live = false;     ///< False: forgotten, the place is free.
  bool watched = false;  ///< The replica knows this place.
};

struct FetchSession {
  std::int32_t id = 0;  ///< 0: for one request only.
  std::int32_t next_epoch = 1;
  wire::BrokerId replica = -1;
  std::int64_t replica_epoch = -1;
  std::int32_t min_bytes = 1;
  std::int32_t rack = -1;  ///< Of a consumer; -1: it has named none.
  bool read_committed = false;  ///< Of its latest request.
  sim::SimTime created;
  sim::SimTime last_used;          ///< Its last request came then.
  std::vector<SessionPart> parts;  ///< A place keeps its number.
  std::vector<std::uint32_t> free_places;
  std::vector<std::uint32_t> dirty;  ///< Places, those longest without data first.
  std::vector<std::pair<wire::PartitionId, std::uint32_t>> by_partition;  ///< Sorted: live places.
  FetchPurgatory::Ref parked;
  bool is_parked = false;
  bool rereading = false;  ///< No longer parked; read once more before it is answered.
  std::uint32_t generation = 0;
  bool in_use = false;

  [[nodiscard]] bool follower() const { return replica >= 0; }
  /// Puts the place on the list, if it is not there.
  void touch(std::uint32_t place);
  /// Adds or changes a partition: it is dirty then.
  void put(const wire::FetchPart& part);
  void drop(wire::PartitionId partition);
};

class FetchSessions {
 public:
  /// `started`: of the process. Kafka draws ids at random; here they count from one that no earlier life of the broker has
  /// reached (ten thousand a second), for a client may still name a session of that life, and must not close another's.
  explicit FetchSessions(std::int32_t slots_max, sim::SimTime started = {})
      : slots_max_(slots_max), next_id_(1 + static_cast<std::int32_t>(started.ns / 100'000 % (1 << 30))) {}

  /// The session of a request, its changes taken over: fetch_session_id_not_found, invalid_fetch_session_epoch, or none with
  /// `slot` set. A full request closes the session that it names.
  [[nodiscard]] wire::ErrorCode begin(const wire::FetchRequest& request, sim::SimTime now,
                                      std::uint32_t& slot);
  /// After the answer to a request: a session of one request is gone.
  void end(std::uint32_t slot);

  [[nodiscard]] FetchSession& operator[](std::uint32_t slot) { return sessions_[slot]; }
  /// Null if the place is another session's by now.
  [[nodiscard]] FetchSession* find(std::uint32_t slot, std::uint32_t generation);
  /// Partitions that a request is about, for its cost.
  [[nodiscard]] std::size_t partitions_of(const wire::FetchRequest& request) const;
  [[nodiscard]] std::size_t cached() const { return cached_; }

 private:
  [[nodiscard]] std::uint32_t allocate();
  void release(std::uint32_t slot);
  [[nodiscard]] std::int32_t slot_of(std::int32_t id) const;
  [[nodiscard]] bool make_room(bool follower, std::size_t partitions, sim::SimTime now);

  std::int32_t slots_max_;
  std::vector<FetchSession> sessions_;
  std::vector<std::uint32_t> free_;
  std::vector<std::pair<std::int32_t, std::uint32_t>> by_id_;  // sorted: cached sessions
  std::size_t cached_ = 0;
  std::int32_t next_id_;
};

}  // namespace brokersim::kafka::broker
