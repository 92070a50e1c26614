// Laws of keys and sizes for whoever writes to a cluster, as a world is built. One of these for a cluster: it numbers key spaces.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/history/keys.h"
#include "models/kafka/client/params.h"
#include "models/world/config.h"
#include "models/world/workload_shape.h"
#include "sim/simulation.h"
#include "sim/units.h"

namespace brokersim::world {

/// What the records of a workload are, for its producers (`law`) and for everybody else (`keys`, which has the same law).
struct ProducerLaw {
  history::KeySpace keys;
  std::shared_ptr<history::RecordLaw> law;  ///< Null: records are alike.
};

class ProducerLaws {
 public:
  using Topics = std::map<std::string, std::vector<history::PartitionId>>;

  /// All must outlive this.
  ProducerLaws(const Config& config, const kafka::ClusterConfig& cluster, const Topics& topics,
               sim::Simulation& sim)
      : config_(config), cluster_(cluster), topics_(topics), sim_(sim) {}

  [[nodiscard]] ProducerLaw of(const ProducerWorkload& workload);
  [[nodiscard]] ProducerLaw of(const TransactionWorkload& workload);
  /// Of the records that a pipeline makes: keys of those that it reads, if they have some.
  [[nodiscard]] ProducerLaw of(const PipelineWorkload& workload);

 private:
  /// What an application writes to `topic` with keys that it chooses itself.
  [[nodiscard]] ProducerLaw listed(const std::string& workload, const std::string& topic,
                                   sim::Bytes record_size, history::KeyNames names,
                                   const kafka::ProducerConfig& config);
  /// `made` has its law: who reads `topic` knows it by that.
  void publish(ProducerLaw& made, const std::string& topic);
  [[nodiscard]] std::vector<std::int32_t> sizes_of(const std::string& topic) const;
  [[nodiscard]] std::int32_t number_of(const history::KeyNames& names);

  const Config& config_;
  const kafka::ClusterConfig& cluster_;
  const Topics& topics_;
  sim::Simulation& sim_;
  std::vector<history::KeyNames> names_;
};

/// How many partitions of a topic exist when it is made, if an administrator adds others; else 0.
[[nodiscard]] std::int32_t partitions_at_start(const kafka::ClusterConfig& cluster, const std::string& topic);

/// What instance `index` of a workload with listed arrivals sends, and when.
void list_arrivals(const ProducerWorkload& workload, std::size_t index,
                   kafka::client::ProducerParams& params);

}  // namespace brokersim::world
