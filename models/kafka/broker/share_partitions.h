// The share-partitions of a broker: for every partition that it leads and every share group that reads there, who may have
// which record (SharePartitionManager, DelayedShareFetch, ShareSessionCache of 4.1; kafka-behaviour.md section 6.5).
//
// A shell: groups::SharePartition decides. A ShareFetch acknowledges what its member is through with, acquires what is available
// of the partitions of its session, in turn, and waits up to its maximum for something to come. What members acknowledge is
// written to the share coordinator before they hear that it counts.
// A share session belongs to a connection: when that is lost, or the member closes it, what the member holds is released.
// A machine that has lost its power tells nobody; then the locks end by themselves.
// Life of a share-partition here: first asked for -> its state is read from the share coordinator -> served -> leadership goes, or
// the coordinator says that somebody newer leads: everything is forgotten, and members hear NOT_LEADER_OR_FOLLOWER.
// Simplified: a read from the disk keeps no network thread; epochs of sessions do not wrap.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/kafka/broker/replica_manager.h"
#include "models/kafka/broker/request_server.h"
#include "models/kafka/broker/share_persister.h"
#include "models/kafka/groups/share_partition.h"

namespace brokersim::kafka::broker {

class SharePartitions final : public LeaderWatcher {
 public:
  SharePartitions(sim::Component& owner, const BrokerParams& params, ReplicaManager& replicas,
                  RequestServer& server, const wire::ClusterImage& image, SharePersister& persister);

  /// ShareFetch and ShareAcknowledge. Answers later.
  void handle(RequestId id, wire::Message& request);
  /// A client's connection is no more.
  void connection_closed(network::ConnectionId connection);

  void leads_no_more(Replica& replica) override;
  void bounds_moved(Replica& replica) override;

 private:
  /// The end of an acknowledgement: whoever has asked waits for it.
  struct Outcome {
    bool done = false;
    wire::ErrorCode error = wire::ErrorCode::none;
    sim::Signal changed{"share.persisted"};
  };
  /// To be written to the coordinator.
  struct Write {
    std::uint32_t transition = 0;
    std::vector<wire::ShareStateBatch> batches;
    std::shared_ptr<Outcome> outcome;  ///< Null: nobody waits.
  };
  /// A share-partition.
  struct Held {
    std::uint64_t number = 0;  ///< By which timers know it.
    std::string group;
    history::GroupId group_id;
    Replica* replica = nullptr;
    wire::PartitionId partition;
    std::int32_t leader_epoch = -1;
    std::int32_t state_epoch = 0;
    bool gone = false;
    std::unique_ptr<groups::SharePartition> state;  ///< Null while it is being read.
    std::int64_t told_start = -1;                   ///< To the history.
    std::vector<Write> writes;
    bool writing = false;
    std::map<std::string, history::ClientId> members;  ///< Who they are to the history.
    sim::EventHandle timer;
    sim::SimTime timer_at = sim::SimTime::max();
  };
  using HeldPtr = std::shared_ptr<Held>;
  struct Session {
    std::uint64_t number = 0;
    std::int32_t epoch = 0;  ///< That the next request has.
    std::vector<wire::PartitionId> parts;
    std::size_t turn = 0;  ///< Which of them is served first.
    network::ConnectionId connection;
    history::ClientId client;
    sim::Signal woken{"share.fetch"};
  };
  using SessionKey = std::pair<std::string, std::string>;  ///< Group, member.
  struct Waiting {
    wire::PartitionId partition;
    std::shared_ptr<Outcome> outcome;
  };
  /// What a fetch has read beside its answer.
  struct Reads {
    std::vector<std::pair<Replica*, log::FileSlice>> slices;
    std::int64_t bytes = 0;
    std::int64_t records = 0;
  };

  // share_fetch_path.cpp: requests and sessions.
  [[nodiscard]] sim::Task<void> fetch(RequestId id, wire::ShareFetchRequest* request);
  [[nodiscard]] sim::Task<void> acknowledge(RequestId id, wire::ShareAcknowledgeRequest* request);
  [[nodiscard]] Session* begin_session(const wire::ShareFetchRequest& request,
                                       network::ConnectionId connection, wire::ErrorCode& error);
  [[nodiscard]] Session* session(const SessionKey& key, std::int32_t epoch, wire::ErrorCode& error);
  [[nodiscard]] std::vector<Waiting> end_session(const SessionKey& key);
  void serve(Session& session, const wire::ShareFetchRequest& request, wire::ShareFetchResponse& response,
             Reads& reads);
  [[nodiscard]] bool serve_part(wire::PartitionId partition, const Session& session,
                                const wire::ShareFetchRequest& request, wire::ShareFetchedPart& part,
                                Reads& reads);
  [[nodiscard]] history::ClientId client_named(const std::string& name) const;

  // share_partitions.cpp: share-partitions and their state.
  [[nodiscard]] HeldPtr find(const std::string& group, wire::PartitionId partition) const;
  [[nodiscard]] HeldPtr open(const std::string& group, Replica& replica);
  [[nodiscard]] std::shared_ptr<Outcome> take(const std::string& group, const std::string& member,
                                              const wire::SharePart& part);
  [[nodiscard]] std::shared_ptr<Outcome> persist(const HeldPtr& held,
                                                 groups::SharePartition::Transition transition);
  [[nodiscard]] std::int64_t first_start(const ShareGroupConfig* settings, const Replica& replica) const;
  [[nodiscard]] sim::Task<void> load(HeldPtr held);
  [[nodiscard]] sim::Task<void> write_out(HeldPtr held);
  void drop(const HeldPtr& held);
  void wake(wire::PartitionId partition);
  void tell(Held& held, const std::vector<groups::SharePartition::Change>& changes);
  void tell_start(Held& held);
  void arm(Held& held);
  void on_timer(std::uint64_t number);

  sim::Component& owner_;
  const BrokerParams& params_;
  const ClusterShape& cluster_;
  ReplicaManager& replicas_;
  RequestServer& server_;
  const wire::ClusterImage& image_;
  SharePersister& persister_;
  std::map<std::uint64_t, HeldPtr> held_;
  std::vector<std::vector<HeldPtr>> by_partition_;  // by PartitionId
  std::uint64_t numbers_ = 0;
  std::map<SessionKey, Session> sessions_;
  std::uint64_t session_numbers_ = 0;
};

}  // namespace brokersim::kafka::broker
