// What a broker process is given: its identity, its cluster, and where the others are.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/devices/compute/clock.h"
#include "models/devices/compute/cpu.h"
#include "models/devices/network/network.h"
#include "models/history/history.h"
#include "models/kafka/broker/onlooker.h"
#include "models/kafka/config.h"
#include "models/kafka/costs.h"
#include "models/kafka/wire/group_messages.h"
#include "models/kafka/wire/metadata.h"
#include "models/kafka/wire/share_messages.h"
#include "models/kafka/wire/transaction_messages.h"
#include "models/log/batch.h"

namespace brokersim::kafka::broker {

/// What an internal topic keeps, and so who coordinates by it.
enum class InternalKind : std::uint8_t {
  offsets,       ///< __consumer_offsets
  transactions,  ///< __transaction_state
  shares,        ///< __share_group_state
};

/// A partition as every process of the cluster can name it.
struct PartitionName {
  wire::PartitionId id;
  std::string directory;  ///< "orders-0"
  TopicConfig config;
  bool shares_directory = false;  ///< Another topic bore or will bear the same name.
  std::int32_t internal = -1;  ///< Number within an internal topic; -1: of another one.
  InternalKind kind = InternalKind::offsets;  ///< Of an internal topic.
};

/// How processes begin, beyond what the model computes. Zero in tests of single parts.
struct StartUp {
  /// From the start of a process that had run before to its first action: the Java machine, class loading, configuration.
  sim::Duration process_min = {0};
  sim::Duration process_max = {0};
  /// The brokers' heartbeats have phases of their own, as processes that were started at different times have: the
  /// first regular heartbeat comes after a draw from one interval.
  bool heartbeat_phase = false;
};

/// Shared by all brokers of a cluster; outlives them. Holds names and settings only, no state.
struct ClusterShape {
  BrokerConfig config;
  Version version = Version::v4_1;
  std::vector<network::HostId> broker_hosts;      ///< By broker id.
  std::vector<std::int32_t> broker_racks;         ///< By broker id: the number of its rack (broker.rack).
  std::vector<network::HostId> controller_hosts;  ///< By node id of the metadata quorum.
  std::vector<PartitionName> partitions;          ///< By PartitionId.
  std::map<std::string, std::vector<wire::PartitionId>> topics;  ///< By name; without internal ones.
  std::vector<wire::PartitionId>
      offsets_topic;  ///< Partitions of __consumer_offsets; empty: no group is in use.
  std::vector<wire::PartitionId>
      transactions_topic;  ///< Those of __transaction_state; empty: no transaction is in use.
  std::vector<wire::PartitionId> shares_topic;  ///< Those of __share_group_state; empty: no share group is in use.
  std::vector<ShareGroupConfig> share_groups;   ///< Dynamic configs of groups, as all brokers know them.
  Costs costs;
  StartUp start_up;
  mutable Onlooker* onlooker = nullptr;  ///< Null: nobody looks on. Not a setting: looking changes nothing.
};

struct BrokerParams {
  wire::BrokerId id = 0;
  std::string program;  ///< Name under which the host runs it.
  const ClusterShape* cluster = nullptr;
  log::BatchStore* store = nullptr;
  history::History* history = nullptr;
  wire::GroupRecordStore* contents = nullptr;  ///< Of internal topics. Null if there is none.
  wire::TransactionRecordStore* transaction_records = nullptr;  ///< Of __transaction_state, likewise.
  wire::ShareRecordStore* share_records = nullptr;              ///< Of __share_group_state, likewise.
  history::ClientId internal_writer;  ///< As whom this broker writes to internal topics, and writes markers.
  compute::Cpu* cpu = nullptr;  ///< Of the host, as its clock; filled in by the service.
  compute::Clock* clock = nullptr;
};

/// A replica's log is on its medium below `end`, asked for at `from`: for the history, and for who looks on.
inline void record_flush(const BrokerParams& params, wire::PartitionId partition, sim::SimTime from,
                         sim::SimTime to, std::int64_t end) {
  params.history->record(history::Flushed{to, params.id, partition, end});
  if (params.cluster->onlooker != nullptr)
    params.cluster->onlooker->on_flush(params.id, partition, from, to, end);
}

}  // namespace brokersim::kafka::broker
