// Laws of keys and sizes for the producers of a cluster, as a world is built.
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

 private:
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
