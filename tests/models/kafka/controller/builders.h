// Short words for the controller's tests: images, partitions, requests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/kafka/controller/controller.h"
#include "models/kafka/wire/image.h"

namespace brokersim::kafka::controller {

inline void put_broker(wire::ClusterImage& image, wire::BrokerState state) {
  wire::MetadataRecord record;
  record.kind = wire::RecordKind::broker;
  record.broker = state;
  image.apply(record);
}

inline void put_partition(wire::ClusterImage& image, const wire::PartitionState& state) {
  wire::MetadataRecord record;
  record.kind = wire::RecordKind::partition;
  record.partition = state;
  image.apply(record);
}

/// Brokers 0 .. count - 1 with broker epoch 100 + id; those in `live` are unfenced.
inline wire::ClusterImage brokers(std::int32_t count, const std::vector<wire::BrokerId>& live) {
  wire::ClusterImage image;
  for (wire::BrokerId id = 0; id < count; ++id) {
    put_broker(image,
               {id, 100 + id, static_cast<std::uint64_t>(1'000 + id), !wire::contains(live, id), false});
  }
  return image;
}

/// Partition 0 on brokers 0, 1, 2 in leader epoch 5 and partition epoch 9.
inline wire::PartitionState partition(std::vector<wire::BrokerId> isr, wire::BrokerId leader,
                                      std::vector<wire::BrokerId> elr = {},
                                      std::vector<wire::BrokerId> last_known_elr = {}) {
  wire::PartitionState state;
  state.partition = {0};
  state.replicas = {0, 1, 2};
  state.isr = std::move(isr);
  state.elr = std::move(elr);
  state.last_known_elr = std::move(last_known_elr);
  state.leader = leader;
  state.leader_epoch = 5;
  state.partition_epoch = 9;
  return state;
}

/// "leader 1/6 isr [1] elr [] last [] recovering": what a test compares.
inline std::string describe(const wire::PartitionState& state) {
  const auto list = [](const std::vector<wire::BrokerId>& ids) {
    std::string text = "[";
    for (const wire::BrokerId id : ids) text += (text.size() > 1 ? "," : "") + std::to_string(id);
    return text + "]";
  };
  return "leader " + std::to_string(state.leader) + "/" + std::to_string(state.leader_epoch) + " isr " +
         list(state.isr) + " elr " + list(state.elr) + " last " + list(state.last_known_elr) +
         (state.recovering ? " recovering" : "");
}

}  // namespace brokersim::kafka::controller
