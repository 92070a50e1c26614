// A consumer group of the classic protocol, as its coordinator decides: who is a member, when a rebalance begins and ends,
// which requests are refused. Pure: requests and the time go in, answers and what has to be written come out.
//
// States: Empty -> PreparingRebalance (members join) -> CompletingRebalance (the leader assigns, the coordinator writes)
// -> Stable; Dead when the coordinator gives the group up. Sources: kafka-behaviour.md section 6.1, KIP-62, KIP-134 (initial
// delay), KIP-345 (static members), KIP-394 (member id required), GroupMetadataManager of 4.1.
// Not modelled: tie-breaks among equally voted protocols (by name here), upgrades to the protocol of KIP-848.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/kafka/wire/group_messages.h"

namespace brokersim::kafka::groups {

enum class ClassicState : std::uint8_t { empty, preparing_rebalance, completing_rebalance, stable, dead };
[[nodiscard]] const char* name(ClassicState state);

struct ClassicRules {
  sim::Duration initial_rebalance_delay = {3'000'000'000};    ///< group.initial.rebalance.delay.ms
  sim::Duration session_timeout_min = {6'000'000'000};        ///< group.min.session.timeout.ms
  sim::Duration session_timeout_max = {1'800'000'000'000};    ///< group.max.session.timeout.ms
  sim::Duration new_member_join_timeout = {300'000'000'000};  ///< A new member's join may take this long.
  std::int32_t size_max = 2'147'483'647;                      ///< group.max.size
};

/// Names a request that waits for its answer; given by the caller, never interpreted here.
using Waiting = std::uint64_t;

struct JoinAnswer {
  Waiting to = 0;
  wire::ErrorCode error = wire::ErrorCode::none;
  std::int32_t generation = -1;
  std::string protocol;
  std::string leader;
  std::string member;
  bool skip_assignment = false;
  std::vector<wire::JoinedMember> members;
};
struct SyncAnswer {
  Waiting to = 0;
  wire::ErrorCode error = wire::ErrorCode::none;
  std::vector<wire::PartitionId> partitions;
};

/// What a step leads to, in order.
struct ClassicOutputs {
  std::vector<JoinAnswer> joins;
  std::vector<SyncAnswer> syncs;
  /// The group as it now is must be written to the log; written() tells how that ended. A later write replaces it.
  std::optional<wire::GroupRecord> write;
};

class ClassicGroup {
 public:
  ClassicGroup(std::string id, const ClassicRules& rules) : id_(std::move(id)), rules_(rules) {}
  /// A group as it was read from the log: Stable, or Empty without members. Sessions begin at `now`.
  ClassicGroup(const wire::GroupRecord& record, const ClassicRules& rules, sim::SimTime now);

  // --- requests --------------------------------------------------------------------------------------------

  /// `new_id`: to give to a member that has none.
  void join(const wire::JoinGroupRequest& request, Waiting waiting, const std::string& new_id,
            sim::SimTime now, ClassicOutputs& out);
  void sync(const wire::SyncGroupRequest& request, Waiting waiting, sim::SimTime now, ClassicOutputs& out);
  [[nodiscard]] wire::ErrorCode heartbeat(const std::string& member, const std::string& instance,
                                          std::int32_t generation, sim::SimTime now);
  [[nodiscard]] wire::ErrorCode leave(const std::string& member, const std::string& instance,
                                      sim::SimTime now, ClassicOutputs& out);
  /// May this member commit offsets? A commit counts as a heartbeat. Generation -1 without a member: not a member of a
  /// group, which may commit only while it is Empty.
  [[nodiscard]] wire::ErrorCode check_commit(const std::string& member, const std::string& instance,
                                             std::int32_t generation, sim::SimTime now);

  // --- what else happens -------------------------------------------------------------------------------------

  /// The last write of `generation` is committed, or has failed.
  void written(std::int32_t generation, wire::ErrorCode error, sim::SimTime now, ClassicOutputs& out);
  /// Runs what is due.
  void tick(sim::SimTime now, ClassicOutputs& out);
  /// When tick() has something to do; SimTime::max(): never.
  [[nodiscard]] sim::SimTime next_tick() const;
  /// The coordinator moves away: whoever waits is answered with `error`. The group is Dead then.
  void unload(wire::ErrorCode error, ClassicOutputs& out);

  // --- state -------------------------------------------------------------------------------------------------

  struct Member {
    std::string id;
    std::string instance;
    std::string client_id;
    sim::Duration session_timeout;
    sim::Duration rebalance_timeout;
    std::vector<wire::GroupProtocol> protocols;
    std::vector<wire::PartitionId> assignment;
    bool is_new = false;  ///< Its first join is not answered yet.
    std::optional<Waiting> joining;
    std::optional<Waiting> syncing;
    sim::SimTime session_end = sim::SimTime::max();
  };
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] ClassicState state() const { return state_; }
  [[nodiscard]] std::int32_t generation() const { return generation_; }
  [[nodiscard]] const std::string& leader() const { return leader_; }
  [[nodiscard]] const std::string& protocol() const { return protocol_; }
  [[nodiscard]] const std::map<std::string, Member>& members() const { return members_; }
  /// Since when it is Empty; offsets expire by that.
  [[nodiscard]] sim::SimTime empty_since() const { return empty_since_; }
  /// The record that keeps this group.
  [[nodiscard]] wire::GroupRecord record(sim::SimTime now) const;

 private:
  void join_new(const wire::JoinGroupRequest& request, Waiting waiting, const std::string& new_id,
                sim::SimTime now, ClassicOutputs& out);
  void join_static(const wire::JoinGroupRequest& request, Waiting waiting, const std::string& new_id,
                   sim::SimTime now, ClassicOutputs& out);
  void join_known(Member& member, const wire::JoinGroupRequest& request, Waiting waiting, sim::SimTime now,
                  ClassicOutputs& out);
  void add_member(const wire::JoinGroupRequest& request, Waiting waiting, const std::string& id,
                  sim::SimTime now, ClassicOutputs& out);
  void update(Member& member, const wire::JoinGroupRequest& request, Waiting waiting);
  void remove_member(const std::string& id, wire::ErrorCode waiting_gets, sim::SimTime now,
                     ClassicOutputs& out);
  void prepare_rebalance(sim::SimTime now, ClassicOutputs& out);
  void prepare_or_complete(sim::SimTime now, ClassicOutputs& out);
  void complete_if_all_joined(sim::SimTime now, ClassicOutputs& out);
  void complete_join(sim::SimTime now, ClassicOutputs& out);
  void on_initial_delay_over(sim::SimTime now, ClassicOutputs& out);
  void fail_syncs(wire::ErrorCode error, ClassicOutputs& out);
  [[nodiscard]] bool all_joined() const;
  [[nodiscard]] sim::Duration rebalance_timeout() const;
  [[nodiscard]] std::string vote() const;
  [[nodiscard]] bool supports(const std::vector<wire::GroupProtocol>& protocols) const;
  [[nodiscard]] JoinAnswer joined(const Member& member, Waiting waiting, bool with_members) const;
  [[nodiscard]] wire::ErrorCode check_member(const std::string& member, const std::string& instance) const;
  void refresh(Member& member, sim::SimTime now) { member.session_end = now + member.session_timeout; }
  void enter(ClassicState state, sim::SimTime now);

  std::string id_;
  ClassicRules rules_;
  ClassicState state_ = ClassicState::empty;
  std::int32_t generation_ = 0;
  std::string protocol_;
  std::string leader_;
  std::map<std::string, Member> members_;
  std::map<std::string, std::string> instances_;  // group.instance.id -> member id
  std::map<std::string, sim::SimTime> pending_;   // ids given out (KIP-394), until when they may come
  sim::SimTime join_end_ = sim::SimTime::max();   // of the present join phase
  sim::Duration initial_left_;                    // how much longer the initial delay may be stretched
  bool initial_ = false;                          // join_end_ is that of the initial delay
  bool joined_meanwhile_ = false;
  sim::SimTime sync_end_ = sim::SimTime::max();
  std::map<std::string, bool> sync_missing_;
  sim::SimTime empty_since_;
};

}  // namespace brokersim::kafka::groups
