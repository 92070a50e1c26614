// The active controller as a state machine: a request and the time in, an answer and records out.
//
// Records take effect here at once (speculatively, as in QuorumController) and go to the metadata log in the same
// order; an answer may leave only when they are committed. Queue, log, timers and network are the shell's
// (controller_service.h). The state can be rebuilt from the log: replay(), then activate().
// Rules: QuorumController, ClusterControlManager, ReplicationControlManager (4.0/4.1), kafka-behaviour.md 5.2 to 5.5.
#pragma once

#include <cstdint>
#include <vector>

#include "models/kafka/config.h"
#include "models/kafka/controller/election.h"
#include "models/kafka/controller/heartbeats.h"
#include "models/kafka/controller/partition_changes.h"
#include "models/kafka/wire/image.h"
#include "models/kafka/wire/messages.h"
#include "sim/time.h"

namespace brokersim::kafka::controller {

using wire::LoggedRecord;
using Records = std::vector<LoggedRecord>;

struct ControllerRules {
  ElectionRules election;
  HeartbeatRules heartbeats;
  /// 4.0, KAFKA-18106: a new incarnation is clean if it names the epoch of the last one. Before, with ELR, every new
  /// incarnation counts as unclean.
  bool detect_clean_shutdown = true;
  bool isr_admits_only_active = true;   ///< 3.3, KIP-841 (KAFKA-13916).
  bool isr_checks_broker_epoch = true;  ///< 3.5, KIP-903.
};
[[nodiscard]] ControllerRules controller_rules(Version version, const BrokerConfig& config);

/// Producer ids are given to brokers in blocks of this size (ProducerIdsBlock).
inline constexpr std::int32_t kProducerIdBlock = 1'000;
/// Elections per run of a periodic task; a full run is followed by another (ReplicationControlManager).
inline constexpr std::size_t kElectionsPerRun = 1'000;
/// Partitions created by one event; then comes the next.
inline constexpr std::size_t kCreationsPerRun = 10'000;
/// Topics are created when all brokers of their assignments are there, at the latest so long after the first
/// registration. Our choice: Kafka creates topics on request and only on live brokers, so a scenario's topics wait
/// for them; the limit lets a scenario begin with a broker that is down.
inline constexpr sim::Duration kTopicCreationPatience = {10'000'000'000};

class Controller {
 public:
  Controller(const ControllerRules& rules, const std::vector<PartitionSpec>& partitions);

  /// The next record of the surviving log. Before activate() only.
  void replay(const wire::MetadataRecord& record);
  /// Everything is as the log says up to `next_offset`; what was made and never committed is forgotten.
  void load(const wire::ClusterImage& image, std::int64_t next_offset);
  /// Becomes active: each unfenced broker has a full session from now.
  void activate(sim::SimTime now);

  /// A heartbeat has arrived and will be worked on later; one of an old incarnation is not heard.
  void heartbeat_arrived(const wire::BrokerHeartbeatRequest& request, sim::SimTime now);

  // Requests. Records are appended to `out`; `out` may be empty before or not.

  /// none, or duplicate_broker_registration while another incarnation has a session.
  [[nodiscard]] wire::BrokerRegistrationResponse register_broker(
      const wire::BrokerRegistrationRequest& request, sim::SimTime now, Records& out);
  /// none, or stale_broker_epoch.
  [[nodiscard]] wire::BrokerHeartbeatResponse heartbeat(const wire::BrokerHeartbeatRequest& request,
                                                        sim::SimTime now, Records& out);
  /// none, or stale_broker_epoch for the whole; see validate_alter_partition() for the parts, and
  /// new_leader_elected if the change took the sender's leadership.
  [[nodiscard]] wire::AlterPartitionResponse alter_partition(const wire::AlterPartitionRequest& request,
                                                             Records& out);
  [[nodiscard]] wire::AllocateProducerIdsResponse allocate_producer_ids(
      const wire::AllocateProducerIdsRequest& request, Records& out);

  /// See elect_one() and reassign_one().
  [[nodiscard]] wire::AdminResponse elect_leader(const wire::ElectLeadersRequest& request, Records& out);
  [[nodiscard]] wire::AdminResponse reassign(const wire::ReassignRequest& request, Records& out);

  /// topic_already_exists; partitions on brokers that are all down are left out, as in new_partitions().
  [[nodiscard]] wire::AdminResponse create_topic(const wire::TopicRequest& request, Records& out);
  /// unknown_topic_or_partition.
  [[nodiscard]] wire::AdminResponse delete_topic(const wire::TopicRequest& request, Records& out);

  // What the shell's timers call.

  /// Fences the broker that has been silent longest, if its session is over: one at a time, so that the effect of
  /// one is visible before the next. False: nobody.
  bool fence_one(sim::SimTime now, Records& out);
  /// When fence_one() will find somebody if nothing is heard; max: never.
  [[nodiscard]] sim::SimTime next_expiry() const { return heartbeats_.next_expiry(); }
  /// True: there may be more, come again.
  bool balance_leaders(Records& out);
  bool elect_unclean_leaders(Records& out);
  /// Creates the topics that can be created now.
  void create_topics(sim::SimTime now, Records& out);
  /// The last create_topics() stopped at kCreationsPerRun.
  [[nodiscard]] bool more_to_create() const { return more_to_create_; }
  /// When create_topics() stops waiting for brokers; max: nothing is missing, or nobody has registered.
  [[nodiscard]] sim::SimTime topic_creation_deadline() const;

  /// With every record made so far, committed or not.
  [[nodiscard]] const wire::ClusterImage& image() const { return image_; }
  [[nodiscard]] const PartitionSpecs& specs() const { return specs_; }
  [[nodiscard]] const ControllerRules& rules() const { return rules_; }
  /// The offset that the next record will have.
  [[nodiscard]] std::int64_t next_offset() const { return next_offset_; }
  /// A record made outside (a no-op, the leader change of Raft): counts, and takes effect.
  void emit(wire::MetadataRecord record, Records& out, bool unclean = false);

 private:
  [[nodiscard]] ClusterView view() const { return {image_, specs_, rules_.election}; }
  [[nodiscard]] bool current_epoch(BrokerId broker, std::int64_t broker_epoch) const;
  /// Partitions that exist of whichever topic bears the name of this one.
  [[nodiscard]] std::vector<wire::PartitionId> living_of_name(
      const std::vector<wire::PartitionId>& topic) const;
  void emit_all(ChangedPartitions changes, Records& out);
  void emit_broker(wire::BrokerState state, Records& out);
  void fence(BrokerId broker, Records& out);
  void unfence(BrokerId broker, Records& out);
  void begin_controlled_shutdown(BrokerId broker, Records& out);
  [[nodiscard]] wire::AlterPartitionResult alter_one(BrokerId leader, const wire::AlterPartitionPart& part,
                                                     Records& out);

  [[nodiscard]] bool nothing_to_create() const;

  ControllerRules rules_;
  bool more_to_create_ = false;
  mutable bool all_created_ = false;  // no partition is missing; looked up anew until it is so
  PartitionSpecs specs_;
  wire::ClusterImage image_;
  BrokerHeartbeats heartbeats_;
  std::int64_t next_offset_ = 0;
  sim::SimTime first_registration_ = sim::SimTime::max();
};

}  // namespace brokersim::kafka::controller
