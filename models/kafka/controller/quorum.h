// The Raft node of a controller: linger, append, high watermark, fsync, fetches of brokers. One voter.
//
// One thread does all of it, as in KafkaRaftClient: while it fsyncs, it neither appends nor answers fetches.
// With ONE voter the majority is the leader itself, and the high watermark moves at the append, BEFORE the fsync
// completes (KafkaRaftClient.flushLeaderLog; kafka-behaviour.md section 5.1). A power loss in between takes back what
// brokers may have applied already; three voters do not have that hole.
// Seam: with 3 or 5 voters the inside of this class changes (votes, followers, when the high watermark moves); its
// users see the same calls.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "models/devices/network/network.h"
#include "models/devices/storage/file_system.h"
#include "models/kafka/controller/fetch_parking.h"
#include "models/kafka/controller/metadata_log.h"
#include "models/kafka/wire/messages.h"
#include "sim/component.h"
#include "sim/task.h"

namespace brokersim::kafka::controller {

struct QuorumConfig {
  sim::Duration append_linger = {25'000'000};  ///< controller.quorum.append.linger.ms. Not negative.
  bool commit_wakes_fetch = true;              ///< 4.1, KIP-1166
};
/// Raft's own limits (KafkaRaftClient): a fetch waits at most 500 ms and brings at most 8 MiB.
inline constexpr sim::Duration kFetchWaitMax = {500'000'000};
inline constexpr sim::Bytes kFetchBytesMax = {8ll << 20};

/// Told by the quorum, from within its own events.
class QuorumListener {
 public:
  /// The log is loaded: every batch that survived, in order.
  virtual void on_loaded(const MetadataLog& log) = 0;
  /// This node leads in `epoch`; its records may be appended from now on. Must append at least one (Raft's
  /// LeaderChange record) with append_now().
  virtual void on_leader(std::int32_t epoch) = 0;
  /// Every record below `high_watermark` is committed; `batch` is what is newly so.
  virtual void on_committed(const MetadataBatch& batch, std::int64_t high_watermark) = 0;
  /// The log could not be made durable: the process must stop (FaultHandler).
  virtual void on_fatal() = 0;

 protected:
  ~QuorumListener() = default;
};

class MetadataQuorum {
 public:
  MetadataQuorum(sim::Component& owner, network::Network& network, storage::FileSystem& file_system,
                 MetadataStore& store, const QuorumConfig& config, QuorumListener& listener);
  MetadataQuorum(const MetadataQuorum&) = delete;
  MetadataQuorum& operator=(const MetadataQuorum&) = delete;

  /// Loads the log and stands for election: on_loaded(), then, once the vote is durable, on_leader(). Once.
  void start();
  [[nodiscard]] bool is_leader() const { return leader_; }

  /// Appends when the linger of the first waiting record is over. Leader only.
  void append(Records records);
  /// Appends now, with whatever waits.
  void append_now(Records records);
  /// Completes when everything appended is durable.
  [[nodiscard]] sim::Task<void> sync();

  /// A broker's fetch: answered on `connection`, perhaps later.
  void fetch(network::ConnectionId connection, const wire::MetadataFetchRequest& request);
  void forget(network::ConnectionId connection);

  [[nodiscard]] std::int64_t high_watermark() const { return high_watermark_; }
  /// Records appended or waiting for their linger.
  [[nodiscard]] std::int64_t next_offset() const {
    return log_.end_offset() + static_cast<std::int64_t>(waiting_.size());
  }

 private:
  struct Fetch {
    network::ConnectionId connection;
    std::int32_t correlation = 0;
    FetchPosition position;
    sim::Duration max_wait;
    std::uint64_t number = 0;  ///< While parked.
    sim::EventHandle expiry = {};
  };

  [[nodiscard]] sim::Task<void> load_and_lead();
  [[nodiscard]] sim::Task<void> flush(sim::Duration held_back);
  void linger_over();
  void drain();
  void answer(Fetch fetch);
  void answer_parked();
  void park(Fetch fetch);
  void park_over(std::uint64_t number);
  void reply(const Fetch& fetch, wire::ErrorCode error);
  [[nodiscard]] FetchAnswer judge(const Fetch& fetch) const;

  sim::Component& owner_;
  network::Network& network_;
  storage::FileSystem& file_system_;
  QuorumConfig config_;
  QuorumListener& listener_;
  std::string state_file_;
  MetadataLog log_;
  bool leader_ = false;
  std::int32_t epoch_ = 0;
  std::int64_t high_watermark_ = 0;
  Records waiting_;
  sim::EventHandle linger_;
  bool flushing_ = false;      // the thread is in fsync
  bool drain_due_ = false;     // the linger ended meanwhile
  std::deque<Fetch> queued_;   // arrived while flushing
  std::vector<Fetch> parked_;  // in order of arrival
  std::uint64_t next_fetch_ = 0;
};

}  // namespace brokersim::kafka::controller
