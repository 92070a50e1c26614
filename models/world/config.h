// A whole scenario as typed values: what app/scenario makes of a JSON file and world builds from.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/database/config.h"
#include "models/devices/host/config.h"
#include "models/devices/network/config.h"
#include "models/faults/config.h"
#include "models/history/keys.h"
#include "models/kafka/admin.h"
#include "models/kafka/config.h"
#include "models/outbox/config.h"
#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::world {

/// The internal topic of the transaction coordinators.
inline constexpr const char* kTransactionsTopic = "__transaction_state";
/// That of the share coordinators.
inline constexpr const char* kShareStateTopic = "__share_group_state";

/// How records arrive at a producer.
enum class Arrivals : std::uint8_t {
  constant,  ///< Evenly spaced at the rate; instances are offset by a share of one gap.
  poisson,   ///< Exponential gaps.
  saturate,  ///< As fast as send() returns (closed by buffer.memory); no `rate`.
  closed,    ///< A group; the next one when every record of it has its outcome; no `rate`.
  listed,    ///< At the times listed, which instances take in turn; no `rate`.
};

struct WorkloadShape;

struct ProducerWorkload {
  std::string name;
  std::string cluster;  ///< Key in `systems`.
  std::string topic;
  std::vector<std::string> hosts;  ///< One per instance; instance i is named name + "-" + i.
  Arrivals arrivals = Arrivals::constant;
  std::int64_t rate_per_second_milli = 0;  ///< Total over all instances, in 1/1000 records per second.
  std::vector<sim::SimTime> times;         ///< listed: of groups, ascending, from `start` to before `end`.
  sim::Bytes record_size = {1'024};        ///< Key + value. 1 B or more.
  std::int32_t records_per_send = 1;       ///< Records that arrive together (a burst of one call).
  std::int32_t records_per_send_max = 0;   ///< closed: up to this many, equally likely; 0: records_per_send.
  history::KeySpace keys;                  ///< `keys` 0: records have no key.
  /// Keys with weights, sizes that differ, arrivals with either (workload_shape.h); null: nothing of that.
  std::shared_ptr<const WorkloadShape> shape = nullptr;
  std::int64_t records_max = 0;            ///< Stop after this many in total; 0 = until `end`.
  sim::SimTime start;
  sim::SimTime end =
      sim::SimTime::max();        ///< Default: 5/6 of the run, so that the end can settle. See loader.
  sim::Duration send_cost = {0};  ///< Application and client CPU per record, compression not counted.
  std::int32_t compressed_percent =
      0;  ///< Size of large batches after compression; 0: as the codec's corpus.
  kafka::ProducerConfig config;
};

/// When a member of a group commits what it has read.
enum class CommitMode : std::uint8_t {
  automatic,          ///< As enable.auto.commit has it; never if that is off.
  before_processing,  ///< commitSync() of all that poll() returned, then it is processed.
  after_processing,   ///< commitSync() once all that poll() returned has been processed.
};

struct ConsumerWorkload {
  std::string name;
  std::string cluster;
  std::string topic;
  std::vector<std::string> hosts;  ///< One per instance; partitions are assigned round robin.
  sim::SimTime start;
  sim::Duration process_cost = {0};  ///< Application time per record.
  std::string group;  ///< group.id; empty: partitions are assigned by position, nothing is committed.
  CommitMode commit = CommitMode::automatic;
  bool in_background = false;   ///< poll() hands records to a worker and goes on.
  bool static_members = false;  ///< Instance i has the group.instance.id NAME-i.
  kafka::ConsumerConfig config;
};

/// An application that writes in transactions (models/kafka/client/transaction_load.h).
struct TransactionWorkload {
  std::string name;
  std::string cluster;
  std::string topic;
  std::vector<std::string> hosts;          ///< One per instance.
  std::int64_t rate_per_second_milli = 0;  ///< Transactions of all instances, in 1/1000 per second. Positive.
  std::int32_t records = 1;                ///< Of a transaction.
  std::int64_t accounts = 0;               ///< Positive: each is a transfer between two of them.
  sim::Bytes record_size = {100};
  history::KeySpace keys = {};  ///< `keys` 0: records have no key.
  /// Keys with weights, sizes that differ (workload_shape.h); null: nothing of that.
  std::shared_ptr<const WorkloadShape> shape = nullptr;
  sim::Duration work;
  std::int32_t abort_permille = 0;
  bool restarts_when_fenced = false;
  sim::SimTime start;
  sim::SimTime end = sim::SimTime::max();
  kafka::ProducerConfig config;  ///< Without transactional.id each instance has its own name as one.
};

/// A group that turns the records of one topic into those of another (models/kafka/client/pipeline.h).
struct PipelineWorkload {
  std::string name;
  std::string cluster;
  std::string from;
  std::string topic;
  std::vector<std::string> hosts;  ///< One per instance.
  std::string group;
  bool exactly_once = true;
  bool commits_first = false;  ///< At most once: offsets are committed before their records are worked on.
  sim::Duration work;
  sim::Bytes record_size = {100};
  sim::SimTime start;
  kafka::ProducerConfig producer;
  kafka::ConsumerConfig consumer;
};

/// What a share consumer does with a record that it cannot work on.
enum class OnPoison : std::uint8_t { release, reject };

/// Members of a share group (models/kafka/client/share_consumer.h).
struct ShareWorkload {
  std::string name;
  std::string cluster;
  std::string topic;
  std::vector<std::string> hosts;  ///< One per instance.
  std::string group;               ///< group.id; not empty.
  sim::SimTime start;
  sim::Duration process_cost = {0};  ///< Application time per record.
  std::int32_t poison_permille = 0;  ///< Records that no member can work on; by their identity.
  OnPoison on_poison = OnPoison::release;
  kafka::ConsumerConfig config;
};

struct Config {
  std::string title;
  std::string why;
  std::uint64_t seed = 1;
  sim::Duration duration;
  network::LatencyConfig latency;
  network::TcpConfig tcp;
  std::vector<network::TrunkConfig> trunks;
  std::vector<host::HostConfig> hosts;
  std::vector<kafka::ClusterConfig> clusters;
  std::vector<ProducerWorkload> producers;
  std::vector<ConsumerWorkload> consumers;
  std::vector<TransactionWorkload> transactions;
  std::vector<PipelineWorkload> pipelines;
  std::vector<ShareWorkload> shares;
  std::vector<database::DatabaseConfig> databases;
  std::vector<outbox::ServiceConfig> outbox_services;
  std::vector<outbox::PublisherConfig> outbox_publishers;
  std::vector<outbox::InboxConfig> inbox_consumers;
  struct AdminActions {
    std::string cluster;
    std::string host;  ///< Where the client runs.
    std::vector<kafka::AdminAction> actions;
  };
  std::vector<AdminActions> admin;  ///< At most one per cluster.
  std::vector<faults::FaultConfig> faults;
  std::optional<faults::FaultPlan> fault_plan;  ///< More faults, drawn from the seed at world build.
};

}  // namespace brokersim::world
