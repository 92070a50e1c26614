#include "models/world/producer_laws.h"

#include <algorithm>
#include <utility>

#include "sim/hash.h"

namespace brokersim::world {

ProducerLaw ProducerLaws::of(const ProducerWorkload& workload) {
  ProducerLaw made{workload.keys, nullptr};
  if (workload.shape == nullptr) return made;
  if (workload.shape->trace) {
    // Another file is another run, even where the cluster cannot tell them apart.
    const sim::Stream file(sim_.fingerprint(), workload.shape->trace->content, sim::hash_name(workload.name),
                           "arrivals file");
    (void)file.bits(0);
  }
  made.law = make_law(workload, sim_.seed(), sizes_of(workload.topic));
  if (made.law != nullptr) publish(made, workload.topic);
  return made;
}

ProducerLaw ProducerLaws::of(const TransactionWorkload& workload) {
  if (auto names = keys_of_accounts(workload))
    return listed(workload.name, workload.topic, workload.record_size, std::move(*names), workload.config);
  ProducerWorkload as;
  as.name = workload.name;
  as.topic = workload.topic;
  as.record_size = workload.record_size;
  as.keys = workload.keys;
  as.shape = workload.shape;
  as.config = workload.config;
  return of(as);
}

ProducerLaw ProducerLaws::of(const PipelineWorkload& workload) {
  auto names = keys_in(config_, cluster_.name, workload.from);
  if (!names) return {};
  return listed(workload.name, workload.topic, workload.record_size, std::move(*names), workload.producer);
}

ProducerLaw ProducerLaws::listed(const std::string& workload, const std::string& topic,
                                 sim::Bytes record_size, history::KeyNames names,
                                 const kafka::ProducerConfig& config) {
  ProducerLaw made;
  made.law =
      make_listed_law(std::move(names), ignores_keys(config),
                      sim::combine(sim::hash_name(workload), sim_.seed()), record_size, sizes_of(topic));
  publish(made, topic);
  return made;
}

void ProducerLaws::publish(ProducerLaw& made, const std::string& topic) {
  // A topic that is deleted and made anew under its name has the same partitions to the producer.
  std::vector<std::string> topics{topic};
  for (std::size_t i = 0; i < topics.size(); ++i) {
    const auto& ids = topics_.at(topics[i]);
    for (std::size_t number = 0; number < ids.size(); ++number)
      made.law->name_partition(ids[number], static_cast<std::int32_t>(number));
    for (const kafka::TopicSpec& spec : cluster_.topics) {
      if (spec.recreates == topics[i] && std::find(topics.begin(), topics.end(), spec.name) == topics.end())
        topics.push_back(spec.name);
    }
  }
  if (made.law->keyed()) {
    made.keys.keys = made.law->names().count;
    made.keys.shared = true;
    made.keys.space = number_of(made.law->names());
  }
  made.keys.law = made.law;
}

/// How many partitions a topic has, first and after each time that some are added.
std::vector<std::int32_t> ProducerLaws::sizes_of(const std::string& topic) const {
  const std::int32_t first = partitions_at_start(cluster_, topic);
  std::vector<std::int32_t> sizes{first > 0 ? first : static_cast<std::int32_t>(topics_.at(topic).size())};
  for (const Config::AdminActions& admin : config_.admin) {
    if (admin.cluster != cluster_.name) continue;
    for (const kafka::AdminAction& action : admin.actions) {
      if (action.kind == kafka::AdminKind::create_partitions && action.topic == topic)
        sizes.push_back(action.partitions_after);
    }
  }
  std::sort(sizes.begin(), sizes.end());
  return sizes;
}

/// Keys of two workloads are the same if their texts are made alike. From 1: 0 is that of keys without a text.
std::int32_t ProducerLaws::number_of(const history::KeyNames& names) {
  const auto known = std::find_if(names_.begin(), names_.end(), [&](const history::KeyNames& other) {
    return other.prefix == names.prefix && other.digits == names.digits && other.listed == names.listed;
  });
  const auto at = static_cast<std::int32_t>(known - names_.begin());
  if (known == names_.end()) names_.push_back(names);
  return at + 1;
}

std::int32_t partitions_at_start(const kafka::ClusterConfig& cluster, const std::string& topic) {
  for (const kafka::TopicSpec& spec : cluster.topics) {
    if (spec.name == topic) return spec.partitions_at_start;
  }
  return 0;
}

void list_arrivals(const ProducerWorkload& workload, std::size_t index,
                   kafka::client::ProducerParams& params) {
  const std::size_t count = workload.hosts.size();
  const Trace* trace = workload.shape != nullptr && workload.shape->trace ? &*workload.shape->trace : nullptr;
  const std::vector<sim::SimTime>& times = trace != nullptr ? trace->times : workload.times;
  params.times = std::make_shared<const std::vector<sim::SimTime>>(every_nth(times, index, count));
  if (trace != nullptr && !trace->rows.empty()) {
    params.rows =
        std::make_shared<const std::vector<history::ListedRecord>>(every_nth(trace->rows, index, count));
  }
}

}  // namespace brokersim::world
